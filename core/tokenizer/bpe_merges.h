// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/tokenizer.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kvw {

/// Which two neighbouring symbols become which one, and how early. A hash table with open addressing.
class MergeTable
{
public:
    struct Merge
    {
        std::uint32_t rank = 0; ///< lower goes first
        TokenId result = 0;
    };

    void reserve(std::size_t merges);
    /// A pair that is there already takes the new rank and result.
    void insert(TokenId left, TokenId right, Merge merge);
    const Merge* find(TokenId left, TokenId right) const noexcept; ///< null: the two stay apart
    std::size_t size() const noexcept { return size_; }

private:
    struct Slot
    {
        std::uint64_t key = kEmpty;
        Merge merge;
    };
    static constexpr std::uint64_t kEmpty = ~std::uint64_t{0}; ///< ids are not negative, so no pair has it
    static std::uint64_t key_of(TokenId left, TokenId right) noexcept;
    std::size_t slot_of(std::uint64_t key) const noexcept;
    void grow(std::size_t slots);

    std::vector<Slot> slots_;
    std::size_t size_ = 0;
};

/// What merge_all writes to; reused from word to word.
struct MergeScratch
{
    struct Symbol
    {
        TokenId id = 0;
        std::int32_t previous = -1;
        std::int32_t next = -1;
        bool alive = true;
    };
    struct Candidate
    {
        std::uint32_t rank = 0;
        std::int32_t position = 0; ///< of the left symbol
        TokenId result = 0;
    };
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
};

/// Joins neighbours, lowest rank first and leftmost among equals, until no merge applies; appends what is left to
/// `out`. O(n log n).
void merge_all(const MergeTable& merges, std::span<const TokenId> symbols, std::vector<TokenId>& out,
               MergeScratch& scratch);

} // namespace kvw
