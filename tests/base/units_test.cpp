// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/units.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double below(double value) { return std::nextafter(value, -kInfinity); }

TEST(Units, Bytes)
{
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(-0.0), "0 B");
    EXPECT_EQ(human_bytes(0.4), "0 B");
    EXPECT_EQ(human_bytes(1), "1 B");
    EXPECT_EQ(human_bytes(1536), "1.50 KiB");
    EXPECT_EQ(human_bytes(23.4 * 1024 * 1024), "23.4 MiB");
    EXPECT_EQ(human_bytes(139.0 * 1024 * 1024 * 1024), "139 GiB");
}

TEST(Units, BytesAtEveryChangeOfTheUnit)
{
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(below(999.5)), "999 B");
    EXPECT_EQ(human_bytes(999.5), "0.98 KiB");
    EXPECT_EQ(human_bytes(1023), "1.00 KiB");
    EXPECT_EQ(human_bytes(1024), "1.00 KiB");
    double unit = 1024;
    for (const auto& [name, next] : {std::pair{"KiB", "MiB"}, {"MiB", "GiB"}, {"GiB", "TiB"}, {"TiB", "PiB"}}) {
        EXPECT_EQ(human_bytes(unit), std::string("1.00 ") + name);
        EXPECT_EQ(human_bytes(below(999.5) * unit), std::string("999 ") + name);
        EXPECT_EQ(human_bytes(999.5 * unit), std::string("0.98 ") + next);
        unit *= 1024;
    }
    EXPECT_EQ(human_bytes(999.5 * unit), "1000 PiB") << "there is no larger one";
    EXPECT_EQ(human_bytes(2048 * unit), "2048 PiB");
}

TEST(Units, BytesHaveThreeDigits)
{
    EXPECT_EQ(human_bytes(9.99 * 1024), "9.99 KiB");
    EXPECT_EQ(human_bytes(9.994 * 1024), "9.99 KiB");
    EXPECT_EQ(human_bytes(9.995 * 1024), "10.0 KiB");
    EXPECT_EQ(human_bytes(99.94 * 1024), "99.9 KiB");
    EXPECT_EQ(human_bytes(99.95 * 1024), "100 KiB");
    EXPECT_EQ(human_bytes(123.4 * 1024), "123 KiB");
}

TEST(Units, WhatIsNoSize)
{
    for (const double value : {-1.0, -1e-300, kNan, kInfinity, -kInfinity})
        EXPECT_EQ(human_bytes(value), "? B") << value;
}

TEST(Units, Durations)
{
    EXPECT_EQ(human_duration(0), "0.0 ms");
    EXPECT_EQ(human_duration(-0.0), "0.0 ms");
    EXPECT_EQ(human_duration(0.0012), "1.2 ms");
    EXPECT_EQ(human_duration(0.25), "0.25 s");
    EXPECT_EQ(human_duration(12.34), "12.3 s");
    EXPECT_EQ(human_duration(245), "4 min 05 s");
    EXPECT_EQ(human_duration(3 * 3600 + 7 * 60 + 59), "3 h 07 min");
    EXPECT_EQ(human_duration(2 * 86400 + 4 * 3600 + 3599), "2 d 04 h");
}

TEST(Units, DurationsAtEveryChangeOfTheUnit)
{
    EXPECT_EQ(human_duration(below(0.00995)), "9.9 ms");
    EXPECT_EQ(human_duration(0.00996), "0.01 s");
    EXPECT_EQ(human_duration(0.01), "0.01 s");
    EXPECT_EQ(human_duration(9.994), "9.99 s");
    EXPECT_EQ(human_duration(9.996), "10.0 s");
    EXPECT_EQ(human_duration(59.94), "59.9 s");
    EXPECT_EQ(human_duration(59.96), "1 min 00 s");
    EXPECT_EQ(human_duration(60), "1 min 00 s");
    EXPECT_EQ(human_duration(119.4), "1 min 59 s");
    EXPECT_EQ(human_duration(119.5), "2 min 00 s");
    EXPECT_EQ(human_duration(3599.4), "59 min 59 s");
    EXPECT_EQ(human_duration(3599.5), "1 h 00 min");
    EXPECT_EQ(human_duration(86399.4), "23 h 59 min");
    EXPECT_EQ(human_duration(86399.5), "1 d 00 h");
}

TEST(Units, WhatIsNoDuration)
{
    for (const double value : {-1.0, -1e-300, kNan, kInfinity, -kInfinity, 1e15, 1e300})
        EXPECT_EQ(human_duration(value), "?") << value;
    EXPECT_EQ(human_duration(below(1e15)), "11574074074 d 01 h");
}

TEST(Units, Counts)
{
    EXPECT_EQ(human_count(0), "0");
    EXPECT_EQ(human_count(999), "999");
    EXPECT_EQ(human_count(1000), "1,000");
    EXPECT_EQ(human_count(999999), "999,999");
    EXPECT_EQ(human_count(1000000), "1,000,000");
    EXPECT_EQ(human_count(1234567), "1,234,567");
    EXPECT_EQ(human_count(-999), "-999");
    EXPECT_EQ(human_count(-1000), "-1,000");
    EXPECT_EQ(human_count(-123456), "-123,456");
    EXPECT_EQ(human_count(std::numeric_limits<long long>::max()), "9,223,372,036,854,775,807");
    EXPECT_EQ(human_count(std::numeric_limits<long long>::min()), "-9,223,372,036,854,775,808");
}

TEST(Units, EstimatesHaveFewerDigits)
{
    const auto text = [](double seconds) {
        std::string out;
        for (const DurationPart& part : duration_parts(seconds, DurationForm::Estimated))
            out += fmt::format("{:0{}.{}f}{} ", part.value, part.two_digits ? 2 : 1, part.decimals, part.unit);
        return out;
    };
    EXPECT_EQ(text(0), "0s ");
    EXPECT_EQ(text(0.26), "0.3s ");
    EXPECT_EQ(text(7), "7s ");
    EXPECT_EQ(text(9.94), "9.9s ");
    EXPECT_EQ(text(9.96), "10s ");
    EXPECT_EQ(text(59.4), "59s ");
    EXPECT_EQ(text(59.6), "1min 00s ");
    EXPECT_EQ(text(245), "4min 05s ");
    EXPECT_EQ(text(3 * 3600 + 7 * 60), "3h 07min ");
    EXPECT_EQ(text(2 * 86400 + 4 * 3600), "2d 04h ");
    EXPECT_EQ(text(-1), "");
    EXPECT_EQ(text(INFINITY), "");
}

} // namespace
} // namespace kvw
