// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

/// The few properties of characters that tokenizers need.
namespace kvw::unicode {

bool is_white_space(char32_t c) noexcept; ///< property White_Space
bool is_word(char32_t c);                 ///< Alphabetic, Mark, Decimal_Number, Connector_Punctuation or Join_Control

/// Characters of a category newer than Unicode 14, the version of PCRE2 10.42.
struct CategoryRange
{
    char32_t first;
    char32_t last;
    const char* category; ///< two letters
};
std::span<const CategoryRange> category_additions() noexcept;

} // namespace kvw::unicode
