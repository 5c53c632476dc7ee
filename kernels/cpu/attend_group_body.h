// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes whose scales belong to groups of channels within a token, for the file with AVX512-VNNI; see
// attend_integer_body.h for the digits. Groups are multiples of 16 channels.
//     s_t = sum_g scale_tg <q, code_t>_g + zero_tg sum(q)_g        out_c = sum_t (p_t scale_tg) code_tc + sum_t p_t zero_tg
#pragma once

#include "kernels/cpu/attend_integer_body.h"

namespace kvw::kernels {
namespace {

constexpr int kGroupChannels = 16, kMostGroups = kIntegerWidth / kGroupChannels;

KVW_INLINE bool group_products(const RowFormat& format, int positions)
{
    return integer_products(format.type, format.width) && format.type != RowType::Int3
        && format.group % kGroupChannels == 0 && positions % kGroupChannels == 0;
}

/// Scales and zeros (moved to the middle code) of up to kAttendTile tokens, group by group; 0 beyond.
struct GroupScales
{
    alignas(64) float scale[kMostGroups][kAttendTile], zero[kMostGroups][kAttendTile];

    /// Of the tokens from `first` on.
    void expand(const RowsView& rows, int first, int tokens)
    {
        const int groups = rows.format.width / rows.format.group, bits_of = bits(rows.format.type);
        const Index at = static_cast<Index>(first) * groups;
        float scales[kMostGroups * kAttendTile + kLanes], zeros[kMostGroups * kAttendTile + kLanes];
        expand_fp16(rows.scales + at, tokens * groups, scales);
        if (!rows.format.symmetric)
            expand_fp16(rows.maybe_zeros + at, tokens * groups, zeros);
        const __m512i steps = _mm512_mullo_epi32(
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(groups));
        const float middle = static_cast<float>(1 << (bits_of - 1));
        for (int t = 0; t < tokens; t += kLanes) {
            const auto there = static_cast<__mmask16>(tokens - t >= kLanes ? 0xffff : (1 << (tokens - t)) - 1);
            for (int g = 0; g < groups; ++g) {
                const auto every = [&](const float* from) {
                    return (Floats)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), there, steps, from + t * groups + g,
                                                            sizeof(float));
                };
                const Floats s = every(scales);
                store(scale[g] + t, s);
                store(zero[g] + t, rows.format.symmetric ? Floats{} : every(zeros) + s * middle);
            }
        }
    }
};

/// Of a query, group by group: sums of the factors times the middle code, and of the query itself.
struct GroupTerms
{
    int middle[kMostGroups];
    float sum[kMostGroups];
};

/// `digits` are round_query()'s.
GroupTerms group_terms(const float* q, const RowFormat& format, int positions, const IntegerFactors& digits)
{
    GroupTerms out;
    const int stride = plane_stride(positions), shift = bits(format.type) - 1;
    for (int g = 0, c = 0; c < format.width; ++g) {
        int factors = 0;
        float sum = 0;
        for (int end = c + format.group; c < end; ++c) {
            const int at = c / positions * stride + c % positions;
            factors += 256 * static_cast<signed char>(digits.high[at]) + static_cast<signed char>(digits.low[at]);
            sum += q[c];
        }
        out.middle[g] = static_cast<int>(static_cast<unsigned>(factors) << shift);
        out.sum[g] = sum;
    }
    return out;
}

/// Four bytes of 16 rows each, as turn_rows() gives them.
struct Columns
{
    __m512i column[kIntegerWidth / 4];
    KVW_INLINE void add(__m512i raw, Index at) { column[at / 4] = raw; }
};

template<int Bits>
KVW_INLINE __m512i any_plane_of(__m512i raw, int plane)
{
    const __m512i shifted = _mm512_srl_epi16(raw, _mm_cvtsi32_si128(plane * Bits));
    return Bits == 8 ? raw : _mm512_and_si512(shifted, _mm512_set1_epi8((1 << Bits) - 1));
}

/// Scores of 16 rows, whose scales begin at `t` of `scales`, to out + token.
template<int Bits, int Heads>
void score_groups(const std::byte* row, Index bytes, int positions, const RowFormat& format,
                  const IntegerFactors* heads, const GroupTerms* terms, const HeadTerms* constants,
                  const GroupScales& scales, int t, const Output& out)
{
    Columns columns;
    turn_rows(columns, row, bytes, positions);
    Floats sum[Heads];
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        sum[h] = all(constants[h].constant);
    const int stride = plane_stride(positions);
    for (int g = 0, c = 0; c < format.width; ++g) {
        __m512i high[Heads], low[Heads];
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
            high[h] = low[h] = _mm512_setzero_si512();
        for (int end = c + format.group; c < end; c += 4) {
            const int plane = c / positions, at = c - plane * positions;
            const __m512i codes = any_plane_of<Bits>(columns.column[at / 4], plane);
            const int digit = plane * stride + at;
#pragma GCC unroll 4
            for (int h = 0; h < Heads; ++h) {
                add_products(high[h], codes, heads[h].high + digit);
                add_products(low[h], codes, heads[h].low + digit);
            }
        }
        const Floats scale = load(scales.scale[g] + t), zero = load(scales.zero[g] + t);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            const auto product = (Floats)_mm512_cvtepi32_ps(centred(high[h], low[h], terms[h].middle[g]));
            sum[h] += product * (scale * heads[h].unit) + zero * terms[h].sum[g];
        }
    }
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        store(out.data + h * out.head_stride, sum[h]);
}

/// Scores of all rows of a run.
struct ScoreGroups
{
    static constexpr int kMost = 4;
    const RowsView& view;
    const Rows& rows; ///< the same, as they are read
    const IntegerFactors* heads;
    const GroupTerms* terms;
    const HeadTerms* constants;
    Output out;

    template<int Bits, int Heads>
    KVW_INLINE void call(int h) const
    {
        GroupScales scales;
        alignas(64) std::byte copy[kRowsAtOnce * kIntegerWidth];
        for (int first = 0; first < rows.tokens; first += kAttendTile) {
            const int tokens = rows.tokens - first < kAttendTile ? rows.tokens - first : kAttendTile;
            scales.expand(view, first, tokens);
            for (int t = 0; t < tokens; t += kRowsAtOnce) {
                const std::byte* row = rows.codes + (first + t) * rows.bytes;
                for (Index line = 0; line < kRowsAtOnce * rows.bytes; line += 64)
                    __builtin_prefetch(rows.ahead + (first + t) * rows.bytes + line, 0, 2);
                if (tokens - t < kRowsAtOnce) { // rows that are not there must not be read
                    __builtin_memset(copy, 0, sizeof copy);
                    __builtin_memcpy(copy, row, static_cast<std::size_t>((tokens - t) * rows.bytes));
                    row = copy;
                }
                score_groups<Bits, Heads>(row, rows.bytes, rows.positions, view.format, heads + h, terms + h,
                                          constants + h, scales, t,
                                          {out.data + h * out.head_stride + first + t, out.head_stride});
            }
        }
    }
};

/// The weights of one head times the scales of every group, as digits.
struct GroupWeights
{
    alignas(64) std::byte high[kMostGroups][kAttendTile], low[kMostGroups][kAttendTile];
    float unit[kMostGroups], zero[kMostGroups];
    int middle[kMostGroups];

    void round(const float* weights, const GroupScales& scales, int tokens, int groups, int bits_of)
    {
        for (int g = 0; g < groups; ++g) {
            Floats largest = {}, zeros = {};
            for (int t = 0; t < tokens; t += kLanes) {
                const Floats x = load_first(weights + t, tokens - t);
                zeros += x * load(scales.zero[g] + t);
                largest = larger(magnitude(x * load(scales.scale[g] + t)), largest);
            }
            const Rounding rounding = rounding_of(largest_of(largest));
            __m512i sum = _mm512_setzero_si512();
            for (int t = 0; t < tokens; t += kLanes)
                store_digits(high[g] + t, low[g] + t, load_first(weights + t, tokens - t) * load(scales.scale[g] + t),
                             rounding, sum);
            const IntegerFactors factors = factors_of(high[g], low[g], rounding, sum, bits_of);
            unit[g] = factors.unit;
            middle[g] = factors.middle;
            zero[g] = sum_of(zeros);
        }
    }
};

/// 64 channels (as Sums has them) from byte `at` of up to kAttendTile rows.
template<int Bits, int Heads>
void sum_group_block(const Rows& rows, const RowFormat& format, int at, const GroupWeights (&weights)[Heads],
                     const Output& out)
{
    constexpr int in_plane = Sums<Bits, Heads>::kPositions;
    int first[4], group[4]; // of the lanes: channel, group
    LaneDigits digits[Heads];
    for (int lane = 0; lane < 4; ++lane) {
        const int byte = at + lane * 16 % in_plane, plane = lane * 16 / in_plane;
        first[lane] = byte < rows.positions ? plane * rows.positions + byte : -1;
        group[lane] = first[lane] >= 0 && first[lane] < format.width ? first[lane] / format.group : 0;
        for (int h = 0; h < Heads; ++h)
            for (int t = 0; t < rows.tokens; t += kQuad) {
                digits[h].high[t / kQuad][lane] = *reinterpret_cast<const Quad*>(weights[h].high[group[lane]] + t);
                digits[h].low[t / kQuad][lane] = *reinterpret_cast<const Quad*>(weights[h].low[group[lane]] + t);
            }
    }
    const int left = rows.positions - at;
    const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    Sums<Bits, Heads> sums;
    sums.clear();
    const std::byte* row = rows.codes + at;
    for (int t = 0; t < rows.tokens; t += kQuad, row += kQuad * rows.bytes) {
        for (Index line = 0; at == 0 && line < kQuad * rows.bytes; line += 64)
            __builtin_prefetch(rows.ahead + t * rows.bytes + line, 0, 2);
        sums.add_lanes(row, rows.bytes, rows.tokens - t, mask, digits, t / kQuad);
    }
    for (int h = 0; h < Heads; ++h) {
        __m512i x[4];
        for (int q = 0; q < 4; ++q)
            x[q] = centred(sums.high[h][q], sums.low[h][q], 0);
        turn_lanes(x);
        for (int lane = 0; lane < 4; ++lane) {
            if (first[lane] < 0)
                continue;
            const int g = group[lane];
            const auto codes =
                (Floats)_mm512_cvtepi32_ps(_mm512_sub_epi32(x[lane], _mm512_set1_epi32(weights[h].middle[g])));
            store(out.data + h * out.head_stride + first[lane], codes * weights[h].unit[g] + weights[h].zero[g]);
        }
    }
}

/// sums[head][channel], zeros included, over up to kAttendTile rows.
struct SumGroups
{
    static constexpr int kMost = 3;
    const RowsView& view;
    const Rows& rows;
    const GroupScales& scales;
    const float* masses;
    Index mass_stride;
    Output out;

    template<int Bits, int Heads>
    KVW_INLINE void call(int h) const
    {
        GroupWeights weights[Heads];
        const int groups = view.format.width / view.format.group;
        for (int i = 0; i < Heads; ++i)
            weights[i].round(masses + (h + i) * mass_stride, scales, rows.tokens, groups, Bits);
        for (int at = 0; at < rows.positions; at += Sums<Bits, Heads>::kPositions)
            sum_group_block<Bits, Heads>(rows, view.format, at, weights,
                                         {out.data + h * out.head_stride, out.head_stride});
    }
};

} // namespace
} // namespace kvw::kernels
