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

std::string human_duration(double seconds)
{
    if (!std::isfinite(seconds) || seconds < 0)
        return "?";
    seconds += 0.0; // -0 becomes 0
    if (seconds < 0.00995)
        return fmt::format("{:.1f} ms", seconds * 1000);
    if (seconds < 9.995)
        return fmt::format("{:.2f} s", seconds);
    if (seconds < 59.95)
        return fmt::format("{:.1f} s", seconds);
    if (seconds >= 1e15)
        return "?";
    const auto whole = std::llround(seconds);
    if (whole < 3600)
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    if (whole < 86400)
        return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
    return fmt::format("{} d {:02} h", whole / 86400, whole % 86400 / 3600);
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
