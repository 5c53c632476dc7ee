// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/arena.h"
#include "kernels/attend.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace kvw {

/// Stored rows of every lane (sequence and KV head) in one format, in blocks of a fixed number of tokens that are filled in
/// place; nothing is ever moved to make room. Tokens leave from the front (a window that slides) or from the back.
class BlockStore
{
public:
    /// With ScalePer::Channel a block is what shares its scales, so rows come whole blocks at a time; only the last append
    /// before clear() may leave a block unfinished.
    /// Blocks come from `arena`, which several stores may share.
    BlockStore(const kernels::RowFormat& format, int lanes, int block_tokens, std::shared_ptr<Arena> arena);
    BlockStore(const BlockStore&) = delete;
    BlockStore& operator=(const BlockStore&) = delete;
    BlockStore(BlockStore&&) noexcept = default;
    BlockStore& operator=(BlockStore&&) noexcept = default;
    ~BlockStore() = default;
    /// Becomes a deep copy of a store of the same shape, in its own arena; spare blocks of the other are left behind.
    void copy_from(const BlockStore& other);

    /// Row (lane, t) at rows + lane * lane_stride + t * token_stride, `width` numbers. Throws Error{NotFinite} for NaN,
    /// infinity or a value beyond the format, Error{Internal} for a channel block that was left unfinished.
    void append(const float* rows, std::int64_t lane_stride, std::int64_t token_stride, int tokens);
    void pop_front(int tokens);
    void pop_back(int tokens); ///< with ScalePer::Channel whole blocks only
    void clear();              ///< keeps the blocks for reuse

    int tokens() const noexcept { return tokens_; }
    const kernels::RowFormat& format() const noexcept { return format_; }
    int block_tokens() const noexcept { return block_tokens_; }

    /// Rows first..first + count of every lane as fp32, row (lane, t) to out + lane * lane_stride + (t - first) * token_stride.
    void decode(int first, int count, float* out, std::int64_t lane_stride, std::int64_t token_stride) const;
    /// The stored rows in order, for kernels::attend_decode; valid until the next change.
    void add_segments(bool coded, std::vector<kernels::Segment>& out) const;

    std::size_t code_bytes_used() const noexcept;
    std::size_t scale_bytes_used() const noexcept;
    /// Bytes of the blocks that hold tokens, used or not.
    std::size_t block_bytes_in_use() const noexcept;
    /// Bytes of all blocks, spare ones included: what the allocator sees.
    std::size_t bytes_allocated() const noexcept;

private:
    struct GiveBack
    {
        std::shared_ptr<Arena> arena;
        std::size_t bytes;
        void operator()(std::byte* memory) const noexcept { arena->give_back(memory, bytes); }
    };
    struct Block
    {
        std::unique_ptr<std::byte, GiveBack> memory;
        std::byte* codes = nullptr;
        std::uint16_t* scales = nullptr;
        std::uint16_t* maybe_zeros = nullptr;
        int tokens = 0; ///< filled, the front's dropped ones included
    };

    std::size_t block_bytes() const noexcept;
    Block make_block() const;
    Block take_block();
    void fill(Block& block, const float* rows, std::int64_t lane_stride, std::int64_t token_stride, int tokens);
    kernels::Segment segment(const Block& block, int first, int count, int lane) const;

    kernels::RowFormat format_;
    std::shared_ptr<Arena> arena_;
    int lanes_, block_tokens_;
    std::size_t row_bytes_, scales_per_lane_;
    std::deque<Block> blocks_;
    std::vector<Block> spare_;
    int dropped_ = 0; ///< tokens of the first block that have left
    int tokens_ = 0;
};

} // namespace kvw
