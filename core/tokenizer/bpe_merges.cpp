// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe_merges.h"

#include <algorithm>
#include <bit>

namespace kvw {

std::uint64_t MergeTable::key_of(TokenId left, TokenId right) noexcept
{
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
}

std::size_t MergeTable::slot_of(std::uint64_t key) const noexcept
{
    // Fibonacci hashing: the multiplier is 2^64 divided by the golden ratio; high bits are the well mixed ones.
    const std::uint64_t mixed = (key ^ (key >> 29)) * 0x9E3779B97F4A7C15u;
    std::size_t slot = static_cast<std::size_t>(mixed >> 20) & (slots_.size() - 1);
    while (slots_[slot].key != kEmpty && slots_[slot].key != key)
        slot = (slot + 1) & (slots_.size() - 1);
    return slot;
}

void MergeTable::grow(std::size_t slots)
{
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const Slot& slot : old) {
        if (slot.key != kEmpty)
            slots_[slot_of(slot.key)] = slot;
    }
}

void MergeTable::reserve(std::size_t merges)
{
    const std::size_t wanted = std::bit_ceil(2 * merges + 2);
    if (wanted > slots_.size())
        grow(wanted);
}

void MergeTable::insert(TokenId left, TokenId right, Merge merge)
{
    reserve(size_ + 1);
    const std::uint64_t key = key_of(left, right);
    Slot& slot = slots_[slot_of(key)];
    if (slot.key == kEmpty)
        ++size_;
    slot = {key, merge};
}

const MergeTable::Merge* MergeTable::find(TokenId left, TokenId right) const noexcept
{
    if (slots_.empty())
        return nullptr;
    const Slot& slot = slots_[slot_of(key_of(left, right))];
    return slot.key == kEmpty ? nullptr : &slot.merge;
}

namespace {

using Symbol = MergeScratch::Symbol;
using Candidate = MergeScratch::Candidate;

/// The heap's order: the candidate to take first is the largest.
bool later(const Candidate& a, const Candidate& b)
{
    return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
}

void offer(const MergeTable& merges, MergeScratch& scratch, std::int32_t left)
{
    const Symbol& symbol = scratch.symbols[static_cast<std::size_t>(left)];
    const auto* merge = merges.find(symbol.id, scratch.symbols[static_cast<std::size_t>(symbol.next)].id);
    if (merge == nullptr)
        return;
    scratch.heap.push_back({merge->rank, left, merge->result});
    std::push_heap(scratch.heap.begin(), scratch.heap.end(), later);
}

/// Joins the symbol at `left` with its neighbour.
void join(std::vector<Symbol>& symbols, std::int32_t left, TokenId result)
{
    Symbol& symbol = symbols[static_cast<std::size_t>(left)];
    Symbol& neighbour = symbols[static_cast<std::size_t>(symbol.next)];
    neighbour.alive = false;
    symbol.id = result;
    symbol.next = neighbour.next;
    if (symbol.next >= 0)
        symbols[static_cast<std::size_t>(symbol.next)].previous = left;
}

void fill(const MergeTable& merges, std::span<const TokenId> ids, MergeScratch& scratch)
{
    scratch.symbols.resize(ids.size());
    scratch.heap.clear();
    const auto count = static_cast<std::int32_t>(ids.size());
    for (std::int32_t i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        scratch.symbols[at] = {ids[at], i - 1, i + 1 < count ? i + 1 : -1, true};
        if (i == 0)
            continue;
        if (const auto* merge = merges.find(ids[at - 1], ids[at]))
            scratch.heap.push_back({merge->rank, i - 1, merge->result});
    }
    std::make_heap(scratch.heap.begin(), scratch.heap.end(), later);
}

} // namespace

void merge_all(const MergeTable& merges, std::span<const TokenId> ids, std::vector<TokenId>& out, MergeScratch& scratch)
{
    fill(merges, ids, scratch);
    std::vector<Symbol>& symbols = scratch.symbols;
    while (!scratch.heap.empty()) {
        std::pop_heap(scratch.heap.begin(), scratch.heap.end(), later);
        const Candidate top = scratch.heap.back();
        scratch.heap.pop_back();
        const Symbol& left = symbols[static_cast<std::size_t>(top.position)];
        if (!left.alive || left.next < 0)
            continue;
        // A candidate outlives its pair when one of the two was joined elsewhere meanwhile.
        const auto* merge = merges.find(left.id, symbols[static_cast<std::size_t>(left.next)].id);
        if (merge == nullptr || merge->result != top.result)
            continue;
        join(symbols, top.position, top.result);
        if (left.previous >= 0)
            offer(merges, scratch, left.previous);
        if (left.next >= 0)
            offer(merges, scratch, top.position);
    }
    for (const Symbol& symbol : symbols) {
        if (symbol.alive)
            out.push_back(symbol.id);
    }
}

} // namespace kvw
