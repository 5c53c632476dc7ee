// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/characters.h"

#include "core/base/utf8.h"
#include "core/tokenizer/pretokenizer_regex.h"

#include <string>

namespace kvw::unicode {
namespace {

bool matches_class(const Regex& regex, char32_t c)
{
    std::string text;
    utf8::append(text, c);
    return regex.matches_whole(text);
}

} // namespace

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
