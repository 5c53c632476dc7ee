// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstdint>

namespace kvw::kernels {

enum class CpuLevel;

/// out[v, :] = sum_i x[v, i] rows[i, :], for the few vectors of a decode step: by the caller's thread alone, since a library
/// call would cost more than the product.
struct CombineRows
{
    std::int64_t vectors = 0;
    int count = 0, width = 0;
    const float* rows = nullptr; ///< [count, width] without gaps
    const float* x = nullptr;    ///< [vectors, count] without gaps
    float* out = nullptr;        ///< [vectors, width] without gaps
};
[[nodiscard]] Status combine_rows(const CombineRows& args) noexcept;
/// With the instructions of one level, which the processor must have.
[[nodiscard]] Status combine_rows(const CombineRows& args, CpuLevel level) noexcept;

} // namespace kvw::kernels
