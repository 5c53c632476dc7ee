// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes whose scales belong to groups of channels within a token, for the file with AVX512-VNNI; see
// attend_integer_body.h for the digits. Groups are multiples of 16 channels.
//     s_t = sum_g scale_tg <q, code_t>_g + zero_tg sum(q)_g        out_c = sum_t (p_t scale_tg) code_tc + sum_t p_t zero_tg
// Here the codes of values are taken as they are stored, and only those of keys less the middle one.
#pragma once

#include "kernels/cpu/attend_integer_body.h"

namespace kvw::kernels {
namespace {

/// 16 tokens' numbers of fp16, as stored [tokens, groups]: 64 of them in each of the pairs that a shuffle takes from.
template<int Pairs>
struct GroupHalves
{
    __m512i halves[2 * Pairs];

    /// Those after `there` are zeros.
    KVW_INLINE void take(const std::uint16_t* from, int there)
    {
#pragma GCC unroll 8
        for (int i = 0; i < 2 * Pairs; ++i) {
            const int left = there - i * 32;
            const __mmask32 mask = left >= 32 ? ~__mmask32{0} : left > 0 ? (__mmask32{1} << left) - 1 : 0;
            halves[i] = _mm512_maskz_loadu_epi16(mask, from + i * 32);
        }
    }

    /// Those that `index` names in its lower 16 numbers.
    KVW_INLINE Floats at(__m512i index) const
    {
        __m512i here = _mm512_permutex2var_epi16(halves[0], index, halves[1]);
#pragma GCC unroll 4
        for (int pair = 1; pair < Pairs; ++pair) {
            const auto begin = static_cast<short>(pair * 64);
            here = _mm512_mask_mov_epi16(here, _mm512_cmpge_epi16_mask(index, _mm512_set1_epi16(begin)),
                                         _mm512_permutex2var_epi16(halves[2 * pair], index, halves[2 * pair + 1]));
        }
        return (Floats)_mm512_cvtph_ps(_mm512_castsi512_si256(here));
    }
};

/// Scales and zeros of up to kAttendTile tokens, group by group; 0 beyond.
struct GroupScales
{
    alignas(64) float scale[kMostGroups][kAttendTile], zero[kMostGroups][kAttendTile];

    /// Of the tokens from `first` on; zeros belong to code `centre`.
    void expand(const RowsView& rows, int first, int tokens, int centre)
    {
        const int groups = rows.format.width / rows.format.group, pairs = (groups + 3) / 4;
        static_assert(kMostGroups <= 16);
        if (pairs == 1)
            expand_pairs<1>(rows, first, tokens, groups, centre);
        else if (pairs == 2)
            expand_pairs<2>(rows, first, tokens, groups, centre);
        else
            expand_pairs<4>(rows, first, tokens, groups, centre);
    }

private:
    template<int Pairs>
    void expand_pairs(const RowsView& rows, int first, int tokens, int groups, int centre)
    {
        const bool symmetric = rows.format.symmetric;
        const Index at = static_cast<Index>(first) * groups;
        const auto moved = static_cast<float>(symmetric ? centre - (1 << (bits(rows.format.type) - 1)) : centre);
        const __m512i lanes =
            _mm512_castsi256_si512(_mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        const __m512i steps = _mm512_mullo_epi16(lanes, _mm512_set1_epi16(static_cast<short>(groups)));
        for (int t = 0; t < kAttendTile; t += kLanes) {
            GroupHalves<Pairs> scales, zeros{};
            scales.take(rows.scales + at + t * groups, (tokens - t) * groups);
            if (!symmetric)
                zeros.take(rows.maybe_zeros + at + t * groups, (tokens - t) * groups);
            for (int g = 0; g < groups; ++g) {
                const __m512i index = _mm512_add_epi16(steps, _mm512_set1_epi16(static_cast<short>(g)));
                const Floats s = scales.at(index);
                store(scale[g] + t, s);
                store(zero[g] + t, zeros.at(index) + s * moved);
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
GroupTerms group_terms(const float* q, const RowFormat& format, int /*positions*/, const IntegerFactors& digits)
{
    GroupTerms out;
    const int shift = bits(format.type) - 1;
    for (int g = 0, c = 0; c < format.width; ++g) {
        __m512i high = _mm512_setzero_si512(), low = high;
        Floats sum = {};
        for (int end = c + format.group; c < end;
             c += kGroupChannels) { // planes of whole vectors lie behind each other
            const auto sixteen = [c](const std::byte* from) {
                return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + c)));
            };
            high = _mm512_add_epi32(high, sixteen(digits.high));
            low = _mm512_add_epi32(low, sixteen(digits.low));
            sum += load(q + c);
        }
        const __m512i factors = _mm512_add_epi32(_mm512_slli_epi32(high, 8), low);
        out.middle[g] = static_cast<int>(static_cast<unsigned>(sum_of(factors)) << shift);
        out.sum[g] = sum_of(sum);
    }
    return out;
}

/// Four bytes of 16 rows each, as turn_rows() gives them.
struct Columns
{
    __m512i column[kIntegerWidth / 4];
    KVW_INLINE void add(__m512i raw, Index at) { column[at / 4] = raw; }
};

/// Scores of 16 rows, whose scales begin at `t` of `scales`, to out + token.
template<int Bits, int Heads>
void score_groups(const std::byte* row, Index bytes, int positions, const RowFormat& format,
                  const IntegerFactors* heads, const GroupTerms* terms, const HeadTerms* constants,
                  const GroupScales& scales, int t, const Output& out)
{
    Columns columns;
    turn_rows(columns, row, bytes, positions);
    Floats product[Heads], rest[Heads]; // in units of the head, and in one
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h) {
        product[h] = Floats{};
        rest[h] = all(constants[h].constant);
    }
    const __m512i mask = _mm512_set1_epi8(static_cast<char>(Packed<Bits>::kMost));
    for (int g = 0, c = 0, plane = 0, at = 0; c < format.width; ++g) {
        __m512i high[Heads], low[Heads];
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            high[h] = _mm512_setzero_si512();
            low[h] = _mm512_set1_epi32(-terms[h].middle[g]);
        }
        for (int end = c + format.group; c < end; c += kGroupChannels, at += kGroupChannels) {
            if (at == positions) {
                at = 0;
                ++plane;
            }
            const __m128i shift = _mm_cvtsi32_si128(plane * Bits);
#pragma GCC unroll 4
            for (int i = 0; i < kGroupChannels; i += 4) {
                const __m512i raw = columns.column[(at + i) / 4];
                const __m512i codes = Bits == 8 ? raw : _mm512_and_si512(_mm512_srl_epi16(raw, shift), mask);
                const int digit = c + i;
#pragma GCC unroll 4
                for (int h = 0; h < Heads; ++h) {
                    add_products(high[h], codes, heads[h].high + digit);
                    add_products(low[h], codes, heads[h].low + digit);
                }
            }
        }
        const Floats scale = load(scales.scale[g] + t), zero = load(scales.zero[g] + t);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            product[h] += (Floats)_mm512_cvtepi32_ps(centred(high[h], low[h], 0)) * scale;
            rest[h] += zero * terms[h].sum[g];
        }
    }
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        store(out.data + h * out.head_stride, product[h] * heads[h].unit + rest[h]);
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
            scales.expand(view, first, tokens, 1 << (bits(view.format.type) - 1));
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

/// Lane i of the result is what `join`, of two vectors, makes of all lanes of x[i].
template<class Join>
KVW_INLINE __m128 joined(__m512 (&x)[4], const Join& join)
{
    __m512i quads[4] = {(__m512i)x[0], (__m512i)x[1], (__m512i)x[2], (__m512i)x[3]};
    turn_quads(quads);
    __m512 all = join(join((__m512)quads[0], (__m512)quads[1]), join((__m512)quads[2], (__m512)quads[3]));
    all = join(all, _mm512_shuffle_f32x4(all, all, 0x4e));
    return _mm512_castps512_ps128(join(all, _mm512_shuffle_f32x4(all, all, 0xb1)));
}

/// The weights of one head times the scales of every group, as digits in the order of digits_of().
struct GroupWeights
{
    alignas(64) std::byte high[kMostGroups][kAttendTile], low[kMostGroups][kAttendTile];
    alignas(16) float unit[kMostGroups], zero[kMostGroups];

    void round(const float* weights, const GroupScales& scales, int tokens, int groups)
    {
        const Floats x[4] = {load_first(weights, tokens), load_first(weights + kLanes, tokens - kLanes),
                             load_first(weights + 2 * kLanes, tokens - 2 * kLanes),
                             load_first(weights + 3 * kLanes, tokens - 3 * kLanes)};
        for (int g = 0; g < groups; g += 4)
            round_four(x, scales, g, groups - g < 4 ? groups - g : 4);
    }

private:
    void round_four(const Floats (&x)[4], const GroupScales& scales, int first, int count)
    {
        Floats scaled[4][4];
        __m512 zeros[4] = {}, largest[4] = {};
        for (int g = 0; g < count; ++g) {
            Floats by_zero = {}, most = {};
#pragma GCC unroll 4
            for (int k = 0; k < 4; ++k) {
                scaled[g][k] = x[k] * load(scales.scale[first + g] + k * kLanes);
                most = larger(magnitude(scaled[g][k]), most);
                by_zero += x[k] * load(scales.zero[first + g] + k * kLanes);
            }
            zeros[g] = (__m512)by_zero;
            largest[g] = (__m512)most;
        }
        _mm_store_ps(zero + first, joined(zeros, [](__m512 a, __m512 b) { return _mm512_add_ps(a, b); }));
        const __m128 most = joined(largest, [](__m512 a, __m512 b) { return (__m512)larger((Floats)a, (Floats)b); });
        const __mmask8 any = _mm_cmp_ps_mask(most, _mm_setzero_ps(), _CMP_GT_OQ);
        _mm_store_ps(unit + first, _mm_maskz_mul_ps(any, most, _mm_set1_ps(1.0f / kLargestFactor)));
        const __m512 inverse = _mm512_castps128_ps512(_mm_maskz_div_ps(any, _mm_set1_ps(kLargestFactor), most));
        for (int g = 0; g < count; ++g) {
            const auto by = (Floats)_mm512_permutexvar_ps(_mm512_set1_epi32(g), inverse);
            const SixtyFour digits = digits_of({rounded(scaled[g][0], by), rounded(scaled[g][1], by),
                                                rounded(scaled[g][2], by), rounded(scaled[g][3], by)});
            _mm512_store_si512(high[first + g], digits.high);
            _mm512_store_si512(low[first + g], digits.low);
        }
    }
};

/// The digits of a group in each lane.
KVW_INLINE void spread_digits(const std::byte (&digits)[kMostGroups][kAttendTile], const int (&group)[4],
                              __m512i (&out)[kAttendTile / kQuad])
{
    const __m512i lanes = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    __m512i x[4];
#pragma GCC unroll 4
    for (int lane = 0; lane < 4; ++lane)
        x[lane] = _mm512_load_si512(digits[group[lane]]);
    turn_quads(x); // quad i of lane l of x[k]: group[i], tokens 16 k + 4 l and three more
#pragma GCC unroll 4
    for (int l = 0; l < 4; ++l) {
        const __m512i from = _mm512_add_epi32(lanes, _mm512_set1_epi32(4 * l));
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k)
            out[4 * k + l] = _mm512_permutexvar_epi32(from, x[k]);
    }
}

/// 64 channels (as Sums has them) from byte `at` of up to kAttendTile rows.
template<int Bits, int Heads>
void sum_group_block(const Rows& rows, const RowFormat& format, int at, const GroupWeights (&weights)[Heads],
                     const Output& out)
{
    constexpr int in_plane = Sums<Bits, Heads>::kPositions;
    int first[4], group[4]; // of the lanes: channel, group
    for (int lane = 0; lane < 4; ++lane) {
        const int byte = at + lane * 16 % in_plane, plane = lane * 16 / in_plane;
        first[lane] = byte < rows.positions ? plane * rows.positions + byte : -1;
        group[lane] = first[lane] >= 0 && first[lane] < format.width ? first[lane] / format.group : 0;
    }
    LaneDigits digits[Heads];
    for (int h = 0; h < Heads; ++h) {
        spread_digits(weights[h].high, group, digits[h].high);
        spread_digits(weights[h].low, group, digits[h].low);
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
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h) { // a sum with an index that is not known is kept in memory
        __m512i x[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q)
            x[q] = centred(sums.high[h][q], sums.low[h][q], 0);
        turn_lanes(x);
#pragma GCC unroll 4
        for (int lane = 0; lane < 4; ++lane) {
            if (first[lane] < 0)
                continue;
            const int g = group[lane];
            const auto codes = (Floats)_mm512_cvtepi32_ps(x[lane]);
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
            weights[i].round(masses + (h + i) * mass_stride, scales, rows.tokens, groups);
        for (int at = 0; at < rows.positions; at += Sums<Bits, Heads>::kPositions)
            sum_group_block<Bits, Heads>(rows, view.format, at, weights,
                                         {out.data + h * out.head_stride, out.head_stride});
    }
};

} // namespace
} // namespace kvw::kernels
