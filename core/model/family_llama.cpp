// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"
#include "core/model/json_file.h"
#include "core/model/model_config.h"

namespace kvw {
namespace {

std::vector<LayerSpec> layers(const JsonFields& fields, const ModelConfig& config)
{
    LayerSpec layer = plain_layer(fields, config);
    layer.qkv_bias = layer.output_bias = fields.maybe_flag("attention_bias").value_or(false);
    layer.mlp_bias = fields.maybe_flag("mlp_bias").value_or(false);
    return std::vector<LayerSpec>(static_cast<std::size_t>(config.layers), layer);
}

} // namespace

extern const Family kLlama;
const Family kLlama{"LlamaForCausalLM", "llama", 2048, 0, layers};

} // namespace kvw
