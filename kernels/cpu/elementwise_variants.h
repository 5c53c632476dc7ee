// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cpu/variants.h"
#include "kernels/elementwise.h"

namespace kvw::kernels {

/// The functions of kernels/elementwise.h. Shapes are checked by the caller; a false answer is NotFinite.
struct ElementwiseVariant
{
    void (*rms_norm)(const RmsNorm& args, int threads);
    void (*silu_mul)(const SiluMul& args, int threads);
    bool (*log_sum_exp_rows)(const LogSumExpRows& args, int threads);
    bool (*kl_rows)(const KlRows& args, int threads);
    void (*exp_all)(const float* x, float* y, std::int64_t n); ///< for the test of the exponential
};
KVW_VARIANTS(ElementwiseVariant, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);

/// Largest relative error of the kernels' exponential against fp64 for -87 <= x <= 88.3; below it is 0, above infinity.
inline constexpr float kExpRelError = 1.8e-7f; // 3 units of fp32 rounding

} // namespace kvw::kernels
