// SPDX-License-Identifier: GPL-3.0-or-later
// Codes that do not lie in planes of whole steps, to a byte each; for the files with AVX2.
#pragma once

#include "kernels/cpu/attend_words_body.h"

namespace kvw::kernels {
namespace {

/// The first `count` >= 1 of sixteen bytes, zeros beyond; nothing else is read.
KVW_INLINE __m128i load_first_bytes(const std::byte* from, int count)
{
    if (count >= 16)
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    if (count >= 8) {
        const auto last = *reinterpret_cast<const Eight*>(from + count - 8);
        return _mm_set_epi64x(static_cast<long long>(count > 8 ? last >> (8 * (16 - count)) : 0),
                              static_cast<long long>(*reinterpret_cast<const Eight*>(from)));
    }
    std::uint64_t bytes = 0;
    for (int i = 0; i < count; ++i)
        bytes |= static_cast<std::uint64_t>(from[i]) << (8 * i);
    return _mm_cvtsi64_si128(static_cast<long long>(bytes));
}

/// `bits` of every code, which lie in planes of as many bytes as there are positions, to a byte each, `up` bits up. Planes
/// ascend: what one writes too much (less than 16 bytes), the next one overwrites.
KVW_INLINE void spread_planes(const std::byte* from, int width, int bits, int up, bool add, std::byte* out)
{
    const int planes = 8 / bits, plane = (width + planes - 1) / planes;
    const __m128i mask = _mm_set1_epi8(static_cast<char>((1 << bits) - 1));
    for (int p = 0; p < planes; ++p) {
        for (int i = 0; i < plane; i += 16) {
            const __m128i raw = load_first_bytes(from + i, plane - i);
            __m128i codes = _mm_and_si128(_mm_srl_epi16(raw, _mm_cvtsi32_si128(p * bits)), mask);
            codes = _mm_sll_epi16(codes, _mm_cvtsi32_si128(up));
            auto* to = reinterpret_cast<__m128i*>(out + p * plane + i);
            if (add)
                codes = _mm_or_si128(codes, _mm_loadu_si128(to));
            _mm_storeu_si128(to, codes);
        }
    }
}

/// 32 codes from the words that hold their two lower bits and their third one, and how far these are up.
KVW_INLINE __m256i joined_codes(__m256i low, __m256i low_shift, __m256i high, __m256i high_shift)
{
    const __m256i two = _mm256_and_si256(_mm256_srlv_epi64(low, low_shift), _mm256_set1_epi8(3));
    const __m256i third = _mm256_and_si256(_mm256_srlv_epi64(high, high_shift), _mm256_set1_epi8(1));
    return _mm256_or_si256(two, _mm256_slli_epi16(third, 2));
}

/// int3 rows of 64 (planes of 16 bytes, then of 8) and of 128 codes.
KVW_INLINE void join_64(const std::byte* row, std::byte* out)
{
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
    const __m256i high = _mm256_set1_epi64x(static_cast<long long>(*reinterpret_cast<const Eight*>(row + 16)));
    for (int half = 0; half < 2; ++half) {
        const __m256i by = _mm256_set1_epi64x(4 * half);
        store_words(out + 32 * half,
                    joined_codes(low, _mm256_add_epi64(by, _mm256_setr_epi64x(0, 0, 2, 2)), high,
                                 _mm256_add_epi64(by, _mm256_setr_epi64x(0, 1, 2, 3))));
    }
}

KVW_INLINE void join_128(const std::byte* row, std::byte* out)
{
    const __m256i low = load_words(row);
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 32)));
    for (int p = 0; p < 4; ++p)
        store_words(out + 32 * p,
                    joined_codes(low, _mm256_set1_epi64x(2 * p), high,
                                 _mm256_add_epi64(_mm256_set1_epi64x(2 * p), _mm256_setr_epi64x(0, 0, 1, 1))));
}

} // namespace
} // namespace kvw::kernels
