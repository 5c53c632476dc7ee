// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/stock_past.h"

#include "core/base/error.h"
#include "core/lm/dense_attention.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

namespace kvw {

StockPast::StockPast(const AttentionShapes& shape, ComputeType type, int sequences, std::int64_t capacity,
                     const at::Device& device, std::span<const int> maybe_value_widths)
    : shape_(shape)
{
    const auto options = at::TensorOptions(type == ComputeType::Bf16 ? at::kBFloat16 : at::kFloat).device(device);
    for (int i = 0; i < shape.layers(); ++i) {
        const int width = maybe_value_widths.empty() ? shape.head_dim : maybe_value_widths[static_cast<std::size_t>(i)];
        layers_.push_back({at::empty({sequences, shape.kv_heads, capacity, shape.head_dim}, options),
                           at::empty({sequences, shape.kv_heads, capacity, width}, options), 0});
    }
}

at::Tensor StockPast::keys(int index) const
{
    const Layer& layer = layers_[static_cast<std::size_t>(index)];
    return layer.k.narrow(2, 0, layer.tokens).transpose(1, 2);
}

at::Tensor StockPast::values(int index) const
{
    const Layer& layer = layers_[static_cast<std::size_t>(index)];
    return layer.v.narrow(2, 0, layer.tokens).transpose(1, 2);
}

void StockPast::append(int index, const at::Tensor& k, const at::Tensor& v)
{
    Layer& layer = layers_[static_cast<std::size_t>(index)];
    const std::int64_t tokens = k.size(1), capacity = layer.k.size(2);
    if (layer.tokens + tokens > capacity)
        throw Error(
            ErrorKind::Internal,
            fmt::format("{} tokens do not fit a stock cache of {} with {} in it", tokens, capacity, layer.tokens));
    layer.k.narrow(2, layer.tokens, tokens).copy_(k.transpose(1, 2));
    layer.v.narrow(2, layer.tokens, tokens).copy_(v.transpose(1, 2));
    layer.tokens += tokens;
}

at::Tensor StockPast::attend(int index, const at::Tensor& q)
{
    const Layer& layer = layers_[static_cast<std::size_t>(index)];
    const AttentionShape& shape = shape_[index];
    const std::int64_t queries = q.size(1);
    const at::Tensor keys = layer.k.narrow(2, 0, layer.tokens), values = layer.v.narrow(2, 0, layer.tokens);
    const bool windowed = shape.attention_window > 0 && shape.attention_window < layer.tokens;
    const bool plain_causal = queries == layer.tokens && !windowed;
    std::optional<at::Tensor> mask;
    if (!plain_causal && (queries > 1 || windowed))
        mask = causal_mask(queries, layer.tokens, shape.attention_window, q.device());
    const at::Tensor out =
        at::scaled_dot_product_attention(q.transpose(1, 2).to(keys.scalar_type()), keys, values, mask, 0.0,
                                         plain_causal && queries > 1, static_cast<double>(shape.softmax_scale),
                                         /*enable_gqa=*/shape_.group() > 1);
    return out.transpose(1, 2).to(at::kFloat).reshape({q.size(0), queries, q.size(2) * out.size(3)});
}

std::unique_ptr<StockPast> StockPast::clone() const
{
    auto copy = std::make_unique<StockPast>(*this);
    for (Layer& layer : copy->layers_) {
        layer.k = layer.k.clone();
        layer.v = layer.v.clone();
    }
    return copy;
}

double StockPast::bytes_filled() const
{
    double bytes = 0;
    for (const Layer& layer : layers_)
        bytes += static_cast<double>(layer.k.nbytes() + layer.v.nbytes()) * static_cast<double>(layer.tokens)
            / static_cast<double>(layer.k.size(2));
    return bytes;
}

double StockPast::bytes_allocated() const
{
    double bytes = 0;
    for (const Layer& layer : layers_)
        bytes += static_cast<double>(layer.k.nbytes() + layer.v.nbytes());
    return bytes;
}

} // namespace kvw
