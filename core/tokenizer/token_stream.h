// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/tokenizer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace kvw {

/// Encodes a text that comes in parts, keeping the ids and what is not yet decided. The ids are exactly those that
/// Tokenizer::encode (without special tokens) gives for the whole text, or the first `limit` of them, however the text
/// is cut into parts.
///
/// Every step of a tokenizer, from the added tokens to the merges, writes out what no text that may follow can change
/// and keeps the rest: the beginning of an added token, white space that one may take with it, a match that reaches the
/// end, a word without its end. For most texts that is a word, so memory does not grow with the text. It does where the
/// tokenizer decides nothing before it has seen more:
///   - a word that never ends (1 GiB at most, else Error{Unsupported}), unless it has places that no merge of the BPE
///     reaches over (Bpe::last_cut), as spaces are to tokenizers of the Llama 2 kind, whose only word is the text;
///   - a match that never ends, such as white space alone, or a pattern that matches all of the text at once;
///   - patterns with \G, \K or \R, and a Metaspace whose replacement is not one character: these tokenizers get the whole
///     text at the end (streams() is false).
/// Not for two threads at once.
class TokenStream
{
public:
    /// The tokenizer must outlive it. limit: so many ids at most; 0: all.
    explicit TokenStream(const Tokenizer& tokenizer, std::int64_t limit = 0);
    TokenStream(TokenStream&&) noexcept;
    TokenStream& operator=(TokenStream&&) noexcept;
    ~TokenStream();

    /// Adds a part of the text: UTF-8, not cut inside a character. Throws Error{BadInput} with the offset in the text
    /// of the first byte that is not.
    void push(std::string_view part);
    /// The limit is reached: more text changes nothing.
    bool full() const;
    /// The text has ended. To be called once.
    std::vector<TokenId> finish();

    bool streams() const; ///< else all of the text is kept until finish()

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace kvw
