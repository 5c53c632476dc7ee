// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/config/configuration.h"
#include "core/config/words.h"

#include <fmt/format.h>

namespace kvw {
namespace {

using config::OptionWord;
using config::Word;
using config::WordClass;

/// The option as it stands in the normal form, empty where the codec does not have it.
std::string option_text(const Word& option, const CodecSpec& codec)
{
    const TransformSpec& transform = codec.transform;
    const QuantiserSpec& quantiser = codec.quantiser;
    const auto flag = [&](bool on) { return on ? fmt::format(",{}", option.text) : std::string(); };
    const auto sized = [&](ScaleAxis axis) {
        return quantiser.axis == axis ? fmt::format(",{}={}", option.text, quantiser.size) : std::string();
    };
    switch (std::get<OptionWord>(option.meaning)) {
    case OptionWord::Seed:
        return fmt::format(",{}={}", option.text, transform.seed);
    case OptionWord::Pooled:
        return flag(transform.pooled);
    case OptionWord::Uncentred:
        return flag(transform.uncentred);
    case OptionWord::Weighted:
        return flag(transform.weighted);
    case OptionWord::Fold:
        return flag(transform.fold);
    case OptionWord::Token:
        return flag(quantiser.axis == ScaleAxis::Token);
    case OptionWord::Channel:
        return sized(ScaleAxis::Channel);
    case OptionWord::Group:
        return sized(ScaleAxis::Group);
    case OptionWord::Symmetric:
        return flag(quantiser.symmetric);
    }
    return {};
}

std::string stage_text(const Word& stage, const CodecSpec& codec)
{
    std::string text(stage.text);
    if (stage.takes_number())
        text += fmt::format(":{}", codec.transform.rank);
    for (const Word& option : config::words())
        if (option.kind == WordClass::Option && stage.takes_option(option.text))
            text += option_text(option, codec);
    return text;
}

std::string layers_text(const std::vector<LayerRange>& layers)
{
    std::string text;
    for (const LayerRange& range : layers) {
        if (!text.empty())
            text += ',';
        text +=
            range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
    }
    return text;
}

void add_item(std::string& text, std::string_view item)
{
    if (!text.empty())
        text += ' ';
    text += item;
}

std::string override_text(const LayerOverride& list)
{
    std::string inside;
    if (list.k)
        add_item(inside, "k=" + format(*list.k));
    if (list.v)
        add_item(inside, "v=" + format(*list.v));
    if (list.sinks)
        add_item(inside, fmt::format("sinks={}", *list.sinks));
    if (list.window)
        add_item(inside, fmt::format("window={}", *list.window));
    if (inside.empty() || list.layers.empty())
        return {};
    return fmt::format("layers[{}]{{{}}}", layers_text(list.layers), inside);
}

} // namespace

std::string format(const CodecSpec& codec)
{
    const bool transformed = codec.transform.kind != TransformKind::Identity;
    const bool quantised = codec.quantiser.kind != QuantiserKind::ModelType;
    std::string text;
    if (transformed || !quantised)
        text = stage_text(config::word_of(codec.transform.kind), codec);
    if (quantised) {
        if (transformed)
            text += '+';
        text += stage_text(config::word_of(codec.quantiser), codec);
    }
    return text;
}

std::string format(const Configuration& configuration)
{
    std::string text;
    if (!configuration.k.is_identity())
        add_item(text, "k=" + format(configuration.k));
    if (!configuration.v.is_identity())
        add_item(text, "v=" + format(configuration.v));
    if (configuration.sinks != 0)
        add_item(text, fmt::format("sinks={}", configuration.sinks));
    if (configuration.window != 0)
        add_item(text, fmt::format("window={}", configuration.window));
    for (const LayerOverride& list : configuration.overrides)
        if (const std::string item = override_text(list); !item.empty())
            add_item(text, item);
    return text.empty() ? std::string(config::word_of(TransformKind::Identity).text) : text;
}

} // namespace kvw
