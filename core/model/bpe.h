// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/bpe_merges.h"
#include "core/model/tokenizer.h"
#include "core/model/tokenizer_json.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kvw {

/// The ids of a vocabulary entry may not be larger: tables are indexed by them.
inline constexpr std::int64_t kLargestTokenId = (1 << 22) - 1;

/// The model of tokenizer.json with "type": "BPE": characters of a word are joined by the merge of lowest rank,
/// leftmost first, until none applies (Sennrich et al. 2016). O(n log n) in the word. Immutable.
class Bpe
{
public:
    /// Throws Error{BadInput} for two entries with one id, ids out of range, merges of or into unknown entries, an
    /// unknown unk_token; Error{Unsupported} for another model type, dropout, prefixes and suffixes of words.
    explicit Bpe(const JsonPlace& model);
    Bpe(const Bpe&) = delete; // views into entries_
    Bpe& operator=(const Bpe&) = delete;

    /// What merging needs to write to; reused from word to word.
    struct Scratch
    {
        std::vector<TokenId> initial;
        MergeScratch merge;
    };
    /// Appends the ids of one word (valid UTF-8). Characters that are no entries become bytes (byte_fallback) or
    /// unk_token, or nothing when there is neither.
    void encode(std::string_view word, std::vector<TokenId>& out, Scratch& scratch) const;

    std::optional<TokenId> id_of(std::string_view token) const;
    const std::vector<std::pair<std::string, TokenId>>& entries() const { return entries_; }

private:
    void read_vocabulary(const JsonPlace& vocab);
    void read_merges(const JsonPlace& merges);
    void first_symbols(std::string_view word, std::vector<TokenId>& out) const;
    bool as_bytes(std::string_view character, std::vector<TokenId>& out) const;
    std::optional<TokenId> character_id(std::string_view character) const;

    std::vector<std::pair<std::string, TokenId>> entries_;
    std::unordered_map<std::string_view, TokenId> ids_; ///< views into entries_
    std::array<TokenId, 0x800> short_character_{};      ///< by code point, -1: none; the whole byte alphabet is here
    std::array<TokenId, 256> byte_{};                   ///< "<0x00>".."<0xFF>", -1: none
    MergeTable merges_;
    std::optional<TokenId> unknown_;
    bool fuse_unknown_ = false;
    bool byte_fallback_ = false;
    bool ignore_merges_ = false;
};

} // namespace kvw
