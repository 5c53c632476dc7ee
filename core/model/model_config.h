// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/layer_spec.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvw {

inline constexpr std::int64_t kMaxPositions = std::int64_t{1} << 32; ///< that a configuration may name

/// What config.json says of a model of one of the families (core/model/family.h).
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
    bool tied_embeddings = false;
    std::vector<LayerSpec> layer_specs; ///< one a layer, from the family's builder
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
