// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figures.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace kvw {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Figures, SignificantDigits)
{
    EXPECT_EQ(significant(0, 3), "0");
    EXPECT_EQ(significant(-0.0, 3), "0");
    EXPECT_EQ(significant(17.6429, 5), "17.643");
    EXPECT_EQ(significant(1, 3), "1.00");
    EXPECT_EQ(significant(1234.56, 3), "1235");
    EXPECT_EQ(significant(0.000123456, 3), "0.000123");
    EXPECT_EQ(significant(-12.345, 3), "-12.3");
    EXPECT_EQ(significant(9.994, 3), "9.99");
    EXPECT_EQ(significant(9.996, 3), "10.0");
    EXPECT_EQ(significant(99.96, 3), "100");
    EXPECT_EQ(significant(0.09996, 3), "0.100");
}

TEST(Figures, VerySmallAndVeryLargeOnes)
{
    EXPECT_EQ(significant(1e-5, 3), "0.0000100");
    EXPECT_EQ(significant(9.99e-6, 3), "9.99e-06");
    EXPECT_EQ(significant(9999999, 3), "9999999");
    EXPECT_EQ(significant(1e7, 3), "1.00e+07");
    EXPECT_EQ(significant(5e-324, 3), "4.94e-324");
    EXPECT_EQ(significant(-1.7976931348623157e308, 3), "-1.80e+308");
    EXPECT_EQ(signed_fixed(1.25e7, 2), "+1.25e+07");
}

TEST(Figures, NotFiniteOnes)
{
    EXPECT_EQ(significant(kNan, 3), "NaN");
    EXPECT_EQ(significant(-kNan, 3), "NaN");
    EXPECT_EQ(significant(kInfinity, 3), "inf");
    EXPECT_EQ(significant(-kInfinity, 3), "-inf");
    EXPECT_EQ(signed_fixed(kNan, 2), "NaN");
    EXPECT_EQ(signed_fixed(-kInfinity, 2), "-inf");
}

TEST(Figures, SignsButNoneAtZero)
{
    EXPECT_EQ(signed_fixed(0.04, 2), "+0.04");
    EXPECT_EQ(signed_fixed(-12.46, 1), "-12.5");
    EXPECT_EQ(signed_fixed(-0.004, 2), "0.00");
    EXPECT_EQ(signed_fixed(0.004, 2), "0.00");
    EXPECT_EQ(signed_fixed(0, 0), "0");
}

TEST(Figures, Decimals)
{
    EXPECT_EQ(decimals_for(120), 0);
    EXPECT_EQ(decimals_for(10), 0);
    EXPECT_EQ(decimals_for(9.9), 1);
    EXPECT_EQ(decimals_for(1), 1);
    EXPECT_EQ(decimals_for(0.5), 2);
    EXPECT_EQ(decimals_for(0.02), 3);
    EXPECT_EQ(decimals_for(1e-9), 4);
    for (const double none : {0.0, -1.0, kNan, kInfinity})
        EXPECT_EQ(decimals_for(none), 2);
}

} // namespace
} // namespace kvw
