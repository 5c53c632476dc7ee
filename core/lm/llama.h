// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/lm/linear.h"
#include "core/lm/rope_table.h"

namespace kvw {

/// LlamaForCausalLM and MistralForCausalLM: RMSNorm, rotary embedding, grouped-query attention, SwiGLU.
class LlamaDecoder final : public Decoder
{
public:
    LlamaDecoder(const ModelConfig& config, std::shared_ptr<const WeightFiles> weights, const DecoderOptions& options);
    ~LlamaDecoder() override;

    const ModelConfig& config() const override { return config_; }
    AttentionShape attention_shape() const override;
    ComputeType compute_type() const override { return type_; }
    at::Tensor forward(const at::Tensor& tokens, std::int64_t position, Past& past, Observer* maybe_observer,
                       Extent extent) override;
    at::Tensor logits(const at::Tensor& hidden) override;
    void logits_part(const at::Tensor& hidden, std::int64_t first, at::Tensor& out) override;
    std::vector<double> output_gram(int layer, int kv_head) const override;
    std::unique_ptr<Decoder> with_folded_values(std::span<const std::optional<ValueFold>> layers) const override;
    double weight_bytes_per_step() const override;
    at::Device device() const override { return device_; }
    void require_device_kernels() const override;
    DeviceModel device_model(std::int64_t positions) override;

private:
    struct Layer
    {
        at::Tensor attention_norm, mlp_norm;
        Linear qkv, output, gate_up, down;
        int value_width = 0; ///< of a head: head_dim, or the rank of folded values
        at::Tensor maybe_qkv_bias, maybe_output_bias, maybe_gate_up_bias, maybe_down_bias;
    };
    struct Buffers;
    struct Projections;
    struct Views;

    LlamaDecoder(const LlamaDecoder& other); ///< shares the weights, has buffers of its own
    Layer load_layer(int index) const;
    void fold_layer(int index, const ValueFold& fold);
    at::Tensor load_bias(std::span<const MatrixName> parts) const;
    void embed(const at::Tensor& tokens, at::Tensor& out) const;
    Views views(std::int64_t sequences, std::int64_t tokens);
    /// Attention of one layer added to x; false when the pass ends there.
    bool attend(int index, Views& views, const RopeTable::View& table, Past& past, Observer* maybe_observer, bool last);
    void feed_forward(const Layer& layer, Views& views) const;

    ModelConfig config_;
    std::shared_ptr<const WeightFiles> weights_;
    ComputeType type_;
    at::Device device_;
    std::shared_ptr<Arena> arena_; ///< of the matrices
    WeightView embedding_;
    std::vector<Layer> layers_;
    at::Tensor final_norm_;
    Linear head_;
    RopeTable rope_;
    std::unique_ptr<Buffers> buffers_;
};

} // namespace kvw
