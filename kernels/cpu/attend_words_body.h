// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes in vectors of 256 bits, for the files with AVX2; see attend_factors_body.h.
//
// Codes are widened to 16 bits, and one instruction multiplies 16 of them with 16 factors and adds neighbouring products to 8
// sums of 32 bits; another adds these, or the same one where the processor has AVX-VNNI. Widening takes a third of the
// instructions that conversion to fp32 takes. (Codes as bytes with factors in two digits take as many: bytes times digits give
// sums of 16 bits that are added, twice. And those of codes of 8 bits would saturate: 2 x 255 x 127 > 2^15.) Pairs lie along the sum:
// neighbouring channels of keys, neighbouring tokens of values, of which two rows are interleaved. No product overflows, and
// a factor that is not a number becomes the smallest integer, whose sums do not either.
#pragma once

#include "kernels/cpu/attend_factors_body.h"

namespace kvw::kernels {
namespace {

static_assert(kLargestFactor <= 32767 && 32768.0 * 255.0 * kMostAdded < 2147483648.0);

/// Positions of a step. Rows with fewer are spread to bytes first, zeros up to a whole step.
constexpr int kWordStep = 16, kLeastPositions = kWordStep;
KVW_INLINE int spread_positions(int width) { return (width + kWordStep - 1) / kWordStep * kWordStep; }

/// Factors of one head as integers of 16 bits, and what the sums are corrected by.
struct IntegerFactors
{
    const float* words; ///< keys: [steps, planes, kWordStep]; values: [slots]
    float unit;
    int middle; ///< times the sum of all factors
};

KVW_INLINE __m256i load_words(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
KVW_INLINE void store_words(void* to, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(to), x); }

// sum += the products of the words, in pairs. With the intrinsics the compiler copies sums, or fetches the factors of several
// rows ahead into registers, and spills either; an operand that is read and written has no copies, and one in memory stays.
#if defined(__AVXVNNI__)
KVW_INLINE void multiply_add(__m256i& sum, __m256i x, const __m256i& factors)
{
    asm("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(x), "xm"(factors));
}

KVW_INLINE void multiply_add(__m256i& sum, __m256i x, const float* factors)
{
    asm("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(x), "m"(*reinterpret_cast<const __m256i_u*>(factors)));
}
#else
KVW_INLINE void multiply_add(__m256i& sum, __m256i x, const __m256i& factors)
{
    __m256i products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sum), "=&x"(products) : "x"(x), "xm"(factors));
}

KVW_INLINE void multiply_add(__m256i& sum, __m256i x, const float* factors)
{
    __m256i products;
    asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
        : "+x"(sum), "=&x"(products)
        : "x"(x), "m"(*reinterpret_cast<const __m256i_u*>(factors)));
}
#endif

KVW_INLINE __m128i folded(__m256i x)
{
    return _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
}

/// Modulo 2^32, as all sums of integers here.
KVW_INLINE int sum_of(__m256i x)
{
    __m128i part = folded(x);
    part = _mm_add_epi32(part, _mm_shuffle_epi32(part, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(part, _mm_shuffle_epi32(part, 0xb1)));
}

/// The sums less the middle code's share. Where there is no row a sum may be any number.
KVW_INLINE Floats centred(Ints sums, int middle)
{
    return to_floats((Ints)_mm256_sub_epi32((__m256i)sums, _mm256_set1_epi32(middle)));
}

KVW_INLINE void store_sums(const __m256i (&x)[1], float* to)
{
    _mm_store_ss(to, _mm_castsi128_ps(_mm_cvtsi32_si128(sum_of(x[0]))));
}

KVW_INLINE void store_sums(const __m256i (&x)[3], float* to) ///< writes a fourth number
{
    const __m256i ab = _mm256_hadd_epi32(x[0], x[1]), c = _mm256_hadd_epi32(x[2], x[2]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), folded(_mm256_hadd_epi32(ab, c)));
}

KVW_INLINE void store_sums(const __m256i (&x)[4], float* to)
{
    const __m256i ab = _mm256_hadd_epi32(x[0], x[1]), cd = _mm256_hadd_epi32(x[2], x[3]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), folded(_mm256_hadd_epi32(ab, cd)));
}

KVW_INLINE void store_sums(const __m256i (&x)[8], float* to)
{
    store_sums({x[0], x[1], x[2], x[3]}, to);
    store_sums({x[4], x[5], x[6], x[7]}, to + 4);
}

/// What rows that are read as words are added up in.
struct WordSums
{
    typedef __m256i Sum;
    KVW_INLINE static void add(__m256i& sum, __m256i x, const float* factors) { multiply_add(sum, x, factors); }
    template<int Count>
    KVW_INLINE static void store_all(const __m256i (&sums)[Count], float* to)
    {
        store_sums(sums, to);
    }
};

/// Codes of `Bits` in planes, as words.
template<int Bits>
struct WordRow : WordSums
{
    static_assert(Packed<Bits>::kOnePart, "codes in two parts are spread to bytes first");
    static constexpr int kStep = kWordStep, kVectors = Packed<Bits>::kPlanes;
    typedef __m256i Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at)
    {
        return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + at)));
    }
    KVW_INLINE static __m256i vector(Raw raw, int plane)
    {
        if (plane > 0)
            raw = _mm256_srli_epi16(raw, plane * Bits);
        return plane + 1 == kVectors ? raw : _mm256_and_si256(raw, _mm256_set1_epi16(Packed<Bits>::kMost));
    }
};

/// From the words of one head to those of the next.
template<int Heads>
KVW_INLINE Index stride_of(const IntegerFactors* heads)
{
    return Heads > 1 ? heads[1].words - heads[0].words : 0;
}

/// Scores of all rows of a run.
struct ScoreIntegers
{
    static constexpr int kMost = kHeadsAtOnce;
    const Rows& rows;
    const IntegerFactors* heads;
    const TokenTerms& terms;
    Output out;

    template<int Bits, int Heads>
    KVW_INLINE void call(int first) const
    {
        const Output here{out.data + first * out.head_stride, out.head_stride};
        score_heads<WordRow<Bits>, Heads>(rows, {heads[first].words, stride_of<Heads>(heads + first)}, here);
        for (int h = first; h < first + Heads; ++h)
            finish(h);
    }

private:
    void finish(int h) const
    {
        const HeadTerms& head = terms.heads[h];
        float* scores = out.data + h * out.head_stride;
        for (int t = 0; t < rows.tokens; t += kLanes) {
            Floats x = centred(as_ints(load(scores + t)), heads[h].middle) * heads[h].unit;
            if (terms.maybe_scales != nullptr)
                x = x * load(terms.maybe_scales + t) + head.per_zero * load(terms.zeros + t);
            store(scores + t, x + head.constant);
        }
    }
};

/// Factors of pairs of tokens of values, the same for all channels, in every lane: a product reads them where they lie.
template<int Heads>
struct PairFactors
{
    static constexpr int kMostPairs = kAttendSlots / 2;
    alignas(32) __m256i pairs[kMostPairs][Heads];
    const IntegerFactors* heads;

    PairFactors(const IntegerFactors* factors, int slots) : heads(factors)
    {
        for (int pair = 0; 2 * pair < slots; ++pair)
            for (int h = 0; h < Heads; ++h)
                pairs[pair][h] = (__m256i)_mm256_broadcast_ss(heads[h].words + pair);
    }

    /// Those of the pair that begins with `slot`, for the channels from `channel` on; the next pair's are kApart further on.
    static constexpr int kApart = Heads;
    static constexpr bool kInMemory = true; ///< and the same for all channels
    KVW_INLINE const __m256i* from(int slot, int) const { return pairs[slot / 2]; }
    KVW_INLINE static const __m256i& of_head(const __m256i* from, int h) { return from[h]; }
    KVW_INLINE Floats number(int h, int, Ints sum) const { return centred(sum, heads[h].middle) * heads[h].unit; }
};

/// Two rows' codes of 16 positions, word by word.
struct Pair
{
    __m256i low, high;

    KVW_INLINE Pair(__m256i first, __m256i second)
        : low(_mm256_unpacklo_epi16(first, second)),
          high(_mm256_unpackhi_epi16(first, second))
    {}
};

/// Sums of values over the tokens for one step of one plane: channels 0..3 and 8..11, 4..7 and 12..15.
template<int Heads>
struct StepSums
{
    __m256i low[Heads], high[Heads];

    KVW_INLINE void clear()
    {
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
            low[h] = high[h] = _mm256_setzero_si256();
    }

    /// One plane of the words of a pair.
    template<class Row, class Factors, class From>
    KVW_INLINE void add(const Pair& pair, int plane, const From* from)
    {
        const __m256i x = Row::vector(pair.low, plane);
        if constexpr (Factors::kInMemory) { // one half after the other: fewer registers
#pragma GCC unroll 4
            for (int h = 0; h < Heads; ++h)
                multiply_add(low[h], x, Factors::of_head(from, h));
        }
        const __m256i y = Row::vector(pair.high, plane);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            const auto& factor = Factors::of_head(from, h);
            if constexpr (!Factors::kInMemory)
                multiply_add(low[h], x, factor);
            multiply_add(high[h], y, factor);
        }
    }

    template<class Factors>
    KVW_INLINE void store_all(const Factors& factors, int channel, const Output& out) const
    {
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) {
            float* to = out.data + h * out.head_stride + channel;
            store(to, factors.number(h, channel, (Ints)_mm256_permute2x128_si256(low[h], high[h], 0x20)));
            store(to + kLanes, factors.number(h, channel, (Ints)_mm256_permute2x128_si256(low[h], high[h], 0x31)));
        }
    }
};

/// Sums of values over the tokens for two vectors of codes: two steps of codes of 8 bits, or two planes (First and the next)
/// of one step. The steps may be the same one.
template<int Bits, int Heads, int First, class Factors>
KVW_NOINLINE void sum_pairs(const Pieces& pieces, int at, int next_at, const Factors& factors, const Output& out)
{
    typedef WordRow<Bits> Row;
    const int channel = First * pieces.positions + at;
    const int next_channel = Bits == 8 ? next_at : channel + pieces.positions;
    StepSums<Heads> sums, next_sums;
    sums.clear();
    next_sums.clear();
    const auto add_pair = [&](const std::byte* first, const std::byte* second, const auto* from, const auto* next_from)
        __attribute__((always_inline))
    {
        const Pair here(Row::raw(first, at), Row::raw(second, at));
        sums.template add<Row, Factors>(here, First, from);
        if constexpr (Bits == 8)
            next_sums.template add<Row, Factors>({Row::raw(first, next_at), Row::raw(second, next_at)}, 0, next_from);
        else
            next_sums.template add<Row, Factors>(here, First + 1, next_from);
    };
    const Index bytes = pieces.bytes, fetched = at == 0 && First == 0 ? 2 * bytes / kFetchedApart : 0;
    for (const Piece* piece = pieces.at; piece < pieces.at + pieces.count; ++piece) {
        const std::byte *row = piece->codes, *ahead = piece->ahead;
        const auto* from = factors.from(piece->slot, channel);
        const auto* next_from = Factors::kInMemory ? from : factors.from(piece->slot, next_channel);
        int left = piece->tokens;
        for (; left >= 2; left -= 2, row += 2 * bytes, from += Factors::kApart, next_from += Factors::kApart) {
            for (const std::byte* end = ahead + fetched; ahead < end; ahead += 64)
                __builtin_prefetch(ahead, 0, 2);
            add_pair(row, row + bytes, from, Factors::kInMemory ? from : next_from);
        }
        if (left > 0) // the second one's factor is 0
            add_pair(row, row, from, Factors::kInMemory ? from : next_from);
    }
    sums.store_all(factors, channel, out);
    next_sums.store_all(factors, next_channel, out);
}

/// sums[head][channel] over tokens, for all channels.
template<int Bits, int Heads, class Factors>
KVW_INLINE void sum_all_pairs(const Pieces& pieces, const Factors& factors, const Output& out)
{
    const Rows rows{nullptr, nullptr, pieces.bytes, 0, pieces.positions};
    const int steps = rows.steps(kWordStep), at_once = Bits == 8 ? 2 : 1;
    static_assert(Bits == 8 || Bits == 4 || Bits == 2, "sum_pairs() takes two planes of one step");
    for (int step = 0; step < steps; step += at_once) {
        const int at = rows.step_at(step, kWordStep), next_at = rows.step_at(step + 1, kWordStep);
        sum_pairs<Bits, Heads, 0>(pieces, at, next_at, factors, out);
        if constexpr (Bits == 2)
            sum_pairs<Bits, Heads, 2>(pieces, at, next_at, factors, out);
    }
}

struct SumIntegers
{
    static constexpr int kMost = 3; // heads at once: 12 sums
    const Pieces& pieces;
    const IntegerFactors* heads;
    Output out;

    template<int Bits, int Heads>
    KVW_INLINE void call(int h) const
    {
        const PairFactors<Heads> factors(heads + h, pieces.slots);
        sum_all_pairs<Bits, Heads>(pieces, factors, {out.data + h * out.head_stride, out.head_stride});
    }
};

/// Sixteen factors as integers, in their order.
KVW_INLINE __m256i rounded_words(Floats first, Floats second, Floats inverse)
{
    const auto integers = [&](Floats x) { return _mm256_cvtps_epi32((__m256)(x * inverse)); };
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(integers(first), integers(second)), 0xd8);
}

KVW_INLINE __m256i added_words(__m256i sum, __m256i words)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
}

KVW_INLINE IntegerFactors factors_of(const std::byte* words, const Rounding& rounding, __m256i sum, int bits)
{
    return {reinterpret_cast<const float*>(words), rounding.unit,
            static_cast<int>(static_cast<unsigned>(sum_of(sum)) << (bits - 1))};
}

/// A query [width, then zeros], to `out`: step by step and plane by plane, positions that a step meets again as 0.
IntegerFactors round_query(const float* q, int width, int positions, int planes, int bits, std::byte* out)
{
    const Rounding rounding = rounding_of(largest_magnitude(q, width));
    const Rows rows{nullptr, nullptr, 0, 0, positions};
    const __m256i lanes = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m256i sum = _mm256_setzero_si256();
    std::byte* to = out;
    for (int step = 0; step < rows.steps(kWordStep); ++step) {
        const int at = rows.step_at(step, kWordStep), met = step * kWordStep - at;
        const __m256i there = _mm256_cmpgt_epi16(lanes, _mm256_set1_epi16(static_cast<short>(met - 1)));
        for (int plane = 0; plane < planes; ++plane, to += 2 * kWordStep) {
            const float* from = q + plane * positions + at;
            const __m256i words =
                _mm256_and_si256(rounded_words(load(from), load(from + kLanes), all(rounding.inverse)), there);
            sum = added_words(sum, words);
            store_words(to, words);
        }
    }
    return factors_of(out, rounding, sum, bits);
}

/// A query times the scales of the channels, in units that are known before; `constant` = the query times the zeros.
IntegerFactors round_scaled_query(const float* q, const float* scales, const float* zeros, int width, int positions,
                                  int bits, const Rounding& rounding, std::byte* out, float& constant)
{
    __m256i sum = _mm256_setzero_si256();
    Floats constants = {};
    std::byte* to = out;
    for (int at = 0; at < positions; at += kWordStep) {
        for (int c = at; c < width; c += positions, to += 2 * kWordStep) {
            const Floats first = load(q + c), second = load(q + c + kLanes);
            constants += first * load(zeros + c) + second * load(zeros + c + kLanes);
            const __m256i words =
                rounded_words(first * load(scales + c), second * load(scales + c + kLanes), all(rounding.inverse));
            sum = added_words(sum, words);
            store_words(to, words);
        }
    }
    constant = sum_of(constants);
    return factors_of(out, rounding, sum, bits);
}

/// Weights of up to kAttendChunk tokens times `maybe_scales`, to `out` [slots]; 0 where a pair has but one token. Scales and
/// zeros lie in slots, too.
IntegerFactors round_weights(const float* weights, const Pieces& pieces, const float* maybe_scales, const float* zeros,
                             int bits, std::byte* out, RunTerms& terms, Fetches& fetches)
{
    const WeightSums sums = weight_sums(weights, pieces, maybe_scales, zeros);
    terms = sums.terms;
    const Rounding rounding = rounding_of(sums.largest);
    __m256i sum = _mm256_setzero_si256();
    for (const Piece* piece = pieces.at; piece < pieces.at + pieces.count; ++piece) {
        const float* from = weights + piece->column;
        const auto scaled = [&](int t) {
            const int left = piece->tokens - t;
            if (left <= 0)
                return Floats{};
            const Floats x = left >= kLanes ? load(from + t) : load_first(from + t, left);
            return maybe_scales != nullptr ? x * load(maybe_scales + piece->slot + t) : x;
        };
        for (int t = 0; t < piece->tokens; t += kWordStep) { // what is written too much, the next piece overwrites
            const __m256i words = rounded_words(scaled(t), scaled(t + kLanes), all(rounding.inverse));
            sum = added_words(sum, words);
            store_words(out + 2 * (piece->slot + t), words);
            fetches.fetch(2);
        }
    }
    return factors_of(out, rounding, sum, bits);
}

} // namespace
} // namespace kvw::kernels
