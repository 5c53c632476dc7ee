// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace kvw {

/// The numbers of a model's attention that a cache needs.
struct AttentionShape
{
    int layers = 0;
    int heads = 0;    ///< query heads
    int kv_heads = 0; ///< heads % kv_heads == 0; query head h reads KV head h / (heads / kv_heads)
    int head_dim = 0;
    float softmax_scale = 1;           ///< 1 / sqrt(head_dim)
    std::int64_t attention_window = 0; ///< Mistral: a query reaches back this many positions, itself included; 0: all

    int group() const { return heads / kv_heads; }
};

/// The only way a decoder has to its past. For every layer in turn the decoder appends the keys and values of the new
/// tokens and then attends with their queries; it keeps no key or value itself.
/// All tensors are fp32 with axes BTHD = [sequences, tokens, heads, head_dim] and may be strided views; keys and queries
/// are rotated already.
class Past
{
public:
    virtual ~Past() = default;
    /// k, v [sequences, tokens, kv_heads, head_dim].
    virtual void append(int layer, const at::Tensor& k, const at::Tensor& v) = 0;
    /// Causal attention of the tokens just appended: q [sequences, tokens, heads, head_dim] -> [sequences, tokens, heads * head_dim],
    /// contiguous. The last query sees every stored token, the one before it one fewer, and so on.
    virtual at::Tensor attend(int layer, const at::Tensor& q) = 0;
    /// Positions appended to every layer so far.
    virtual std::int64_t length() const = 0;
};

} // namespace kvw
