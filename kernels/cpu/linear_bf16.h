// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/linear.h"

namespace kvw::kernels {

/// Width of a packed tile of W, in output columns.
inline constexpr std::int64_t kLinearTile = 16;
/// Rows of one task: a multiple of the micro-kernel's height.
inline constexpr std::int64_t kLinearBlockRows = 144;

/// How one call is cut; made by linear.cpp, so that the file with the special instructions has no arithmetic to share.
struct LinearPlan
{
    std::int64_t chunk_rows = 0;   ///< rows of x that are converted to bf16 at a time
    std::int64_t task_tiles = 0;   ///< tiles of one task, even
    std::int64_t range_pairs = 0;  ///< longest range of k that many rows go through at a time, in pairs
    std::int64_t bf16_stride = 0;  ///< of the converted rows, in elements
    std::uint16_t* bf16 = nullptr; ///< [chunk_rows, bf16_stride], 64-byte aligned
    int threads = 1;
};

LinearPlan plan_linear_bf16(const LinearBf16& args, int threads) noexcept;

/// Needs has_avx512_bf16(). Every output element is one chain of fused pair products over ascending k, whatever the
/// plan: rows, threads and plan do not change its bits.
void run_linear_bf16(const LinearBf16& args, const LinearPlan& plan) noexcept;

} // namespace kvw::kernels
