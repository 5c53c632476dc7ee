// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr double kSmallest = 1e-5, kLargest = 1e7; // beyond, digits become zeros that say nothing

std::string not_finite(double value) { return std::isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf"; }

} // namespace

std::string significant(double value, int figures)
{
    if (!std::isfinite(value))
        return not_finite(value);
    if (value == 0)
        return "0";
    const double size = std::fabs(value);
    if (size < kSmallest || size >= kLargest)
        return fmt::format("{:.{}e}", value, figures - 1);
    // Of the rounded number: 9.996 with 3 figures is 10.0. The exponent is read from its text to be just that.
    const std::string rounded = fmt::format("{:.{}e}", size, figures - 1);
    const int exponent = std::stoi(rounded.substr(rounded.find('e') + 1));
    return fmt::format("{:.{}f}", value, std::max(0, figures - 1 - exponent));
}

std::string signed_fixed(double value, int decimals)
{
    if (!std::isfinite(value))
        return not_finite(value);
    if (std::fabs(value) >= kLargest)
        return fmt::format("{:+.2e}", value);
    std::string text = fmt::format("{:+.{}f}", value, decimals);
    if (text.find_first_of("123456789") == std::string::npos)
        text.erase(0, 1);
    return text;
}

int decimals_for(double size)
{
    if (!(size > 0) || !std::isfinite(size))
        return 2;
    return std::clamp(1 - static_cast<int>(std::floor(std::log10(size))), 0, 4);
}

} // namespace kvw
