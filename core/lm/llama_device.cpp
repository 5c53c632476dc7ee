// SPDX-License-Identifier: GPL-3.0-or-later
// What a Llama's whole decode steps need on a device.
#include "core/base/error.h"
#include "core/lm/llama.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;

void require(bool holds, const std::string& what)
{
    if (!holds)
        throw Error(ErrorKind::Unsupported, fmt::format("the CUDA kernels do not know {}", what));
}

void require_multiple(int number, int step, const char* what)
{
    require(number % step == 0, fmt::format("{} of {}: it must be a multiple of {}", what, number, step));
}

} // namespace

void LlamaDecoder::require_device_kernels() const
{
    require(type_ == ComputeType::Bf16, "matrices in fp32");
    require(!config_.mlp_bias, "a bias in the feed-forward part");
    require(!config_.sliding_window, "attention that reaches back over a window only");
    require_multiple(config_.hidden_size, cuda::kHiddenStep, "a hidden size");
    require_multiple(config_.intermediate_size, cuda::kIntermediateStep, "an intermediate size");
    require(config_.group_size() <= cuda::kMaxGroup,
            fmt::format("{} query heads for one KV head: {} at most", config_.group_size(), cuda::kMaxGroup));
    require(config_.head_dim <= cuda::kMaxWidth && config_.head_dim % cuda::kHeadDimStep == 0,
            fmt::format("a head of {} numbers: a multiple of {} up to {}", config_.head_dim, cuda::kHeadDimStep,
                        cuda::kMaxWidth));
}

DeviceModel LlamaDecoder::device_model(std::int64_t positions)
{
    require_device_kernels();
    DeviceModel out;
    for (const Layer& layer : layers_) {
        cuda::DecodeLayer& to = out.layers.emplace_back();
        to.qkv = out.hold_bf16(layer.qkv.matrix());
        to.o = out.hold_bf16(layer.output.matrix());
        to.gate_up = out.hold_bf16(layer.gate_up.matrix());
        to.down = out.hold_bf16(layer.down.matrix());
        to.attention_norm = out.hold_fp32(layer.attention_norm);
        to.mlp_norm = out.hold_fp32(layer.mlp_norm);
        to.maybe_qkv_bias = out.hold_fp32(layer.maybe_qkv_bias);
        to.maybe_o_bias = out.hold_fp32(layer.maybe_output_bias);
        to.store.kv_heads = config_.kv_heads;
        to.store.value_width = layer.value_width;
    }
    const at::Tensor head = head_.matrix();
    at::Tensor embedding = head;
    if (!config_.tied_embeddings) {
        const MatrixName name{"model.embed_tokens.weight", config_.vocab_size};
        std::vector<std::uint16_t> bits = read_bf16_stacked(*weights_, {&name, 1}, config_.hidden_size);
        embedding =
            at::from_blob(bits.data(), {config_.vocab_size, config_.hidden_size}, at::kBFloat16).clone().to(device_);
    }
    const RopeTable::View table = rope_.at(0, positions);
    const auto on_device = [&](const float* values) {
        return at::from_blob(const_cast<float*>(values), {positions, config_.head_dim / 2}, at::kFloat)
            .clone()
            .to(device_);
    };
    out.positions = positions;
    cuda::DecodeModel& step = out.step;
    step.logits = out.hold_bf16(head);
    step.embedding = out.hold_bf16(embedding);
    step.final_norm = out.hold_fp32(final_norm_);
    step.maybe_cosine = out.hold_fp32(on_device(table.cosine));
    step.maybe_sine = out.hold_fp32(on_device(table.sine));
    step.hidden = config_.hidden_size;
    step.intermediate = config_.intermediate_size;
    step.heads = config_.heads;
    step.head_dim = config_.head_dim;
    step.vocab = config_.vocab_size;
    step.norm_eps = static_cast<float>(config_.rms_norm_eps);
    step.softmax_scale = attention_shape().softmax_scale;
    return out;
}

} // namespace kvw
