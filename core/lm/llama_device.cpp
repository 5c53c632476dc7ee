// SPDX-License-Identifier: GPL-3.0-or-later
// What a Llama's whole decode steps need on a device.
#include "core/base/error.h"
#include "core/lm/llama.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

namespace kvw {
namespace {

/// The kernels' limits (kernels/cuda/decode_step.h, kv_store.h).
constexpr int kHiddenStep = 32, kIntermediateStep = 8, kMaxGroup = 16, kMaxWidth = 256;

void require(bool holds, const std::string& what)
{
    if (!holds)
        throw Error(ErrorKind::Unsupported, fmt::format("the CUDA kernels do not know {}", what));
}

void check(const ModelConfig& config, ComputeType type)
{
    require(type == ComputeType::Bf16, "matrices in fp32");
    require(!config.mlp_bias, "a bias in the feed-forward part");
    require(!config.sliding_window, "attention that reaches back over a window only");
    require(config.hidden_size % kHiddenStep == 0,
            fmt::format("a hidden size of {}: it must be a multiple of {}", config.hidden_size, kHiddenStep));
    require(config.intermediate_size % kIntermediateStep == 0,
            fmt::format("an intermediate size of {}: it must be a multiple of {}", config.intermediate_size,
                        kIntermediateStep));
    require(config.group_size() <= kMaxGroup,
            fmt::format("{} query heads for one KV head: {} at most", config.group_size(), kMaxGroup));
    require(config.head_dim <= kMaxWidth && config.head_dim % 2 == 0,
            fmt::format("a head of {} numbers: an even number up to {}", config.head_dim, kMaxWidth));
}

} // namespace

DeviceModel LlamaDecoder::device_model(std::int64_t positions)
{
    check(config_, type_);
    DeviceModel out;
    for (const Layer& layer : layers_)
        out.layers.push_back({layer.qkv.matrix(), layer.output.matrix(), layer.gate_up.matrix(), layer.down.matrix(),
                              layer.attention_norm, layer.mlp_norm, layer.maybe_qkv_bias, layer.maybe_output_bias});
    out.head = head_.matrix();
    out.embedding = out.head;
    if (!config_.tied_embeddings) {
        const MatrixName name{"model.embed_tokens.weight", config_.vocab_size};
        std::vector<std::uint16_t> bits = read_bf16_stacked(*weights_, {&name, 1}, config_.hidden_size);
        out.embedding =
            at::from_blob(bits.data(), {config_.vocab_size, config_.hidden_size}, at::kBFloat16).clone().to(device_);
    }
    out.final_norm = final_norm_;
    const RopeTable::View table = rope_.at(0, positions);
    const auto on_device = [&](const float* values) {
        return at::from_blob(const_cast<float*>(values), {positions, config_.head_dim / 2}, at::kFloat)
            .clone()
            .to(device_);
    };
    out.cosine = on_device(table.cosine);
    out.sine = on_device(table.sine);
    out.hidden = config_.hidden_size;
    out.intermediate = config_.intermediate_size;
    out.heads = config_.heads;
    out.kv_heads = config_.kv_heads;
    out.head_dim = config_.head_dim;
    out.vocab = config_.vocab_size;
    out.norm_eps = static_cast<float>(config_.rms_norm_eps);
    out.softmax_scale = attention_shape().softmax_scale;
    return out;
}

} // namespace kvw
