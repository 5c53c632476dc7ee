// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/expect_close.h"

#include <limits>
#include <vector>

namespace {

using kvw::testing::close;
using kvw::testing::Tolerance;
using Numbers = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ExpectClose, AcceptsEqualAndNearNumbers)
{
    EXPECT_TRUE(close(Numbers{0, -1, 2e9}, Numbers{0, -1, 2e9}, Tolerance{}));
    EXPECT_TRUE(close(Numbers{0.5, -100.5}, Numbers{0, -100}, Tolerance{0.5, 0}));
    EXPECT_TRUE(close(Numbers{101, -99}, Numbers{100, -100}, Tolerance{0, 0.01}));
    EXPECT_TRUE(close(std::vector<float>{1}, Numbers{1}, Tolerance{}));
    EXPECT_TRUE(close(0.0, -0.0, Tolerance{}));
    EXPECT_CLOSE(3.0, 3.5, 0.5, 0);
}

TEST(ExpectClose, RefusesOneThatIsTooFar)
{
    EXPECT_FALSE(close(Numbers{0, 0.50001}, Numbers{0, 0}, (Tolerance{0.5, 0})));
    EXPECT_FALSE(close(Numbers{101.001}, Numbers{100}, (Tolerance{0, 0.01})));
    EXPECT_FALSE(close(Numbers{5e-324}, Numbers{0}, Tolerance{}));
}

TEST(ExpectClose, RefusesTheOtherSign)
{
    EXPECT_FALSE(close(Numbers{-200}, Numbers{-100}, (Tolerance{0, 0.01})));
    EXPECT_FALSE(close(Numbers{-100}, Numbers{100}, (Tolerance{0, 0.5})));
    EXPECT_FALSE(close(Numbers{100}, Numbers{-100}, (Tolerance{0, 0.5})));
}

TEST(ExpectClose, RefusesNanAndInfinityOnEitherSide)
{
    const Tolerance wide{1e300, 1};
    for (const double bad : {kNan, kInfinity, -kInfinity}) {
        EXPECT_FALSE(close(Numbers{bad}, Numbers{1}, wide));
        EXPECT_FALSE(close(Numbers{1}, Numbers{bad}, wide));
        EXPECT_FALSE(close(Numbers{bad}, Numbers{bad}, wide));
        EXPECT_FALSE(close(Numbers{1, bad}, Numbers{1, bad}, wide));
    }
}

TEST(ExpectClose, RefusesLengthsAndNothing)
{
    EXPECT_FALSE(close(Numbers{1, 2}, Numbers{1}, Tolerance{}));
    EXPECT_FALSE(close(Numbers{1}, Numbers{1, 2}, Tolerance{}));
    EXPECT_FALSE(close(Numbers{}, Numbers{1}, Tolerance{}));
    EXPECT_FALSE(close(Numbers{}, Numbers{}, Tolerance{}));
}

TEST(ExpectClose, RefusesAToleranceThatAcceptsAnything)
{
    EXPECT_FALSE(close(Numbers{1}, Numbers{2}, (Tolerance{kInfinity, 0})));
    EXPECT_FALSE(close(Numbers{1}, Numbers{2}, (Tolerance{0, kInfinity})));
    EXPECT_FALSE(close(Numbers{1}, Numbers{1}, (Tolerance{kNan, 0})));
    EXPECT_FALSE(close(Numbers{1}, Numbers{1}, (Tolerance{-1, 2})));
}

TEST(ExpectClose, SaysWhereAndWhat)
{
    const auto result = close(Numbers{1, 2, 7}, Numbers{1, 3, 5}, Tolerance{});
    ASSERT_FALSE(result);
    EXPECT_STREQ(result.message(), "2 of 3 numbers differ by up to 2, first at [1]: 2, 3 was expected");
}

} // namespace
