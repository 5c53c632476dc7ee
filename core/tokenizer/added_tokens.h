// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/bpe.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/tokenizer_json.h"
#include "core/tokenizer/tokenizer_normaliser.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kvw {

/// An entry of "added_tokens": text that is one token wherever it stands, before any other rule.
struct AddedToken
{
    std::string content;
    TokenId id = 0;
    bool special = false;     ///< left out of decoded text when asked
    bool single_word = false; ///< not inside a word
    bool lstrip = false;      ///< takes the white space before it with it
    bool rstrip = false;      ///< and after it
    bool normalized = false;  ///< searched in the normalised text, its content normalised too
};

/// Throws Error{BadInput} when an id is not the one that the vocabulary gives this text, or belongs to another text.
std::vector<AddedToken> read_added_tokens(const JsonPlace& list, const Bpe& model);

/// Finds added tokens: the leftmost, the longest among those that begin there. Time linear in the text times the
/// longest token.
class AddedTokenFinder
{
public:
    void add(std::string_view text, const AddedToken& token);

    struct Part
    {
        std::size_t begin = 0;
        std::size_t end = 0;
        TokenId id = -1; ///< -1: ordinary text
    };
    /// The text cut at its added tokens; parts of ordinary text are not empty.
    void cut(std::string_view text, std::vector<Part>& out) const;

private:
    friend class AddedTokenScan;
    struct Flags
    {
        TokenId id = -1;
        bool single_word = false;
        bool lstrip = false;
        bool rstrip = false;
    };
    struct Node
    {
        std::vector<std::pair<unsigned char, std::uint32_t>> children;
        std::int32_t token = -1; ///< index into tokens_
    };
    struct Found
    {
        std::size_t end = 0;
        std::int32_t token = -1;
        bool undecided = false; ///< the text ended where a longer token might go on
    };
    Found longest_at(std::string_view text, std::size_t offset) const;

    std::vector<Node> nodes_ = std::vector<Node>(1);
    std::vector<std::uint32_t> first_ = std::vector<std::uint32_t>(256, 0); ///< the root's children; 0: none
    std::vector<Flags> tokens_;
    bool any_takes_space_before_ = false;
};

/// Finds added tokens in a text that comes in parts: those that AddedTokenFinder::cut() finds in the whole. Kept back is
/// what may become a token, and the white space that a token may take with it.
class AddedTokenScan
{
public:
    struct Part
    {
        std::string_view text;    ///< of ordinary text, which may come in parts; the one with its end may be empty
        std::size_t position = 0; ///< of `text` in the whole text, in bytes
        TokenId id = -1;          ///< -1: ordinary text
        bool begins = true;
        bool ends = true;
    };

    /// `finder` must outlive it.
    explicit AddedTokenScan(const AddedTokenFinder& finder) : finder_(&finder) {}
    /// A new text.
    void begin();
    /// Adds `text`, whole characters; writes to `out` what is decided now, which after the `last` is everything. The
    /// views stay valid until the next call. White space that stays undecided is searched again only when it has
    /// doubled.
    void feed(std::string_view text, bool last, std::vector<Part>& out);

private:
    void forget_done();
    bool find(bool last, std::vector<Part>& out);
    void emit_text(std::size_t end, bool ends, std::vector<Part>& out);

    const AddedTokenFinder* finder_;
    std::string buffer_;
    std::size_t dropped_ = 0;   ///< bytes of the text before buffer_
    std::size_t done_ = 0;      ///< end of what was written out; this and what follows: offsets in buffer_
    std::size_t from_ = 0;      ///< no token that was not written out begins before
    std::size_t try_again_ = 0; ///< size at which the next search may decide more
    bool open_ = false;         ///< ordinary text was written out without its end
};

} // namespace kvw
