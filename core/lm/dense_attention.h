// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/lm/past.h"

namespace kvw {

/// Causal attention over keys and values that lie expanded in memory: our kernel on the CPU, LibTorch's elsewhere.
///     q [B, T, heads, d] fp32, k, v [B, kv_heads, S, d] fp32, S >= T -> [B, T, heads * d] fp32
/// Query t stands at position S - T + t. `type` is what the products are done in; sums are fp32 either way.
at::Tensor dense_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionShape& shape,
                           ComputeType type);

/// Which positions a query may not read: bool [T, S], true where allowed, for the last T of S positions.
at::Tensor causal_mask(std::int64_t queries, std::int64_t positions, std::int64_t attention_window,
                       const at::Device& device);

/// A past that stores nothing: every forward pass starts at position 0 and attends to its own keys and values. It is the
/// "run without a cache" that the canaries hold the identity codec against, and what calibration reads.
class PlainPast : public Past
{
public:
    PlainPast(const AttentionShapes& shapes, ComputeType type) : shapes_(shapes), type_(type) {}

    void append(int layer, const at::Tensor& k, const at::Tensor& v) override;
    at::Tensor attend(int layer, const at::Tensor& q) override;
    std::int64_t length() const override { return 0; }

protected:
    const AttentionShape& shape(int layer) const { return shapes_[layer]; }
    ComputeType type() const { return type_; }
    const at::Tensor& keys() const { return k_; }   ///< [B, kv_heads, T, d], of the layer appended last
    const at::Tensor& values() const { return v_; } ///< likewise

private:
    AttentionShapes shapes_;
    ComputeType type_;
    at::Tensor k_, v_;
};

} // namespace kvw
