// SPDX-License-Identifier: GPL-3.0-or-later
// The only file with AVX512-BF16 instructions. It includes no standard header with inline code: the linker might keep
// the copy compiled here for every processor.
#include "kernels/cpu/linear_bf16.h"

#if defined(__AVX512BF16__)

#include <immintrin.h>

namespace kvw::kernels {
namespace {

using Index = std::int64_t;
typedef int Pair __attribute__((may_alias)); // two neighbouring bf16

constexpr Index min(Index a, Index b) { return a < b ? a : b; }

constexpr int kMaxRows = 12; // 12 x 2 accumulators and their operands fill the 32 registers

/// One block of output: up to kMaxRows rows times one or two tiles, over a range of k.
struct Block
{
    const std::uint16_t* x;
    Index x_stride;
    const std::byte* w;
    Index tile_bytes;
    Index pairs;
    const std::byte* next;  // weights that are read after these
    const std::byte* later; // weights to bring near meanwhile; `w` for none
    bool first, last;       // range of k: starts from 0 or from `partial`, ends in y or in `partial`
    float* partial;         // [rows, 32]
    float* y;
    Index y_stride;
    __mmask16 last_columns; // of the last tile
    LinearOutput output;
};

using BlockKernel = void (*)(const Block&);

[[gnu::always_inline]] inline __m512bh broadcast_pair(const std::uint16_t* x)
{
    return (__m512bh)_mm512_set1_epi32(*reinterpret_cast<const Pair*>(x));
}

[[gnu::always_inline]] inline void store_tile(float* y, __m512 value, __mmask16 columns, LinearOutput output)
{
    if (output == LinearOutput::Add)
        value = _mm512_add_ps(_mm512_maskz_loadu_ps(columns, y), value);
    _mm512_mask_storeu_ps(y, columns, value);
}

/// The sum over the block's k. Each element is one chain of dot products, so cutting k changes no bit.
template<int Rows, int Tiles>
[[gnu::always_inline]] inline void accumulate(const Block& b, __m512 (&sum)[Rows][Tiles])
{
    // Prefetched by hand: the hardware stops at the ends of pages and tiles. Few rows spend few cycles on a line, so
    // the distance must be longer.
    constexpr Index ahead = Rows <= 8 ? 64 : 32;
    const Index stride = b.x_stride;
    const std::uint16_t* x0 = b.x;
    const std::uint16_t* x4 = x0 + 4 * stride;
    const std::uint16_t* x8 = x4 + 4 * stride;
    const std::byte* w = b.w;
    Index prefetch = ahead * 64;
    const Index later = b.later - b.w;
    const std::byte* end = b.w + (b.pairs > ahead ? b.pairs - ahead : 0) * 64;
    for (int part = 0; part < 2; ++part) {
        for (; w != end; w += 64) {
            __m512bh weights[Tiles];
#pragma GCC unroll 2
            for (int t = 0; t < Tiles; ++t) {
                weights[t] = (__m512bh)_mm512_load_si512(w + t * b.tile_bytes);
                _mm_prefetch(reinterpret_cast<const char*>(w + t * b.tile_bytes + prefetch), _MM_HINT_T0);
            }
            if constexpr (Rows > kMaxRows / 2)
                _mm_prefetch(reinterpret_cast<const char*>(w + later), _MM_HINT_T1);
#pragma GCC unroll 12
            for (int r = 0; r < Rows; ++r) {
                const std::uint16_t* base = r < 4 ? x0 : r < 8 ? x4 : x8;
                const __m512bh row = broadcast_pair(base + (r % 4) * stride);
#pragma GCC unroll 2
                for (int t = 0; t < Tiles; ++t)
                    sum[r][t] = _mm512_dpbf16_ps(sum[r][t], row, weights[t]);
            }
            x0 += 2;
            x4 += 2;
            x8 += 2;
        }
        prefetch = b.next - w;
        end = b.w + b.pairs * 64;
    }
}

template<int Rows, int Tiles>
void block_kernel(const Block& b)
{
    __m512 sum[Rows][Tiles];
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int t = 0; t < Tiles; ++t) {
            sum[r][t] = b.first ? _mm512_setzero_ps() : _mm512_load_ps(b.partial + r * 32 + t * 16);
            if (b.last)
                __builtin_prefetch(b.y + r * b.y_stride + t * 16, 1);
        }
    accumulate<Rows, Tiles>(b, sum);
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
        for (int t = 0; t < Tiles; ++t) {
            const __mmask16 columns = t + 1 == Tiles ? b.last_columns : static_cast<__mmask16>(0xffff);
            if (b.last)
                store_tile(b.y + r * b.y_stride + t * 16, sum[r][t], columns, b.output);
            else
                _mm512_store_ps(b.partial + r * 32 + t * 16, sum[r][t]);
        }
}

template<int Tiles>
constexpr BlockKernel kKernels[kMaxRows + 1] = {
    nullptr,
    block_kernel<1, Tiles>,
    block_kernel<2, Tiles>,
    block_kernel<3, Tiles>,
    block_kernel<4, Tiles>,
    block_kernel<5, Tiles>,
    block_kernel<6, Tiles>,
    block_kernel<7, Tiles>,
    block_kernel<8, Tiles>,
    block_kernel<9, Tiles>,
    block_kernel<10, Tiles>,
    block_kernel<11, Tiles>,
    block_kernel<12, Tiles>,
};

/// One row to bf16 (nearest even), zeros up to the next multiple of 32.
void convert_row(const float* x, Index k, std::uint16_t* out)
{
    Index i = 0;
    for (; i + 32 <= k; i += 32) {
        const __m512 low = _mm512_loadu_ps(x + i), high = _mm512_loadu_ps(x + i + 16);
        _mm512_store_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
    if (i < k) {
        const unsigned left = (1u << (k - i)) - 1;
        const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(left), x + i);
        const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(left >> 16), x + i + 16);
        _mm512_store_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
}

/// `rows` rows from `row` on (of the converted ones) times tiles [tile, tile_end).
struct Task
{
    Index first_row; // of the converted rows, in x and y
    Index row, rows;
    Index tile, tile_end;
};

/// Two tiles (or the last one) of a task: ranges of k short enough for the second-level cache, outside; rows inside.
void run_tiles(const LinearBf16& args, const LinearPlan& plan, const Task& task, Index tile, int width)
{
    alignas(64) float partial[kLinearBlockRows * 32];
    const Index all_pairs = (args.k + 1) / 2;
    const Index passes = (task.rows + kMaxRows - 1) / kMaxRows;
    const Index ranges = passes == 1 ? 1 : (all_pairs + plan.range_pairs - 1) / plan.range_pairs;
    const Index columns_left = args.n - (tile + width - 1) * kLinearTile;
    Block block;
    block.x_stride = plan.bf16_stride;
    block.tile_bytes = all_pairs * 64;
    block.y_stride = args.y_stride;
    block.last_columns = static_cast<__mmask16>(columns_left >= 16 ? 0xffffu : (1u << columns_left) - 1);
    block.output = args.output;
    const std::byte* tiles = args.packed + tile * block.tile_bytes;
    for (Index range = 0; range < ranges; ++range) {
        const Index pair = all_pairs * range / ranges, pair_end = all_pairs * (range + 1) / ranges;
        const std::byte* following = range + 1 < ranges ? tiles + pair_end * 64 : tiles + width * block.tile_bytes;
        block.w = tiles + pair * 64;
        block.pairs = pair_end - pair;
        block.first = range == 0;
        block.last = range + 1 == ranges;
        for (Index pass = 0; pass < passes; ++pass) {
            const Index row = task.rows * pass / passes, row_end = task.rows * (pass + 1) / passes;
            block.x = plan.bf16 + (task.row + row) * plan.bf16_stride + 2 * pair;
            block.partial = partial + row * 32;
            block.y = args.y + (task.first_row + task.row + row) * args.y_stride + tile * kLinearTile;
            block.next = pass + 1 < passes ? block.w : following;
            // The last two passes bring the next two tiles into the second-level cache, one each.
            block.later =
                passes > 1 && pass + 2 >= passes ? following + (passes - 1 - pass) * block.tile_bytes : block.w;
            (width == 2 ? kKernels<2> : kKernels<1>)[row_end - row](block);
        }
    }
}

/// The `index`-th piece of the product of `rows` converted rows, which are rows `chunk` and so on of x.
void run_task(const LinearBf16& args, const LinearPlan& plan, Index tiles, Index chunk, Index rows, Index index)
{
    const Index row_tasks = (rows + kLinearBlockRows - 1) / kLinearBlockRows;
    Task task;
    task.first_row = chunk;
    task.row = index % row_tasks * kLinearBlockRows;
    task.rows = min(rows - task.row, kLinearBlockRows);
    task.tile = index / row_tasks * plan.task_tiles;
    task.tile_end = min(tiles, task.tile + plan.task_tiles);
    for (Index tile = task.tile; tile < task.tile_end; tile += 2)
        run_tiles(args, plan, task, tile, task.tile_end - tile >= 2 ? 2 : 1);
}

} // namespace

void run_linear_bf16(const LinearBf16& args, const LinearPlan& plan) noexcept
{
    const Index tiles = (args.n + kLinearTile - 1) / kLinearTile;
    const Index tile_tasks = (tiles + plan.task_tiles - 1) / plan.task_tiles;
    const bool few_rows = args.rows <= kMaxRows;
    if (few_rows) // by the caller alone: shorter than a barrier
        for (Index row = 0; row < args.rows; ++row)
            convert_row(args.x + row * args.x_stride, args.k, plan.bf16 + row * plan.bf16_stride);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
    for (Index chunk = 0; chunk < args.rows; chunk += plan.chunk_rows) {
        const Index rows = min(args.rows - chunk, plan.chunk_rows);
        const Index row_tasks = (rows + kLinearBlockRows - 1) / kLinearBlockRows;
        if (!few_rows) {
#pragma omp for schedule(static)
            for (Index row = 0; row < rows; ++row)
                convert_row(args.x + (chunk + row) * args.x_stride, args.k, plan.bf16 + row * plan.bf16_stride);
        }
        const Index tasks = tile_tasks * row_tasks;
        if (few_rows) {
            // Long pieces first, for the sake of the prefetching, and short ones last: the memory serves the threads unequally.
#pragma omp for schedule(guided, 1)
            for (Index index = 0; index < tasks; ++index)
                run_task(args, plan, tiles, chunk, rows, index);
        } else {
#pragma omp for schedule(dynamic, 1)
            for (Index index = 0; index < tasks; ++index)
                run_task(args, plan, tiles, chunk, rows, index);
        }
    }
}

} // namespace kvw::kernels

#else

namespace kvw::kernels {

void run_linear_bf16(const LinearBf16&, const LinearPlan&) noexcept {}

} // namespace kvw::kernels

#endif
