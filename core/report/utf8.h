// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kvw {

/// One code point at the beginning of `text` and its length in bytes. Where there is no valid UTF-8 (overlong forms,
/// surrogates and numbers beyond U+10FFFF included): U+FFFD and length 1. Of nothing: U+FFFD and 0.
struct CodePoint
{
    char32_t value;
    std::size_t bytes;
};
CodePoint first_code_point(std::string_view text) noexcept;

/// The text with U+FFFD for every byte that belongs to no valid code point.
std::string valid_utf8(std::string_view text);

/// Columns that the text takes in a fixed-width font: 2 for East Asian wide characters and emoji, 0 for combining marks
/// and joiners, else 1. Good enough to align a table, no more.
std::size_t display_width(std::string_view text) noexcept;

} // namespace kvw
