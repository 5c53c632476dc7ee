// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/random.h"
#include "core/config/configuration.h"
#include "core/config/words.h"
#include "core/lm/decoder.h"
#include "kernels/rows.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kvw {

/// One side (keys or values) of one layer's codec, ready to run: the linear maps of every KV head and the format that the
/// result is stored in. Immutable.
///     z = encoder^T (x - mean)     x' = mean + decoder z      per head (core/analysis/basis.h)
struct SideCodec
{
    /// Values that come out of the model as the basis' coordinates (ValueFold): `width` numbers a head, coded token by token
    /// as they come, and given back as they are.
    bool folded = false;
    bool coded = false; ///< false: vectors are stored as the model made them and none of the rest is used
    TransformKind transform = TransformKind::Identity;
    config::Canary canary = config::Canary::None;
    std::uint64_t noise_seed = 0; ///< of Canary::Noise, for this layer and side
    int head_dim = 0;
    int width = 0; ///< of the stored rows: the rank, or head_dim
    kernels::RowFormat format;
    int block_tokens = 64;
    at::Tensor encoder;            ///< [kv_heads, head_dim, rank] or undefined
    at::Tensor decoder;            ///< [kv_heads, head_dim, rank] or undefined; the encoder's storage when orthonormal
    at::Tensor decoder_transposed; ///< [kv_heads, rank, head_dim]
    at::Tensor mean;               ///< [kv_heads, head_dim] or undefined (zero)
    double fixed_bytes = 0;        ///< bases and means as held

    bool has_basis() const { return encoder.defined(); }
};

/// x [B, n, kv_heads, head_dim] fp32, strided -> latents [B, kv_heads, n, width] fp32, contiguous. `noise` is this layer's
/// and side's own, begun with noise_seed; only Canary::Noise draws from it.
at::Tensor encode_latents(const SideCodec& codec, const at::Tensor& x, RandomGenerator& noise);
/// z [B, kv_heads, n, width] -> [B, kv_heads, n, head_dim].
at::Tensor lift_latents(const SideCodec& codec, const at::Tensor& z);

/// encode_latents for a few vectors that lie without gaps, x [sequences, kv_heads, n, head_dim] -> out
/// [sequences, kv_heads, n, width], without a library call; `scratch` is used and grown. Only with a basis.
void encode_few(const SideCodec& codec, const float* x, std::int64_t sequences, std::int64_t n, float* out,
                std::vector<float>& scratch);
/// Whether encode_few can be used and is the faster way for n vectors a head.
bool are_few(const SideCodec& codec, std::int64_t n) noexcept;

} // namespace kvw
