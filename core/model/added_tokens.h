// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/bpe.h"
#include "core/model/tokenizer.h"
#include "core/model/tokenizer_json.h"
#include "core/model/tokenizer_normaliser.h"

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
    };
    Found longest_at(std::string_view text, std::size_t offset) const;

    std::vector<Node> nodes_ = std::vector<Node>(1);
    std::vector<std::uint32_t> first_ = std::vector<std::uint32_t>(256, 0); ///< the root's children; 0: none
    std::vector<Flags> tokens_;
};

} // namespace kvw
