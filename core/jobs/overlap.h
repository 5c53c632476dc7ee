// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kvw {

/// Tokens of a block by which two texts are found to overlap: long enough that two texts share one by chance only in
/// boilerplate.
inline constexpr std::size_t kOverlapBlock = 32;

/// Hashes of a text's blocks of kOverlapBlock tokens, cut at multiples of it.
std::vector<std::uint64_t> token_block_hashes(std::span<const std::int32_t> tokens);

/// How many of `blocks` stand anywhere in `tokens`, at any offset.
struct Overlap
{
    std::int64_t shared = 0; ///< different blocks found
    std::int64_t blocks = 0; ///< that could have been found: the smaller text's number of blocks
    double share() const { return blocks > 0 ? static_cast<double>(shared) / static_cast<double>(blocks) : 0; }
};
Overlap find_overlap(std::span<const std::uint64_t> blocks, std::span<const std::int32_t> tokens);

/// At this share two texts count as overlapping; below it what they share is boilerplate.
inline constexpr double kOverlapLimit = 0.01;

} // namespace kvw
