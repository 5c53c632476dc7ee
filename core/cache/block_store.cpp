// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/block_store.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvw {
namespace {

constexpr std::size_t kAlignment = Arena::kAlignment;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

} // namespace

BlockStore::BlockStore(const kernels::RowFormat& format, int lanes, int block_tokens, std::shared_ptr<Arena> arena)
    : format_(format),
      arena_(std::move(arena)),
      lanes_(lanes),
      block_tokens_(block_tokens),
      row_bytes_(kernels::row_bytes(format)),
      scales_per_lane_(kernels::scale_count(format, block_tokens))
{}

void BlockStore::copy_from(const BlockStore& other)
{
    clear();
    dropped_ = other.dropped_;
    tokens_ = other.tokens_;
    for (const Block& block : other.blocks_) {
        Block copy = take_block();
        std::memcpy(copy.memory.get(), block.memory.get(), block_bytes());
        copy.tokens = block.tokens;
        blocks_.push_back(std::move(copy));
    }
}

BlockStore::Block BlockStore::make_block() const
{
    const auto lanes = static_cast<std::size_t>(lanes_);
    const std::size_t codes = aligned(lanes * static_cast<std::size_t>(block_tokens_) * row_bytes_);
    const std::size_t scales = aligned(lanes * scales_per_lane_ * 2);
    const std::size_t zeros = format_.symmetric ? 0 : scales;
    Block block;
    block.memory = {static_cast<std::byte*>(arena_->take(block_bytes())), GiveBack{arena_, block_bytes()}};
    block.codes = block.memory.get();
    if (scales > 0)
        block.scales = reinterpret_cast<std::uint16_t*>(block.codes + codes);
    if (zeros > 0)
        block.maybe_zeros = reinterpret_cast<std::uint16_t*>(block.codes + codes + scales);
    return block;
}

BlockStore::Block BlockStore::take_block()
{
    if (spare_.empty())
        return make_block();
    Block block = std::move(spare_.back());
    spare_.pop_back();
    block.tokens = 0;
    return block;
}

void BlockStore::append(const float* rows, std::int64_t lane_stride, std::int64_t token_stride, int tokens)
{
    while (tokens > 0) {
        if (blocks_.empty() || blocks_.back().tokens == block_tokens_)
            blocks_.push_back(take_block());
        Block& block = blocks_.back();
        if (format_.scale_per == kernels::ScalePer::Channel && kernels::is_integer(format_.type) && block.tokens != 0)
            throw Error(ErrorKind::Internal,
                        fmt::format("a block of {} tokens with one scale a channel was continued after {}",
                                    block_tokens_, block.tokens));
        const int now = std::min(tokens, block_tokens_ - block.tokens);
        fill(block, rows, lane_stride, token_stride, now);
        rows += now * token_stride;
        tokens -= now;
        tokens_ += now;
    }
}

void BlockStore::fill(Block& block, const float* rows, std::int64_t lane_stride, std::int64_t token_stride, int tokens)
{
    for (int lane = 0; lane < lanes_; ++lane) {
        const kernels::Segment at = segment(block, block.tokens, tokens, lane);
        const kernels::RowsOut out{const_cast<std::byte*>(at.rows.codes), const_cast<std::uint16_t*>(at.rows.scales),
                                   const_cast<std::uint16_t*>(at.rows.maybe_zeros)};
        const kernels::Status status =
            kernels::encode_rows(format_, rows + lane * lane_stride, token_stride, tokens, out);
        if (status == kernels::Status::NotFinite)
            throw Error(ErrorKind::NotFinite,
                        "a key or value is not finite, or beyond what the codec's storage type can hold",
                        "compute in fp32, or choose a quantiser with a wider range");
        if (status != kernels::Status::Ok)
            throw Error(ErrorKind::Internal,
                        fmt::format("rows of width {} were refused by their format", format_.width));
    }
    block.tokens += tokens;
}

kernels::Segment BlockStore::segment(const Block& block, int first, int count, int lane) const
{
    kernels::Segment out;
    const auto lane_bytes = static_cast<std::size_t>(block_tokens_) * row_bytes_;
    const std::size_t scale_at = static_cast<std::size_t>(lane) * scales_per_lane_
        + (format_.scale_per == kernels::ScalePer::Channel ? 0 : kernels::scale_count(format_, first));
    out.rows.format = format_;
    out.rows.tokens = count;
    out.rows.codes =
        block.codes + static_cast<std::size_t>(lane) * lane_bytes + static_cast<std::size_t>(first) * row_bytes_;
    out.rows.scales = block.scales ? block.scales + scale_at : nullptr;
    out.rows.maybe_zeros = block.maybe_zeros ? block.maybe_zeros + scale_at : nullptr;
    out.codes_lane_stride = static_cast<std::int64_t>(lane_bytes);
    out.scales_lane_stride = static_cast<std::int64_t>(scales_per_lane_);
    return out;
}

void BlockStore::pop_front(int tokens)
{
    tokens_ -= tokens;
    dropped_ += tokens;
    while (dropped_ > 0 && !blocks_.empty() && dropped_ >= blocks_.front().tokens) {
        dropped_ -= blocks_.front().tokens;
        spare_.push_back(std::move(blocks_.front()));
        blocks_.pop_front();
    }
}

void BlockStore::pop_back(int tokens)
{
    tokens_ -= tokens;
    while (tokens > 0) {
        Block& last = blocks_.back();
        const int now = std::min(tokens, last.tokens);
        last.tokens -= now;
        tokens -= now;
        if (last.tokens == 0) {
            spare_.push_back(std::move(last));
            blocks_.pop_back();
        }
    }
}

void BlockStore::clear()
{
    while (!blocks_.empty()) {
        spare_.push_back(std::move(blocks_.back()));
        blocks_.pop_back();
    }
    dropped_ = 0;
    tokens_ = 0;
}

void BlockStore::decode(int first, int count, float* out, std::int64_t lane_stride, std::int64_t token_stride) const
{
    int start = -dropped_; // position of the block's first row among the stored tokens
    for (const Block& block : blocks_) {
        const int from = std::max(first, std::max(start, 0)), to = std::min(first + count, start + block.tokens);
        for (int lane = 0; from < to && lane < lanes_; ++lane) {
            const kernels::Segment rows = segment(block, from - start, to - from, lane);
            if (kernels::decode_rows(rows.rows, out + lane * lane_stride + (from - first) * token_stride, token_stride)
                != kernels::Status::Ok)
                throw Error(ErrorKind::Internal, "stored rows do not decode");
        }
        start += block.tokens;
    }
}

void BlockStore::add_segments(bool coded, std::vector<kernels::Segment>& out) const
{
    int skip = dropped_;
    for (const Block& block : blocks_) {
        kernels::Segment rows = segment(block, skip, block.tokens - skip, 0);
        rows.coded = coded;
        if (rows.rows.tokens > 0)
            out.push_back(rows);
        skip = 0;
    }
}

std::size_t BlockStore::code_bytes_used() const noexcept
{
    return static_cast<std::size_t>(tokens_) * static_cast<std::size_t>(lanes_) * row_bytes_;
}

std::size_t BlockStore::scale_bytes_used() const noexcept
{
    const std::size_t scales = format_.scale_per == kernels::ScalePer::Channel ? blocks_.size() * scales_per_lane_
                                                                               : kernels::scale_count(format_, tokens_);
    return scales * static_cast<std::size_t>(lanes_) * (format_.symmetric ? 2 : 4);
}

std::size_t BlockStore::block_bytes() const noexcept
{
    const auto lanes = static_cast<std::size_t>(lanes_);
    const std::size_t codes = aligned(lanes * static_cast<std::size_t>(block_tokens_) * row_bytes_);
    const std::size_t scales = aligned(lanes * scales_per_lane_ * 2);
    return std::max(kAlignment, codes + scales * (format_.symmetric ? 1 : 2));
}

std::size_t BlockStore::block_bytes_in_use() const noexcept { return blocks_.size() * block_bytes(); }

std::size_t BlockStore::bytes_allocated() const noexcept { return (blocks_.size() + spare_.size()) * block_bytes(); }

} // namespace kvw
