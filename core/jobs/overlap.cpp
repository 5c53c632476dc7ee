// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/overlap.h"

#include <algorithm>
#include <unordered_set>

namespace kvw {
namespace {

/// Odd, so that every power is invertible modulo 2^64.
constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15ULL;

std::uint64_t value_of(std::int32_t token) { return static_cast<std::uint64_t>(static_cast<std::uint32_t>(token)) + 1; }

/// The polynomial's low bits depend on few tokens' low bits; this spreads them (the finaliser of SplitMix64).
std::uint64_t spread(std::uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/// Polynomial hash of a window of kOverlapBlock tokens that moves by one token at a time.
class RollingHash
{
public:
    RollingHash()
    {
        for (std::size_t i = 1; i < kOverlapBlock; ++i)
            leaving_ *= kBase;
    }
    void push(std::int32_t token) { hash_ = hash_ * kBase + value_of(token); }
    void pop(std::int32_t oldest) { hash_ -= value_of(oldest) * leaving_; }
    std::uint64_t value() const { return spread(hash_); }

private:
    std::uint64_t hash_ = 0, leaving_ = 1;
};

} // namespace

std::vector<std::uint64_t> token_block_hashes(std::span<const std::int32_t> tokens)
{
    std::vector<std::uint64_t> out;
    for (std::size_t first = 0; first + kOverlapBlock <= tokens.size(); first += kOverlapBlock) {
        RollingHash hash;
        for (const std::int32_t token : tokens.subspan(first, kOverlapBlock))
            hash.push(token);
        out.push_back(hash.value());
    }
    return out;
}

Overlap find_overlap(std::span<const std::uint64_t> blocks, std::span<const std::int32_t> tokens)
{
    const std::unordered_set<std::uint64_t> known(blocks.begin(), blocks.end());
    std::unordered_set<std::uint64_t> found;
    RollingHash hash;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (i >= kOverlapBlock)
            hash.pop(tokens[i - kOverlapBlock]);
        hash.push(tokens[i]);
        if (i + 1 >= kOverlapBlock && known.contains(hash.value()))
            found.insert(hash.value());
    }
    Overlap out;
    out.shared = static_cast<std::int64_t>(found.size());
    out.blocks = static_cast<std::int64_t>(std::min(known.size(), tokens.size() / kOverlapBlock));
    return out;
}

} // namespace kvw
