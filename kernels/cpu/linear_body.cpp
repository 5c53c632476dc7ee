// SPDX-License-Identifier: GPL-3.0-or-later
// Products in fp32 of weights that are held in fp32 or in bf16, at one level of instructions; see variants.h.
//
// A bf16 number is the upper half of the fp32 number that it stands for. Two neighbouring k of a column lie in one word, so
// a shift gives the even k and a mask the odd one, 16 columns at a time. Few rows widen as they read; many rows widen a
// range of k once and then multiply as fast as fp32.
#include "kernels/cpu/linear_tiles_body.h"

namespace kvw::kernels {
namespace {

#if defined(KVW_ROWS_AVX512)
constexpr int kMicroRows = 12, kMicroTiles = 2, kMicroSums = 24; // of 32 registers
// So many rows at a time, and two instructions that do not compete with the products, leave nothing to gain.
constexpr bool kWidenForManyRows = false;
#elif defined(KVW_ROWS_AVX2)
constexpr int kMicroRows = 6, kMicroTiles = 1, kMicroSums = 12; // of 16
constexpr bool kWidenForManyRows = true;
#else
constexpr int kMicroRows = 2, kMicroTiles = 1, kMicroSums = 8; // of 16, and products need one of their own
constexpr bool kWidenForManyRows = true;
#endif

/// Half of a pair of k: 16 columns' weights.
struct Fp32Weights
{
    static constexpr Index kPairBytes = 2 * kLinearTile * 4;
    static constexpr bool kWidens = false;
    KVW_INLINE static Floats at(const std::byte* pair, int odd, int vector)
    {
        return load(reinterpret_cast<const float*>(pair) + odd * kLinearTile + vector * kLanes);
    }
};

struct Bf16Weights
{
    static constexpr Index kPairBytes = 2 * kLinearTile * 2;
    static constexpr bool kWidens = kWidenForManyRows;
    KVW_INLINE static Floats at(const std::byte* pair, int odd, int vector)
    {
        const Ints words = *reinterpret_cast<const Ints*>(pair + vector * kLanes * 4);
        return as_floats(odd != 0 ? words & static_cast<int>(0xffff0000u) : words << 16);
    }
};

template<class Weights>
struct Micro
{
    static constexpr int kRows = kMicroRows, kTiles = kMicroTiles, kSums = kMicroSums, kElement = 4;
    static constexpr Index kPairBytes = Weights::kPairBytes;
    static constexpr bool kWidens = Weights::kWidens;
    using Widened = Micro<Fp32Weights>;

    KVW_INLINE static void widen(const std::byte* from, Index pairs, std::byte* to)
    {
        auto* out = reinterpret_cast<float*>(to);
        for (Index pair = 0; pair < pairs; ++pair, from += kPairBytes)
            for (int odd = 0; odd < 2; ++odd)
                for (int v = 0; v < kTileVectors; ++v, out += kLanes)
                    store(out, Weights::at(from, odd, v));
    }

    template<int Rows, int Tiles, bool Stream>
    KVW_INLINE static void accumulate(const Block& b, Floats (&sum)[Rows][Tiles * kTileVectors])
    {
        // Prefetched by hand: the hardware stops at the ends of pages and tiles. Few rows spend few cycles on a line, so
        // the distance must be longer.
        constexpr Index ahead = Stream ? 64 : 16;
        const Index stride = b.x_stride;
        const float* x0 = reinterpret_cast<const float*>(b.x);
        const float* x4 = x0 + 4 * stride;
        const float* x8 = x4 + 4 * stride;
        const std::byte* w = b.w;
        Index prefetch = ahead * kPairBytes;
        const Index later = b.later - b.w;
        const std::byte* end = b.w + (b.pairs > ahead ? b.pairs - ahead : 0) * kPairBytes;
        for (int part = 0; part < 2; ++part) {
            for (; w != end; w += kPairBytes) {
                if constexpr (!Stream) {
                    __builtin_prefetch(w + later, 0, 2);
                } else {
#pragma GCC unroll 4
                    for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 2
                        for (Index line = 0; line < kPairBytes; line += 64)
                            __builtin_prefetch(w + t * b.tile_bytes + prefetch + line, 0, 3);
                }
#pragma GCC unroll 2
                for (int odd = 0; odd < 2; ++odd) {
                    const std::byte* pair = w;
                    // Words are read anew for the odd k: kept in registers they would push out sums.
                    asm("" : "+r"(pair));
                    Floats weights[Tiles][kTileVectors];
#pragma GCC unroll 4
                    for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
                        for (int v = 0; v < kTileVectors; ++v)
                            weights[t][v] = Weights::at(pair + t * b.tile_bytes, odd, v);
#pragma GCC unroll 12
                    for (int r = 0; r < Rows; ++r) {
                        const float* base = r < 4 ? x0 : r < 8 ? x4 : x8;
                        const Floats row = all(base[(r % 4) * stride + odd]);
#pragma GCC unroll 4
                        for (int t = 0; t < Tiles; ++t)
#pragma GCC unroll 4
                            for (int v = 0; v < kTileVectors; ++v)
                                sum[r][t * kTileVectors + v] += row * weights[t][v];
                    }
                }
                x0 += 2;
                x4 += 2;
                x8 += 2;
            }
            prefetch = b.next - w;
            end = b.w + b.pairs * kPairBytes;
        }
    }
};

/// fp32 to the nearest bf16 (even when in the middle), as fp32.
KVW_INLINE Floats rounded_to_bf16(Floats x)
{
    const Words bits = reinterpret_cast<const Words&>(x);
    const Words nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
    return x == x ? as_floats(reinterpret_cast<const Ints&>(nearest)) : x;
}

template<bool Round>
void convert_row(const float* x, std::int64_t k, std::byte* out)
{
    auto* to = reinterpret_cast<float*>(out);
    const auto convert = [](Floats values) __attribute__((always_inline))
    {
        return Round ? rounded_to_bf16(values) : values;
    };
    Index i = 0;
    for (; i + kLanes <= k; i += kLanes)
        store(to + i, convert(load(x + i)));
    if (i < k) {
        store(to + i, convert(load_some(x + i, static_cast<int>(k - i), 0.0f)));
        i += kLanes;
    }
    for (const Index end = (k + 31) / 32 * 32; i < end; i += kLanes)
        store(to + i, Floats{});
}

template<class Weights, bool Round>
constexpr LinearVariant variant_of()
{
    constexpr Index block_bytes = 24 << 10; // of weights as they are read: most of a first-level cache
    constexpr Index pair_bytes = (Weights::kWidens ? Fp32Weights::kPairBytes : Weights::kPairBytes) * kMicroTiles;
    return {4, kMicroRows, kMicroTiles, block_bytes / pair_bytes, convert_row<Round>, run_task<Micro<Weights>>};
}

} // namespace

KVW_VARIANT(LinearVariants){variant_of<Fp32Weights, false>(), variant_of<Bf16Weights, true>()};

} // namespace kvw::kernels
