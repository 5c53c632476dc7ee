// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/bpe.h"
#include "core/tokenizer/pretokenizer.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/tokenizer_decoder.h"
#include "core/tokenizer/tokenizer_json.h"
#include "core/tokenizer/tokenizer_normaliser.h"
#include "core/tokenizer/tokenizer_template.h"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kvw {

/// Positions inside a word are 32 bits wide.
inline constexpr std::size_t kLargestText = std::size_t{1} << 30;

/// The ids of words that came before, since most words come often. Holds a bounded number of short words.
class WordIds
{
public:
    /// Appends the ids of `word`; `out` is the same list, only grown, in every call since the last forget().
    void encode(const Bpe& model, std::string_view word, std::vector<TokenId>& out);
    void forget() { remembered_.clear(); }

    Bpe::Scratch scratch;

private:
    struct Range
    {
        std::size_t begin;
        std::size_t count;
    };
    struct Hash : std::hash<std::string_view>
    {
        using is_transparent = void;
    };
    std::unordered_map<std::string, Range, Hash, std::equal_to<>> remembered_; ///< where in `out` their ids stand
};

/// The parts of a tokenizer, for tokenizer.cpp and token_stream.cpp only.
struct Tokenizer::Impl
{
    /// The spelling and the kind of a token, by id.
    struct Known
    {
        std::string token;
        bool exists = false;
        bool special = false;
    };

    explicit Impl(const JsonPlace& json);

    struct Work;
    void encode_text(std::string_view text, bool at_start, Work& work) const;
    void encode_words(std::string_view text, bool at_start, Work& work) const;
    const Known* find(TokenId id) const;

    Bpe model;
    std::unique_ptr<const Normaliser> normaliser;      ///< may be null
    std::unique_ptr<const PreTokenizer> pre_tokenizer; ///< may be null
    std::unique_ptr<const TokenDecoder> decoder;
    TokenFrame frame;
    AddedTokenFinder plain;      ///< added tokens searched in the text as it came
    AddedTokenFinder normalised; ///< and in the normalised text
    std::vector<Known> known;    ///< by id
    std::unordered_map<std::string, TokenId> added;
};

} // namespace kvw
