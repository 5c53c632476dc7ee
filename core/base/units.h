// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace kvw {

/// For people, never for files: "0 B", "999 B", "1.50 KiB", "23.4 MiB", "139 GiB"; powers of 1024, three digits.
/// A number that is no size (negative, NaN, infinite) is "? B".
std::string human_bytes(double bytes);
/// "0.25 s", "12.3 s", "4 min 05 s", "3 h 07 min", "2 d 04 h"; below 10 ms "1.2 ms". Not a duration: "?".
std::string human_duration(double seconds);

enum class DurationForm {
    Measured, ///< "0.25 s", "12.3 s"
    Estimated ///< no more digits than an estimate has: "0.3 s", "12 s"
};
struct DurationPart
{
    double value = 0;
    int decimals = 0;
    bool two_digits = false; ///< "05"
    std::string unit;        ///< "ms", "s", "min", "h", "d"
};
/// What human_duration() and the window's text of a duration are made of: one part, or two of neighbouring units. Empty for
/// what is no duration.
std::vector<DurationPart> duration_parts(double seconds, DurationForm form = DurationForm::Measured);
/// "1,234,567", for counts.
std::string human_count(long long count);

} // namespace kvw
