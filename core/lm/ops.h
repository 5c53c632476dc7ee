// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/rope_table.h"

#include <ATen/core/Tensor.h>

namespace kvw::ops {

/// Element-wise steps of a decoder, fp32: our kernels on the CPU, LibTorch elsewhere. Rows are tokens.

/// out = x / sqrt(mean(x^2) + epsilon) * weight, row by row; x, out [tokens, width].
void rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::Tensor& out);
/// out = silu(gate) * up for gate_up = [gate | up] [tokens, 2 * width]; out [tokens, width].
void silu_mul(const at::Tensor& gate_up, at::Tensor& out);
/// Rotates the first `heads` heads of every row of x [sequences * tokens, row width] in place.
void rope(at::Tensor& x, std::int64_t sequences, std::int64_t tokens, int heads, int head_dim,
          const RopeTable::View& table);

} // namespace kvw::ops
