// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace kvw {

std::string human_bytes(double bytes)
{
    if (!std::isfinite(bytes) || bytes < 0)
        return "? B";
    bytes += 0.0; // -0 becomes 0
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    // 999.5 would be printed with four digits.
    while (bytes >= 999.5 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    if (unit == 0)
        return fmt::format("{:.0f} B", bytes);
    const int decimals = bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", bytes, decimals, units[unit]);
}

std::vector<DurationPart> duration_parts(double seconds, DurationForm form)
{
    if (!std::isfinite(seconds) || seconds < 0 || seconds >= 1e15)
        return {};
    seconds += 0.0; // -0 becomes 0
    const bool estimated = form == DurationForm::Estimated;
    if (!estimated && seconds < 0.00995)
        return {{seconds * 1000, 1, false, "ms"}};
    if (seconds < (estimated ? 59.5 : 59.95)) {
        const bool whole = estimated && (seconds >= 9.95 || seconds == std::floor(seconds));
        return {{seconds, whole ? 0 : !estimated && seconds < 9.995 ? 2 : 1, false, "s"}};
    }
    const auto whole = std::llround(seconds);
    const auto two = [whole](long long large, const char* unit, long long small, const char* small_unit) {
        return std::vector<DurationPart>{{static_cast<double>(whole / large), 0, false, unit},
                                         {static_cast<double>(whole % large / small), 0, true, small_unit}};
    };
    return whole < 3600 ? two(60, "min", 1, "s")
        : whole < 86400 ? two(3600, "h", 60, "min")
                        : two(86400, "d", 3600, "h");
}

std::string human_duration(double seconds)
{
    std::string text;
    for (const DurationPart& part : duration_parts(seconds))
        text += fmt::format("{}{:0{}.{}f} {}", text.empty() ? "" : " ", part.value, part.two_digits ? 2 : 1,
                            part.decimals, part.unit);
    return text.empty() ? "?" : text;
}

std::string human_count(long long count)
{
    std::string digits = fmt::format("{}", count);
    const std::size_t first = count < 0 ? 1 : 0;
    for (std::size_t place = digits.size(); place > first + 3;)
        digits.insert(place -= 3, 1, ',');
    return digits;
}

} // namespace kvw
