// SPDX-License-Identifier: GPL-3.0-or-later
// Products with stored rows that are converted in registers, for the files of one instruction set each; see
// rows_vectors.h.
//
// A row is read in steps of some bytes or numbers ("positions"); a step gives one vector or more: of each plane of the format
// one, or the numbers with even and with odd index. The last step is moved back so that it ends with the row: it then meets
// some positions twice, which keys answer by zeros in the query, and values by storing the same sum twice. So no row needs a
// remainder and nothing is read beyond it.
#pragma once

#include "kernels/cpu/rows_decode_body.h"

namespace kvw::kernels {
namespace {

constexpr int kHeadsAtOnce = 4;
#if defined(KVW_ROWS_AVX512)
/// 24 or 16 accumulators of 32 registers.
template<int Heads>
constexpr int kTokensAtOnce = Heads <= 3 ? 8 : 4;
/// Vectors of a row that are summed at once.
template<int Heads>
constexpr int kVectorsAtOnce = 4;
#else
/// 8 or 12 accumulators of 16 registers: two sums a clock, each of which takes four, need eight.
template<int Heads>
constexpr int kTokensAtOnce = Heads == 1 ? 8
    : Heads <= 3                         ? 4
                                         : 3;
template<int Heads>
constexpr int kVectorsAtOnce = Heads == 1 ? 8
    : Heads <= 3                          ? 4
                                          : 2;
#endif
/// Sums of the vectors, to neighbouring floats.
KVW_INLINE void store_sums(const Floats (&x)[1], float* to) { to[0] = sum_of(x[0]); }

#if defined(KVW_ROWS_AVX512)
/// Four neighbouring lanes of the result hold parts of the sums of a, b, c, d.
KVW_INLINE __m512 interleaved_sums(Floats x0, Floats x1, Floats x2, Floats x3)
{
    const auto a = (__m512)x0, b = (__m512)x1, c = (__m512)x2, d = (__m512)x3;
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    return _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
}

KVW_INLINE void store_sums(const Floats (&x)[8], float* to)
{
    const __m512 low = interleaved_sums(x[0], x[1], x[2], x[3]), high = interleaved_sums(x[4], x[5], x[6], x[7]);
    const __m512 both = _mm512_add_ps(_mm512_shuffle_f32x4(low, high, 0x44), _mm512_shuffle_f32x4(low, high, 0xee));
    // Two quarters of each: fold them, low ones to the front.
    const __m512 folded = _mm512_add_ps(both, _mm512_shuffle_f32x4(both, both, 0xb1));
    _mm256_storeu_ps(to, _mm512_castps512_ps256(_mm512_shuffle_f32x4(folded, folded, 0x08)));
}
#endif

KVW_INLINE void store_sums(const Floats (&x)[4], float* to)
{
#if defined(KVW_ROWS_AVX512)
    const __m512 abcd = interleaved_sums(x[0], x[1], x[2], x[3]);
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(abcd), _mm512_extractf32x8_ps(abcd, 1));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
#elif defined(KVW_ROWS_AVX2)
    const __m256 ab = _mm256_hadd_ps((__m256)x[0], (__m256)x[1]), cd = _mm256_hadd_ps((__m256)x[2], (__m256)x[3]);
    const __m256 abcd = _mm256_hadd_ps(ab, cd);
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1)));
#else
    for (int i = 0; i < 4; ++i)
        to[i] = sum_of(x[i]);
#endif
}

#if defined(KVW_ROWS_AVX2)
KVW_INLINE void store_sums(const Floats (&x)[3], float* to) ///< writes a fourth number
{
    const __m256 ab = _mm256_hadd_ps((__m256)x[0], (__m256)x[1]), c = _mm256_hadd_ps((__m256)x[2], (__m256)x[2]);
    const __m256 abc = _mm256_hadd_ps(ab, c);
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(abc), _mm256_extractf128_ps(abc, 1)));
}
#elif !defined(KVW_ROWS_AVX512)
KVW_INLINE void store_sums(const Floats (&x)[3], float* to)
{
    for (int i = 0; i < 3; ++i)
        to[i] = sum_of(x[i]);
}
#endif

#if !defined(KVW_ROWS_AVX512)
KVW_INLINE void store_sums(const Floats (&x)[8], float* to)
{
    store_sums({x[0], x[1], x[2], x[3]}, to);
    store_sums({x[4], x[5], x[6], x[7]}, to + 4);
}
#endif

/// What rows that are read as fp32 are added up in.
struct FloatSums
{
    typedef Floats Sum;
    KVW_INLINE static void add(Floats& sum, Floats x, const float* factors) { sum += x * load(factors); }
    template<int Count>
    KVW_INLINE static void store_all(const Floats (&sums)[Count], float* to)
    {
        store_sums(sums, to);
    }
};

/// What one step gives.
enum class Order { Planes, EvenOdd };

struct Fp32Row : FloatSums
{
    static constexpr int kStep = kLanes, kVectors = 1;
    static constexpr Order kOrder = Order::Planes;
    typedef Floats Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at) { return load(reinterpret_cast<const float*>(row) + at); }
    KVW_INLINE static Floats vector(Raw raw, int) { return raw; }
};

struct Fp16Row : FloatSums
{
    static constexpr int kStep = kLanes, kVectors = 1;
    static constexpr Order kOrder = Order::Planes;
    typedef Floats Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at) { return load_fp16(row + 2 * at); }
    KVW_INLINE static Floats vector(Raw raw, int) { return raw; }
};

#if defined(KVW_ROWS_AVX512)
struct Bf16Row : FloatSums
{
    static constexpr int kStep = kLanes, kVectors = 1;
    static constexpr Order kOrder = Order::Planes;
    typedef Floats Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at) { return load_bf16(row + 2 * at); }
    KVW_INLINE static Floats vector(Raw raw, int) { return raw; }
};
#else
/// Two numbers of each four bytes where they lie: one shift or one mask a vector, and one load for two of them. (As the bytes
/// of a file lie: the one with the even index first.)
struct Bf16Row : FloatSums
{
    static constexpr int kStep = 2 * kLanes, kVectors = 2;
    static constexpr Order kOrder = Order::EvenOdd;
    typedef Ints Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at) { return *reinterpret_cast<const AnyInts*>(row + 2 * at); }
    KVW_INLINE static Floats vector(Raw raw, int odd)
    {
        return as_floats(odd != 0 ? raw & static_cast<int>(0xffff0000u) : raw << 16);
    }
};
#endif

/// Codes less the middle one: smaller numbers, smaller rounding.
struct Int8Row : FloatSums
{
    static constexpr int kStep = kLanes, kVectors = 1;
    static constexpr Order kOrder = Order::Planes;
    typedef Ints Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at) { return load_centred_bytes(row + at); }
    KVW_INLINE static Floats vector(Raw raw, int) { return to_floats(raw); }
};

template<int Bits>
struct PackedRow : FloatSums
{
    static_assert(Bits == 4 || Bits == 2,
                  "codes of 8 bits are Int8Row; those in two parts are not read where they lie");
    static constexpr int kStep = kLanes, kVectors = Packed<Bits>::kPlanes;
    static constexpr Order kOrder = Order::Planes;
    typedef Ints Raw;
    KVW_INLINE static Raw raw(const std::byte* row, int at) { return load_bytes(row + at); }
    KVW_INLINE static Floats vector(Raw raw, int plane)
    {
        const Ints shifted = raw >> (plane * Bits);
#if defined(KVW_ROWS_AVX512)
        // The permutation looks at four bits of the index: a table replaces mask, subtraction and conversion.
        constexpr Floats table = Bits == 4 ? Floats{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7}
                                           : Floats{-2, -1, 0, 1, -2, -1, 0, 1, -2, -1, 0, 1, -2, -1, 0, 1};
        return (Floats)_mm512_permutexvar_ps((__m512i)shifted, (__m512)table);
#else
        return to_floats((shifted & Packed<Bits>::kMost) - Packed<Bits>::kMiddle);
#endif
    }
};

/// Positions of a step of rows that are read as fp32.
constexpr int step_of(RowType type) { return type == RowType::Bf16 ? Bf16Row::kStep : kLanes; }

/// Stored rows as the loops below see them.
struct Rows
{
    const std::byte* codes;
    // What is read next, to be brought into the second-level cache (the first would lose it again): the hardware's own
    // prefetching stops at every page, and with every run.
    const std::byte* ahead;
    Index bytes; // of a row
    int tokens;
    int positions; // numbers, or bytes that hold several; at least those of a step

    KVW_INLINE int steps(int step) const { return (positions + step - 1) / step; }
    /// Where step number `index` of `step` positions begins.
    KVW_INLINE int step_at(int index, int step) const
    {
        const int at = index * step, last = positions - step;
        return at < last ? at : last;
    }
};

struct Output
{
    float* data;
    Index head_stride;
};

struct Input
{
    const float* data;
    Index head_stride;
};

/// What is added to every score of a head: `constant`, and `per_zero` times the token's zero.
struct HeadTerms
{
    float constant, per_zero;
};

/// What a run adds to a head besides its sums: its mass, and the mass times the tokens' zeros.
struct RunTerms
{
    float mass, zeros;
};

/// scores[head][t] = <query[head], row t> for Tokens rows from t on.
template<class Row, int Heads, int Tokens>
KVW_INLINE void score_tokens(const Rows& rows, int t, const Input& query, const Output& scores)
{
    const std::byte* row0 = rows.codes + t * rows.bytes;
    const std::byte* row4 = row0 + 4 * rows.bytes;
    for (Index line = t * rows.bytes; line < (t + Tokens) * rows.bytes; line += 64)
        __builtin_prefetch(rows.ahead + line, 0, 2);
    typename Row::Sum sum[Heads][Tokens];
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
#pragma GCC unroll 8
        for (int i = 0; i < Tokens; ++i)
            sum[h][i] = typename Row::Sum{};
    const auto add_step = [&](const float* q, int at) __attribute__((always_inline))
    {
#pragma GCC unroll 8
        for (int i = 0; i < Tokens; ++i) {
            const typename Row::Raw raw = Row::raw((i < 4 ? row0 : row4) + (i % 4) * rows.bytes, at);
#pragma GCC unroll 4
            for (int v = 0; v < Row::kVectors; ++v) {
                const auto x = Row::vector(raw, v);
#pragma GCC unroll 4
                for (int h = 0; h < Heads; ++h)
                    Row::add(sum[h][i], x, q + h * query.head_stride + v * kLanes);
            }
        }
    };
    const float* q = query.data;
    int at = 0;
    for (const int last = rows.positions - Row::kStep; at <= last; at += Row::kStep, q += Row::kVectors * kLanes)
        add_step(q, at);
    if (at < rows.positions)
        add_step(q, rows.positions - Row::kStep);
#pragma GCC unroll 4
    for (int h = 0; h < Heads; ++h)
        Row::store_all(sum[h], scores.data + h * scores.head_stride + t);
}

/// scores[head][t] = <query[head], row t>. A query is laid out step by step and vector by vector.
template<class Row, int Heads>
KVW_NOINLINE void score_heads(const Rows& rows, const Input& query, const Output& scores)
{
    constexpr int together = kTokensAtOnce<Heads>;
    int t = 0;
    for (; t + together <= rows.tokens; t += together)
        score_tokens<Row, Heads, together>(rows, t, query, scores);
    for (; t < rows.tokens; ++t)
        score_tokens<Row, Heads, 1>(rows, t, query, scores);
}

/// Sums of one step to the channels that they belong to, of which the first is `to`.
template<class Row>
KVW_INLINE void store_step(const Floats (&sum)[Row::kVectors], int positions, float* to)
{
    if constexpr (Row::kOrder == Order::EvenOdd) {
        const Interleaved both = interleaved(sum[0], sum[1]);
        store(to, both.first);
        store(to + kLanes, both.second);
    } else {
#pragma GCC unroll 4
        for (int p = 0; p < Row::kVectors; ++p)
            store(to + p * positions, sum[p]);
    }
}

/// sums[head][channel] = sum over t of weights[head][t] * row t, for the channels of Steps steps from `step` on.
template<class Row, int Heads, int Steps>
KVW_NOINLINE void sum_steps(const Rows& rows, int step, const Input& weights, const Output& sums)
{
    Floats sum[Steps][Heads][Row::kVectors];
    int at[Steps];
#pragma GCC unroll 8
    for (int s = 0; s < Steps; ++s) {
        at[s] = rows.step_at(step + s, Row::kStep);
#pragma GCC unroll 4
        for (int v = 0; v < Row::kVectors; ++v)
#pragma GCC unroll 4
            for (int h = 0; h < Heads; ++h)
                sum[s][h][v] = Floats{};
    }
    const std::byte *row = rows.codes, *ahead = rows.ahead;
    const Index fetched = step == 0 ? rows.bytes : 0;
    for (int t = 0; t < rows.tokens; ++t, row += rows.bytes) {
        for (const std::byte* end = ahead + fetched; ahead < end; ahead += 64)
            __builtin_prefetch(ahead, 0, 2);
        Floats weight[Heads];
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
            weight[h] = all(weights.data[h * weights.head_stride + t]);
#pragma GCC unroll 8
        for (int s = 0; s < Steps; ++s) {
            const typename Row::Raw raw = Row::raw(row, at[s]);
#pragma GCC unroll 4
            for (int v = 0; v < Row::kVectors; ++v) {
                const Floats x = Row::vector(raw, v);
#pragma GCC unroll 4
                for (int h = 0; h < Heads; ++h)
                    sum[s][h][v] += weight[h] * x;
            }
        }
    }
#pragma GCC unroll 8
    for (int s = 0; s < Steps; ++s)
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h)
            store_step<Row>(sum[s][h], rows.positions, sums.data + h * sums.head_stride + at[s]);
}

/// The steps from `step` on, as many at once as Most allows.
template<class Row, int Heads, int Most>
KVW_INLINE void sum_from(const Rows& rows, int step, const Input& weights, const Output& sums)
{
    const int steps = rows.steps(Row::kStep);
    for (; step + Most <= steps; step += Most)
        sum_steps<Row, Heads, Most>(rows, step, weights, sums);
    if constexpr (Most > 1)
        sum_from<Row, Heads, Most / 2>(rows, step, weights, sums);
}

template<class Row, int Heads>
void sum_heads(const Rows& rows, const Input& weights, const Output& sums)
{
    constexpr int vectors = kVectorsAtOnce<Heads>;
    sum_from<Row, Heads, (vectors > Row::kVectors ? vectors / Row::kVectors : 1)>(rows, 0, weights, sums);
}

struct ScoreRows
{
    template<class Row, int Heads>
    static void run(const Rows& rows, const Input& in, const Output& out)
    {
        score_heads<Row, Heads>(rows, in, out);
    }
};

struct SumRows
{
    template<class Row, int Heads>
    static void run(const Rows& rows, const Input& in, const Output& out)
    {
        sum_heads<Row, Heads>(rows, in, out);
    }
};

/// How many of the heads that are left are taken together: all passes get the same number, or one less.
KVW_INLINE int heads_together(int left, int most)
{
    const int passes = (left + most - 1) / most;
    return (left + passes - 1) / passes;
}

/// All heads of a group, a few at a time.
template<class Product, class Row>
void for_heads(const Rows& rows, int group, Input in, Output out)
{
#if defined(KVW_ROWS_AVX512)
    constexpr int most = kHeadsAtOnce;
#else
    constexpr int most = Row::kVectors > 2 ? kHeadsAtOnce - 1 : kHeadsAtOnce; // 12 sums of a step's four vectors
#endif
    for (int left = group; left > 0;) {
        const int here = heads_together(left, most);
        switch (here) {
        case 1:
            Product::template run<Row, 1>(rows, in, out);
            break;
        case 2:
            Product::template run<Row, 2>(rows, in, out);
            break;
        case 3:
            Product::template run<Row, 3>(rows, in, out);
            break;
        default:
            Product::template run<Row, most>(rows, in, out);
        }
        left -= here;
        in.data += here * in.head_stride;
        out.data += here * out.head_stride;
    }
}

/// How the rows of a type are read where they lie; nothing where they are not, see access_of().
template<RowType Type>
constexpr auto row_reader()
{
    typedef RowTypeIs<Type> Is;
    if constexpr (Type == RowType::Fp32) {
        return Fp32Row{};
    } else if constexpr (Type == RowType::Fp16) {
        return Fp16Row{};
    } else if constexpr (Type == RowType::Bf16) {
        return Bf16Row{};
    } else {
        static_assert(Is::kInteger, "attention does not read this type of rows");
        if constexpr (Is::kBits == 8)
            return Int8Row{};
        else if constexpr (Packed<Is::kBits>::kOnePart)
            return PackedRow<Is::kBits>{};
    }
}

template<class Product>
void for_type(RowType type, const Rows& rows, int group, const Input& in, const Output& out)
{
    with_row_type(
        type, [&](auto is) __attribute__((always_inline)) {
            typedef decltype(row_reader<is.kType>()) Row;
            if constexpr (!__is_same(Row, void))
                for_heads<Product, Row>(rows, group, in, out);
        });
}

} // namespace
} // namespace kvw::kernels
