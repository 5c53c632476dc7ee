// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/model/family.h"
#include "core/model/json_file.h"
#include "core/model/model_config.h"

#include <fmt/format.h>

namespace kvw {
namespace {

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
        fields.contradiction(fmt::format("{}high_freq_factor {} is not larger than low_freq_factor {}", fields.prefix(),
                                         scaling.high_frequency_factor, scaling.low_frequency_factor));
    scaling.original_max_positions =
        fields.maybe_whole("original_max_position_embeddings", 1, kMaxPositions).value_or(max_positions);
    return scaling;
}

} // namespace

RotarySpec read_rotary(const JsonFields& fields, const ModelConfig& config)
{
    constexpr double least = 1e-3, most = 1e15;
    RotarySpec rotary;
    const auto theta = fields.maybe_number("rope_theta", least, most);
    rotary.theta = theta.value_or(rotary.theta);
    if (const auto scaling = fields.maybe_object("rope_scaling"))
        rotary.scaling = read_scaling(*scaling, config.max_positions);
    const auto parameters = fields.maybe_object("rope_parameters");
    if (!parameters)
        return rotary;
    const auto own_theta = parameters->maybe_number("rope_theta", least, most);
    if (theta && own_theta && *theta != *own_theta)
        fields.contradiction(fmt::format("rope_theta is {} and rope_parameters.rope_theta is {}", *theta, *own_theta));
    rotary.theta = own_theta.value_or(rotary.theta);
    const auto scaling = read_scaling(*parameters, config.max_positions);
    if (fields.maybe("rope_scaling") && rotary.scaling != scaling)
        fields.contradiction("rope_scaling and rope_parameters say different things");
    rotary.scaling = scaling;
    return rotary;
}

} // namespace kvw
