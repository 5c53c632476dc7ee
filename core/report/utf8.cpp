// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

namespace kvw {
namespace {

struct Range
{
    char32_t first, last;
};
constexpr std::array kNoWidth{Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD},
                              Range{0x0610, 0x061A}, Range{0x064B, 0x065F}, Range{0x1AB0, 0x1AFF},
                              Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200F}, Range{0x202A, 0x202E},
                              Range{0x2060, 0x2064}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F},
                              Range{0xFE20, 0xFE2F}, Range{0xFEFF, 0xFEFF}, Range{0xE0100, 0xE01EF}};
constexpr std::array kDoubleWidth{Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
                                  Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
                                  Range{0xFE30, 0xFE6F},   Range{0xFF01, 0xFF60},   Range{0xFFE0, 0xFFE6},
                                  Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1FAFF},
                                  Range{0x20000, 0x3FFFD}};

bool contains(std::span<const Range> ranges, char32_t value) noexcept
{
    return std::any_of(ranges.begin(), ranges.end(),
                       [value](const Range& range) { return range.first <= value && value <= range.last; });
}

} // namespace

CodePoint first_code_point(std::string_view text) noexcept
{
    constexpr CodePoint invalid{0xFFFD, 1};
    if (text.empty())
        return {0xFFFD, 0};
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80)
        return {lead, 1};
    // Bytes of the form, what its lead byte holds, and the smallest number that needs so many bytes.
    const std::size_t bytes = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (bytes == 0 || text.size() < bytes)
        return invalid;
    char32_t value = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80)
            return invalid;
        value = value << 6 | (next & 0x3FU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return invalid;
    return {value, bytes};
}

std::string valid_utf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        if (point.value == 0xFFFD)
            out += "\xEF\xBF\xBD";
        else
            out += text.substr(0, point.bytes);
        text.remove_prefix(point.bytes);
    }
    return out;
}

std::size_t display_width(std::string_view text) noexcept
{
    std::size_t width = 0;
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        text.remove_prefix(point.bytes);
        width += contains(kNoWidth, point.value) ? 0 : contains(kDoubleWidth, point.value) ? 2 : 1;
    }
    return width;
}

} // namespace kvw
