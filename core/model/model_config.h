// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvw {

/// RoPE scaling of Llama 3 ("rope_type": "llama3") or linear; absent for plain RoPE.
struct RopeScaling
{
    enum class Kind { Linear, Llama3 } kind = Kind::Linear;
    double factor = 1;
    double low_frequency_factor = 1;
    double high_frequency_factor = 4;
    std::int64_t original_max_positions = 0;
};

/// What config.json says of a Llama-family model (architectures LlamaForCausalLM, MistralForCausalLM).
struct ModelConfig
{
    std::string architecture; ///< as in config.json
    std::string torch_type;   ///< "bfloat16", ..., empty when not said
    std::int64_t hidden_size = 0;
    std::int64_t intermediate_size = 0;
    int layers = 0;
    int heads = 0;
    int kv_heads = 0;
    int head_dim = 0;
    std::int64_t vocab_size = 0;
    std::int64_t max_positions = 0;
    double rms_norm_eps = 1e-5;
    double rope_theta = 10000;
    std::optional<RopeScaling> rope_scaling;
    std::optional<std::int64_t> sliding_window; ///< Mistral; attention reaches back this many positions
    bool tied_embeddings = false;
    bool attention_bias = false;
    bool mlp_bias = false;
    std::optional<std::int64_t> bos_token;
    std::vector<std::int64_t> eos_tokens; ///< of config.json and generation_config.json

    int group_size() const { return heads / kv_heads; }
    double parameters() const; ///< of the matrices, norms and embeddings, tied ones once
    /// Bytes of keys and values of one token at `bytes_per_value`, all layers.
    double kv_bytes_per_token(double bytes_per_value) const
    {
        return 2.0 * layers * kv_heads * head_dim * bytes_per_value;
    }
};

/// Reads FOLDER/config.json (and generation_config.json where there is one).
/// Throws Error{NotFound} for a missing file, {BadInput} naming the key, the value found and the one wanted,
/// {Unsupported} for an architecture, activation or RoPE type this program does not know (naming those it knows).
ModelConfig read_model_config(const std::filesystem::path& folder);

} // namespace kvw
