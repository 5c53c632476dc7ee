// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// UTF-8 and the few properties of characters that tokenizers need.
namespace kvw::unicode {

inline constexpr char32_t kReplacement = 0xFFFD;

/// The byte offset of the first sequence that is not UTF-8 (overlong forms, surrogates and code points above U+10FFFF
/// count as such); none for valid text.
std::optional<std::size_t> first_invalid(std::string_view text) noexcept;

struct Decoded
{
    char32_t code_point = 0;
    std::size_t bytes = 0; ///< 1..4
};

/// The character at `offset` of valid UTF-8; offset < text.size() is the caller's duty.
Decoded decode_at(std::string_view text, std::size_t offset) noexcept;

/// Appends one character; a surrogate or a value above U+10FFFF becomes U+FFFD.
void append(std::string& text, char32_t code_point);

/// Valid UTF-8 from any bytes: each longest prefix of a sequence that cannot be completed becomes one U+FFFD (the
/// practice that the Unicode standard recommends, section 3.9).
std::string lossy(std::string_view bytes);

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
