// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of the widest registers of the including file's instruction set, and the loads of every storage type. For the
// *_body.h files only: everything is local to the including file and no standard header with inline code is included,
// since the linker might keep a shared copy compiled for one processor.
#pragma once

#include "kernels/rows.h"

#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the deliberately undefined operands inside its own intrinsics for mistakes once they are inlined.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace kvw::kernels {
namespace {

using Index = std::int64_t;

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define KVW_ROWS_AVX512 1
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__) && defined(__F16C__)
#define KVW_ROWS_AVX2 1
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
typedef float Floats __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef int Ints __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef int AnyInts __attribute__((vector_size(kVectorBytes), aligned(1), may_alias)); // wherever they lie
typedef unsigned Words __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef std::uint64_t Eight __attribute__((aligned(1), may_alias)); // neighbouring bytes
constexpr int kLanes = kVectorBytes / 4;

#define KVW_INLINE [[gnu::always_inline]] inline
/// For innermost loops: inlined into a large function, their sums would be kept in memory.
#define KVW_NOINLINE [[gnu::noinline]]

KVW_INLINE Floats load(const float* x) { return *reinterpret_cast<const Floats*>(x); }
KVW_INLINE void store(float* x, Floats values) { *reinterpret_cast<Floats*>(x) = values; }
/// Not 0 + value, which turns -0 into 0: the compiler would really add.
KVW_INLINE Floats all(float value) { return value - Floats{}; }
KVW_INLINE Ints as_ints(Floats x) { return reinterpret_cast<const Ints&>(x); }
KVW_INLINE Floats as_floats(Ints x) { return reinterpret_cast<const Floats&>(x); }
KVW_INLINE Floats to_floats(Ints x) { return __builtin_convertvector(x, Floats); }

/// a > b ? a : b, so b where one of them is NaN. The compiler makes two instructions of the expression, one after the other.
KVW_INLINE Floats larger(Floats a, Floats b)
{
#if defined(KVW_ROWS_AVX512)
    return (Floats)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(KVW_ROWS_AVX2)
    return (Floats)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return a > b ? a : b;
#endif
}

/// a < b ? a : b.
KVW_INLINE Floats smaller(Floats a, Floats b)
{
#if defined(KVW_ROWS_AVX512)
    return (Floats)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(KVW_ROWS_AVX2)
    return (Floats)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return a < b ? a : b;
#endif
}

/// a0 b0 a1 b1 ...
struct Interleaved
{
    Floats first, second;
};

#if defined(KVW_ROWS_AVX512)
KVW_INLINE Interleaved interleaved(Floats a, Floats b)
{
    return {__builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
            __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)};
}
#elif defined(KVW_ROWS_AVX2)
KVW_INLINE Interleaved interleaved(Floats a, Floats b)
{
    return {__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11),
            __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)};
}
#else
KVW_INLINE Interleaved interleaved(Floats a, Floats b)
{
    return {__builtin_shufflevector(a, b, 0, 4, 1, 5), __builtin_shufflevector(a, b, 2, 6, 3, 7)};
}
#endif

/// kLanes bytes, widened.
KVW_INLINE Ints load_bytes(const std::byte* from)
{
#if defined(KVW_ROWS_AVX512)
    return (Ints)_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#elif defined(KVW_ROWS_AVX2)
    return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#elif defined(__SSE2__)
    const __m128i bytes = _mm_loadu_si32(from), zero = _mm_setzero_si128();
    return (Ints)_mm_unpacklo_epi16(_mm_unpacklo_epi8(bytes, zero), zero);
#else
    Ints out;
    for (int lane = 0; lane < kLanes; ++lane)
        out[lane] = static_cast<int>(from[lane]);
    return out;
#endif
}

/// kLanes codes of 8 bits less 128.
KVW_INLINE Ints load_centred_bytes(const std::byte* from)
{
#if defined(KVW_ROWS_AVX512)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return (Ints)_mm512_cvtepi8_epi32(_mm_xor_si128(bytes, _mm_set1_epi8(-128)));
#else
    return load_bytes(from) - 128;
#endif
}

/// The first `count` < kLanes bytes, zeros beyond; nothing else is read.
KVW_INLINE Ints load_some_bytes(const std::byte* from, int count)
{
#if defined(KVW_ROWS_AVX512)
    return (Ints)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(static_cast<__mmask16>((1u << count) - 1), from));
#else
    std::byte bytes[kLanes] = {};
    for (int lane = 0; lane < count; ++lane)
        bytes[lane] = from[lane];
    return load_bytes(bytes);
#endif
}

KVW_INLINE Floats load_bf16(const void* from)
{
#if defined(KVW_ROWS_AVX512)
    return (Floats)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(from))), 16);
#elif defined(KVW_ROWS_AVX2)
    return (Floats)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from))), 16);
#elif defined(__SSE2__)
    return (Floats)_mm_unpacklo_epi16(_mm_setzero_si128(), _mm_loadl_epi64(static_cast<const __m128i*>(from)));
#else
    std::uint16_t halves[kLanes];
    __builtin_memcpy(halves, from, sizeof halves);
    Ints bits;
    for (int lane = 0; lane < kLanes; ++lane)
        bits[lane] = static_cast<int>(static_cast<std::uint32_t>(halves[lane]) << 16);
    return as_floats(bits);
#endif
}

KVW_INLINE Floats load_fp16(const void* from)
{
#if defined(KVW_ROWS_AVX512)
    return (Floats)_mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
#elif defined(KVW_ROWS_AVX2)
    return (Floats)_mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(from)));
#else
    const Ints half = as_ints(load_bf16(from)); // in the upper 16 bits, shifted in sign and all
    const Ints magnitude = half >> 3 & 0x0fffe000;
    const Ints special = (magnitude >= 0x0f800000) & 0x7f800000; // infinity and NaN
    const Floats value = as_floats(magnitude) * 0x1p112f;        // exact, subnormal numbers too
    return as_floats((half & static_cast<int>(0x80000000u)) | as_ints(value) | special);
#endif
}

KVW_INLINE Floats load_some(const float* from, int count, float fill)
{
    Floats values = all(fill);
    for (int lane = 0; lane < count; ++lane)
        values[lane] = from[lane];
    return values;
}

KVW_INLINE void store_some(float* to, int count, Floats values)
{
#if defined(KVW_ROWS_AVX512)
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), (__m512)values);
#else
    for (int lane = 0; lane < count; ++lane)
        to[lane] = values[lane];
#endif
}

/// Values 0..255.
KVW_INLINE void store_bytes(std::byte* to, Ints values)
{
#if defined(KVW_ROWS_AVX512)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8((__m512i)values));
#elif defined(KVW_ROWS_AVX2)
    const __m256i all_lanes = (__m256i)values;
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(all_lanes), _mm256_extracti128_si256(all_lanes, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
#else
    for (int lane = 0; lane < kLanes; ++lane)
        to[lane] = static_cast<std::byte>(values[lane]);
#endif
}

#if defined(KVW_ROWS_AVX512) || defined(KVW_ROWS_AVX2)
/// `join` folds the upper half onto the lower one until one number is left.
template<class Join>
KVW_INLINE float folded(Floats x, Join join)
{
#if defined(KVW_ROWS_AVX512)
    const __m256 eight = join(_mm512_castps512_ps256((__m512)x), _mm512_extractf32x8_ps((__m512)x, 1));
#else
    const __m256 eight = (__m256)x;
#endif
    const __m128 wide = _mm256_extractf128_ps(eight, 1), narrow = _mm256_castps256_ps128(eight);
    const auto join4 = [&](__m128 a, __m128 b) __attribute__((always_inline))
    {
        return _mm256_castps256_ps128(join(_mm256_castps128_ps256(a), _mm256_castps128_ps256(b)));
    };
    const __m128 four = join4(narrow, wide), two = join4(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(join4(two, _mm_shuffle_ps(two, two, 1)));
}
#endif

/// Pairwise, in one fixed order.
KVW_INLINE float sum_of(Floats x)
{
#if defined(KVW_ROWS_AVX512) || defined(KVW_ROWS_AVX2)
    return folded(
        x, [](__m256 a, __m256 b) __attribute__((always_inline)) { return _mm256_add_ps(a, b); });
#else
    for (int half = kLanes / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; ++lane)
            x[lane] += x[lane + half];
    return x[0];
#endif
}

/// Of numbers that are not NaN.
KVW_INLINE float largest_of(Floats x)
{
#if defined(KVW_ROWS_AVX512) || defined(KVW_ROWS_AVX2)
    return folded(
        x, [](__m256 a, __m256 b) __attribute__((always_inline)) { return _mm256_max_ps(a, b); });
#else
    float largest = x[0];
    for (int lane = 1; lane < kLanes; ++lane)
        largest = x[lane] > largest ? x[lane] : largest;
    return largest;
#endif
}

KVW_INLINE float smallest_of(Floats x) { return -largest_of(-x); }

/// `count` fp16 numbers -> fp32, then zeros up to a multiple of kLanes.
inline void expand_fp16(const std::uint16_t* from, int count, float* to)
{
    int i = 0;
    for (; i + kLanes <= count; i += kLanes)
        store(to + i, load_fp16(from + i));
    if (i == count)
        return;
    std::uint16_t rest[kLanes] = {};
    for (int lane = 0; i + lane < count; ++lane)
        rest[lane] = from[i + lane];
    store(to + i, load_fp16(rest));
}

} // namespace
} // namespace kvw::kernels
