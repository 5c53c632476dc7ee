// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/display_unit.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

namespace kvw {
namespace {

constexpr std::array<std::string_view, 5> kByteUnits{"B", "KiB", "MiB", "GiB", "TiB"};

DisplayUnit byte_unit(double largest)
{
    std::size_t unit = 0;
    double divisor = 1;
    while (std::fabs(largest) / divisor >= 10240 && unit + 1 < kByteUnits.size()) {
        divisor *= 1024;
        ++unit;
    }
    return {std::string(kByteUnits[unit]), 1 / divisor, unit == 0 ? 0 : std::fabs(largest) / divisor < 100 ? 2 : 1};
}

} // namespace

double DisplayUnit::shown(double value) const
{
    if (factor <= 1 || !std::isfinite(value)) // powers of 2, which are exact
        return factor * value;
    return std::stod(fmt::format("{:.15g}", factor * value));
}

DisplayUnit display_unit(const Field& field, double largest)
{
    if (is_percent(field.form))
        return {"%", 100, 2};
    if (field.form == Form::Bytes)
        return byte_unit(largest);
    return {field.unit == "1" ? std::string() : std::string(field.unit), 1, -1};
}

} // namespace kvw
