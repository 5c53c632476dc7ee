// SPDX-License-Identifier: GPL-3.0-or-later
// Products of integer codes with queries and weights that are rounded to 16 bits: what does not depend on the vectors, for
// attend_integer_body.h (512 bits, digits of a byte) and attend_words_body.h (256 bits, words).
//     sum_i x_i (code_i - middle) = unit (sum_i X_i code_i - middle sum_i X_i),   X_i = round(x_i / unit)
// Codes are taken as they are stored, 0..2^bits - 1. Sums stay below 2^31: at most kIntegerWidth channels, and kAttendChunk
// tokens.
#pragma once

#include "kernels/cpu/attend_rows_body.h"
#include "kernels/cpu/attend_variants.h"

namespace kvw::kernels {
namespace {

constexpr int kIntegerWidth = 256;
constexpr float kLargestFactor = 32639;
constexpr int kMostAdded = kIntegerWidth > kAttendChunk ? kIntegerWidth : kAttendChunk;
static_assert(kLargestFactor * 255.0 * kMostAdded < 2147483648.0);
/// One of so many parts of the values is fetched during products, the others by Fetches.
constexpr int kFetchedApart = 2;
/// Scales by group: groups are multiples of so many channels.
constexpr int kGroupChannels = 16, kMostGroups = kIntegerWidth / kGroupChannels;

KVW_INLINE bool integer_products(RowType type, int width) { return width <= kIntegerWidth && is_integer(type); }

KVW_INLINE bool group_products(const RowFormat& format)
{
    return integer_products(format.type, format.width) && format.group % kGroupChannels == 0;
}

/// Whether no 16 channels lie in two planes; else codes are spread to bytes first.
KVW_INLINE bool whole_groups(int width, int planes) { return width % (planes * kGroupChannels) == 0; }

/// Whether a query has no remainders anywhere, so that round_scaled_query takes it.
KVW_INLINE bool whole_planes(int width, int positions, int planes)
{
    return positions % 16 == 0 && width == positions * planes;
}

/// x / unit rounded; the largest of |x| becomes kLargestFactor.
struct Rounding
{
    float unit, inverse;
};

KVW_INLINE Rounding rounding_of(float largest)
{
    return largest > 0 ? Rounding{largest / kLargestFactor, kLargestFactor / largest} : Rounding{0, 0};
}

KVW_INLINE Floats magnitude(Floats x) { return as_floats(as_ints(x) & 0x7fffffff); }

KVW_INLINE float largest_magnitude(const float* x, int count)
{
    Floats largest = {};
    for (int i = 0; i < count; i += kLanes)
        largest = larger(magnitude(load(x + i)), largest);
    return largest_of(largest);
}

/// The first `count` of a vector's floats, zeros beyond.
KVW_INLINE Floats load_first(const float* x, int count)
{
#if defined(KVW_ROWS_AVX512)
    const auto mask = static_cast<__mmask16>(count >= kLanes ? 0xffff : count > 0 ? (1 << count) - 1 : 0);
    return (Floats)_mm512_maskz_loadu_ps(mask, x);
#else
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (Floats)_mm256_maskload_ps(x, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lanes));
#endif
}

/// What scores are made of besides the products: score = product scale[token] + per_zero zero[token] + constant.
struct TokenTerms
{
    const float *maybe_scales, *zeros; ///< [tokens up to whole vectors]; null: 1 and 0
    const HeadTerms* heads;
};

/// Neighbouring rows of values among those that are summed together.
struct Piece
{
    const std::byte *codes, *ahead; ///< see Rows
    int tokens, column, slot;       ///< where its weights begin, and its digits and scales: a vector's first
};

struct Pieces
{
    Piece at[kAttendRuns];
    int count, slots;
    Index bytes; ///< of a row
    int positions;
};

/// Rows of values to be brought into the second-level cache while scores become weights: products with codes take no longer
/// than the memory needs to bring them, so it must not rest meanwhile. The hardware's own fetching stops at every page.
struct Fetches
{
    struct Range
    {
        const std::byte *at, *end;
    };

    Range ranges[3 * kAttendRuns * kMaxAttendLanes];
    int next = 0, count = 0;
    Index bytes = 0, credit = 0;
    Index rate = 0; ///< bytes to be fetched for every vector of weights

    void clear() { *this = {}; }

    void add(const void* at, Index size)
    {
        if (at == nullptr || size <= 0)
            return;
        const auto* from = static_cast<const std::byte*>(at);
        ranges[count++] = {from, from + size};
        bytes += size;
    }

    /// After so many vectors of weights.
    KVW_INLINE void fetch(int vectors)
    {
        credit += vectors * rate;
        while (credit > 0 && next < count) {
            Range& range = ranges[next];
            const std::byte* at = range.at;
            for (; credit > 0 && at < range.end; at += 64, credit -= 64)
                __builtin_prefetch(at, 0, 2);
            range.at = at;
            next += at >= range.end;
        }
    }
};

/// Of the weights of a batch: the largest magnitude of what is rounded, and what the products do not add up.
struct WeightSums
{
    float largest;
    RunTerms terms;
};

/// Weights times `maybe_scales`; scales and zeros lie in slots.
KVW_INLINE WeightSums weight_sums(const float* weights, const Pieces& pieces, const float* maybe_scales,
                                  const float* zeros)
{
    Floats largest = {}, mass = {}, zero = {};
    for (const Piece* piece = pieces.at; piece < pieces.at + pieces.count; ++piece) {
        for (int t = 0; t < piece->tokens; t += kLanes) {
            const Floats x = load_first(weights + piece->column + t, piece->tokens - t);
            mass += x;
            if (maybe_scales != nullptr) {
                zero += x * load(zeros + piece->slot + t);
                largest = larger(magnitude(x * load(maybe_scales + piece->slot + t)), largest);
            } else {
                largest = larger(magnitude(x), largest);
            }
        }
    }
    return {largest_of(largest), {sum_of(mass), sum_of(zero)}};
}

/// Calls run with the number of bits and, for some heads at a time, their number and the first one.
template<int Bits, int Most, class Run>
KVW_INLINE void for_integer_heads(int group, const Run& run)
{
    for (int h = 0; h < group;) {
        const int here = heads_together(group - h, Most);
        switch (here) {
        case 1:
            run.template call<Bits, 1>(h);
            break;
        case 2:
            run.template call<Bits, 2>(h);
            break;
        case 3:
            run.template call<Bits, 3>(h);
            break;
        default:
            run.template call<Bits, Most>(h);
        }
        h += here;
    }
}

template<int Most, class Run>
KVW_INLINE void for_integers(RowType type, int group, const Run& run)
{
    with_packed(
        type, [&](auto packed) __attribute__((always_inline)) {
            if constexpr (packed.kOnePart) // others are spread to bytes
                for_integer_heads<packed.kBits, Most>(group, run);
        });
}

} // namespace
} // namespace kvw::kernels
