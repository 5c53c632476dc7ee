// SPDX-License-Identifier: GPL-3.0-or-later
// A decoder whose value projections give a low-rank basis' coordinates at once.
#include "core/base/error.h"
#include "core/lm/transformer.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

namespace kvw {

std::unique_ptr<Decoder> TransformerDecoder::with_folded_values(std::span<const std::optional<ValueFold>> layers) const
{
    if (layers.size() != layers_.size())
        throw Error(ErrorKind::Internal, fmt::format("{} folds for {} layers", layers.size(), layers_.size()));
    std::unique_ptr<TransformerDecoder> folded(new TransformerDecoder(*this));
    for (int i = 0; i < config_.layers; ++i)
        if (const std::optional<ValueFold>& fold = layers[static_cast<std::size_t>(i)])
            folded->fold_layer(i, *fold);
    weights_->release_pages();
    return folded;
}

void TransformerDecoder::fold_layer(int index, const ValueFold& fold)
{
    const std::int64_t d = config_.head_dim, heads = config_.heads, kv_heads = config_.kv_heads,
                       hidden = config_.hidden_size, rank = fold.encoder.size(2), group = config_.group_size();
    const LayerSpec& spec = config_.layer_specs[static_cast<std::size_t>(index)];
    const auto read = [&](std::string_view name, std::int64_t rows, std::int64_t columns) {
        const std::int64_t shape[] = {rows, columns};
        return read_fp32(*weights_, layer_name(index, name) + ".weight", shape);
    };
    const auto bias = [&](bool present, std::string_view name, std::int64_t rows) {
        const std::int64_t shape[] = {rows};
        return present ? read_fp32(*weights_, layer_name(index, name) + ".bias", shape) : at::zeros({rows}, at::kFloat);
    };
    const at::Tensor values = read(names_.value, kv_heads * d, hidden).to(at::kDouble).view({kv_heads, d, hidden});
    const at::Tensor value_bias =
        bias(spec.qkv_bias, names_.value, kv_heads * d).to(at::kDouble).view({kv_heads, d, 1});
    const at::Tensor encoder = fold.encoder.transpose(1, 2); // [kv_heads, rank, d]
    const at::Tensor coordinates = at::bmm(encoder, values).view({kv_heads * rank, hidden});
    const at::Tensor shifted = at::bmm(encoder, value_bias - fold.mean.unsqueeze(2)).view({kv_heads * rank});
    // o_proj by query head, [heads, hidden, d]: every head of a group takes its KV head's basis.
    const at::Tensor output =
        read(names_.output, hidden, heads * d).to(at::kDouble).view({hidden, heads, d}).transpose(0, 1).contiguous();
    const at::Tensor decoder = fold.decoder.repeat_interleave(group, 0), mean = fold.mean.repeat_interleave(group, 0);
    const at::Tensor lifted = at::bmm(output, decoder).transpose(0, 1).reshape({hidden, heads * rank});
    const at::Tensor constant = at::bmm(output, mean.unsqueeze(2)).sum(0).view({hidden});

    Layer& layer = layers_[static_cast<std::size_t>(index)];
    layer.value_width = static_cast<int>(rank);
    layer.qkv = Linear::make(at::cat({read(names_.query, heads * d, hidden), read(names_.key, kv_heads * d, hidden),
                                      coordinates.to(at::kFloat)}),
                             type_, device_, arena_);
    layer.output = Linear::make(lifted.to(at::kFloat), type_, device_, arena_);
    layer.maybe_qkv_bias = at::cat({bias(spec.qkv_bias, names_.query, heads * d),
                                    bias(spec.qkv_bias, names_.key, kv_heads * d), shifted.to(at::kFloat)})
                               .to(device_);
    layer.maybe_output_bias = (bias(spec.output_bias, names_.output, hidden) + constant.to(at::kFloat)).to(device_);
}

} // namespace kvw
