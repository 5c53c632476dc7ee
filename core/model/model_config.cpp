// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include "core/base/error.h"
#include "core/model/json_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvw {
namespace {

using Json = nlohmann::json;

/// A model family and what its numbers are where config.json says nothing (those of the transformers package).
struct Family
{
    std::string_view architecture, model_type;
    std::int64_t max_positions;
    std::optional<std::int64_t> sliding_window;
};

const std::array kFamilies{
    Family{"LlamaForCausalLM", "llama", 2048, std::nullopt},
    Family{"MistralForCausalLM", "mistral", 131072, 4096},
};

constexpr std::uint64_t kMaxConfigBytes = 4u << 20;
constexpr std::int64_t kMaxHidden = 1 << 20, kMaxIntermediate = 1 << 22, kMaxVocabulary = 1 << 24,
                       kMaxPositions = 1ll << 32;
constexpr int kMaxLayers = 4096, kMaxHeads = 4096, kMaxHeadDim = 4096;

[[noreturn]] void contradiction(const JsonFields& fields, std::string sentence)
{
    throw Error(ErrorKind::BadInput, fmt::format("{}: {}", fields.file(), sentence));
}

const Family& family_of(const JsonFields& fields)
{
    const auto known = [] {
        std::vector<std::string_view> names;
        names.reserve(kFamilies.size());
        for (const Family& family : kFamilies)
            names.push_back(family.architecture);
        return fmt::format("known are {}", fmt::join(names, ", "));
    };
    std::string found;
    if (const Json* list = fields.maybe("architectures")) {
        if (!list->is_array() || list->empty() || !list->front().is_string())
            fields.refuse("architectures", *list, "a list with the name of the architecture");
        found = list->front().get<std::string>();
    } else if (const auto type = fields.maybe_text("model_type")) {
        const auto same =
            std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& f) { return f.model_type == *type; });
        found = same == kFamilies.end() ? *type : std::string(same->architecture);
    } else {
        contradiction(fields, "neither architectures nor model_type says what kind of model this is");
    }
    for (const Family& family : kFamilies)
        if (family.architecture == found)
            return family;
    throw Error(ErrorKind::Unsupported,
                fmt::format("{}: the architecture {} is not known to this program", fields.file(),
                            Json(found).dump(-1, ' ', true, Json::error_handler_t::replace)),
                known());
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

void read_heads(const JsonFields& fields, ModelConfig& config)
{
    config.heads = static_cast<int>(fields.whole("num_attention_heads", 1, kMaxHeads));
    config.kv_heads = static_cast<int>(fields.maybe_whole("num_key_value_heads", 1, kMaxHeads).value_or(config.heads));
    if (config.heads % config.kv_heads != 0)
        contradiction(fields,
                      fmt::format("num_attention_heads {} is not a multiple of num_key_value_heads {}", config.heads,
                                  config.kv_heads));
    if (const auto head_dim = fields.maybe_whole("head_dim", 1, kMaxHeadDim)) {
        config.head_dim = static_cast<int>(*head_dim);
    } else {
        if (config.hidden_size % config.heads != 0)
            contradiction(
                fields,
                fmt::format("hidden_size {} is not a multiple of num_attention_heads {}, and head_dim is not said",
                            config.hidden_size, config.heads));
        if (config.hidden_size / config.heads > kMaxHeadDim)
            contradiction(fields,
                          fmt::format("hidden_size {} over num_attention_heads {} is a head size beyond {}",
                                      config.hidden_size, config.heads, kMaxHeadDim));
        config.head_dim = static_cast<int>(config.hidden_size / config.heads);
    }
    if (config.head_dim % 2 != 0)
        contradiction(fields, fmt::format("the head size {} is odd, and rotary positions need pairs", config.head_dim));
}

double positive(const JsonFields& fields, const char* key)
{
    const auto value = fields.maybe_number(key, 1e-9, 1e9);
    if (!value)
        fields.need(key); // throws: missing
    return *value;
}

std::optional<RopeScaling> read_scaling(const JsonFields& fields, std::int64_t max_positions)
{
    auto type = fields.maybe_text("rope_type");
    if (!type)
        type = fields.maybe_text("type");
    if (!type || *type == "default")
        return std::nullopt;
    RopeScaling scaling;
    if (*type == "linear") {
        scaling.kind = RopeScaling::Kind::Linear;
        scaling.factor = positive(fields, "factor");
        return scaling;
    }
    if (*type != "llama3")
        throw Error(ErrorKind::Unsupported,
                    fmt::format("{}: {}rope_type is \"{}\", which this program does not know", fields.file(),
                                fields.prefix(), *type),
                    "known are default, linear, llama3");
    scaling.kind = RopeScaling::Kind::Llama3;
    scaling.factor = positive(fields, "factor");
    scaling.low_frequency_factor = positive(fields, "low_freq_factor");
    scaling.high_frequency_factor = positive(fields, "high_freq_factor");
    if (!(scaling.high_frequency_factor > scaling.low_frequency_factor))
        contradiction(fields,
                      fmt::format("{}high_freq_factor {} is not larger than low_freq_factor {}", fields.prefix(),
                                  scaling.high_frequency_factor, scaling.low_frequency_factor));
    scaling.original_max_positions =
        fields.maybe_whole("original_max_position_embeddings", 1, kMaxPositions).value_or(max_positions);
    return scaling;
}

/// transformers 4 writes rope_theta and rope_scaling, transformers 5 rope_parameters; a file may have both if they
/// agree.
void read_rope(const JsonFields& fields, ModelConfig& config)
{
    constexpr double least = 1e-3, most = 1e15;
    const auto theta = fields.maybe_number("rope_theta", least, most);
    config.rope_theta = theta.value_or(config.rope_theta);
    if (const auto scaling = fields.maybe_object("rope_scaling"))
        config.rope_scaling = read_scaling(*scaling, config.max_positions);
    const auto parameters = fields.maybe_object("rope_parameters");
    if (!parameters)
        return;
    const auto own_theta = parameters->maybe_number("rope_theta", least, most);
    if (theta && own_theta && *theta != *own_theta)
        contradiction(fields, fmt::format("rope_theta is {} and rope_parameters.rope_theta is {}", *theta, *own_theta));
    config.rope_theta = own_theta.value_or(config.rope_theta);
    const auto scaling = read_scaling(*parameters, config.max_positions);
    const auto same = [](const RopeScaling& a, const RopeScaling& b) {
        return a.kind == b.kind && a.factor == b.factor && a.low_frequency_factor == b.low_frequency_factor
            && a.high_frequency_factor == b.high_frequency_factor
            && a.original_max_positions == b.original_max_positions;
    };
    if (fields.maybe("rope_scaling")
        && (config.rope_scaling.has_value() != scaling.has_value()
            || (scaling && !same(*scaling, *config.rope_scaling))))
        contradiction(fields, "rope_scaling and rope_parameters say different things");
    config.rope_scaling = scaling;
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
    double layer = hidden * (2 * query + 2 * key) + 3 * hidden * inner + 2 * hidden;
    if (attention_bias)
        layer += query + 2 * key + hidden;
    if (mlp_bias)
        layer += 2 * inner + hidden;
    return layers * layer + static_cast<double>(vocab_size) * hidden * (tied_embeddings ? 1 : 2) + hidden;
}

ModelConfig read_model_config(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "config.json";
    const Json json = read_json_object(file, kMaxConfigBytes);
    const JsonFields fields(json, file.string());
    const Family& family = family_of(fields);
    refuse_unsupported(fields);

    ModelConfig config;
    config.architecture = family.architecture;
    config.torch_type = fields.maybe_text("dtype").value_or(fields.maybe_text("torch_dtype").value_or(""));
    read_sizes(fields, family, config);
    read_heads(fields, config);
    read_rope(fields, config);
    if (family.sliding_window) // null means none, and only an absent key means the family's default
        config.sliding_window = json.contains("sliding_window") ? fields.maybe_whole("sliding_window", 1, kMaxPositions)
                                                                : family.sliding_window;
    config.tied_embeddings = fields.maybe_flag("tie_word_embeddings").value_or(false);
    config.attention_bias = fields.maybe_flag("attention_bias").value_or(false);
    config.mlp_bias = fields.maybe_flag("mlp_bias").value_or(false);
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
