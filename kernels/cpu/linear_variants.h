// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cpu/variants.h"
#include "kernels/linear.h"

namespace kvw::kernels {

/// Width of a packed tile of W, in output columns.
inline constexpr std::int64_t kLinearTile = 16;

/// How one call is cut; made by linear.cpp, so that the files with special instructions have no arithmetic to share.
struct LinearPlan
{
    std::int64_t chunk_rows = 0;  ///< rows of x that are converted at a time
    std::int64_t block_rows = 0;  ///< rows of one task, at most kLinearBlockRows
    std::int64_t task_tiles = 0;  ///< tiles of one task
    std::int64_t range_pairs = 0; ///< longest range of k that many rows go through at a time, in pairs
    std::int64_t stride = 0;      ///< of the converted rows, in elements
    std::byte* rows = nullptr;    ///< [chunk_rows, stride], 64-byte aligned
    int threads = 1;
};

/// Most rows of a task: a multiple of every micro-kernel's height.
inline constexpr std::int64_t kLinearBlockRows = 144;

/// `rows` converted rows from `row` on, which are rows first_row + row and so on of x and y, times tiles [tile, tile_end).
struct LinearTask
{
    std::int64_t first_row = 0;
    std::int64_t row = 0, rows = 0;
    std::int64_t tile = 0, tile_end = 0;
};

/// The product for one type of weights in one set of instructions.
struct LinearVariant
{
    int element = 4; ///< bytes of a number of the converted rows
    int rows = 1;    ///< height of the micro-kernel: calls with no more rows stream the weights
    int tiles = 1;   ///< its width in tiles
    std::int64_t range_pairs =
        0; ///< pairs of k that many rows go through at a time, so that a block's weights stay near
    /// A row of x to what the products read, zeros up to the next multiple of 32.
    void (*convert)(const float* x, std::int64_t k, std::byte* out) = nullptr;
    void (*run)(const LinearProduct& args, const LinearPlan& plan, const LinearTask& task) = nullptr;
};

/// Products in fp32, for both types of weights.
struct LinearVariants
{
    LinearVariant fp32, bf16;
};
KVW_VARIANTS(LinearVariants, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);

/// Dot products of bf16 pairs.
struct LinearDots
{
    LinearVariant bf16;
};
KVW_VARIANTS(LinearDots, CpuLevel::Bf16);

/// Whether a variant is that of LinearDots.
bool multiplies_pairs(const LinearVariant& variant) noexcept;
/// The widest variant of a level.
LinearVariant linear_variant(LinearType type, CpuLevel level) noexcept;
/// What linear() takes: see kernels/linear_choice.h.
const LinearVariant& chosen_linear(LinearType type) noexcept;

LinearPlan plan_linear(const LinearVariant& variant, const LinearProduct& args, int threads) noexcept;
/// linear() with a variant and a plan, whose `rows` point to memory.
void run_linear(const LinearVariant& variant, const LinearProduct& args, const LinearPlan& plan) noexcept;

} // namespace kvw::kernels
