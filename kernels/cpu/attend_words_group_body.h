// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes whose scales belong to groups of channels within a token, for the files with AVX2; see
// attend_words_body.h. Groups are multiples of 16 channels, so a vector of codes has one scale.
//     s_t = sum_g scale_tg <q, code_t>_g + zero_tg sum(q)_g        out_c = sum_t (p_t scale_tg) code_tc + sum_t p_t zero_tg
// Zeros belong to code 0.
#pragma once

#include "kernels/cpu/attend_words_spread_body.h"

namespace kvw::kernels {
namespace {

static_assert(kGroupChannels == kWordStep && kAttendTile % kWordStep == 0);

/// Scales and zeros of up to kAttendTile tokens, group by group; 0 beyond, up to a whole step.
struct GroupScales
{
    alignas(32) float scale[kMostGroups][kAttendTile], zero[kMostGroups][kAttendTile];

    /// Of the tokens from `first` on; zeros belong to code `centre`.
    void expand(const RowsView& rows, int first, int tokens, int centre)
    {
        const int groups = rows.format.width / rows.format.group;
        const Index at = static_cast<Index>(first) * groups;
        const bool symmetric = rows.format.symmetric;
        const auto moved = static_cast<float>(symmetric ? centre - (1 << (bits(rows.format.type) - 1)) : centre);
        turn(rows.scales + at, tokens, groups, scale);
        if (!symmetric)
            turn(rows.maybe_zeros + at, tokens, groups, zero);
        for (int g = 0; g < groups; ++g) {
            for (int t = 0; t < tokens; t += kLanes) {
                const Floats by_scale = load(scale[g] + t) * moved;
                store(zero[g] + t, symmetric ? by_scale : load(zero[g] + t) + by_scale);
            }
            for (int t = tokens; t % kWordStep != 0; ++t)
                scale[g][t] = zero[g][t] = 0;
        }
    }

private:
    /// fp16 numbers [tokens, groups] to [groups, tokens].
    static void turn(const std::uint16_t* from, int tokens, int groups, float (&to)[kMostGroups][kAttendTile])
    {
        const auto four = [](const std::uint16_t* halves) { return _mm_cvtph_ps(_mm_loadu_si64(halves)); };
        const int whole = groups / 4 * 4;
        int t = 0;
        for (; t + 4 <= tokens; t += 4) {
            const std::uint16_t* row = from + t * groups;
            for (int g = 0; g < whole; g += 4) {
                __m128 a = four(row + g), b = four(row + groups + g), c = four(row + 2 * groups + g),
                       d = four(row + 3 * groups + g);
                _MM_TRANSPOSE4_PS(a, b, c, d);
                _mm_store_ps(to[g] + t, a);
                _mm_store_ps(to[g + 1] + t, b);
                _mm_store_ps(to[g + 2] + t, c);
                _mm_store_ps(to[g + 3] + t, d);
            }
            for (int g = whole; g < groups; ++g)
                for (int i = 0; i < 4; ++i)
                    to[g][t + i] = _cvtsh_ss(row[i * groups + g]);
        }
        for (; t < tokens; ++t)
            for (int g = 0; g < groups; ++g)
                to[g][t] = _cvtsh_ss(from[t * groups + g]);
    }
};

/// Of a query, group by group: its sum, and what its factors' rounding adds where all codes are the middle one.
struct GroupTerms
{
    float sum[kMostGroups], middle[kMostGroups];
};

/// `factors` are round_query()'s.
GroupTerms group_terms(const float* q, const RowFormat& format, int positions, const IntegerFactors& factors)
{
    GroupTerms out;
    const int planes = format.width / positions;
    const auto middle = static_cast<float>(1 << (bits(format.type) - 1));
    for (int g = 0, c = 0; c < format.width; ++g) {
        __m256i words = _mm256_setzero_si256();
        Floats sum = {};
        for (int end = c + format.group; c < end; c += kWordStep) {
            const int plane = c / positions, step = c % positions / kWordStep;
            words = added_words(words, load_words(factors.words + (step * planes + plane) * kLanes));
            sum += load(q + c) + load(q + c + kLanes);
        }
        out.sum[g] = sum_of(sum);
        out.middle[g] = middle * (out.sum[g] - factors.unit * static_cast<float>(sum_of(words)));
    }
    return out;
}

/// The group of every vector of a row, in the order in which vectors are met.
struct GroupsMet
{
    int group[kMostGroups];

    GroupsMet(const RowFormat& format, int positions)
    {
        int next = 0;
        for (int at = 0; at < positions; at += kWordStep)
            for (int c = at; c < format.width; c += positions)
                group[next++] = c / format.group;
    }
};

/// Scores of all rows of a run.
struct ScoreGroups
{
    static constexpr int kMost = kHeadsAtOnce;
    const RowsView& view;
    const Rows& rows; ///< the same, as they are read
    const IntegerFactors* heads;
    const GroupTerms* terms;
    const HeadTerms* constants;
    Output out;

    template<int Bits, int Heads>
    KVW_NOINLINE void call(int first) const
    {
        const GroupsMet met(view.format, rows.positions);
        GroupScales scales;
        for (int from = 0; from < rows.tokens; from += kAttendTile) {
            const int tokens = rows.tokens - from < kAttendTile ? rows.tokens - from : kAttendTile;
            scales.expand(view, from, tokens, 0);
            constexpr int together = kTokensAtOnce<Heads> < 4 ? kTokensAtOnce<Heads> : 4;
            int t = 0;
            for (; t + together <= tokens; t += together)
                score<Bits, Heads, together>(first, from, t, met, scales);
            for (; t < tokens; ++t)
                score<Bits, Heads, 1>(first, from, t, met, scales);
            for (int h = first; h < first + Heads; ++h)
                finish(h, from, tokens, scales);
        }
    }

private:
    /// In units of the head, and without what does not depend on the codes: tokens from + t.. of the run.
    template<int Bits, int Heads, int Tokens>
    KVW_INLINE void score(int first, int from, int t, const GroupsMet& met, const GroupScales& scales) const
    {
        typedef WordRow<Bits> Row;
        const std::byte* row = rows.codes + (from + t) * rows.bytes;
        for (Index line = 0; line < Tokens * rows.bytes; line += 64)
            __builtin_prefetch(rows.ahead + (from + t) * rows.bytes + line, 0, 2);
        Floats sum[Heads][Tokens];
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
#pragma GCC unroll 4
            for (int i = 0; i < Tokens; ++i)
                sum[h][i] = Floats{};
        const float* q = heads[first].words;
        const Index stride = stride_of<Heads>(heads + first);
        const int* group = met.group;
        for (int at = 0; at < rows.positions; at += kWordStep, q += Row::kVectors * kLanes, group += Row::kVectors) {
#pragma GCC unroll 4
            for (int i = 0; i < Tokens; ++i) {
                const auto raw = Row::raw(row + i * rows.bytes, at);
#pragma GCC unroll 4
                for (int v = 0; v < Row::kVectors; ++v) {
                    const __m256i x = Row::vector(raw, v);
                    const Floats scale = all(scales.scale[group[v]][t + i]);
#pragma GCC unroll 4
                    for (int h = 0; h < Heads; ++h)
                        sum[h][i] +=
                            to_floats((Ints)_mm256_madd_epi16(x, load_words(q + h * stride + v * kLanes))) * scale;
                }
            }
        }
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
            store_sums(sum[h], out.data + (first + h) * out.head_stride + from + t);
    }

    void finish(int h, int from, int tokens, const GroupScales& scales) const
    {
        float* scores = out.data + h * out.head_stride + from;
        const int groups = view.format.width / view.format.group;
        for (int t = 0; t < tokens; t += kLanes) {
            Floats x = load(scores + t) * heads[h].unit + constants[h].constant;
            for (int g = 0; g < groups; ++g)
                x += load(scales.zero[g] + t) * terms[h].sum[g] + load(scales.scale[g] + t) * terms[h].middle[g];
            store(scores + t, x);
        }
    }
};

/// The weights of some heads times the scales of every group, as words; what sum_pairs() wants to know of them.
template<int Heads>
struct GroupFactors
{
    alignas(32) std::int16_t words[Heads][kMostGroups][kAttendTile];
    float unit[Heads][kMostGroups], zero[Heads][kMostGroups];
    int channels; ///< of a group

    void round(int h, const float* weights, const GroupScales& scales, int tokens, int groups)
    {
        Floats x[kAttendTile / kLanes];
        const int vectors = (tokens + kWordStep - 1) / kWordStep * (kWordStep / kLanes);
        for (int i = 0; i < vectors; ++i)
            x[i] = load_first(weights + i * kLanes, tokens - i * kLanes);
        for (int g = 0; g < groups; ++g) {
            Floats largest = {}, by_zero = {};
            for (int i = 0; i < vectors; ++i) {
                largest = larger(magnitude(x[i] * load(scales.scale[g] + i * kLanes)), largest);
                by_zero += x[i] * load(scales.zero[g] + i * kLanes);
            }
            const Rounding rounding = rounding_of(largest_of(largest));
            unit[h][g] = rounding.unit;
            zero[h][g] = sum_of(by_zero);
            for (int i = 0; i < vectors; i += 2) {
                const float* scale = scales.scale[g] + i * kLanes;
                store_words(words[h][g] + i * kLanes,
                            rounded_words(x[i] * load(scale), x[i + 1] * load(scale + kLanes), all(rounding.inverse)));
            }
        }
    }

    static constexpr int kApart = 2;
    static constexpr bool kInMemory = false;
    KVW_INLINE const std::int16_t* from(int slot, int channel) const { return words[0][channel / channels] + slot; }
    KVW_INLINE static __m256i of_head(const std::int16_t* from, int h)
    {
        return (__m256i)_mm256_broadcast_ss(reinterpret_cast<const float*>(from + h * kMostGroups * kAttendTile));
    }

    KVW_INLINE Floats number(int h, int channel, Ints sum) const
    {
        return to_floats(sum) * unit[h][channel / channels] + zero[h][channel / channels];
    }
};

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
        GroupFactors<Heads> factors;
        factors.channels = view.format.group;
        for (int i = 0; i < Heads; ++i)
            factors.round(i, masses + (h + i) * mass_stride, scales, rows.tokens,
                          view.format.width / view.format.group);
        Pieces pieces;
        pieces.at[0] = {rows.codes, rows.ahead, rows.tokens, 0, 0};
        pieces.count = 1;
        pieces.slots = rows.tokens;
        pieces.bytes = rows.bytes;
        pieces.positions = rows.positions;
        sum_all_pairs<Bits, Heads>(pieces, factors, {out.data + h * out.head_stride, out.head_stride});
    }
};

} // namespace
} // namespace kvw::kernels
