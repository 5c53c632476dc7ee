// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/layer_spec.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kvw {

class JsonFields;
struct ModelConfig;

/// What a family calls its tensors, without ".weight" and ".bias"; those of a layer stand behind "PREFIX.NUMBER.".
struct TensorNames
{
    std::string_view embedding = "model.embed_tokens", final_norm = "model.norm", head = "lm_head",
                     layer_prefix = "model.layers";
    std::string_view query = "self_attn.q_proj", key = "self_attn.k_proj", value = "self_attn.v_proj",
                     output = "self_attn.o_proj", gate = "mlp.gate_proj", up = "mlp.up_proj", down = "mlp.down_proj";
    std::string_view attention_norm = "input_layernorm", mlp_norm = "post_attention_layernorm";
};

/// A model family: a file core/model/family_NAME.cpp and a row in family.cpp.
struct Family
{
    std::string_view architecture, model_type;
    /// Where config.json does not say it (the defaults of the transformers package).
    std::int64_t max_positions;
    int kv_heads; ///< where num_key_value_heads is absent; 0: as many as query heads, as where it is null
    /// All layers, from config.json and from what has been read of it already (sizes and heads). Throws Error{BadInput} for
    /// fields that contradict each other, Error{Unsupported} for what the decoder does not know.
    std::vector<LayerSpec> (*layers)(const JsonFields& fields, const ModelConfig& config);
    TensorNames names = {};
};

/// All of them, in the order in which they are listed to people.
std::span<const Family* const> families() noexcept;
/// Null when there is none of that architecture.
const Family* find_family(std::string_view architecture) noexcept;
/// Throws Error{Unsupported} when there is none.
const Family& family_of(const ModelConfig& config);

/// What most families have in common: rotary embedding as config.json says (read_rotary()), 1 / sqrt(head_dim), no window
/// and no biases.
LayerSpec plain_layer(const JsonFields& fields, const ModelConfig& config);
/// rope_theta and rope_scaling of transformers 4 or rope_parameters of transformers 5; both may be there if they agree.
RotarySpec read_rotary(const JsonFields& fields, const ModelConfig& config);
/// sliding_window: `otherwise` where the key is absent; none where it is null.
std::optional<std::int64_t> read_sliding_window(const JsonFields& fields, std::optional<std::int64_t> otherwise);

} // namespace kvw
