// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/random.h"
#include "core/config/configuration.h"
#include "core/lm/decoder.h"
#include "kernels/rows.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kvw {

/// One side (keys or values) of one layer's codec, ready to run: the linear maps of every KV head and the format that the
/// result is stored in. Immutable but for the generator of `noise`.
///     z = encoder^T (x - mean)     x' = mean + decoder z      per head (core/analysis/basis.h)
struct SideCodec
{
    bool coded = false; ///< false: vectors are stored as the model made them and none of the rest is used
    TransformKind transform = TransformKind::Identity;
    int head_dim = 0;
    int width = 0; ///< of the stored rows: the rank, or head_dim
    kernels::RowFormat format;
    int block_tokens = 64;
    /// [kv_heads, rank, head_dim] (transposed, so that a product is dot products over contiguous memory) or undefined.
    at::Tensor encoder;
    at::Tensor decoder; ///< [kv_heads, head_dim, rank] or undefined; the same storage seen transposed when orthonormal
    at::Tensor decoder_transposed; ///< [kv_heads, rank, head_dim]: the query map
    at::Tensor mean;               ///< [kv_heads, head_dim] or undefined (zero)
    double fixed_bytes = 0;        ///< bases and means as held

    bool has_basis() const { return encoder.defined(); }
};

/// x [B, n, kv_heads, head_dim] fp32, strided -> latents [B, kv_heads, n, width] fp32, contiguous.
at::Tensor encode_latents(const SideCodec& codec, const at::Tensor& x, RandomGenerator& noise);
/// z [B, kv_heads, n, width] -> [B, kv_heads, n, head_dim].
at::Tensor lift_latents(const SideCodec& codec, const at::Tensor& z);

/// out[r] = sum_d rows[r, d] x[d] (+ nothing): `rows` contiguous [count, dim]. For the few vectors of a decode step, where a
/// library call costs more than the product.
void multiply_rows(const float* rows, int count, int dim, const float* x, float* out) noexcept;

} // namespace kvw
