// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes with queries and weights that are rounded to 16 bits, for the file with AVX512-VNNI.
//
// A step is 32 bytes of a row, widened to words; a plane of it gives 32 channels. One instruction multiplies 32 pairs of words
// and adds neighbouring products to 16 sums of 32 bits: of two channels for keys, of two tokens for values, whose words are
// interleaved first. Codes are taken as they are stored, 0..2^bits - 1, and the middle one is taken off the sums:
//     sum_i x_i (code_i - middle) = unit (sum_i X_i code_i - middle sum_i X_i),   X_i = round(x_i / unit), |X_i| <= 32767
// Sums stay below 2^31: at most kIntegerWidth channels, and kAttendTile tokens.
#pragma once

#include "kernels/cpu/attend_rows_body.h"

namespace kvw::kernels {
namespace {

constexpr int kIntegerWidth = 256, kStepBytes = 32;
constexpr float kLargestFactor = 32767.0f;

KVW_INLINE bool integer_products(RowType type, int width)
{
    return width <= kIntegerWidth && (type == RowType::Int8 || type == RowType::Int4 || type == RowType::Int2);
}

typedef short Words16 __attribute__((may_alias));
typedef int Pair __attribute__((may_alias));

/// Factors of one head as integers.
struct IntegerFactors
{
    const Words16* words; ///< keys: [steps, planes, 32]; values: [tokens, even]
    float unit;
    int middle; ///< times the sum of all factors
};

template<int Bits>
struct Codes
{
    static constexpr int kPlanes = 8 / Bits;

    KVW_INLINE static __m512i plane(__m512i raw, int plane)
    {
        if (plane > 0)
            raw = _mm512_srli_epi16(raw, static_cast<unsigned>(plane * Bits));
        if (plane + 1 < kPlanes)
            raw = _mm512_and_si512(raw, _mm512_set1_epi16((1 << Bits) - 1));
        return raw;
    }
};

/// The bytes of a step: all of them, or those that the row still has.
struct WholeStep
{
    KVW_INLINE __m512i load(const std::byte* row) const
    {
        return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row)));
    }
};

struct PartOfStep
{
    __mmask32 bytes;
    KVW_INLINE __m512i load(const std::byte* row) const
    {
        return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(bytes, row));
    }
};

KVW_INLINE int whole_steps(const Rows& rows) { return rows.positions / kStepBytes; }

KVW_INLINE PartOfStep last_step(const Rows& rows) { return {(__mmask32{1} << rows.positions % kStepBytes) - 1}; }

KVW_INLINE __m512i interleaved_sums(__m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

/// (sum of each vector's lanes - middle) unit for eight vectors, of which `low` and `high` are the sums four by four.
KVW_INLINE void store_integer_sums(__m512i low, __m512i high, const IntegerFactors& factors, float* to)
{
    const __m512i both = _mm512_add_epi32(_mm512_shuffle_i64x2(low, high, 0x44), _mm512_shuffle_i64x2(low, high, 0xee));
    const __m512i folded = _mm512_add_epi32(both, _mm512_shuffle_i64x2(both, both, 0xb1));
    const __m256i sums = _mm512_castsi512_si256(_mm512_shuffle_i64x2(folded, folded, 0x08));
    const __m256 centred = _mm256_cvtepi32_ps(_mm256_sub_epi32(sums, _mm256_set1_epi32(factors.middle)));
    _mm256_storeu_ps(to, _mm256_mul_ps(centred, _mm256_set1_ps(factors.unit)));
}

KVW_INLINE void store_integer_sum(__m512i x, const IntegerFactors& factors, float* to)
{
    const __m256i eight = _mm256_add_epi32(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
    to[0] = static_cast<float>(_mm_cvtsi128_si32(four) - factors.middle) * factors.unit;
}

/// sum[head][token] += over a step's channels.
template<int Bits, int Heads, int Tokens, class Step>
KVW_INLINE void score_step(const Step& step, const std::byte* row, Index bytes, const Words16* const (&words)[Heads],
                           Index word, __m512i (&sum)[Heads][Tokens])
{
#pragma GCC unroll 4
    for (int i = 0; i < Tokens; ++i) {
        const __m512i raw = step.load(row + i * bytes);
#pragma GCC unroll 4
        for (int p = 0; p < Codes<Bits>::kPlanes; ++p) {
            const __m512i codes = Codes<Bits>::plane(raw, p);
#pragma GCC unroll 4
            for (int h = 0; h < Heads; ++h)
                sum[h][i] = _mm512_dpwssd_epi32(sum[h][i], codes, _mm512_loadu_si512(words[h] + word + p * kStepBytes));
        }
    }
}

/// The sums of Tokens rows over all channels, before their lanes are added.
template<int Bits, int Heads, int Tokens>
KVW_INLINE void score_rows(const Rows& rows, const std::byte* row, const Words16* const (&words)[Heads],
                           __m512i (&sum)[Heads][Tokens])
{
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
#pragma GCC unroll 4
        for (int i = 0; i < Tokens; ++i)
            sum[h][i] = _mm512_setzero_si512();
    constexpr int step_words = Codes<Bits>::kPlanes * kStepBytes;
    const int whole = whole_steps(rows);
    for (int step = 0; step < whole; ++step, row += kStepBytes)
        score_step<Bits, Heads, Tokens>(WholeStep{}, row, rows.bytes, words, step * step_words, sum);
    if (rows.positions % kStepBytes != 0)
        score_step<Bits, Heads, Tokens>(last_step(rows), row, rows.bytes, words, whole * step_words, sum);
}

/// Four rows, whose sums lie four by four in one vector for each head.
template<int Bits, int Heads>
KVW_INLINE void score_four(const Rows& rows, const std::byte* row, const Words16* const (&words)[Heads],
                           __m512i (&out)[Heads])
{
    __m512i sum[Heads][4];
    score_rows<Bits, Heads, 4>(rows, row, words, sum);
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        out[h] = interleaved_sums(sum[h][0], sum[h][1], sum[h][2], sum[h][3]);
}

/// scores[head][t] = unit sum over channels of factor times (code less the middle one).
template<int Bits, int Heads>
void score_integers(const Rows& rows, const IntegerFactors* heads, const Output& scores)
{
    const Words16* words[Heads];
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        words[h] = heads[h].words;
    const Index bytes = rows.bytes;
    const std::byte* row = rows.codes;
    const std::byte* ahead = rows.ahead;
    int t = 0;
    for (; t + 8 <= rows.tokens; t += 8, row += 8 * bytes, ahead += 8 * bytes) {
        for (Index line = 0; line < 8 * bytes; line += 64)
            __builtin_prefetch(ahead + line, 0, 2);
        __m512i low[Heads], high[Heads];
        score_four<Bits, Heads>(rows, row, words, low);
        score_four<Bits, Heads>(rows, row + 4 * bytes, words, high);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
            store_integer_sums(low[h], high[h], heads[h], scores.data + h * scores.head_stride + t);
    }
    for (; t < rows.tokens; ++t, row += bytes) {
        __m512i sum[Heads][1];
        score_rows<Bits, Heads, 1>(rows, row, words, sum);
        for (int h = 0; h < Heads; ++h)
            store_integer_sum(sum[h][0], heads[h], scores.data + h * scores.head_stride + t);
    }
}

/// The two halves of a step's channels as unpacking leaves them, four by four in turn, in their order.
KVW_INLINE void store_unpacked(__m512i low, __m512i high, const IntegerFactors& factors, float* to, int count)
{
    const __m512i middle = _mm512_set1_epi32(factors.middle);
    const __m512 unit = _mm512_set1_ps(factors.unit);
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11),
                  second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const __m512i ordered[2] = {_mm512_permutex2var_epi64(low, first, high),
                                _mm512_permutex2var_epi64(low, second, high)};
    for (int half = 0; half < 2; ++half, count -= 16) {
        const __m512 x = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(ordered[half], middle)), unit);
        _mm512_mask_storeu_ps(to + half * 16,
                              static_cast<__mmask16>(count >= 16     ? 0xffff
                                                         : count > 0 ? (1 << count) - 1
                                                                     : 0),
                              x);
    }
}

/// sum[head][step and plane][half] += two tokens' factors times their codes; the words of both lie in turn.
template<int Bits, int Heads, int Steps, class Step>
KVW_INLINE void sum_pair(const Step& step, const std::byte* row, const std::byte* maybe_next,
                         const Words16* const (&words)[Heads], Index t, __m512i (&sum)[Heads][Steps * 8 / Bits][2])
{
    constexpr int planes = Codes<Bits>::kPlanes;
    __m512i pair[Heads];
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        pair[h] = _mm512_set1_epi32(*reinterpret_cast<const Pair*>(words[h] + t));
#pragma GCC unroll 2
    for (int s = 0; s < Steps; ++s) {
        const __m512i raw = step.load(row + s * kStepBytes);
        const __m512i next = maybe_next != nullptr ? step.load(maybe_next + s * kStepBytes) : _mm512_setzero_si512();
#pragma GCC unroll 4
        for (int p = 0; p < planes; ++p) {
            const __m512i a = Codes<Bits>::plane(raw, p), b = Codes<Bits>::plane(next, p);
            const __m512i low = _mm512_unpacklo_epi16(a, b), high = _mm512_unpackhi_epi16(a, b);
#pragma GCC unroll 4
            for (int h = 0; h < Heads; ++h) {
                sum[h][s * planes + p][0] = _mm512_dpwssd_epi32(sum[h][s * planes + p][0], low, pair[h]);
                sum[h][s * planes + p][1] = _mm512_dpwssd_epi32(sum[h][s * planes + p][1], high, pair[h]);
            }
        }
    }
}

/// sums[head][channel] = unit sum over tokens of factor times (code less the middle one), for Steps steps' channels from
/// byte `at` on.
template<int Bits, int Heads, int Steps, class Step>
void sum_integer_steps(const Rows& rows, const Step& step, int at, const IntegerFactors* heads, const Output& sums)
{
    constexpr int planes = Codes<Bits>::kPlanes;
    __m512i sum[Heads][Steps * planes][2];
    const Words16* words[Heads];
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h) {
        words[h] = heads[h].words;
#pragma GCC unroll 4
        for (int p = 0; p < Steps * planes; ++p)
            sum[h][p][0] = sum[h][p][1] = _mm512_setzero_si512();
    }
    const Index bytes = rows.bytes, even = rows.tokens / 2 * 2;
    const std::byte* row = rows.codes + at;
    const std::byte* ahead = rows.ahead;
    const Index fetched = at == 0 ? 2 * bytes : 0;
    for (Index t = 0; t < even; t += 2, row += 2 * bytes, ahead += 2 * bytes) {
        for (Index line = 0; line < fetched; line += 64)
            __builtin_prefetch(ahead + line, 0, 2);
        sum_pair<Bits, Heads, Steps>(step, row, row + bytes, words, t, sum);
    }
    if (even < rows.tokens)
        sum_pair<Bits, Heads, Steps>(step, row, nullptr, words, even, sum);
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
#pragma GCC unroll 4
        for (int s = 0; s < Steps; ++s)
#pragma GCC unroll 4
            for (int p = 0; p < planes; ++p)
                store_unpacked(sum[h][s * planes + p][0], sum[h][s * planes + p][1], heads[h],
                               sums.data + h * sums.head_stride + p * rows.positions + at + s * kStepBytes,
                               rows.positions - at - s * kStepBytes);
}

template<int Bits, int Heads>
void sum_integers(const Rows& rows, const IntegerFactors* heads, const Output& sums)
{
    constexpr int most = Bits == 8 ? 2 : 1;
    const int whole = whole_steps(rows);
    int step = 0;
    for (; step + most <= whole; step += most)
        sum_integer_steps<Bits, Heads, most>(rows, WholeStep{}, step * kStepBytes, heads, sums);
    for (; step < whole; ++step)
        sum_integer_steps<Bits, Heads, 1>(rows, WholeStep{}, step * kStepBytes, heads, sums);
    if (rows.positions % kStepBytes != 0)
        sum_integer_steps<Bits, Heads, 1>(rows, last_step(rows), whole * kStepBytes, heads, sums);
}

struct ScoreIntegers
{
    template<int Bits, int Heads>
    static void run(const Rows& rows, const IntegerFactors* heads, const Output& out)
    {
        score_integers<Bits, Heads>(rows, heads, out);
    }
};

struct SumIntegers
{
    template<int Bits, int Heads>
    static void run(const Rows& rows, const IntegerFactors* heads, const Output& out)
    {
        sum_integers<Bits, Heads>(rows, heads, out);
    }
};

template<class Product, int Bits>
void for_integer_heads(const Rows& rows, int group, const IntegerFactors* heads, Output out)
{
    constexpr int most = 3; // heads at once: 24 or 12 sums
    for (int h = 0; h < group; h += most, out.data += most * out.head_stride) {
        switch (group - h) {
        case 1:
            Product::template run<Bits, 1>(rows, heads + h, out);
            break;
        case 2:
            Product::template run<Bits, 2>(rows, heads + h, out);
            break;
        default:
            Product::template run<Bits, most>(rows, heads + h, out);
        }
    }
}

template<class Product>
void for_integers(RowType type, const Rows& rows, int group, const IntegerFactors* heads, const Output& out)
{
    switch (type) {
    case RowType::Int8:
        return for_integer_heads<Product, 8>(rows, group, heads, out);
    case RowType::Int4:
        return for_integer_heads<Product, 4>(rows, group, heads, out);
    case RowType::Int2:
        return for_integer_heads<Product, 2>(rows, group, heads, out);
    default:
        break;
    }
}

/// x / unit rounded to words; the largest of |x| becomes kLargestFactor. Sums of the words to `sum`.
struct Rounding
{
    float unit, inverse;
};

KVW_INLINE Rounding rounding_of(float largest)
{
    return largest > 0 ? Rounding{largest / kLargestFactor, kLargestFactor / largest} : Rounding{0, 0};
}

KVW_INLINE Floats magnitude(Floats x) { return as_floats(as_ints(x) & 0x7fffffff); }

/// Sixteen words from x, and their sum added to `sum`.
KVW_INLINE void store_rounded(Words16* to, Floats x, const Rounding& rounding, __m512i& sum)
{
    const __m512i integers = _mm512_cvtps_epi32((__m512)(x * rounding.inverse));
    sum = _mm512_add_epi32(sum, integers);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(integers));
}

/// Modulo 2^32. Not _mm512_reduce_add_epi32, which adds as int: NaN factors become INT_MIN and would overflow it.
KVW_INLINE int sum_of(__m512i x)
{
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
    __m128i part = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    part = _mm_add_epi32(part, _mm_shuffle_epi32(part, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(part, _mm_shuffle_epi32(part, 0xb1)));
}

KVW_INLINE IntegerFactors factors_of(const Words16* words, const Rounding& rounding, __m512i sum, int bits)
{
    return {words, rounding.unit, sum_of(sum) << (bits - 1)};
}

KVW_INLINE float largest_magnitude(const float* x, int count)
{
    Floats largest = {};
    for (int i = 0; i < count; i += kLanes)
        largest = larger(magnitude(load(x + i)), largest);
    return largest_of(largest);
}

/// Thirty-two channels of one plane from q + first on, of which `count` are there.
KVW_INLINE void round_step(const float* q, int count, const Rounding& rounding, Words16* to, __m512i& sum)
{
    if (count >= kStepBytes) {
        store_rounded(to, load(q), rounding, sum);
        store_rounded(to + kLanes, load(q + kLanes), rounding, sum);
        return;
    }
    const std::uint32_t there = count > 0 ? (1u << count) - 1 : 0;
    for (int half = 0; half < 2; ++half)
        store_rounded(
            to + half * kLanes,
            (Floats)_mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> (half * kLanes)), q + half * kLanes),
            rounding, sum);
}

/// A query [width, then zeros] step by step and plane by plane.
IntegerFactors round_query(const float* q, int width, int positions, int bits, Words16* out)
{
    const Rounding rounding = rounding_of(largest_magnitude(q, width));
    __m512i sum = _mm512_setzero_si512();
    Words16* to = out;
    const int planes = 8 / bits;
    for (int at = 0; at < positions; at += kStepBytes) {
        for (int plane = 0, first = at; plane < planes; ++plane, first += positions, to += kStepBytes) {
            const int in_plane = positions - at, in_row = width - first;
            round_step(q + first, in_plane < in_row ? in_plane : in_row, rounding, to, sum);
        }
    }
    return factors_of(out, rounding, sum, bits);
}

/// Whether a query has no remainders anywhere, so that round_scaled_query takes it.
KVW_INLINE bool whole_planes(int width, int positions, int bits)
{
    return positions % kStepBytes == 0 && width * bits == positions * 8;
}

/// A query times the scales of the channels, in units that are known before; `constant` = the query times the zeros.
IntegerFactors round_scaled_query(const float* q, const float* scales, const float* zeros, int positions, int bits,
                                  const Rounding& rounding, Words16* out, float& constant)
{
    const int planes = 8 / bits;
    __m512i sum = _mm512_setzero_si512();
    Floats constants[2] = {};
    Words16* to = out;
    for (int at = 0; at < positions; at += kStepBytes) {
        for (int plane = 0, c = at; plane < planes; ++plane, c += positions, to += kStepBytes) {
#pragma GCC unroll 2
            for (int half = 0; half < 2; ++half) {
                const Floats x = load(q + c + half * kLanes);
                constants[half] += x * load(zeros + c + half * kLanes);
                store_rounded(to + half * kLanes, x * load(scales + c + half * kLanes), rounding, sum);
            }
        }
    }
    constant = sum_of(constants[0] + constants[1]);
    return factors_of(out, rounding, sum, bits);
}

/// Weights of up to kAttendTile tokens times `maybe_scales`, zeros beyond up to whole vectors.
IntegerFactors round_weights(const float* weights, const float* maybe_scales, int tokens, int bits, Words16* out)
{
    const auto here = [&](int t) __attribute__((always_inline))
    {
        const int left = tokens - t;
        const auto mask = static_cast<__mmask16>(left >= kLanes ? 0xffffu : (1u << left) - 1);
        const auto x = (Floats)_mm512_maskz_loadu_ps(mask, weights + t);
        return maybe_scales != nullptr ? x * load(maybe_scales + t) : x;
    };
    Floats largest = {};
    for (int t = 0; t < tokens; t += kLanes)
        largest = larger(magnitude(here(t)), largest);
    const Rounding rounding = rounding_of(largest_of(largest));
    __m512i sum = _mm512_setzero_si512();
    for (int t = 0; t < tokens; t += kLanes)
        store_rounded(out + t, here(t), rounding, sum);
    return factors_of(out, rounding, sum, bits);
}

} // namespace
} // namespace kvw::kernels
