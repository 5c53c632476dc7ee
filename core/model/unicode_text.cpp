// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/unicode_text.h"

#include "core/model/pretokenizer_regex.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace kvw::unicode {
namespace {

struct Sequence
{
    std::size_t bytes = 0; ///< of the sequence, or of its longest part that could still become one (at least 1)
    bool valid = false;
    char32_t code_point = 0;
};

unsigned byte_at(std::string_view text, std::size_t offset) noexcept
{
    return static_cast<unsigned char>(text[offset]);
}

/// The table of well-formed sequences (Unicode 3.9, table 3-7): the second byte's range depends on the first.
Sequence scan(std::string_view text, std::size_t offset) noexcept
{
    const unsigned first = byte_at(text, offset);
    if (first < 0x80)
        return {1, true, first};
    if (first < 0xC2 || first > 0xF4)
        return {1, false, 0};
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    char32_t value = first & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (offset + i >= text.size())
            return {i, false, 0};
        const unsigned next = byte_at(text, offset + i);
        if (next < low || next > high)
            return {i, false, 0};
        value = (value << 6) | (next & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    return {length, true, value};
}

/// The end of the ASCII that begins at `offset`, eight bytes at a time as long as there are so many.
std::size_t skip_ascii(std::string_view text, std::size_t offset) noexcept
{
    std::uint64_t word = 0;
    for (; offset + sizeof word <= text.size(); offset += sizeof word) {
        std::memcpy(&word, text.data() + offset, sizeof word);
        if ((word & 0x8080808080808080u) != 0)
            break;
    }
    while (offset < text.size() && byte_at(text, offset) < 0x80)
        ++offset;
    return offset;
}

bool matches_class(const Regex& regex, char32_t c)
{
    std::string text;
    append(text, c);
    return regex.matches_whole(text);
}

} // namespace

std::optional<std::size_t> first_invalid(std::string_view text) noexcept
{
    for (std::size_t i = 0; i < text.size();) {
        i = skip_ascii(text, i);
        if (i == text.size())
            break;
        const Sequence sequence = scan(text, i);
        if (!sequence.valid)
            return i;
        i += sequence.bytes;
    }
    return std::nullopt;
}

Decoded decode_at(std::string_view text, std::size_t offset) noexcept
{
    const Sequence sequence = scan(text, offset);
    return {sequence.valid ? sequence.code_point : kReplacement, sequence.bytes};
}

void append(std::string& text, char32_t c)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        c = kReplacement;
    const auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::string lossy(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
        const Sequence sequence = scan(bytes, i);
        if (sequence.valid)
            out.append(bytes.substr(i, sequence.bytes));
        else
            append(out, kReplacement);
        i += sequence.bytes;
    }
    return out;
}

bool is_white_space(char32_t c) noexcept
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_word(char32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    if (c == 0x200C || c == 0x200D)
        return true;
    static const Regex words("[\\w]");
    return matches_class(words, c);
}

} // namespace kvw::unicode
