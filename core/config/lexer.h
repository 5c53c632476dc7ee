// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace kvw::config {

enum class TokenKind {
    Word,  ///< letters, digits, "_" and "."
    Mark,  ///< one of = : , + - [ ] { }
    Space, ///< a run of spaces
    Stray, ///< a character that no configuration has; text is the whole UTF-8 sequence, or one byte that is none
    End,
};

struct Token
{
    TokenKind kind = TokenKind::End;
    std::string_view text;  ///< points into the text
    std::size_t offset = 0; ///< of its first byte
    bool is(char mark) const noexcept { return kind == TokenKind::Mark && text.front() == mark; }
};

/// Cuts a configuration text into tokens, one ahead. Knows no words; the text must outlive it.
class Lexer
{
public:
    explicit Lexer(std::string_view text);
    const Token& peek() const noexcept { return token_; }
    Token next(); ///< returns what peek() showed and moves on; End stays
    std::string_view text() const noexcept { return text_; }

private:
    Token cut() const noexcept;

    std::string_view text_;
    std::size_t offset_ = 0;
    Token token_;
};

} // namespace kvw::config
