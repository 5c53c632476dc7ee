// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/kv_store.h"
#include "kernels/cuda/stream.h"

namespace kvw::kernels::cuda {

/// One decode step's way into the store, one kernel: rotary embedding of queries and keys, the product of both with the
/// key basis where there is one, encoding and writing of the new token of every sequence at position lengths[sequence], and
/// the coding of a tile that leaves the window.
struct Append
{
    KvStore store;
    int heads = 0;                       ///< query heads, a multiple of kv_heads, at most 16 times as many
    int head_dim = 0;                    ///< of the queries and keys that come in, even, <= 256
    const float* qkv = nullptr;          ///< [sequences, heads * head_dim + kv_heads * (head_dim + value_width)]
    const float* maybe_cosine = nullptr; ///< [positions, head_dim / 2]; null: no rotary embedding
    const float* maybe_sine = nullptr;
    /// [kv_heads, head_dim, key_width] fp16: keys become k U, queries q U; null: key_width is head_dim.
    const std::uint16_t* maybe_key_basis = nullptr;
    float softmax_scale = 1;
    const int* lengths = nullptr; ///< [sequences] tokens stored before this one
    /// [sequences, heads, padded key width], times softmax_scale * log2(e); bf16 when the keys are, else fp16.
    std::uint16_t* q_out = nullptr;
};
[[nodiscard]] Status append(const Append& args, StreamHandle stream) noexcept;

/// A prompt's way into the store: tokens 0 .. count - 1 of every sequence, rotated and projected already.
struct Fill
{
    KvStore store;
    const std::uint16_t* k = nullptr; ///< [sequences, count, kv_heads, key_width] fp16; bf16 where the format is
    const std::uint16_t* v = nullptr; ///< [sequences, count, kv_heads, value_width]
    int count = 0;
};
[[nodiscard]] Status fill(const Fill& args, StreamHandle stream) noexcept;

} // namespace kvw::kernels::cuda
