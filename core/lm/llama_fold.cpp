// SPDX-License-Identifier: GPL-3.0-or-later
// A Llama whose value projections give a low-rank basis' coordinates at once.
#include "core/base/error.h"
#include "core/lm/llama.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

namespace kvw {

std::unique_ptr<Decoder> LlamaDecoder::with_folded_values(std::span<const std::optional<ValueFold>> layers) const
{
    if (layers.size() != layers_.size())
        throw Error(ErrorKind::Internal, fmt::format("{} folds for {} layers", layers.size(), layers_.size()));
    std::unique_ptr<LlamaDecoder> folded(new LlamaDecoder(*this));
    for (int i = 0; i < config_.layers; ++i)
        if (const std::optional<ValueFold>& fold = layers[static_cast<std::size_t>(i)])
            folded->fold_layer(i, *fold);
    weights_->release_pages();
    return folded;
}

void LlamaDecoder::fold_layer(int index, const ValueFold& fold)
{
    const std::int64_t d = config_.head_dim, heads = config_.heads, kv_heads = config_.kv_heads,
                       hidden = config_.hidden_size, rank = fold.encoder.size(2), group = config_.group_size();
    const std::string prefix = fmt::format("model.layers.{}.self_attn.", index);
    const auto read = [&](const char* name, std::int64_t rows, std::int64_t columns) {
        const std::int64_t shape[] = {rows, columns};
        return read_fp32(*weights_, prefix + name + ".weight", shape);
    };
    const auto bias = [&](const char* name, std::int64_t rows) {
        const std::int64_t shape[] = {rows};
        return config_.attention_bias ? read_fp32(*weights_, prefix + name + ".bias", shape)
                                      : at::zeros({rows}, at::kFloat);
    };
    const at::Tensor values = read("v_proj", kv_heads * d, hidden).to(at::kDouble).view({kv_heads, d, hidden});
    const at::Tensor value_bias = bias("v_proj", kv_heads * d).to(at::kDouble).view({kv_heads, d, 1});
    const at::Tensor encoder = fold.encoder.transpose(1, 2); // [kv_heads, rank, d]
    const at::Tensor coordinates = at::bmm(encoder, values).view({kv_heads * rank, hidden});
    const at::Tensor shifted = at::bmm(encoder, value_bias - fold.mean.unsqueeze(2)).view({kv_heads * rank});
    // o_proj by query head, [heads, hidden, d]: every head of a group takes its KV head's basis.
    const at::Tensor output =
        read("o_proj", hidden, heads * d).to(at::kDouble).view({hidden, heads, d}).transpose(0, 1).contiguous();
    const at::Tensor decoder = fold.decoder.repeat_interleave(group, 0), mean = fold.mean.repeat_interleave(group, 0);
    const at::Tensor lifted = at::bmm(output, decoder).transpose(0, 1).reshape({hidden, heads * rank});
    const at::Tensor constant = at::bmm(output, mean.unsqueeze(2)).sum(0).view({hidden});

    Layer& layer = layers_[static_cast<std::size_t>(index)];
    layer.value_width = static_cast<int>(rank);
    layer.qkv = Linear::make(
        at::cat({read("q_proj", heads * d, hidden), read("k_proj", kv_heads * d, hidden), coordinates.to(at::kFloat)}),
        type_, device_, arena_);
    layer.output = Linear::make(lifted.to(at::kFloat), type_, device_, arena_);
    layer.maybe_qkv_bias =
        at::cat({bias("q_proj", heads * d), bias("k_proj", kv_heads * d), shifted.to(at::kFloat)}).to(device_);
    layer.maybe_output_bias = (bias("o_proj", hidden) + constant.to(at::kFloat)).to(device_);
}

} // namespace kvw
