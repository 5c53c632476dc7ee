// SPDX-License-Identifier: GPL-3.0-or-later
// Products with the bf16 dot product: two neighbouring k of 16 columns in one instruction.
#include "kernels/cpu/linear_tiles_body.h"

namespace kvw::kernels {
namespace {

typedef int Pair __attribute__((may_alias)); // two neighbouring bf16

struct Dots
{
    static constexpr int kRows = 12, kTiles = 2, kElement = 2;
    static constexpr int kSums = 24; // 12 x 2 sums and their operands fill the 32 registers
    static constexpr Index kPairBytes = 64;
    static constexpr bool kWidens = false;

    template<int Rows, int Tiles, bool Stream>
    KVW_INLINE static void accumulate(const Block& b, Floats (&sums)[Rows][Tiles])
    {
        static_assert(kTileVectors == 1);
        // Prefetched by hand: the hardware stops at the ends of pages and tiles. Few rows spend few cycles on a line, so
        // the distance must be longer.
        constexpr Index ahead = Stream ? 64 : 32;
        const Index stride = b.x_stride;
        const auto* x0 = reinterpret_cast<const std::uint16_t*>(b.x);
        const std::uint16_t* x4 = x0 + 4 * stride;
        const std::uint16_t* x8 = x4 + 4 * stride;
        const std::byte* w = b.w;
        Index prefetch = ahead * 64;
        const Index later = b.later - b.w;
        const std::byte* end = b.w + (b.pairs > ahead ? b.pairs - ahead : 0) * 64;
        for (int part = 0; part < 2; ++part) {
            for (; w != end; w += 64) {
                __m512bh weights[Tiles];
#pragma GCC unroll 4
                for (int t = 0; t < Tiles; ++t) {
                    weights[t] = (__m512bh)_mm512_load_si512(w + t * b.tile_bytes);
                    _mm_prefetch(reinterpret_cast<const char*>(w + t * b.tile_bytes + prefetch), _MM_HINT_T0);
                }
                if constexpr (!Stream)
                    _mm_prefetch(reinterpret_cast<const char*>(w + later), _MM_HINT_T1);
#pragma GCC unroll 12
                for (int r = 0; r < Rows; ++r) {
                    const std::uint16_t* base = r < 4 ? x0 : r < 8 ? x4 : x8;
                    const auto* pair = reinterpret_cast<const Pair*>(base + (r % 4) * stride);
                    const auto row = (__m512bh)_mm512_set1_epi32(*pair);
#pragma GCC unroll 4
                    for (int t = 0; t < Tiles; ++t)
                        sums[r][t] = (Floats)_mm512_dpbf16_ps((__m512)sums[r][t], row, weights[t]);
                }
                x0 += 2;
                x4 += 2;
                x8 += 2;
            }
            prefetch = b.next - w;
            end = b.w + b.pairs * 64;
        }
    }
};

/// One row to bf16 (nearest even), zeros up to the next multiple of 32.
void convert_row(const float* x, std::int64_t k, std::byte* out)
{
    Index i = 0;
    for (; i + 32 <= k; i += 32) {
        const __m512 low = _mm512_loadu_ps(x + i), high = _mm512_loadu_ps(x + i + 16);
        _mm512_store_si512(out + 2 * i, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
    if (i < k) {
        const unsigned left = (1u << (k - i)) - 1;
        const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(left), x + i);
        const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(left >> 16), x + i + 16);
        _mm512_store_si512(out + 2 * i, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
}

} // namespace

// 2304 pairs of two tiles: 288 KiB, in the second-level cache, which is near enough for so few bytes a product.
KVW_VARIANT(LinearDots){{2, Dots::kRows, Dots::kTiles, 2304, convert_row, run_task<Dots>}};

} // namespace kvw::kernels
