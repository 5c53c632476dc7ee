// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend_device.cuh"

/// What a warp does with a tile: queries times keys, online softmax, probabilities times values.
namespace kvw::kernels::cuda::device {

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

} // namespace kvw::kernels::cuda::device
