// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/nfc.h"

#include "core/base/utf8.h"

#include <algorithm>
#include <array>

namespace kvw {
namespace {

struct Range
{
    char32_t first, last;
};

// Characters that combine or have a combining class in Unicode 15 (utf8proc 2.8) and do neither in the package `tokenizers`
// 0.23, found by comparing both over all code points; tests/conformance holds the result against the package.
// clang-format off
constexpr std::array kNewer = std::to_array<Range>({
    {0x07FD, 0x07FD}, {0x0898, 0x089F}, {0x08CA, 0x08D3}, {0x09FE, 0x09FE}, {0x0C3C, 0x0C3C}, {0x0D3B, 0x0D3C},
    {0x0EBA, 0x0EBA}, {0x1715, 0x1715}, {0x1ABF, 0x1ACE}, {0x1DF6, 0x1DFA}, {0xA82C, 0xA82C}, {0x10D24, 0x10D27},
    {0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070},
    {0x1133B, 0x1133B}, {0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x11930, 0x11930}, {0x11938, 0x11938},
    {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0}, {0x11A34, 0x11A34}, {0x11A47, 0x11A47},
    {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45}, {0x11D97, 0x11D97}, {0x11F41, 0x11F42},
    {0x16FF0, 0x16FF1}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF},
    {0x1E4EC, 0x1E4EF},
});
// clang-format on

bool is_newer(char32_t c) noexcept
{
    const auto after = std::upper_bound(kNewer.begin(), kNewer.end(), c,
                                        [](char32_t value, const Range& range) { return value < range.first; });
    return after != kNewer.begin() && c <= std::prev(after)->last;
}

} // namespace

std::string tokenizer_nfc(std::string_view text)
{
    std::string out;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size();) {
        const utf8::Decoded c = utf8::decode_at(text, i);
        if (is_newer(c.code_point)) {
            out += utf8::nfc(text.substr(begin, i - begin));
            out += text.substr(i, c.bytes);
            begin = i + c.bytes;
        }
        i += c.bytes;
    }
    return begin == 0 ? utf8::nfc(text) : out + utf8::nfc(text.substr(begin));
}

std::size_t tokenizer_nfc_settled_size(std::string_view text)
{
    for (std::size_t end = text.size(); end > 0;) {
        end = utf8::character_start(text, end - 1);
        const char32_t c = utf8::decode_at(text, end).code_point;
        if (is_newer(c) || utf8::starts_anew(c))
            return end;
    }
    return 0;
}

} // namespace kvw
