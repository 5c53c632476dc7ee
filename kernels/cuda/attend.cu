// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attend_launch.cuh"

#include <algorithm>

namespace kvw::kernels::cuda {
namespace {

/// Null: keys and values of these formats have no kernel together.
AttendPair pair_of(const KvStore& store)
{
    switch (store.key_format) {
    case Format::Fp16:
        return store.value_format == Format::Fp16 ? attend_fp16
            : store.value_format == Format::Int8  ? attend_fp16_int8
                                                  : nullptr;
    case Format::Bf16:
        return store.value_format == Format::Bf16 ? attend_bf16 : nullptr;
    case Format::Int8:
        return store.value_format == Format::Int8 ? attend_int8
            : store.value_format == Format::Int4  ? attend_int8_int4
                                                  : nullptr;
    case Format::Int4:
        return store.value_format == Format::Int4 ? attend_int4 : nullptr;
    case Format::Int4Channel:
        return store.value_format == Format::Int4 ? attend_int4_channel : nullptr;
    }
    return nullptr;
}

bool heads_fit(const KvStore& store, int heads)
{
    return heads >= store.kv_heads && heads % store.kv_heads == 0 && heads / store.kv_heads <= kMaxGroup;
}

} // namespace

int attend_splits(const KvStore& store, int heads, int tokens, int multiprocessors) noexcept
{
    const AttendPair pair = pair_of(store);
    if (!pair || check(store) != Status::Ok || !heads_fit(store, heads))
        return 1;
    Attend args;
    args.store = store;
    args.heads = heads;
    int blocks = 1;
    if (pair(args, {nullptr, &blocks}) != Status::Ok)
        return 1;
    // One wave; and a tile for every warp, since a block without tokens only costs its launch and its share of the merge.
    const int tiles = (std::max(tokens, 1) + kTileTokens - 1) / kTileTokens;
    const int by_tokens = (tiles + kAttendWarps - 1) / kAttendWarps;
    const int most = std::clamp(
        std::min(std::max(1, blocks) * multiprocessors / (store.sequences * store.kv_heads), by_tokens), 1, kMaxSplits);
    int one_cluster = 1;
    while (one_cluster < 16 && 2 * one_cluster <= most)
        one_cluster *= 2;
    if (most <= one_cluster)
        return most;
    // More blocks than a cluster are merged through global memory; fewer blocks have more tiles each.
    constexpr double kMergeMicroseconds = 3, kTileMicroseconds = 0.5, kBytesPerMicrosecond = 65e3;
    const auto rounds = [&](int splits) { return (tiles + splits * kAttendWarps - 1) / (splits * kAttendWarps); };
    const double round = kTileMicroseconds + kAttendWarps * tile_bytes(store) / kBytesPerMicrosecond;
    return (rounds(one_cluster) - rounds(most)) * round > kMergeMicroseconds ? most : one_cluster;
}

std::size_t attend_scratch_bytes(const KvStore& store, int heads, int splits) noexcept
{
    const std::size_t units = static_cast<std::size_t>(store.sequences) * static_cast<std::size_t>(store.kv_heads);
    const int group = heads / store.kv_heads;
    return sizeof(float)
        * ((units + 31) / 32 * 32
           + units * static_cast<std::size_t>(splits)
               * static_cast<std::size_t>(device::partial_floats(group, store.value_width)));
}

Status attend(const Attend& args, cudaStream_t stream) noexcept
{
    const Status status = check(args.store);
    if (status != Status::Ok)
        return status;
    if (!heads_fit(args.store, args.heads) || args.splits < 1 || args.splits > kMaxSplits || !args.q || !args.lengths
        || (args.splits > 1 && !args.scratch))
        return Status::BadShape;
    if (args.maybe_out_blocks && (args.store.sequences > 8 || args.heads * args.store.value_width % 32 != 0))
        return Status::BadShape;
    const AttendPair pair = pair_of(args.store);
    return pair ? pair(args, {stream, nullptr}) : Status::Unsupported;
}

} // namespace kvw::kernels::cuda
