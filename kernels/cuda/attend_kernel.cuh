// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend_merge.cuh"
#include "kernels/cuda/launch.h"

namespace kvw::kernels::cuda {

/// Stages of a warp's ring: enough bytes under way (some 20 KB a multiprocessor and more) and room for more blocks where the
/// format is small.
template<Format K, Format V, int KeyGroups, int ValueBlocks>
constexpr KVW_ON_BOTH int attend_stages()
{
    const int stage = kTileTokens * (KeyGroups * 32 * bits(K) + ValueBlocks * 8 * bits(V)) / 8;
    return stage > 24576 ? 1 : stage > 6144 ? 2 : 3;
}

namespace device {

/// What a block has to do: a share of the coded tiles of one KV head of one sequence.
struct Work
{
    int split, kv_head, sequence;
    int group;      ///< query heads
    int width;      ///< of a value
    int tokens;     ///< with the one that was just appended
    int coded_end;  ///< tokens from here on are not coded yet
    int first, end; ///< tiles of the share
};

__device__ __forceinline__ Work work_of_block(const Attend& args)
{
    const KvStore& store = args.store;
    Work work;
    work.split = static_cast<int>(blockIdx.x);
    work.kv_head = static_cast<int>(blockIdx.y);
    work.sequence = static_cast<int>(blockIdx.z);
    work.group = args.heads / store.kv_heads;
    work.width = store.value_width;
    work.tokens = args.lengths[work.sequence] + 1;
    work.coded_end = coded_end(store, work.tokens);
    const int coded_first = store.sinks / kTileTokens;
    const long long coded_tiles = (work.coded_end + kTileTokens - 1) / kTileTokens - coded_first;
    work.first = coded_first + static_cast<int>(coded_tiles * work.split / args.splits);
    work.end = coded_first + static_cast<int>(coded_tiles * (work.split + 1) / args.splits);
    return work;
}

/// The coded tiles of the share, every fourth for this warp, through the warp's ring.
template<Format K, Format V, int Stages, int KeyGroups, int ValueBlocks, bool Wide, bool Full>
__device__ __forceinline__ void attend_coded(const KvStore& store, const Work& work, const TileParts& parts,
                                             const Widths& widths, const Queries<KeyGroups, Wide>& queries,
                                             Ring<Stages>& ring, Accumulator<ValueBlocks, Wide>& acc, int warp,
                                             int lane)
{
    constexpr bool kBf16 = K == Format::Bf16, kCoded = !is_16_bit(K) || !is_16_bit(V);
    const auto tile_at = [&](int tile) -> const std::byte* {
        if (tile >= work.end)
            return nullptr;
        const int index = work.sequence * store.pages_per_sequence + tile / 2;
        const int page = store.maybe_page_table ? store.maybe_page_table[index] : index;
        return store.tiles
            + (static_cast<std::size_t>(page * store.kv_heads + work.kv_head) * 2 + tile % 2) * parts.end;
    };
    int next = work.first + warp;
#pragma unroll
    for (int s = 0; s < Stages; ++s, next += kAttendWarps)
        ring.request(s, tile_at(next));
    for (int tile = work.first + warp; tile < work.end; tile += kAttendWarps, next += kAttendWarps) {
        const std::byte* at = ring.wait();
        float score[4][4] = {};
        multiply_keys<K, KeyGroups, Wide, Full>(at, at + parts.key_scales, widths.key_groups, queries, score, lane);
        take_softmax<K, ValueBlocks, Wide>(at + parts.key_scales, work.coded_end - tile * kTileTokens, queries.sum,
                                           score, acc, lane);
        multiply_values<V, kBf16, ValueBlocks, Wide, Full>(at + parts.values, at + parts.value_scales,
                                                           widths.value_blocks, kCoded ? kValueScale : 1.0f, score, acc,
                                                           lane);
        const int used = ring.stage;
        ring.release();
        ring.request(used, tile_at(next));
    }
}

/// Sinks and the recent window, in fp16: few tiles, dealt out over the splits and warps.
template<int KeyGroups, int ValueBlocks, bool Wide>
__device__ __forceinline__ void attend_exact(const Attend& args, const Work& work, const Widths& widths,
                                             const Queries<KeyGroups, Wide>& queries,
                                             Accumulator<ValueBlocks, Wide>& acc, int warp, int lane)
{
    const KvStore& store = args.store;
    const int sink_tiles = (min(work.tokens, store.sinks) + kTileTokens - 1) / kTileTokens;
    const int tail_first = work.coded_end / kTileTokens;
    const int tail_tiles = is_buffered(store) && work.tokens > store.sinks
        ? (work.tokens + kTileTokens - 1) / kTileTokens - tail_first
        : 0;
    const int values = key_tile_bytes(Format::Fp16, store.key_width);
    const int value_blocks = padded_value_width(Format::Fp16, work.width) / 8;
    const std::byte* const base = store.exact
        + static_cast<std::size_t>(work.sequence * store.kv_heads + work.kv_head) * exact_tiles(store)
            * exact_tile_bytes(store);
    for (int i = work.split + warp * args.splits; i < sink_tiles + tail_tiles; i += args.splits * kAttendWarps) {
        const int tile = i < sink_tiles ? i : tail_first + i - sink_tiles;
        const std::byte* at = base + static_cast<std::size_t>(exact_slot(store, tile)) * exact_tile_bytes(store);
        float score[4][4] = {};
        multiply_keys<Format::Fp16, KeyGroups, Wide, false>(at, nullptr, widths.key_groups, queries, score, lane);
        take_softmax<Format::Fp16, ValueBlocks, Wide>(nullptr, work.tokens - tile * kTileTokens, queries.sum, score,
                                                      acc, lane);
        multiply_values<Format::Fp16, false, ValueBlocks, Wide, false>(at + values, nullptr, value_blocks, kValueScale,
                                                                       score, acc, lane);
    }
}

} // namespace device

/// grid (splits, kv_heads, sequences), clusters of `cluster` splits, kAttendThreads threads.
template<Format K, Format V, int KeyGroups, int ValueBlocks, bool Wide, bool Full>
__global__ void __launch_bounds__(kAttendThreads) attend_kernel(const Attend args, int cluster)
{
    using namespace device;
    constexpr int kStages = attend_stages<K, V, KeyGroups, ValueBlocks>();
    constexpr bool kCoded = !is_16_bit(K) || !is_16_bit(V);
    extern __shared__ __align__(128) std::byte shared[];
    __shared__ std::uint64_t barriers[kAttendWarps][kStages];
    const KvStore& store = args.store;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const Widths widths{padded_key_width(store.key_width) / 32, padded_value_width(V, store.value_width) / 8};
    const TileParts parts = tile_parts(store);

    Ring<kStages> ring{shared + warp * kStages * parts.end, barriers[warp], parts.end, lane};
    ring.start();
    launch_dependents();
    wait_dependency();
    const Work work = work_of_block(args);
    Queries<KeyGroups, Wide> queries;
    queries.template load<K == Format::Bf16>(
        args.q
            + static_cast<std::size_t>(work.sequence * args.heads + work.kv_head * work.group) * widths.key_groups * 32,
        work.group, widths.key_groups, lane);
    Accumulator<ValueBlocks, Wide> acc;
    acc.clear();
    attend_coded<K, V, kStages, KeyGroups, ValueBlocks, Wide, Full>(store, work, parts, widths, queries, ring, acc,
                                                                    warp, lane);
    if constexpr (kCoded)
        attend_exact(args, work, widths, queries, acc, warp, lane);

    __syncthreads(); // the rings are read; results take their place
    auto& room = *reinterpret_cast<MergeRoom<ValueBlocks, Wide>*>(shared);
    const Target target{args, work.sequence, work.kv_head * work.group, work.group, work.width};
    merge_warps(acc, kCoded ? 1 / kValueScale : 1.0f, room, target, warp, lane);
    if (args.splits > 1)
        merge_blocks(room, target, work.sequence * store.kv_heads + work.kv_head, work.split, cluster);
}

} // namespace kvw::kernels::cuda
