// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend_device.cuh"
#include "kernels/cuda/launch.h"

#include <algorithm>
#include <utility>

namespace kvw::kernels::cuda {

inline constexpr int kMaxSplits = 256;
inline constexpr int kAttendWarps = 4;
inline constexpr int kAttendThreads = kAttendWarps * 32;

/// Splits that are merged through each other's shared memory: all of them up to 16, else 16, 8, 4 or 2 of them where that
/// divides. None when the blocks fill the device: clusters leave multiprocessors of a group without a partner idle, and
/// there a merge through global memory costs little.
constexpr int attend_cluster(int splits, int units, int multiprocessors)
{
    if (2 * splits * units > multiprocessors)
        return 1;
    for (int cluster = 16; cluster > 1; cluster /= 2)
        if (splits % cluster == 0)
            return cluster;
    return 1;
}

namespace device {

/// Online softmax and output of a warp's tokens for up to 8 (Wide: 16) query heads. A lane has the rows lane / 4 and, when
/// Wide, lane / 4 + 8, and of them the columns 2 (lane % 4), + 1 of every block of eight.
template<int ValueBlocks, bool Wide>
struct Accumulator
{
    static constexpr int kRows = Wide ? 2 : 1;
    float out[ValueBlocks][4];
    float offset[4];       ///< the weights' sum times the constant that codes carry (unpack_values)
    float maximum[kRows];  ///< of the row, the same in the four lanes of a row
    float sum[kRows];      ///< of this lane's tokens
    float zero_sum[kRows]; ///< sum of p * zero of this lane's tokens

    __device__ void clear()
    {
#pragma unroll
        for (int b = 0; b < ValueBlocks; ++b)
            out[b][0] = out[b][1] = out[b][2] = out[b][3] = 0;
        offset[0] = offset[1] = offset[2] = offset[3] = 0;
#pragma unroll
        for (int r = 0; r < kRows; ++r) {
            maximum[r] = -INFINITY;
            sum[r] = zero_sum[r] = 0;
        }
    }
    __device__ void rescale(int row, float factor)
    {
#pragma unroll
        for (int b = 0; b < ValueBlocks; ++b) {
            out[b][2 * row] *= factor;
            out[b][2 * row + 1] *= factor;
        }
        offset[2 * row] *= factor;
        offset[2 * row + 1] *= factor;
        sum[row] *= factor;
        zero_sum[row] *= factor;
    }
};

/// The queries of a KV head as a lane holds them: for channel group g four pairs of row lane / 4, then of row lane / 4 + 8.
template<int KeyGroups, bool Wide>
struct Queries
{
    std::uint32_t pairs[KeyGroups][Wide ? 8 : 4];
    float sum[Wide ? 2 : 1]; ///< over all channels: what a token's zero point is multiplied by

    template<bool Bf16>
    __device__ void load(const std::uint16_t* q, int heads, int groups, int lane)
    {
        const int row = lane / 4, column = lane % 4 * 8, width = groups * 32;
#pragma unroll
        for (int r = 0; r < (Wide ? 2 : 1); ++r) {
            float total = 0;
#pragma unroll
            for (int g = 0; g < KeyGroups; ++g) {
                uint4 piece = make_uint4(0, 0, 0, 0);
                if (g < groups && row + 8 * r < heads)
                    piece = *reinterpret_cast<const uint4*>(q + (row + 8 * r) * width + g * 32 + column);
                const std::uint32_t words[4] = {piece.x, piece.y, piece.z, piece.w};
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    pairs[g][4 * r + i] = words[i];
                    const float2 pair = unpack2<Bf16>(words[i]);
                    total += pair.x + pair.y;
                }
            }
            sum[r] = quad_sum(total);
        }
    }
    /// The first operand of product `step` (0, 1) over channel group g.
    __device__ void operand(int g, int step, std::uint32_t (&a)[4]) const
    {
        a[0] = pairs[g][2 * step];
        a[2] = pairs[g][2 * step + 1];
        a[1] = Wide ? pairs[g][4 + 2 * step] : 0;
        a[3] = Wide ? pairs[g][5 + 2 * step] : 0;
    }
};

__device__ __forceinline__ std::uint32_t times(std::uint32_t a, std::uint32_t b)
{
    return bits_of(__hmul2(half2_of(a), half2_of(b)));
}

/// Widths of a call in units of the tensor cores.
struct Widths
{
    int key_groups, value_blocks;
};

/// Scores of the 32 tokens of a tile: a lane's tokens 8 q .. 8 q + 7 are score[i / 2][2 * row + i % 2].
template<Format K, int KeyGroups, bool Wide, bool Full>
__device__ __forceinline__ void multiply_keys(const std::byte* keys, const std::byte* key_scales, int key_groups,
                                              const Queries<KeyGroups, Wide>& queries, float (&score)[4][4], int lane)
{
    constexpr bool kBf16 = K == Format::Bf16;
    constexpr int kPieces = pieces(K);
    float zero_score[4] = {}; // q times the zero points of the channels: the same for all tokens of the tile
#pragma unroll
    for (int g = 0; g < KeyGroups; ++g) {
        if (!Full && g >= key_groups)
            break;
        std::uint32_t a0[4], a1[4];
        queries.operand(g, 0, a0);
        queries.operand(g, 1, a1);
        if constexpr (K == Format::Int4Channel) {
            const uint4 scale = reinterpret_cast<const uint4*>(key_scales)[g * 4 + lane % 4];
            const uint4 zero = reinterpret_cast<const uint4*>(key_scales)[(key_groups + g) * 4 + lane % 4];
            multiply<kBf16, Wide>(zero_score, a0, zero.x, zero.y);
            multiply<kBf16, Wide>(zero_score, a1, zero.z, zero.w);
            a0[0] = times(a0[0], scale.x);
            a0[2] = times(a0[2], scale.y);
            a1[0] = times(a1[0], scale.z);
            a1[2] = times(a1[2], scale.w);
            if constexpr (Wide) {
                a0[1] = times(a0[1], scale.x);
                a0[3] = times(a0[3], scale.y);
                a1[1] = times(a1[1], scale.z);
                a1[3] = times(a1[3], scale.w);
            }
        }
        std::uint32_t b[4][4];
#pragma unroll
        for (int load = 0; load < 4 / kPieces; ++load) {
            const uint4 raw = *reinterpret_cast<const uint4*>(keys + (g * 4 / kPieces + load) * 512 + lane * 16);
#pragma unroll
            for (int i = 0; i < kPieces; ++i)
                unpack_keys<K>(raw, i, b[load * kPieces + i]);
        }
        // Four products that do not wait for each other, twice.
#pragma unroll
        for (int j = 0; j < 4; ++j)
            multiply<kBf16, Wide>(score[j], a0, b[j][0], b[j][1]);
#pragma unroll
        for (int j = 0; j < 4; ++j)
            multiply<kBf16, Wide>(score[j], a1, b[j][2], b[j][3]);
    }
    if constexpr (K == Format::Int4Channel) {
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
            for (int i = 0; i < 4; ++i)
                score[j][i] += zero_score[i];
    }
}

/// Scores -> probabilities, with the accumulator brought to the new maximum.
template<Format K, int ValueBlocks, bool Wide>
__device__ __forceinline__ void take_softmax(const std::byte* key_scales, int end,
                                             const float (&query_sums)[Wide ? 2 : 1], float (&score)[4][4],
                                             Accumulator<ValueBlocks, Wide>& acc, int lane)
{
    constexpr int kRows = Wide ? 2 : 1;
    const int first = 8 * (lane % 4);
    if constexpr (K == Format::Int8 || K == Format::Int4) {
        TokenScales scales;
        read_scales<K>(key_scales, lane % 4, scales);
#pragma unroll
        for (int r = 0; r < kRows; ++r)
#pragma unroll
            for (int i = 0; i < 8; ++i) {
                float& s = score[i / 2][2 * r + i % 2];
                s = K == Format::Int8 ? s * scales.scale[i] : fmaf(s, scales.scale[i], query_sums[r] * scales.zero[i]);
            }
    }
    if (end < kTileTokens) {
#pragma unroll
        for (int r = 0; r < kRows; ++r)
#pragma unroll
            for (int i = 0; i < 8; ++i)
                if (first + i >= end)
                    score[i / 2][2 * r + i % 2] = -INFINITY;
    }
    float maximum[kRows];
    bool grew = false;
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
        float largest = acc.maximum[r];
#pragma unroll
        for (int i = 0; i < 8; ++i)
            largest = fmaxf(largest, score[i / 2][2 * r + i % 2]);
        maximum[r] = quad_max(largest);
        grew = grew || maximum[r] > acc.maximum[r];
    }
    if (__any_sync(0xffffffffu, grew)) {
#pragma unroll
        for (int r = 0; r < kRows; ++r) {
            // A row that has no token yet has nothing to bring along; -inf - -inf would be NaN.
            acc.rescale(r, acc.maximum[r] == -INFINITY ? 0.0f : exp2_fast(acc.maximum[r] - maximum[r]));
            acc.maximum[r] = maximum[r];
        }
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
        const float reference = maximum[r] == -INFINITY ? 0.0f : maximum[r];
#pragma unroll
        for (int i = 0; i < 8; ++i) {
            float& s = score[i / 2][2 * r + i % 2];
            s = exp2_fast(s - reference);
            acc.sum[r] += s;
        }
    }
}

template<Format V, bool Bf16, int ValueBlocks, bool Wide, bool Full>
__device__ __forceinline__ void multiply_values(const std::byte* values, const std::byte* value_scales,
                                                int value_blocks, float value_factor, const float (&p)[4][4],
                                                Accumulator<ValueBlocks, Wide>& acc, int lane)
{
    constexpr int kRows = Wide ? 2 : 1, kPieces = pieces(V);
    TokenScales scales;
    read_scales<V>(value_scales, lane % 4, scales);
    std::uint32_t a[2][4];
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
        float weight[8];
#pragma unroll
        for (int i = 0; i < 8; ++i) {
            weight[i] = p[i / 2][2 * r + i % 2];
            if constexpr (V == Format::Int4)
                acc.zero_sum[r] = fmaf(weight[i], scales.zero[i], acc.zero_sum[r]);
            weight[i] *= value_factor;
            if constexpr (!is_16_bit(V))
                weight[i] = fminf(weight[i] * scales.scale[i], 65504.0f); // values of 1e5 and more
            if constexpr (V == Format::Int4)
                weight[i] *= i / 2 % 2 ? 0.0625f : 1.0f;
        }
#pragma unroll
        for (int step = 0; step < 2; ++step) {
            a[step][r] = pack2<Bf16>(weight[4 * step], weight[4 * step + 1]);
            a[step][2 + r] = pack2<Bf16>(weight[4 * step + 2], weight[4 * step + 3]);
        }
    }
    if constexpr (!is_16_bit(V)) {
        multiply<false, Wide>(acc.offset, a[0], value_offset<V>, value_offset<V>);
        multiply<false, Wide>(acc.offset, a[1], value_offset<V>, value_offset<V>);
    }
    constexpr int kBatch = ValueBlocks < 4 ? ValueBlocks : 4; // blocks whose products do not wait for each other
#pragma unroll
    for (int first = 0; first < ValueBlocks; first += kBatch) {
        if (!Full && first >= value_blocks)
            break;
        std::uint32_t b[kBatch][4];
#pragma unroll
        for (int load = 0; load < kBatch / kPieces; ++load) {
            uint4 raw = make_uint4(0, 0, 0, 0);
            if (Full || first + load * kPieces < value_blocks)
                raw = *reinterpret_cast<const uint4*>(values + (first / kPieces + load) * 512 + lane * 16);
#pragma unroll
            for (int i = 0; i < kPieces; ++i)
                unpack_values<V>(raw, i, b[load * kPieces + i]);
        }
#pragma unroll
        for (int i = 0; i < kBatch; ++i)
            multiply<Bf16, Wide>(acc.out[first + i], a[0], b[i][0], b[i][1]);
#pragma unroll
        for (int i = 0; i < kBatch; ++i)
            multiply<Bf16, Wide>(acc.out[first + i], a[1], b[i][2], b[i][3]);
    }
}

/// A share of the tokens as it is merged: the output, not yet divided, and maximum and sum of every head.
struct Partial
{
    float* out;     ///< [group, width]
    float* maximum; ///< [group]
    float* sum;     ///< [group]
};
constexpr KVW_ON_BOTH int partial_floats(int group, int width) { return round_up(group * (width + 2), 4); }
__device__ __forceinline__ Partial partial_at(float* base, int group, int width)
{
    return {base, base + group * width, base + group * width + group};
}

__device__ __forceinline__ void write_result(const Attend& args, int sequence, int head, int channel, float value)
{
    const int width = args.store.value_width;
    if (args.maybe_out)
        args.maybe_out[(sequence * args.heads + head) * width + channel] = value;
    if (args.maybe_out_blocks) {
        const int k = head * width + channel;
        reinterpret_cast<__nv_bfloat16*>(args.maybe_out_blocks)[(k / 32 * 8 + sequence) * 32 + k % 32] =
            __float2bfloat16_rn(value);
    }
}

/// Adds up `count` partials in their order; `at(i)` is where number i begins. The elements [first, end) of the output go to
/// write(element, value, share-weighted sum of its head, maximum of its head). shares: [count, group] in shared memory, and
/// [2, group] behind it. Everything of a step is asked for before any of it is used: a merge is all latency.
template<class At, class Write>
__device__ __forceinline__ void merge(int count, int group, int width, int first, int end, float* shares, const At& at,
                                      const Write& write)
{
    float *const sums = shares + count * group, *const maxima = sums + group;
    for (int head = threadIdx.x / 32; head < group; head += kAttendWarps) {
        const int lane = threadIdx.x % 32;
        float maximum = -INFINITY;
        for (int s = lane; s < count; s += 32)
            maximum = fmaxf(maximum, *(at(s) + group * width + head));
        for (int offset = 16; offset > 0; offset /= 2)
            maximum = fmaxf(maximum, __shfl_xor_sync(0xffffffffu, maximum, offset));
        const float reference = maximum == -INFINITY ? 0.0f : maximum;
        float sum = 0;
        for (int s = lane; s < count; s += 32) {
            const float* const partial = at(s) + group * width + head;
            const float share = exp2_fast(*partial - reference); // a split without tokens: exp2(-inf)
            shares[s * group + head] = share;
            sum = fmaf(share, partial[group], sum);
        }
        for (int offset = 16; offset > 0; offset /= 2)
            sum += __shfl_xor_sync(0xffffffffu, sum, offset);
        if (lane == 0) {
            sums[head] = sum;
            maxima[head] = maximum;
        }
    }
    __syncthreads();
    for (int i = first + threadIdx.x; i < end; i += kAttendThreads) {
        const int head = i / width;
        float total = 0;
#pragma unroll 16
        for (int s = 0; s < count; ++s)
            total = fmaf(shares[s * group + head], at(s)[i], total);
        write(i, total, sums[head], maxima[head]);
    }
}

__device__ __forceinline__ void cluster_barrier()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
#endif
}
/// The same shared variable of block `rank` of the cluster.
__device__ __forceinline__ const float* in_block(const float* shared, int rank)
{
#if __CUDA_ARCH__ >= 900
    std::uint64_t address;
    asm("mapa.u64 %0, %1, %2;" : "=l"(address) : "l"(shared), "r"(rank));
    return reinterpret_cast<const float*>(address);
#else
    return shared;
#endif
}

} // namespace device

/// Stages of a warp's ring: enough bytes under way (some 20 KB a multiprocessor and more) and room for more blocks where the
/// format is small.
template<Format K, Format V, int KeyGroups, int ValueBlocks>
constexpr KVW_ON_BOTH int attend_stages()
{
    const int stage = kTileTokens * (KeyGroups * 32 * bits(K) + ValueBlocks * 8 * bits(V)) / 8;
    return stage > 24576 ? 1 : stage > 6144 ? 2 : 3;
}

/// What shared memory holds while partial results are merged; the rings lie there before.
template<int ValueBlocks, bool Wide>
struct MergeRoom
{
    static constexpr int kRows = Wide ? 16 : 8, kPadded = ValueBlocks * 8 + 2; // rows begin in different banks
    float out[kAttendWarps][kRows][kPadded];
    float maximum[kAttendWarps][kRows];
    float sum[kAttendWarps][kRows];
    float share[kAttendWarps][kRows];
    float mine[kRows * (ValueBlocks * 8 + 2) + 4];
    float shares[(kMaxSplits + 2) * kRows];
};

/// grid (splits, kv_heads, sequences), clusters of `cluster` splits, kAttendThreads threads.
template<Format K, Format V, int KeyGroups, int ValueBlocks, bool Wide, bool Full>
__global__ void __launch_bounds__(kAttendThreads) attend_kernel(const Attend args, int cluster)
{
    using namespace device;
    constexpr int kStages = attend_stages<K, V, KeyGroups, ValueBlocks>();
    constexpr bool kBf16 = K == Format::Bf16, kCoded = !is_16_bit(K) || !is_16_bit(V);
    extern __shared__ __align__(128) std::byte shared[];
    __shared__ std::uint64_t barriers[kAttendWarps][kStages];
    __shared__ bool is_last;
    const KvStore& store = args.store;
    const int split = blockIdx.x, kv_head = blockIdx.y, sequence = blockIdx.z;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int group = args.heads / store.kv_heads, width = store.value_width;
    const Widths widths{padded_key_width(store.key_width) / 32, padded_value_width(V, width) / 8};
    const TileParts parts = tile_parts(store);

    Ring<kStages> ring{shared + warp * kStages * parts.end, barriers[warp], parts.end, lane};
    ring.start();
    launch_dependents();
    wait_dependency();
    const int tokens = args.lengths[sequence] + 1;
    Queries<KeyGroups, Wide> queries;
    queries.template load<kBf16>(
        args.q + static_cast<std::size_t>(sequence * args.heads + kv_head * group) * widths.key_groups * 32, group,
        widths.key_groups, lane);
    const int coded_tokens_end = coded_end(store, tokens);
    const int coded_first = store.sinks / kTileTokens;
    const int coded_tiles = (coded_tokens_end + kTileTokens - 1) / kTileTokens - coded_first;
    const auto share_begin = [&](int s) {
        return coded_first + static_cast<int>(static_cast<long long>(coded_tiles) * s / args.splits);
    };
    const int share_first = share_begin(split), share_end = share_begin(split + 1);
    const auto tile_at = [&](int tile) -> const std::byte* {
        if (tile >= share_end)
            return nullptr;
        const int index = sequence * store.pages_per_sequence + tile / 2;
        const int page = store.maybe_page_table ? store.maybe_page_table[index] : index;
        return store.tiles + (static_cast<std::size_t>(page * store.kv_heads + kv_head) * 2 + tile % 2) * parts.end;
    };

    int next = share_first + warp;
#pragma unroll
    for (int s = 0; s < kStages; ++s, next += kAttendWarps)
        ring.request(s, tile_at(next));
    Accumulator<ValueBlocks, Wide> acc;
    acc.clear();
    for (int tile = share_first + warp; tile < share_end; tile += kAttendWarps, next += kAttendWarps) {
        const std::byte* at = ring.wait();
        float score[4][4] = {};
        multiply_keys<K, KeyGroups, Wide, Full>(at, at + parts.key_scales, widths.key_groups, queries, score, lane);
        take_softmax<K, ValueBlocks, Wide>(at + parts.key_scales, coded_tokens_end - tile * kTileTokens, queries.sum,
                                           score, acc, lane);
        multiply_values<V, kBf16, ValueBlocks, Wide, Full>(at + parts.values, at + parts.value_scales,
                                                           widths.value_blocks, kCoded ? kValueScale : 1.0f, score, acc,
                                                           lane);
        const int used = ring.stage;
        ring.release();
        ring.request(used, tile_at(next));
    }

    if constexpr (kCoded) {
        // Sinks and the recent window: few tiles, dealt out over the splits and warps.
        const int sink_tiles = (min(tokens, store.sinks) + kTileTokens - 1) / kTileTokens;
        const int tail_first = coded_tokens_end / kTileTokens;
        const int tail_tiles =
            is_buffered(store) && tokens > store.sinks ? (tokens + kTileTokens - 1) / kTileTokens - tail_first : 0;
        const int exact_values = key_tile_bytes(Format::Fp16, store.key_width);
        const int exact_blocks = padded_value_width(Format::Fp16, width) / 8;
        const std::byte* const base = store.exact
            + static_cast<std::size_t>(sequence * store.kv_heads + kv_head) * exact_tiles(store)
                * exact_tile_bytes(store);
        for (int i = split + warp * args.splits; i < sink_tiles + tail_tiles; i += args.splits * kAttendWarps) {
            const int tile = i < sink_tiles ? i : tail_first + i - sink_tiles;
            const std::byte* at = base + static_cast<std::size_t>(exact_slot(store, tile)) * exact_tile_bytes(store);
            float score[4][4] = {};
            multiply_keys<Format::Fp16, KeyGroups, Wide, false>(at, nullptr, widths.key_groups, queries, score, lane);
            take_softmax<Format::Fp16, ValueBlocks, Wide>(nullptr, tokens - tile * kTileTokens, queries.sum, score, acc,
                                                          lane);
            multiply_values<Format::Fp16, false, ValueBlocks, Wide, false>(at + exact_values, nullptr, exact_blocks,
                                                                           kValueScale, score, acc, lane);
        }
    }

    // The warps of the block, in order.
    __syncthreads();
    using Room = MergeRoom<ValueBlocks, Wide>;
    Room& room = *reinterpret_cast<Room*>(shared);
#pragma unroll
    for (int r = 0; r < (Wide ? 2 : 1); ++r) {
        const int row = lane / 4 + 8 * r;
        const float sum = quad_sum(acc.sum[r]), zero = quad_sum(acc.zero_sum[r]);
        if (lane % 4 == 0) {
            room.maximum[warp][row] = acc.maximum[r];
            room.sum[warp][row] = sum;
        }
        const float factor = kCoded ? 1 / kValueScale : 1.0f, offset = acc.offset[2 * r];
#pragma unroll
        for (int b = 0; b < ValueBlocks; ++b)
            *reinterpret_cast<float2*>(&room.out[warp][row][b * 8 + lane % 4 * 2]) = {
                fmaf(acc.out[b][2 * r] - offset, factor, zero), fmaf(acc.out[b][2 * r + 1] - offset, factor, zero)};
    }
    __syncthreads();
    const Partial mine = partial_at(room.mine, group, width);
    if (threadIdx.x < group) {
        const int row = threadIdx.x;
        float maximum = -INFINITY, sum = 0;
#pragma unroll
        for (int w = 0; w < kAttendWarps; ++w)
            maximum = fmaxf(maximum, room.maximum[w][row]);
        const float reference = maximum == -INFINITY ? 0.0f : maximum;
#pragma unroll
        for (int w = 0; w < kAttendWarps; ++w) {
            const float share = exp2_fast(room.maximum[w][row] - reference);
            room.share[w][row] = share;
            sum = fmaf(share, room.sum[w][row], sum);
        }
        mine.maximum[row] = maximum;
        mine.sum[row] = sum;
    }
    __syncthreads();
    const int head = kv_head * group;
    for (int i = threadIdx.x; i < group * width; i += kAttendThreads) {
        const int row = i / width, channel = i % width;
        float value = 0;
#pragma unroll
        for (int w = 0; w < kAttendWarps; ++w)
            value = fmaf(room.share[w][row], room.out[w][row][channel], value);
        if (args.splits == 1)
            write_result(args, sequence, head + row, channel, value / mine.sum[row]);
        else
            mine.out[i] = value;
    }
    if (args.splits == 1)
        return;

    // The blocks of the cluster, each for a share of the output; then the clusters, by the last block to get there.
    const int stride = partial_floats(group, width), clusters = args.splits / cluster;
    const int unit = sequence * store.kv_heads + kv_head, rank = split % cluster;
    float* const partials = args.scratch + round_up(store.sequences * store.kv_heads, 32)
        + static_cast<std::size_t>(unit) * clusters * stride;
    const auto finish = [&](int i, float value, float sum, float) {
        write_result(args, sequence, head + i / width, i % width, value / sum);
    };
    if (cluster > 1)
        cluster_barrier();
    else
        __syncthreads();
    const Partial joint = partial_at(partials + static_cast<std::size_t>(split / cluster) * stride, group, width);
    merge(
        cluster, group, width, group * width * rank / cluster, group * width * (rank + 1) / cluster, room.shares,
        [&](int s) { return cluster > 1 ? in_block(room.mine, s) : room.mine; },
        [&](int i, float value, float sum, float maximum) {
            if (clusters == 1) {
                finish(i, value, sum, maximum);
                return;
            }
            __stcg(joint.out + i, value);
            if (i % width == 0) {
                __stcg(joint.maximum + i / width, maximum);
                __stcg(joint.sum + i / width, sum);
            }
        });
    if (cluster > 1)
        cluster_barrier(); // nobody leaves while its memory is read
    if (clusters == 1)
        return;
    int* const counters = reinterpret_cast<int*>(args.scratch);
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        is_last = atomicAdd(counters + unit, 1) == args.splits - 1;
        if (is_last)
            counters[unit] = 0; // for the next launch
    }
    __syncthreads();
    if (!is_last)
        return;
    __threadfence();
    merge(
        clusters, group, width, 0, group * width, room.shares,
        [&](int s) { return static_cast<const float*>(partials + static_cast<std::size_t>(s) * stride); }, finish);
}

/// Bytes of shared memory of a block: the rings, or what merges if that is more.
template<Format K, Format V, int KeyGroups, int ValueBlocks, bool Wide>
std::size_t attend_shared_bytes(const KvStore& store)
{
    const std::size_t ring = static_cast<std::size_t>(kAttendWarps) * attend_stages<K, V, KeyGroups, ValueBlocks>()
        * static_cast<std::size_t>(tile_bytes(store));
    return std::max(ring, sizeof(MergeRoom<ValueBlocks, Wide>));
}

/// What is asked of a compiled kernel: a launch, or how many blocks of a cluster size it can have on the device at once.
struct AttendRequest
{
    cudaStream_t stream = nullptr;
    int* maybe_blocks = nullptr; ///< set: not launched; blocks of a multiprocessor
};

template<Format K, Format V, int KeyGroups, int ValueBlocks, bool Wide, bool Full>
Status attend_launch(const Attend& args, const AttendRequest& request)
{
    const auto kernel = attend_kernel<K, V, KeyGroups, ValueBlocks, Wide, Full>;
    const std::size_t bytes = attend_shared_bytes<K, V, KeyGroups, ValueBlocks, Wide>(args.store);
    if (cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes))
        != cudaSuccess)
        return Status::LaunchFailed;
    if (request.maybe_blocks)
        return cudaOccupancyMaxActiveBlocksPerMultiprocessor(request.maybe_blocks, kernel, kAttendThreads, bytes)
                == cudaSuccess
            ? Status::Ok
            : Status::LaunchFailed;
    int cluster = has_dependent_launch()
        ? attend_cluster(args.splits, args.store.kv_heads * args.store.sequences, multiprocessors())
        : 1;
    if (cluster > 8 && cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1) != cudaSuccess)
        return Status::LaunchFailed;
    cudaLaunchAttribute attributes[2] = {};
    attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[0].val.programmaticStreamSerializationAllowed = 1;
    attributes[1].id = cudaLaunchAttributeClusterDimension;
    attributes[1].val.clusterDim = {static_cast<unsigned>(cluster), 1, 1};
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(static_cast<unsigned>(args.splits), static_cast<unsigned>(args.store.kv_heads),
                          static_cast<unsigned>(args.store.sequences));
    config.blockDim = dim3(kAttendThreads);
    config.dynamicSmemBytes = bytes;
    config.stream = request.stream;
    config.attrs = attributes;
    config.numAttrs = has_dependent_launch() ? 2 : 0;
    if (cluster > 8) { // more than every device promises
        int clusters = 0;
        if (cudaOccupancyMaxActiveClusters(&clusters, kernel, &config) != cudaSuccess || clusters < 1) {
            cluster = 8;
            attributes[1].val.clusterDim.x = 8;
        }
    }
    return cudaLaunchKernelEx(&config, kernel, args, cluster) == cudaSuccess ? Status::Ok : Status::LaunchFailed;
}

/// The narrowest compiled kernel that holds the widths.
template<Format K, Format V>
Status attend_pair(const Attend& args, const AttendRequest& request)
{
    const int keys = padded_key_width(args.store.key_width);
    const int values = padded_value_width(args.store.value_format, args.store.value_width);
    const bool wide = args.heads / args.store.kv_heads > 8;
    const auto pick = [&]<int KeyGroups, int ValueBlocks>(std::integer_sequence<int, KeyGroups, ValueBlocks>) {
        const bool full = keys == KeyGroups * 32 && values == ValueBlocks * 8;
        if (wide)
            return full ? attend_launch<K, V, KeyGroups, ValueBlocks, true, true>(args, request)
                        : attend_launch<K, V, KeyGroups, ValueBlocks, true, false>(args, request);
        return full ? attend_launch<K, V, KeyGroups, ValueBlocks, false, true>(args, request)
                    : attend_launch<K, V, KeyGroups, ValueBlocks, false, false>(args, request);
    };
    if (keys <= 64 && values <= 64)
        return pick(std::integer_sequence<int, 2, 8>{});
    if (keys <= 64 && values <= 128)
        return pick(std::integer_sequence<int, 2, 16>{});
    if (keys <= 128 && values <= 64)
        return pick(std::integer_sequence<int, 4, 8>{});
    if (keys <= 128 && values <= 128)
        return pick(std::integer_sequence<int, 4, 16>{});
    return pick(std::integer_sequence<int, 8, 32>{});
}

using AttendPair = Status (*)(const Attend&, const AttendRequest&);
Status attend_fp16(const Attend&, const AttendRequest&);
Status attend_bf16(const Attend&, const AttendRequest&);
Status attend_fp16_int8(const Attend&, const AttendRequest&);
Status attend_int8(const Attend&, const AttendRequest&);
Status attend_int8_int4(const Attend&, const AttendRequest&);
Status attend_int4(const Attend&, const AttendRequest&);
Status attend_int4_channel(const Attend&, const AttendRequest&);

} // namespace kvw::kernels::cuda
