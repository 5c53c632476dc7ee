// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kvw {

/// The heads of a layer.
struct HeadShape
{
    int heads = 0;    ///< query heads
    int kv_heads = 0; ///< heads % kv_heads == 0; query head h reads KV head h / (heads / kv_heads)
    int head_dim = 0;

    int group() const { return heads / kv_heads; }
    bool operator==(const HeadShape&) const = default;
};

/// The numbers of one layer's attention that a cache needs.
struct AttentionShape : HeadShape
{
    float softmax_scale = 1;           ///< of the query-key products
    std::int64_t attention_window = 0; ///< a query reaches back this many positions, itself included; 0: all

    bool operator==(const AttentionShape&) const = default;
};

/// Those of all layers. Their heads are the same in every layer (the numbers of the base); scale and window are a layer's own.
class AttentionShapes : public HeadShape
{
public:
    /// Throws Error{Unsupported} for layers whose heads differ.
    explicit AttentionShapes(std::vector<AttentionShape> layers);
    /// The same for every layer.
    AttentionShapes(int layers, const AttentionShape& shape);

    int layers() const { return static_cast<int>(layers_.size()); }
    const AttentionShape& operator[](int layer) const { return layers_[static_cast<std::size_t>(layer)]; }
    /// The shortest window of all layers; 0 when every layer reads all.
    std::int64_t shortest_window() const;

private:
    std::vector<AttentionShape> layers_;
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
