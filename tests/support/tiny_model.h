// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/random.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace kvw::test {

/// A Llama of a few thousand random weights, written as an ordinary model folder (fp32, one file, no tokenizer): the same
/// code paths as a real one in milliseconds.
struct TinyModel
{
    int layers = 2, heads = 4, kv_heads = 2, head_dim = 16, hidden = 32, intermediate = 48, vocab = 97;
    bool tied = true; ///< the output matrix is the embedding; else lm_head.weight

    nlohmann::json config() const
    {
        return {{"architectures", {"LlamaForCausalLM"}},
                {"hidden_size", hidden},
                {"intermediate_size", intermediate},
                {"num_hidden_layers", layers},
                {"num_attention_heads", heads},
                {"num_key_value_heads", kv_heads},
                {"head_dim", head_dim},
                {"vocab_size", vocab},
                {"max_position_embeddings", 512},
                {"rms_norm_eps", 1e-5},
                {"rope_theta", 10000.0},
                {"tie_word_embeddings", tied},
                {"hidden_act", "silu"},
                {"torch_dtype", "float32"},
                {"bos_token_id", 1},
                {"eos_token_id", 2}};
    }

    std::map<std::string, std::vector<std::int64_t>> shapes() const
    {
        std::map<std::string, std::vector<std::int64_t>> out{{"model.embed_tokens.weight", {vocab, hidden}},
                                                             {"model.norm.weight", {hidden}}};
        if (!tied)
            out["lm_head.weight"] = {vocab, hidden};
        for (int i = 0; i < layers; ++i) {
            const std::string at = "model.layers." + std::to_string(i) + ".";
            out[at + "self_attn.q_proj.weight"] = {heads * head_dim, hidden};
            out[at + "self_attn.k_proj.weight"] = {kv_heads * head_dim, hidden};
            out[at + "self_attn.v_proj.weight"] = {kv_heads * head_dim, hidden};
            out[at + "self_attn.o_proj.weight"] = {hidden, heads * head_dim};
            out[at + "mlp.gate_proj.weight"] = {intermediate, hidden};
            out[at + "mlp.up_proj.weight"] = {intermediate, hidden};
            out[at + "mlp.down_proj.weight"] = {hidden, intermediate};
            out[at + "input_layernorm.weight"] = {hidden};
            out[at + "post_attention_layernorm.weight"] = {hidden};
        }
        return out;
    }

    void write(const std::filesystem::path& folder, std::uint64_t seed = 1) const
    {
        std::filesystem::create_directories(folder);
        std::ofstream(folder / "config.json") << config();
        RandomGenerator random(seed);
        nlohmann::json header = nlohmann::json::object();
        std::vector<float> data;
        for (const auto& [name, shape] : shapes()) {
            std::int64_t count = 1;
            for (const std::int64_t n : shape)
                count *= n;
            const bool norm = shape.size() == 1;
            const std::size_t begin = data.size() * 4;
            for (std::int64_t i = 0; i < count; ++i)
                data.push_back(norm ? 1.0f + 0.1f * static_cast<float>(random.normal())
                                    : 0.25f * static_cast<float>(random.normal()));
            header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size() * 4}}};
        }
        const std::string text = header.dump();
        const std::uint64_t length = text.size();
        std::ofstream file(folder / "model.safetensors", std::ios::binary);
        file.write(reinterpret_cast<const char*>(&length), 8);
        file << text;
        file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size() * 4));
    }
};

} // namespace kvw::test
