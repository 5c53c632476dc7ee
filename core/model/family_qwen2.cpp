// SPDX-License-Identifier: GPL-3.0-or-later
// Qwen2 and Qwen2.5: biases on q, k and v, none on o; where use_sliding_window is set, the upper layers read a window only.
#include "core/base/error.h"
#include "core/model/family.h"
#include "core/model/json_file.h"
#include "core/model/model_config.h"

#include <fmt/format.h>

namespace kvw {
namespace {

constexpr int kFirstWindowedLayer = 28; // where config.json does not say max_window_layers
constexpr std::int64_t kWindow = 4096;  // nor sliding_window

/// Whether a layer reads a window only: layer_types of transformers 5, or the layers from max_window_layers on.
std::vector<bool> read_windowed(const JsonFields& fields, const ModelConfig& config, bool has_window)
{
    std::vector<bool> windowed;
    const nlohmann::json* types = fields.maybe("layer_types");
    if (!types) {
        const auto first = fields.maybe_whole("max_window_layers", 0, kMaxPositions).value_or(kFirstWindowedLayer);
        for (int layer = 0; layer < config.layers; ++layer)
            windowed.push_back(has_window && layer >= first);
        return windowed;
    }
    if (!types->is_array() || types->size() != static_cast<std::size_t>(config.layers))
        fields.refuse("layer_types", *types, fmt::format("a list of {} names, one a layer,", config.layers));
    for (const nlohmann::json& type : *types) {
        if (type != "full_attention" && type != "sliding_attention")
            fields.refuse("layer_types", *types, "a list of \"full_attention\" and \"sliding_attention\"");
        windowed.push_back(type == "sliding_attention");
        if (windowed.back() && !has_window)
            fields.contradiction(
                "layer_types names a layer \"sliding_attention\", and use_sliding_window and sliding_window "
                "do not give it a window");
    }
    return windowed;
}

std::vector<LayerSpec> layers(const JsonFields& fields, const ModelConfig& config)
{
    LayerSpec layer = plain_layer(fields, config);
    layer.qkv_bias = true;
    std::vector<LayerSpec> out(static_cast<std::size_t>(config.layers), layer);
    const bool uses = fields.maybe_flag("use_sliding_window").value_or(false);
    const auto window = uses ? read_sliding_window(fields, kWindow) : std::nullopt;
    const std::vector<bool> windowed = read_windowed(fields, config, window.has_value());
    for (std::size_t i = 0; i < out.size(); ++i)
        if (windowed[i])
            out[i].attention_window = window;
    return out;
}

} // namespace

extern const Family kQwen2;
const Family kQwen2{"Qwen2ForCausalLM", "qwen2", 32768, 32, layers};

} // namespace kvw
