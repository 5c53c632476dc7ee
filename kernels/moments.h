// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstdint>

namespace kvw::kernels {

/// Shifted sums of weighted rows, products and sums in fp64:
///     weight += sum w_t      sum[:] += sum w_t (x_t - shift)      product[i, j] += sum w_t (x_t - shift)_i (x_t - shift)_j, j >= i
/// One call adds rows of `heads` heads (x of head h at x + h * head_stride) into one accumulator each, in parallel over heads.
struct AccumulateMoments
{
    int heads = 0;
    std::int64_t tokens = 0;
    int dim = 0; ///< 1..512
    const float* x = nullptr;
    std::int64_t head_stride = 0, token_stride = 0; ///< in elements
    const float* maybe_weights = nullptr;           ///< [heads, tokens] with weight_head_stride; null: 1
    std::int64_t weight_head_stride = 0;
    const double* shift = nullptr; ///< [heads, dim]
    double* weight = nullptr;      ///< [heads]
    double* sum = nullptr;         ///< [heads, dim]
    double* product = nullptr;     ///< [heads, dim, dim]; upper triangle only is touched
};
[[nodiscard]] Status accumulate_moments(const AccumulateMoments& args) noexcept;

} // namespace kvw::kernels
