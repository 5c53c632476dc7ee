// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/bpe_merges.h"
#include "core/tokenizer/tokenizer.h"
#include "core/tokenizer/tokenizer_json.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
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

    /// Where the beginning of a word, of which more will follow, can be cut off: the ids of the whole word are those of
    /// word.substr(0, cut), then those of what follows, each by encode_part(). The last such place, at a character's
    /// beginning; 0: none is known. It stands between two characters that are entries and that no merge joins: no merge
    /// has a left token that ends with the first and a right one that begins with the second. Then no symbol ever reaches
    /// over the cut, and what is merged on one side does not depend on the other.
    std::size_t last_cut(std::string_view word) const;
    /// As encode() for a part of a word that was cut by last_cut().
    void encode_part(std::string_view part, std::vector<TokenId>& out, Scratch& scratch) const;
    /// Longer words are not entries.
    std::size_t longest_entry_bytes() const { return longest_entry_bytes_; }

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
    std::unordered_set<std::uint64_t> joined_; ///< characters, the first in the high half, that some merge joins
    std::size_t longest_entry_bytes_ = 0;
    std::optional<TokenId> unknown_;
    bool fuse_unknown_ = false;
    bool byte_fallback_ = false;
    bool ignore_merges_ = false;
};

} // namespace kvw
