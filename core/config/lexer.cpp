// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/lexer.h"

#include "core/config/place.h"

#include <algorithm>

namespace kvw::config {
namespace {

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool is_mark(char c) { return std::string_view("=:,+-[]{}").find(c) != std::string_view::npos; }

} // namespace

Lexer::Lexer(std::string_view text) : text_(text) { token_ = cut(); }

Token Lexer::next()
{
    const Token token = token_;
    offset_ += token.text.size();
    token_ = cut();
    return token;
}

Token Lexer::cut() const noexcept
{
    if (offset_ >= text_.size())
        return {TokenKind::End, {}, text_.size()};
    const auto run = [&](auto belongs) {
        std::size_t end = offset_;
        while (end < text_.size() && belongs(text_[end]))
            ++end;
        return text_.substr(offset_, end - offset_);
    };
    const char first = text_[offset_];
    if (first == ' ')
        return {TokenKind::Space, run([](char c) { return c == ' '; }), offset_};
    if (is_word_character(first))
        return {TokenKind::Word, run(is_word_character), offset_};
    if (is_mark(first))
        return {TokenKind::Mark, text_.substr(offset_, 1), offset_};
    return {TokenKind::Stray, text_.substr(offset_, length_at(text_, offset_)), offset_};
}

} // namespace kvw::config
