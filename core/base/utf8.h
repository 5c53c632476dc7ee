// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// UTF-8, by the library utf8proc. Overlong forms, surrogates and numbers above U+10FFFF are not UTF-8.
namespace kvw::utf8 {

inline constexpr char32_t kReplacement = 0xFFFD;

/// A byte that begins no character: 0x80 to 0xBF.
constexpr bool is_continuation(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80u; }

/// The byte offset of the first sequence that is not UTF-8; none for valid text. Bytes that a following part of the text
/// could complete count as invalid, too.
std::optional<std::size_t> first_invalid(std::string_view text) noexcept;

struct Decoded
{
    char32_t code_point = kReplacement;
    std::size_t bytes =
        0; ///< of the character; where `valid` is false of the part to be replaced by one U+FFFD, 1 to 3
    bool valid = false;
};

/// The character at `offset`. Where there is none: U+FFFD for the longest prefix of a sequence that cannot be completed,
/// at least one byte (the practice that the Unicode standard recommends, section 3.9). At the end: U+FFFD of 0 bytes.
Decoded decode_at(std::string_view text, std::size_t offset) noexcept;
/// The character that ends before `end` in valid UTF-8; 0 < end <= text.size().
Decoded decode_before(std::string_view text, std::size_t end) noexcept;

/// The offset at which the character that holds the byte `offset` begins; `offset` itself at the end of the text, and
/// where the bytes before it could not begin a character.
std::size_t character_start(std::string_view text, std::size_t offset) noexcept;
/// The first `limit` bytes, or fewer so that no character is cut.
std::string_view truncated(std::string_view text, std::size_t limit) noexcept;
/// Bytes of the text without a character at its end whose other bytes are still to come.
std::size_t complete_size(std::string_view text) noexcept;

/// Appends one character; a surrogate or a value above U+10FFFF becomes U+FFFD.
void append(std::string& text, char32_t code_point);

/// Valid UTF-8 from any bytes: what decode_at() says is no character becomes U+FFFD.
std::string lossy(std::string_view bytes);

/// Columns that the text takes in a fixed-width font: 2 for East Asian wide characters and emoji, 0 for combining marks,
/// joiners and control characters, else 1.
std::size_t display_width(std::string_view text) noexcept;

/// Unicode normalisation form C of valid UTF-8.
std::string nfc(std::string_view text);
/// Form C never makes one character of this and any before it, and does not move it before one.
bool starts_anew(char32_t code_point);

} // namespace kvw::utf8
