// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/configuration.h"

#include "core/config/parser.h"
#include "core/config/words.h"

#include <algorithm>

namespace kvw {
namespace {

bool contains(const LayerOverride& list, int layer)
{
    return std::any_of(list.layers.begin(), list.layers.end(),
                       [&](const LayerRange& range) { return range.first <= layer && layer <= range.last; });
}

/// Whether some codec anywhere in the configuration has the property.
template<class Property>
bool any_codec(const Configuration& configuration, Property property)
{
    if (property(configuration.k) || property(configuration.v))
        return true;
    return std::any_of(configuration.overrides.begin(), configuration.overrides.end(), [&](const LayerOverride& list) {
        return (list.k && property(*list.k)) || (list.v && property(*list.v));
    });
}

bool needs_moments(const TransformSpec& transform)
{
    return config::word_of(transform.kind).fitted_from != config::FittedFrom::Nothing;
}

} // namespace

bool CodecSpec::is_identity() const noexcept
{
    return transform.kind == TransformKind::Identity && quantiser.kind == QuantiserKind::ModelType;
}

LayerConfiguration Configuration::layer(int index) const
{
    LayerConfiguration result{k, v, sinks, window};
    for (const LayerOverride& list : overrides) {
        if (!contains(list, index))
            continue;
        result.k = list.k.value_or(result.k);
        result.v = list.v.value_or(result.v);
        result.sinks = list.sinks.value_or(result.sinks);
        result.window = list.window.value_or(result.window);
    }
    return result;
}

bool Configuration::is_identity() const noexcept
{
    return !any_codec(*this, [](const CodecSpec& codec) { return !codec.is_identity(); });
}

bool Configuration::needs_moments() const
{
    return any_codec(*this, [](const CodecSpec& codec) { return kvw::needs_moments(codec.transform); });
}

bool Configuration::needs_weighted_moments() const
{
    return any_codec(
        *this, [](const CodecSpec& codec) { return kvw::needs_moments(codec.transform) && codec.transform.weighted; });
}

Configuration parse_configuration(std::string_view text) { return config::Parser(text).parse(); }

} // namespace kvw
