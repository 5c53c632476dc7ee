// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstdint>

namespace kvw::kernels {

/// Rotary position embedding, half-split pairing (channel i with i + dim/2), in place:
///     x_i' = x_i cos - x_{i+dim/2} sin      x_{i+dim/2}' = x_{i+dim/2} cos + x_i sin
/// Row r of `sequences` * `tokens` rows has its heads side by side at x + r * row_stride and angle row r % tokens.
struct Rope
{
    std::int64_t sequences = 0, tokens = 0;
    int heads = 0, dim = 0; ///< dim even
    float* x = nullptr;
    std::int64_t row_stride = 0;   ///< in elements, >= heads * dim
    const float* cosine = nullptr; ///< [tokens, dim / 2]
    const float* sine = nullptr;   ///< [tokens, dim / 2]
};
[[nodiscard]] Status rope(const Rope& args) noexcept;

} // namespace kvw::kernels
