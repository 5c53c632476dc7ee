// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes with queries and weights that are rounded to 16 bits, for the file with AVX512-VNNI.
//
// One instruction multiplies 16 times four unsigned bytes with four signed ones and adds the four products to 16 sums of
// 32 bits. Codes are taken as they are stored, 0..2^bits - 1, the middle one is taken off the sums, and a factor is two
// digits, each a signed byte:
//     sum_i x_i (code_i - middle) = unit (256 sum_i high_i code_i + sum_i low_i code_i - middle sum_i X_i),
//     X_i = round(x_i / unit) = 256 high_i + low_i,   |X_i| <= kLargestFactor
// The four bytes lie along the sum: neighbouring channels of keys, neighbouring tokens of values. So that no sum must be
// added up across a vector, 16 rows of keys are turned first (a vector holds the same four channels of each), and four rows
// of values are interleaved. Sums stay below 2^31: at most kIntegerWidth channels, and kAttendChunk tokens.
#pragma once

#include "kernels/cpu/attend_codes_body.h"
#include "kernels/cpu/attend_factors_body.h"

namespace kvw::kernels {
namespace {

static_assert(kLargestFactor == 127 * 256 + 127); // two digits of a byte

typedef int Quad __attribute__((may_alias, aligned(1))); ///< four digits

/// Factors of one head as integers: their digits, and what the sums are corrected by.
struct IntegerFactors
{
    const std::byte* high; ///< keys: [planes, positions up to whole vectors]; values: [tokens up to whole vectors]
    const std::byte* low;
    float unit;
    int middle; ///< times the sum of all factors
};

/// sum += four codes of each quad times the four digits at `digits`. The compiler copies a sum before the intrinsic for
/// this adds to it, and spills the copies; an operand that is read and written has none.
KVW_INLINE void add_products(__m512i& sum, __m512i codes, const std::byte* digits)
{
    asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(codes), "m"(*reinterpret_cast<const Quad*>(digits)));
}

KVW_INLINE void add_products(__m512i& sum, __m512i codes, const __m512i& digits)
{
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "m"(digits));
}

/// Digits of a plane of a query.
KVW_INLINE int plane_stride(int positions) { return (positions + kLanes - 1) / kLanes * kLanes; }

/// Sums of products of some heads with 16 rows.
template<int Bits, int Heads>
struct Scores
{
    static constexpr int kPlanes = Packed<Bits>::kPlanes;

    const std::byte *high_digits[Heads], *low_digits[Heads];
    Index plane_digits;
    __m512i high[Heads], low[Heads];

    Scores(const IntegerFactors* heads, int positions) : plane_digits(plane_stride(positions))
    {
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            high_digits[h] = heads[h].high;
            low_digits[h] = heads[h].low;
            high[h] = low[h] = _mm512_setzero_si512();
        }
    }

    /// Four bytes of each row, from byte `at` on.
    KVW_INLINE void add(__m512i raw, Index at)
    {
#pragma GCC unroll 4
        for (int p = 0; p < kPlanes; ++p) {
            const __m512i codes = plane_of<Bits>(raw, p);
            const Index digit = p * plane_digits + at;
#pragma GCC unroll 4
            for (int h = 0; h < Heads; ++h) {
                add_products(high[h], codes, high_digits[h] + digit);
                add_products(low[h], codes, low_digits[h] + digit);
            }
        }
    }
};

/// The sums less the middle code's share; beyond 2^31 in between, which wraps twice.
KVW_INLINE __m512i centred(__m512i high, __m512i low, int middle)
{
    return _mm512_sub_epi32(_mm512_add_epi32(_mm512_slli_epi32(high, 8), low), _mm512_set1_epi32(middle));
}

/// Scores of 16 rows.
template<int Bits, int Heads>
KVW_INLINE void score_sixteen(const std::byte* row, Index bytes, int positions, const IntegerFactors* heads,
                              const TokenTerms& terms, int t, const Output& out)
{
    Scores<Bits, Heads> scores(heads, positions);
    turn_rows(scores, row, bytes, positions);
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h) {
        Floats x = (Floats)_mm512_cvtepi32_ps(centred(scores.high[h], scores.low[h], heads[h].middle)) * heads[h].unit;
        if (terms.maybe_scales != nullptr)
            x = x * load(terms.maybe_scales + t) + terms.heads[h].per_zero * load(terms.zeros + t);
        store(out.data + h * out.head_stride + t, x + terms.heads[h].constant);
    }
}

/// Scores of all rows; the last 16 are taken together, so some of them twice, to the same result.
template<int Bits, int Heads>
void score_integers(const Rows& rows, const IntegerFactors* heads, const TokenTerms& terms, const Output& out)
{
    if (rows.tokens < kRowsAtOnce) { // rows that are not there must not be read
        alignas(64) std::byte copy[kRowsAtOnce * kIntegerWidth] = {};
        __builtin_memcpy(copy, rows.codes, static_cast<std::size_t>(rows.tokens * rows.bytes));
        return score_sixteen<Bits, Heads>(copy, rows.bytes, rows.positions, heads, terms, 0, out);
    }
    const int last = rows.tokens - kRowsAtOnce;
    for (int t = 0; t < rows.tokens; t += kRowsAtOnce) {
#pragma GCC unroll 4
        for (Index line = t * rows.bytes; line < (t + kRowsAtOnce) * rows.bytes; line += 64)
            __builtin_prefetch(rows.ahead + line, 0, 2);
        const int first = t < last ? t : last;
        score_sixteen<Bits, Heads>(rows.codes + first * rows.bytes, rows.bytes, rows.positions, heads, terms, first,
                                   out);
    }
}

/// Digits of four tokens for every quad of a vector: those of one group of channels in each lane of 128 bits. Read from memory
/// by the products, which leaves the registers to the sums.
struct LaneDigits
{
    __m512i high[kAttendTile / kQuad], low[kAttendTile / kQuad];
};

/// Sums over tokens for 64 channels of some heads: a vector holds four neighbouring channels of every sixteen.
template<int Bits, int Heads>
struct Sums
{
    static constexpr int kPositions = 64 * Bits / 8; ///< bytes of a row that hold the channels

    __m512i high[Heads][4], low[Heads][4];

    KVW_INLINE void clear()
    {
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
#pragma GCC unroll 4
            for (int q = 0; q < 4; ++q)
                high[h][q] = low[h][q] = _mm512_setzero_si512();
    }

    /// Four rows, of which `there` are there; what the others give is to be multiplied by 0.
    KVW_INLINE static void interleave(const std::byte* row, Index bytes, int there, __mmask64 mask, __m512i (&quads)[4])
    {
        const auto codes = [&](int i) { return codes_at<Bits>(row + (i < there ? i : 0) * bytes, mask); };
        const __m512i a = codes(0), b = codes(1), c = codes(2), d = codes(3);
        const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
        const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
        quads[0] = _mm512_unpacklo_epi16(ab_low, cd_low);
        quads[1] = _mm512_unpackhi_epi16(ab_low, cd_low);
        quads[2] = _mm512_unpacklo_epi16(ab_high, cd_high);
        quads[3] = _mm512_unpackhi_epi16(ab_high, cd_high);
    }

    /// Tokens t..t + 3, of which `there` have rows; the others' factors are 0.
    KVW_INLINE void add(const std::byte* row, Index bytes, int there, __mmask64 mask, const IntegerFactors* heads,
                        int t)
    {
        __m512i quads[4];
        interleave(row, bytes, there, mask, quads);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
#pragma GCC unroll 4
            for (int q = 0; q < 4; ++q) {
                add_products(high[h][q], quads[q], heads[h].high + t);
                add_products(low[h][q], quads[q], heads[h].low + t);
            }
        }
    }

    /// The same with digits that differ from lane to lane.
    KVW_INLINE void add_lanes(const std::byte* row, Index bytes, int there, __mmask64 mask,
                              const LaneDigits (&digits)[Heads], int quad)
    {
        __m512i quads[4];
        interleave(row, bytes, there, mask, quads);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
#pragma GCC unroll 4
            for (int q = 0; q < 4; ++q) {
                add_products(high[h][q], quads[q], digits[h].high[quad]);
                add_products(low[h][q], quads[q], digits[h].low[quad]);
            }
        }
    }

    /// To out[head][plane, position], positions at..at + kPositions where they are there.
    KVW_INLINE void store_all(const IntegerFactors* heads, int positions, int at, const Output& out)
    {
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            __m512i x[4];
#pragma GCC unroll 4
            for (int q = 0; q < 4; ++q)
                x[q] = centred(high[h][q], low[h][q], heads[h].middle);
            turn_lanes(x);
            for (int i = 0; i < 4; ++i) {
                const int plane = i * 16 / kPositions, first = at + i * 16 % kPositions, left = positions - first;
                const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : left > 0 ? (1 << left) - 1 : 0);
                const __m512 sum = _mm512_mul_ps(_mm512_cvtepi32_ps(x[i]), _mm512_set1_ps(heads[h].unit));
                _mm512_mask_storeu_ps(out.data + h * out.head_stride + plane * positions + first, mask, sum);
            }
        }
    }
};

/// sums[head][channel] = unit sum over tokens of factor times (code less the middle one).
template<int Bits, int Heads>
void sum_integers(const Pieces& pieces, const IntegerFactors* heads, const Output& out)
{
    constexpr int step = Sums<Bits, Heads>::kPositions;
    const Index bytes = pieces.bytes;
    for (int at = 0; at < pieces.positions; at += step) {
        const int left = pieces.positions - at;
        const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        const Index fetched = at == 0 ? kQuad * bytes / kFetchedApart : 0;
        Sums<Bits, Heads> sums;
        sums.clear();
        for (const Piece* piece = pieces.at; piece < pieces.at + pieces.count; ++piece) {
            const std::byte *row = piece->codes + at, *ahead = piece->ahead;
            int t = 0;
            for (; t + kQuad <= piece->tokens; t += kQuad, row += kQuad * bytes, ahead += fetched) {
                for (Index line = 0; line < fetched; line += 64)
                    __builtin_prefetch(ahead + line, 0, 2);
                sums.add(row, bytes, kQuad, mask, heads, piece->slot + t);
            }
            if (t < piece->tokens)
                sums.add(row, bytes, piece->tokens - t, mask, heads, piece->slot + t);
        }
        sums.store_all(heads, pieces.positions, at, out);
    }
}

struct ScoreIntegers
{
    static constexpr int kMost = 4; // heads at once: 8 sums beside 16 vectors of rows
    const Rows& rows;
    const IntegerFactors* heads;
    const TokenTerms& terms;
    Output out;

    template<int Bits, int Heads>
    KVW_INLINE void call(int h) const
    {
        score_integers<Bits, Heads>(rows, heads + h, {terms.maybe_scales, terms.zeros, terms.heads + h},
                                    {out.data + h * out.head_stride, out.head_stride});
    }
};

struct SumIntegers
{
    static constexpr int kMost = 3; // heads at once: 24 sums
    const Pieces& pieces;
    const IntegerFactors* heads;
    Output out;

    template<int Bits, int Heads>
    KVW_INLINE void call(int h) const
    {
        sum_integers<Bits, Heads>(pieces, heads + h, {out.data + h * out.head_stride, out.head_stride});
    }
};

KVW_INLINE __m512i rounded(Floats x, Floats inverse) { return _mm512_cvtps_epi32((__m512)(x * inverse)); }

/// The digits of sixteen factors, and the factors added to `sum`.
KVW_INLINE void store_digits(std::byte* high, std::byte* low, Floats x, const Rounding& rounding, __m512i& sum)
{
    const __m512i integers = rounded(x, all(rounding.inverse));
    sum = _mm512_add_epi32(sum, integers);
    const __m512i upper = _mm512_srai_epi32(_mm512_add_epi32(integers, _mm512_set1_epi32(128)), 8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(high), _mm512_cvtepi32_epi8(upper));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(low), _mm512_cvtepi32_epi8(integers)); // the byte, read as signed
}

/// Of 64 factors at once: byte 16 l + 4 k + i of a vector belongs to factor 16 k + 4 l + i.
struct SixtyFour
{
    __m512i high, low;
};

KVW_INLINE SixtyFour digits_of(const __m512i (&part)[4])
{
    const __m512i ab = _mm512_packs_epi32(part[0], part[1]), cd = _mm512_packs_epi32(part[2], part[3]);
    const __m512i half = _mm512_set1_epi16(128), byte = _mm512_set1_epi16(255);
    return {_mm512_packs_epi16(_mm512_srai_epi16(_mm512_add_epi16(ab, half), 8),
                               _mm512_srai_epi16(_mm512_add_epi16(cd, half), 8)),
            _mm512_packus_epi16(_mm512_and_si512(ab, byte), _mm512_and_si512(cd, byte))};
}

/// The same in the order of the factors.
KVW_INLINE __m512i in_order(__m512i digits)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, digits);
}

/// Modulo 2^32. Not _mm512_reduce_add_epi32, which adds as int: NaN factors become INT_MIN and would overflow it.
KVW_INLINE int sum_of(__m512i x)
{
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
    __m128i part = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    part = _mm_add_epi32(part, _mm_shuffle_epi32(part, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(part, _mm_shuffle_epi32(part, 0xb1)));
}

KVW_INLINE IntegerFactors factors_of(const std::byte* high, const std::byte* low, const Rounding& rounding, __m512i sum,
                                     int bits)
{
    return {high, low, rounding.unit, static_cast<int>(static_cast<unsigned>(sum_of(sum)) << (bits - 1))};
}

/// A query [width, then zeros] plane by plane, to `out`: all high digits, then all low ones.
IntegerFactors round_query(const float* q, int width, int positions, int planes, int bits, std::byte* out)
{
    const Rounding rounding = rounding_of(largest_magnitude(q, width));
    const int stride = plane_stride(positions);
    std::byte* low = out + planes * stride;
    __m512i sum = _mm512_setzero_si512();
    for (int plane = 0; plane < planes; ++plane) {
        const int here = width - plane * positions < positions ? width - plane * positions : positions;
        for (int at = 0; at < stride; at += kLanes)
            store_digits(out + plane * stride + at, low + plane * stride + at,
                         load_first(q + plane * positions + at, here - at), rounding, sum);
    }
    return factors_of(out, low, rounding, sum, bits);
}

/// A query times the scales of the channels, in units that are known before; `constant` = the query times the zeros.
IntegerFactors round_scaled_query(const float* q, const float* scales, const float* zeros, int width, int /*positions*/,
                                  int bits, const Rounding& rounding, std::byte* out, float& constant)
{
    __m512i sum = _mm512_setzero_si512();
    Floats constants = {};
    for (int c = 0; c < width; c += kLanes) { // planes lie behind each other
        const Floats x = load(q + c);
        constants += x * load(zeros + c);
        store_digits(out + c, out + width + c, x * load(scales + c), rounding, sum);
    }
    constant = sum_of(constants);
    return factors_of(out, out + width, rounding, sum, bits);
}

/// Weights of up to kAttendChunk tokens times `maybe_scales`, to `out` [slots]: all high digits, then all low ones; 0 where a
/// slot has no token. Scales and zeros lie in slots, too.
IntegerFactors round_weights(const float* weights, const Pieces& pieces, const float* maybe_scales, const float* zeros,
                             int bits, std::byte* out, RunTerms& terms, Fetches& fetches)
{
    const WeightSums sums = weight_sums(weights, pieces, maybe_scales, zeros);
    terms = sums.terms;
    const Rounding rounding = rounding_of(sums.largest);
    __m512i sum = _mm512_setzero_si512();
    std::byte* low = out + pieces.slots;
    for (const Piece* piece = pieces.at; piece < pieces.at + pieces.count; ++piece) {
        const float* from = weights + piece->column;
        const auto scaled = [&](Floats x, int slot) {
            return maybe_scales != nullptr ? x * load(maybe_scales + slot) : x;
        };
        int t = 0, slot = piece->slot;
        for (; t + 4 * kLanes <= piece->tokens; t += 4 * kLanes, slot += 4 * kLanes) {
            const Floats x[4] = {scaled(load(from + t), slot), scaled(load(from + t + kLanes), slot + kLanes),
                                 scaled(load(from + t + 2 * kLanes), slot + 2 * kLanes),
                                 scaled(load(from + t + 3 * kLanes), slot + 3 * kLanes)};
            __m512i part[4];
#pragma GCC unroll 4
            for (int k = 0; k < 4; ++k) {
                part[k] = rounded(x[k], all(rounding.inverse));
                sum = _mm512_add_epi32(sum, part[k]);
            }
            const SixtyFour digits = digits_of(part);
            _mm512_storeu_si512(out + slot, in_order(digits.high));
            _mm512_storeu_si512(low + slot, in_order(digits.low));
            fetches.fetch(4);
        }
        for (; t < piece->tokens; t += kLanes, slot += kLanes) {
            store_digits(out + slot, low + slot, scaled(load_first(from + t, piece->tokens - t), slot), rounding, sum);
            fetches.fetch(1);
        }
    }
    return factors_of(out, low, rounding, sum, bits);
}

} // namespace
} // namespace kvw::kernels
