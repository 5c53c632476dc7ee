// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/markdown_text.h"

namespace kvw {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// Part of a word; every byte of a character beyond ASCII counts.
bool in_word(std::string_view text, std::size_t at)
{
    if (at >= text.size())
        return false;
    const auto c = static_cast<unsigned char>(text[at]);
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80;
}

} // namespace

std::string markdown_words(std::string_view words)
{
    static constexpr std::string_view marks = "\\`*[]<>&~|";
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const char c = words[i];
        const bool inner_underscore = c == '_' && i > 0 && in_word(words, i - 1) && in_word(words, i + 1);
        if (marks.find(c) != std::string_view::npos || (c == '_' && !inner_underscore))
            out += '\\';
        out += is_control(c) ? ' ' : c;
    }
    return out;
}

std::string markdown_code(std::string_view words)
{
    if (words.find('`') != std::string_view::npos)
        return markdown_words(words);
    std::string out = "`";
    for (const char c : words) {
        if (c == '|')
            out += '\\'; // tables are cut into cells before code spans are read
        out += is_control(c) ? ' ' : c;
    }
    return out + '`';
}

} // namespace kvw
