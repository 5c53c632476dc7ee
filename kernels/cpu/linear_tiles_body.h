// SPDX-License-Identifier: GPL-3.0-or-later
// How a task of a product walks through tiles, ranges of k and passes of rows, for the files of one instruction set each.
// A Micro has
//     kRows, kTiles        its largest block: rows, tiles
//     kSums                vectors of sums that the registers hold beside their operands
//     kElement             bytes of a number of the converted rows
//     kPairBytes           of two k of one packed tile
//     accumulate<Rows, Tiles, Stream>(block, sums)   sums += the block's products, in ascending k; Stream: the weights come
//                          from memory and must be fetched ahead, else they are near already
//     kWidens              whether many rows are better served by the Micro Widened, once widen(from, pairs, to) has
//                          written a range of a tile as that one reads it
#pragma once

#include "kernels/cpu/linear_variants.h"
#include "kernels/cpu/rows_vectors.h"

namespace kvw::kernels {
namespace {

constexpr int kTileVectors = static_cast<int>(kLinearTile) / kLanes;

/// One block of output: some rows times some tiles, over a range of k.
struct Block
{
    const std::byte* x;
    Index x_stride; ///< in elements
    const std::byte* w;
    Index tile_bytes;
    Index pairs;
    const std::byte* next;  // weights that are read after these
    const std::byte* later; // weights to bring near meanwhile; `w` for none
    bool first, last;       // range of k: starts from 0 or from `partial`, ends in y or in `partial`
    float* partial;         // [rows, partial_stride]
    float* y;
    Index y_stride;
    int last_columns; // of the last tile
    LinearOutput output;
};

constexpr int kMostTiles = 4; // of a block
constexpr Index kPartialStride = kMostTiles * kLinearTile;

using BlockKernel = void (*)(const Block&);

KVW_INLINE void store_sum(float* y, Floats value, int columns, LinearOutput output)
{
    if (columns >= kLanes) {
        store(y, output == LinearOutput::Add ? load(y) + value : value);
    } else if (columns > 0) {
        if (output == LinearOutput::Add)
            value += load_some(y, columns, 0.0f);
        store_some(y, columns, value);
    }
}

template<class Micro, int Rows, int Tiles, bool Stream>
void block_kernel(const Block& b)
{
    constexpr int vectors = Tiles * kTileVectors;
    Floats sum[Rows][vectors];
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v)
            sum[r][v] = b.first ? Floats{} : load(b.partial + r * kPartialStride + v * kLanes);
    Micro::template accumulate<Rows, Tiles, Stream>(b, sum);
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) {
            const int columns = v / kTileVectors + 1 == Tiles ? b.last_columns - v % kTileVectors * kLanes : kLanes;
            if (b.last)
                store_sum(b.y + r * b.y_stride + v * kLanes, sum[r][v], columns, b.output);
            else
                store(b.partial + r * kPartialStride + v * kLanes, sum[r][v]);
        }
    }
}

/// Null where the registers do not hold the sums, and for few rows of many: passes are of equal heights.
template<class Micro, int Rows, int Tiles, bool Stream>
constexpr BlockKernel kernel_of()
{
    if constexpr (Rows <= Micro::kRows && Rows * Tiles * kTileVectors <= Micro::kSums
                  && (Stream || 2 * Rows >= Micro::kRows))
        return block_kernel<Micro, Rows, Tiles, Stream>;
    else
        return nullptr;
}

template<class Micro, int Tiles, bool Stream>
constexpr BlockKernel kKernels[13] = {
    nullptr,
    kernel_of<Micro, 1, Tiles, Stream>(),
    kernel_of<Micro, 2, Tiles, Stream>(),
    kernel_of<Micro, 3, Tiles, Stream>(),
    kernel_of<Micro, 4, Tiles, Stream>(),
    kernel_of<Micro, 5, Tiles, Stream>(),
    kernel_of<Micro, 6, Tiles, Stream>(),
    kernel_of<Micro, 7, Tiles, Stream>(),
    kernel_of<Micro, 8, Tiles, Stream>(),
    kernel_of<Micro, 9, Tiles, Stream>(),
    kernel_of<Micro, 10, Tiles, Stream>(),
    kernel_of<Micro, 11, Tiles, Stream>(),
    kernel_of<Micro, 12, Tiles, Stream>(),
};

template<class Micro, bool Stream>
KVW_INLINE void run_block(int rows, int tiles, const Block& block)
{
    static_assert(Micro::kRows <= 12);
    (tiles == 1       ? kKernels<Micro, 1, Stream>
         : tiles == 2 ? kKernels<Micro, 2, Stream>
                      : kKernels<Micro, 4, Stream>)[rows](block);
}

/// Tiles that so many rows go through at once: few rows need several, for more sums than one addition's latency lasts.
template<class Micro>
KVW_INLINE int tiles_at_once(Index rows, Index left)
{
    const Index fit = Micro::kSums / (rows * kTileVectors);
    const Index most = rows >= Micro::kRows && fit > Micro::kTiles ? Micro::kTiles : fit;
    return most >= 4 && left >= 4 ? 4 : most >= 2 && left >= 2 ? 2 : 1;
}

/// What the passes of a task have in common.
struct Walk
{
    const LinearProduct& args;
    const LinearPlan& plan;
    const LinearTask& task;
    Index tile;
    int width;      ///< tiles
    Index passes;   ///< over the rows
    float* partial; ///< [rows, kPartialStride]
};

/// All rows over one range of k, whose weights the block names.
template<class Micro>
KVW_INLINE void run_passes(const Walk& walk, Block& block, Index pair, const std::byte* following)
{
    const LinearTask& task = walk.task;
    for (Index pass = 0; pass < walk.passes; ++pass) {
        const Index row = task.rows * pass / walk.passes, row_end = task.rows * (pass + 1) / walk.passes;
        block.x = walk.plan.rows + ((task.row + row) * walk.plan.stride + 2 * pair) * Micro::kElement;
        block.partial = walk.partial + row * kPartialStride;
        block.y = walk.args.y + (task.first_row + task.row + row) * walk.args.y_stride + walk.tile * kLinearTile;
        block.next = pass + 1 < walk.passes ? block.w : following;
        // The last passes bring the next tiles into the second-level cache, one each.
        const Index left = walk.passes - 1 - pass;
        block.later = walk.passes > 1 && left < walk.width ? following + left * block.tile_bytes : block.w;
        if (walk.passes > 1)
            run_block<Micro, false>(static_cast<int>(row_end - row), walk.width, block);
        else
            run_block<Micro, true>(static_cast<int>(row_end - row), walk.width, block);
    }
}

/// From so many passes on it pays to widen a range of weights once.
constexpr Index kPassesToWiden = 4;
constexpr Index kWidenedBytes = 32 << 10;

/// The tiles of a walk: ranges of k short enough for the caches, outside; rows inside.
template<class Micro>
void run_tiles(const LinearProduct& args, const LinearPlan& plan, const LinearTask& task, Index tile, int width)
{
    alignas(64) float partial[kLinearBlockRows * kPartialStride];
    alignas(64) std::byte widened[Micro::kWidens ? kWidenedBytes : 1];
    const Index all_pairs = (args.k + 1) / 2;
    const Index passes = (task.rows + Micro::kRows - 1) / Micro::kRows;
    const Index ranges = passes == 1 || all_pairs == 0 ? 1 : (all_pairs + plan.range_pairs - 1) / plan.range_pairs;
    const Index columns_left = args.n - (tile + width - 1) * kLinearTile;
    const Walk walk{args, plan, task, tile, width, passes, partial};
    Block block;
    block.x_stride = plan.stride;
    block.y_stride = args.y_stride;
    block.last_columns = static_cast<int>(columns_left < kLinearTile ? columns_left : kLinearTile);
    block.output = args.output;
    const Index tile_bytes = all_pairs * Micro::kPairBytes;
    const std::byte* tiles = args.packed + tile * tile_bytes;
    for (Index range = 0; range < ranges; ++range) {
        const Index pair = all_pairs * range / ranges, pair_end = all_pairs * (range + 1) / ranges;
        const std::byte* following =
            range + 1 < ranges ? tiles + pair_end * Micro::kPairBytes : tiles + width * tile_bytes;
        block.pairs = pair_end - pair;
        block.first = range == 0;
        block.last = range + 1 == ranges;
        block.tile_bytes = tile_bytes;
        block.w = tiles + pair * Micro::kPairBytes;
        if constexpr (Micro::kWidens) {
            const Index wide_bytes = block.pairs * Micro::Widened::kPairBytes;
            if (passes >= kPassesToWiden && width * wide_bytes <= kWidenedBytes) {
                for (int t = 0; t < width; ++t)
                    Micro::widen(block.w + t * tile_bytes, block.pairs, widened + t * wide_bytes);
                block.tile_bytes = wide_bytes;
                block.w = widened;
                run_passes<typename Micro::Widened>(walk, block, pair, widened);
                continue;
            }
        }
        run_passes<Micro>(walk, block, pair, following);
    }
}

template<class Micro>
void run_task(const LinearProduct& args, const LinearPlan& plan, const LinearTask& task)
{
    const Index in_pass = task.rows < Micro::kRows ? task.rows : Micro::kRows;
    for (Index tile = task.tile; tile < task.tile_end;) {
        const int width = tiles_at_once<Micro>(in_pass, task.tile_end - tile);
        run_tiles<Micro>(args, plan, task, tile, width);
        tile += width;
    }
}

} // namespace
} // namespace kvw::kernels
