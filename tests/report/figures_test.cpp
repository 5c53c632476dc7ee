// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figures.h"
#include "core/report/utf8.h"

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

TEST(Utf8, ValidTextStaysAsItIs)
{
    for (const std::string text : {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x99\x82", "\xF4\x8F\xBF\xBF",
                                   "\xEE\x80\x80", "\xED\x9F\xBF", "\xEF\xBF\xBD"})
        EXPECT_EQ(valid_utf8(text), text);
    const std::string nul("a\0b", 3);
    EXPECT_EQ(valid_utf8(nul), nul);
}

TEST(Utf8, EveryOtherByteIsReplaced)
{
    const std::string mark = "\xEF\xBF\xBD";
    EXPECT_EQ(valid_utf8("\x80"), mark);
    EXPECT_EQ(valid_utf8("\xFF"), mark);
    EXPECT_EQ(valid_utf8("\xC3"), mark);                       // cut off
    EXPECT_EQ(valid_utf8("\xC0\xAF"), mark + mark);            // overlong
    EXPECT_EQ(valid_utf8("\xE0\x80\xAF"), mark + mark + mark); // overlong
    EXPECT_EQ(valid_utf8("\xF0\x80\x80\xAF"), mark + mark + mark + mark);
    EXPECT_EQ(valid_utf8("\xED\xA0\x80"), mark + mark + mark); // surrogate
    EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);
    EXPECT_EQ(valid_utf8("\xC3(x"), mark + "(x");
    EXPECT_EQ(valid_utf8("a\xE2\x82z"), "a" + mark + mark + "z");
}

TEST(Utf8, DisplayWidth)
{
    EXPECT_EQ(display_width(""), 0u);
    EXPECT_EQ(display_width("abc"), 3u);
    EXPECT_EQ(display_width("caf\xC3\xA9"), 4u);
    EXPECT_EQ(display_width("cafe\xCC\x81"), 4u); // combining accent
    EXPECT_EQ(display_width("\xE6\xA8\xA1\xE5\x9E\x8B"), 4u);
    EXPECT_EQ(display_width("\xF0\x9F\x99\x82"), 2u);
    EXPECT_EQ(display_width("\xE2\x80\x93"), 1u);
    EXPECT_EQ(display_width("\xFF"), 1u);
}

} // namespace
} // namespace kvw
