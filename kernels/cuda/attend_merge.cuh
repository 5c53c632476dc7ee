// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend_products.cuh"

namespace kvw::kernels::cuda {

inline constexpr int kAttendWarps = 4;
inline constexpr int kAttendThreads = kAttendWarps * 32;

/// Partial results become one: of the warps of a block through its shared memory, of the blocks of a cluster through each
/// other's, of the clusters through global memory.
namespace device {

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

/// Where a block's part of the result belongs: the heads [first_head, first_head + group) of a sequence.
struct Target
{
    const Attend& args;
    int sequence, first_head, group, width;

    /// Element i of [group, width].
    __device__ __forceinline__ void write(int i, float value) const
    {
        const int head = first_head + i / width, channel = i % width;
        if (args.maybe_out)
            args.maybe_out[(sequence * args.heads + head) * width + channel] = value;
        if (args.maybe_out_blocks) {
            const int k = head * width + channel;
            reinterpret_cast<__nv_bfloat16*>(args.maybe_out_blocks)[(k / 32 * 8 + sequence) * 32 + k % 32] =
                __float2bfloat16_rn(value);
        }
    }
};

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

/// The warps of the block, in order: into room.mine, or to the target where there is one split only. `factor` undoes
/// kValueScale. Every thread of the block takes part; ends without a barrier.
template<int ValueBlocks, bool Wide>
__device__ __forceinline__ void merge_warps(const Accumulator<ValueBlocks, Wide>& acc, float factor,
                                            MergeRoom<ValueBlocks, Wide>& room, const Target& target, int warp,
                                            int lane)
{
#pragma unroll
    for (int r = 0; r < (Wide ? 2 : 1); ++r) {
        const int row = lane / 4 + 8 * r;
        const float sum = quad_sum(acc.sum[r]), zero = quad_sum(acc.zero_sum[r]), offset = acc.offset[2 * r];
        if (lane % 4 == 0) {
            room.maximum[warp][row] = acc.maximum[r];
            room.sum[warp][row] = sum;
        }
#pragma unroll
        for (int b = 0; b < ValueBlocks; ++b)
            *reinterpret_cast<float2*>(&room.out[warp][row][b * 8 + lane % 4 * 2]) = {
                fmaf(acc.out[b][2 * r] - offset, factor, zero), fmaf(acc.out[b][2 * r + 1] - offset, factor, zero)};
    }
    __syncthreads();
    const Partial mine = partial_at(room.mine, target.group, target.width);
    if (threadIdx.x < target.group) {
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
    for (int i = threadIdx.x; i < target.group * target.width; i += kAttendThreads) {
        const int row = i / target.width, channel = i % target.width;
        float value = 0;
#pragma unroll
        for (int w = 0; w < kAttendWarps; ++w)
            value = fmaf(room.share[w][row], room.out[w][row][channel], value);
        if (target.args.splits == 1)
            target.write(i, value / mine.sum[row]);
        else
            mine.out[i] = value;
    }
}

/// True in every thread of the last of `splits` blocks that counts itself; what the others wrote before is visible then.
__device__ __forceinline__ bool is_last_block(int* counter, int splits)
{
    __shared__ bool is_last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        is_last = atomicAdd(counter, 1) == splits - 1;
        if (is_last)
            *counter = 0; // for the next launch
    }
    __syncthreads();
    if (is_last)
        __threadfence();
    return is_last;
}

/// The blocks of the cluster, each for a share of the output; then the clusters, by the last block to get there.
template<int ValueBlocks, bool Wide>
__device__ __forceinline__ void merge_blocks(MergeRoom<ValueBlocks, Wide>& room, const Target& target, int unit,
                                             int split, int cluster)
{
    const Attend& args = target.args;
    const int group = target.group, width = target.width;
    const int stride = partial_floats(group, width), clusters = args.splits / cluster, rank = split % cluster;
    float* const partials = args.scratch + round_up(args.store.sequences * args.store.kv_heads, 32)
        + static_cast<std::size_t>(unit) * clusters * stride;
    const auto finish = [&](int i, float value, float sum, float) { target.write(i, value / sum); };
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
    if (clusters == 1 || !is_last_block(reinterpret_cast<int*>(args.scratch) + unit, args.splits))
        return;
    merge(
        clusters, group, width, 0, group * width, room.shares,
        [&](int s) { return static_cast<const float*>(partials + static_cast<std::size_t>(s) * stride); }, finish);
}

} // namespace device

} // namespace kvw::kernels::cuda
