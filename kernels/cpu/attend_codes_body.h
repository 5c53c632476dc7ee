// SPDX-License-Identifier: GPL-3.0-or-later
// Integer codes as the products of attend_integer_body.h want them: bytes, four of a row (keys) or one of four rows (values)
// side by side; for the file with AVX512-VNNI.
#pragma once

#include "kernels/cpu/attend_factors_body.h"

namespace kvw::kernels {
namespace {

constexpr int kRowsAtOnce = 16, kQuad = 4;
/// Rows with fewer positions are spread to bytes first; how many there are then.
constexpr int kLeastPositions = 1;
KVW_INLINE int spread_positions(int width) { return width; }

/// `bits` of every code, which lie in planes of as many bytes as there are positions, to a byte each.
KVW_INLINE void spread_planes(const std::byte* from, int width, int bits, int shift, bool add, std::byte* out)
{
    const int planes = 8 / bits, plane = (width + planes - 1) / planes;
    const __m512i mask = _mm512_set1_epi8(static_cast<char>((1 << bits) - 1));
    for (int p = 0; p < planes; ++p) {
        for (int i = 0; i < plane && p * plane + i < width; i += 64) {
            const int in_plane = plane - i, in_row = width - p * plane - i;
            const int left = in_plane < in_row ? in_plane : in_row;
            const __mmask64 here = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
            const __m128i by = _mm_cvtsi32_si128(p * bits), up = _mm_cvtsi32_si128(shift);
            __m512i codes = _mm512_srl_epi16(_mm512_maskz_loadu_epi8(here, from + i), by);
            codes = _mm512_sll_epi16(_mm512_and_si512(codes, mask), up);
            std::byte* to = out + p * plane + i;
            if (add)
                codes = _mm512_or_si512(codes, _mm512_maskz_loadu_epi8(here, to));
            _mm512_mask_storeu_epi8(to, here, codes);
        }
    }
}

/// 64 codes from the words that hold their two lower bits and their third one, and how far these are up.
KVW_INLINE __m512i joined_codes(__m512i low, __m512i low_shift, __m512i high, __m512i high_shift)
{
    const __m512i two = _mm512_and_si512(_mm512_srlv_epi64(low, low_shift), _mm512_set1_epi8(3));
    const __m512i third = _mm512_and_si512(_mm512_srlv_epi64(high, high_shift), _mm512_set1_epi8(1));
    return _mm512_or_si512(two, _mm512_slli_epi16(third, 2));
}

/// int3 rows of 64 codes (planes of 16 bytes, then of 8) and of 128.
KVW_INLINE void join_64(const std::byte* row, std::byte* out)
{
    const __m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
    const __m512i high = _mm512_broadcastq_epi64(_mm_loadu_si64(row + 16));
    _mm512_storeu_si512(
        out,
        joined_codes(low, _mm512_setr_epi64(0, 0, 2, 2, 4, 4, 6, 6), high, _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7)));
}

KVW_INLINE void join_128(const std::byte* row, std::byte* out)
{
    const __m512i low = _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row)));
    const __m512i high = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 32)));
    _mm512_storeu_si512(
        out,
        joined_codes(low, _mm512_setr_epi64(0, 0, 0, 0, 2, 2, 2, 2), high, _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3)));
    _mm512_storeu_si512(
        out + 64,
        joined_codes(low, _mm512_setr_epi64(4, 4, 4, 4, 6, 6, 6, 6), high, _mm512_setr_epi64(4, 4, 5, 5, 6, 6, 7, 7)));
}

template<int Bits>
KVW_INLINE __m512i plane_of(__m512i raw, int plane)
{
    if (plane > 0)
        raw = _mm512_srli_epi16(raw, static_cast<unsigned>(plane * Bits));
    return Bits == 8 ? raw : _mm512_and_si512(raw, _mm512_set1_epi8(Packed<Bits>::kMost));
}

/// Lane l of x[k] to lane k of x[l], lanes of 128 bits.
KVW_INLINE void turn_lanes(__m512i (&x)[4])
{
    const __m512i a = _mm512_shuffle_i32x4(x[0], x[1], 0x44), b = _mm512_shuffle_i32x4(x[0], x[1], 0xee);
    const __m512i c = _mm512_shuffle_i32x4(x[2], x[3], 0x44), d = _mm512_shuffle_i32x4(x[2], x[3], 0xee);
    x[0] = _mm512_shuffle_i32x4(a, c, 0x88);
    x[1] = _mm512_shuffle_i32x4(a, c, 0xdd);
    x[2] = _mm512_shuffle_i32x4(b, d, 0x88);
    x[3] = _mm512_shuffle_i32x4(b, d, 0xdd);
}

/// The same within every lane: quad q of x[k] to quad k of x[q].
KVW_INLINE void turn_quads(__m512i (&x)[4])
{
    const __m512i a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
    const __m512i c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);
    x[0] = _mm512_unpacklo_epi64(a, c);
    x[1] = _mm512_unpackhi_epi64(a, c);
    x[2] = _mm512_unpacklo_epi64(b, d);
    x[3] = _mm512_unpackhi_epi64(b, d);
}

/// 64 bytes of each row.
template<class Sink>
KVW_INLINE void turn_64(Sink& sink, const std::byte* row, Index bytes, Index at)
{
    __m512i x[4][4]; // [row / 4][row % 4], then [row / 4][quad % 4]
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i)
            x[k][i] = _mm512_loadu_si512(row + (4 * k + i) * bytes + at);
        turn_quads(x[k]);
    }
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
        __m512i column[4] = {x[0][q], x[1][q], x[2][q], x[3][q]};
        turn_lanes(column);
#pragma GCC unroll 4
        for (int lane = 0; lane < 4; ++lane)
            sink.add(column[lane], at + 4 * (4 * lane + q));
    }
}

/// 32 bytes of each row; the upper half of a vector holds those of the row eight further on.
template<class Sink>
KVW_INLINE void turn_32(Sink& sink, const std::byte* row, Index bytes, Index at)
{
    const auto half = [&](int i) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + i * bytes + at)); };
    __m512i x[2][4];
#pragma GCC unroll 2
    for (int k = 0; k < 2; ++k) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i)
            x[k][i] = _mm512_inserti64x4(_mm512_castsi256_si512(half(4 * k + i)), half(4 * k + i + 8), 1);
        turn_quads(x[k]);
    }
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13),
                  second = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
        sink.add(_mm512_permutex2var_epi64(x[0][q], first, x[1][q]), at + 4 * q);
        sink.add(_mm512_permutex2var_epi64(x[0][q], second, x[1][q]), at + 16 + 4 * q);
    }
}

/// Up to 16 bytes of each row; lane l of a vector holds those of the row 4 l further on.
template<class Sink>
KVW_INLINE void turn_16(Sink& sink, const std::byte* row, Index bytes, Index at, int left)
{
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
    const auto part = [&](int i) { return _mm_maskz_loadu_epi8(mask, row + i * bytes + at); };
    __m512i x[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        x[i] = _mm512_castsi128_si512(part(i));
        x[i] = _mm512_inserti32x4(x[i], part(i + 4), 1);
        x[i] = _mm512_inserti32x4(x[i], part(i + 8), 2);
        x[i] = _mm512_inserti32x4(x[i], part(i + 12), 3);
    }
    turn_quads(x);
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q)
        sink.add(x[q], at + 4 * q);
}

/// Gives `sink` four bytes of 16 rows at a time, and which of the row they are.
template<class Sink>
KVW_INLINE void turn_rows(Sink& sink, const std::byte* row, Index bytes, int positions)
{
    int at = 0;
    for (; at + 64 <= positions; at += 64)
        turn_64(sink, row, bytes, at);
    if (at + 32 <= positions) {
        turn_32(sink, row, bytes, at);
        at += 32;
    }
    for (; at < positions; at += 16)
        turn_16(sink, row, bytes, at, positions - at);
}

/// 64 codes of a row, plane after plane, from byte `at` on; of each plane those that `mask` names.
template<int Bits>
KVW_INLINE __m512i codes_at(const std::byte* row, __mmask64 mask)
{
    if constexpr (Bits == 8) {
        return _mm512_maskz_loadu_epi8(mask, row);
    } else if constexpr (Bits == 4) {
        const __m512i twice = _mm512_broadcast_i64x4(_mm256_maskz_loadu_epi8(static_cast<__mmask32>(mask), row));
        const __m512i shift = _mm512_setr_epi64(0, 0, 0, 0, 4, 4, 4, 4);
        return _mm512_and_si512(_mm512_srlv_epi64(twice, shift), _mm512_set1_epi8(15));
    } else {
        static_assert(Bits == 2, "codes in two parts are spread to bytes first");
        const __m512i four = _mm512_broadcast_i32x4(_mm_maskz_loadu_epi8(static_cast<__mmask16>(mask), row));
        const __m512i shift = _mm512_setr_epi64(0, 0, 2, 2, 4, 4, 6, 6);
        return _mm512_and_si512(_mm512_srlv_epi64(four, shift), _mm512_set1_epi8(3));
    }
}

} // namespace
} // namespace kvw::kernels
