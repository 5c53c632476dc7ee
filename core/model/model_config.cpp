// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include "core/base/error.h"
#include "core/model/family.h"
#include "core/model/json_file.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvw {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxConfigBytes = 4u << 20;
constexpr std::int64_t kMaxHidden = 1 << 20, kMaxIntermediate = 1 << 22, kMaxVocabulary = 1 << 24;
constexpr int kMaxLayers = 4096, kMaxHeads = 4096, kMaxHeadDim = 4096;

const Family& read_family(const JsonFields& fields)
{
    std::string found;
    if (const Json* list = fields.maybe("architectures")) {
        if (!list->is_array() || list->empty() || !list->front().is_string())
            fields.refuse("architectures", *list, "a list with the name of the architecture");
        found = list->front().get<std::string>();
    } else if (const auto type = fields.maybe_text("model_type")) {
        const auto same = std::find_if(families().begin(), families().end(),
                                       [&](const Family* family) { return family->model_type == *type; });
        found = same == families().end() ? *type : std::string((*same)->architecture);
    } else {
        fields.contradiction("neither architectures nor model_type says what kind of model this is");
    }
    if (const Family* family = find_family(found))
        return *family;
    std::vector<std::string_view> names;
    names.reserve(families().size());
    for (const Family* family : families())
        names.push_back(family->architecture);
    throw Error(ErrorKind::Unsupported,
                fmt::format("{}: the architecture {} is not known to this program", fields.file(),
                            Json(found).dump(-1, ' ', true, Json::error_handler_t::replace)),
                fmt::format("known are {}", fmt::join(names, ", ")));
}

void refuse_unsupported(const JsonFields& fields)
{
    const std::string activation = fields.maybe_text("hidden_act").value_or("silu");
    if (activation != "silu")
        throw Error(ErrorKind::Unsupported,
                    fmt::format("{}: the activation \"{}\" is not known to this program", fields.file(), activation),
                    "known is silu");
    if (fields.maybe("quantization_config"))
        throw Error(ErrorKind::Unsupported,
                    fmt::format("{}: the weights are quantised (quantization_config)", fields.file()),
                    "take the model's fp32, fp16 or bf16 weights");
    if (fields.maybe_number("partial_rotary_factor", 0, 1).value_or(1) != 1)
        throw Error(ErrorKind::Unsupported, fmt::format("{}: partial_rotary_factor is not 1", fields.file()));
}

void read_heads(const JsonFields& fields, const Family& family, ModelConfig& config)
{
    config.heads = static_cast<int>(fields.whole("num_attention_heads", 1, kMaxHeads));
    const int absent = fields.holds("num_key_value_heads") || family.kv_heads == 0 ? config.heads : family.kv_heads;
    config.kv_heads = static_cast<int>(fields.maybe_whole("num_key_value_heads", 1, kMaxHeads).value_or(absent));
    if (config.heads % config.kv_heads != 0)
        fields.contradiction(fmt::format("num_attention_heads {} is not a multiple of num_key_value_heads {}",
                                         config.heads, config.kv_heads));
    if (const auto head_dim = fields.maybe_whole("head_dim", 1, kMaxHeadDim)) {
        config.head_dim = static_cast<int>(*head_dim);
    } else {
        if (config.hidden_size % config.heads != 0)
            fields.contradiction(
                fmt::format("hidden_size {} is not a multiple of num_attention_heads {}, and head_dim is not said",
                            config.hidden_size, config.heads));
        if (config.hidden_size / config.heads > kMaxHeadDim)
            fields.contradiction(fmt::format("hidden_size {} over num_attention_heads {} is a head size beyond {}",
                                             config.hidden_size, config.heads, kMaxHeadDim));
        config.head_dim = static_cast<int>(config.hidden_size / config.heads);
    }
    if (config.head_dim % 2 != 0)
        fields.contradiction(fmt::format("the head size {} is odd, and rotary positions need pairs", config.head_dim));
}

void add_eos(const JsonFields& fields, ModelConfig& config)
{
    const Json* value = fields.maybe("eos_token_id");
    if (!value)
        return;
    const auto add = [&](const Json& id) {
        const Json wrapped{{"eos_token_id", id}};
        const auto token = JsonFields(wrapped, fields.file()).whole("eos_token_id", 0, config.vocab_size - 1);
        if (std::find(config.eos_tokens.begin(), config.eos_tokens.end(), token) == config.eos_tokens.end())
            config.eos_tokens.push_back(token);
    };
    if (!value->is_array())
        return add(*value);
    for (const Json& id : *value)
        add(id);
}

void read_sizes(const JsonFields& fields, const Family& family, ModelConfig& config)
{
    config.hidden_size = fields.whole("hidden_size", 1, kMaxHidden);
    config.intermediate_size = fields.whole("intermediate_size", 1, kMaxIntermediate);
    config.layers = static_cast<int>(fields.whole("num_hidden_layers", 1, kMaxLayers));
    config.vocab_size = fields.whole("vocab_size", 1, kMaxVocabulary);
    config.max_positions =
        fields.maybe_whole("max_position_embeddings", 1, kMaxPositions).value_or(family.max_positions);
    config.rms_norm_eps = fields.maybe_number("rms_norm_eps", 1e-12, 1).value_or(1e-6);
}

} // namespace

double ModelConfig::parameters() const
{
    const double hidden = static_cast<double>(hidden_size), inner = static_cast<double>(intermediate_size);
    const double query = static_cast<double>(heads) * head_dim, key = static_cast<double>(kv_heads) * head_dim;
    double all = 0;
    for (const LayerSpec& layer : layer_specs) {
        all += hidden * (2 * query + 2 * key) + 3 * hidden * inner + 2 * hidden;
        all += layer.qkv_bias ? query + 2 * key : 0;
        all += layer.output_bias ? hidden : 0;
        all += layer.mlp_bias ? 2 * inner + hidden : 0;
    }
    return all + static_cast<double>(vocab_size) * hidden * (tied_embeddings ? 1 : 2) + hidden;
}

ModelConfig read_model_config(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "config.json";
    const Json json = read_json_object(file, kMaxConfigBytes);
    const JsonFields fields(json, file.string());
    const Family& family = read_family(fields);
    refuse_unsupported(fields);

    ModelConfig config;
    config.architecture = family.architecture;
    config.torch_type = fields.maybe_text("dtype").value_or(fields.maybe_text("torch_dtype").value_or(""));
    read_sizes(fields, family, config);
    read_heads(fields, family, config);
    config.tied_embeddings = fields.maybe_flag("tie_word_embeddings").value_or(false);
    config.layer_specs = family.layers(fields, config);
    config.bos_token = fields.maybe_whole("bos_token_id", 0, config.vocab_size - 1);
    add_eos(fields, config);

    const std::filesystem::path generation = folder / "generation_config.json";
    if (std::filesystem::exists(generation)) {
        const Json more = read_json_object(generation, kMaxConfigBytes);
        add_eos(JsonFields(more, generation.string()), config);
    }
    return config;
}

} // namespace kvw
