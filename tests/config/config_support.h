// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/config/configuration.h"

#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace kvw::config_test {

/// The Error that the action throws; anything else that it throws passes through and fails the test.
template<class Action>
std::optional<Error> error_of(Action action)
{
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

using Generator = std::mt19937_64;

inline int pick(Generator& generator, int first, int last)
{
    return first + static_cast<int>(generator() % static_cast<std::uint64_t>(last - first + 1));
}

/// Any codec that a text can say for keys or values.
inline CodecSpec random_codec(Generator& generator, bool keys)
{
    CodecSpec codec;
    codec.transform.kind = static_cast<TransformKind>(pick(generator, 0, 8));
    if (codec.transform.kind == (keys ? TransformKind::Out : TransformKind::Kq))
        codec.transform.kind = TransformKind::Identity;
    switch (codec.transform.kind) {
    case TransformKind::Pca:
        codec.transform.pooled = pick(generator, 0, 1);
        codec.transform.uncentred = pick(generator, 0, 1);
        [[fallthrough]];
    case TransformKind::Kq:
    case TransformKind::Out:
        codec.transform.weighted = pick(generator, 0, 1);
        codec.transform.rank = pick(generator, 1, 4096);
        break;
    case TransformKind::Random:
        codec.transform.rank = pick(generator, 1, 4096);
        [[fallthrough]];
    case TransformKind::Noise:
    case TransformKind::Rotate:
    case TransformKind::Hadamard:
        codec.transform.seed = generator() >> pick(generator, 0, 63);
        break;
    default:
        break;
    }
    codec.quantiser.kind = static_cast<QuantiserKind>(pick(generator, 0, 4));
    if (codec.quantiser.kind == QuantiserKind::Integer) {
        constexpr int bits[] = {2, 3, 4, 8};
        codec.quantiser.bits = bits[pick(generator, 0, 3)];
        codec.quantiser.axis = static_cast<ScaleAxis>(pick(generator, 0, 2));
        codec.quantiser.size = codec.quantiser.axis == ScaleAxis::Token ? 0 : pick(generator, 1, 4096);
        codec.quantiser.symmetric = pick(generator, 0, 1);
    }
    return codec;
}

inline LayerOverride random_override(Generator& generator)
{
    LayerOverride list;
    int layer = pick(generator, 0, 5);
    for (int ranges = pick(generator, 1, 4); ranges > 0; --ranges) {
        const int last = layer + pick(generator, 0, 3);
        list.layers.push_back({layer, last});
        layer = last + 2 + pick(generator, 0, 4); // one layer between at least, or they would be merged
    }
    const int parts = pick(generator, 1, 15);
    if (parts & 1)
        list.k = random_codec(generator, true);
    if (parts & 2)
        list.v = random_codec(generator, false);
    if (parts & 4)
        list.sinks = pick(generator, 0, 9);
    if (parts & 8)
        list.window = pick(generator, 0, 1 << 20);
    return list;
}

inline Configuration random_configuration(Generator& generator)
{
    Configuration configuration;
    configuration.k = random_codec(generator, true);
    configuration.v = random_codec(generator, false);
    configuration.sinks = pick(generator, 0, 1) ? pick(generator, 0, 1 << 20) : 0;
    configuration.window = pick(generator, 0, 1) ? pick(generator, 0, 200) : 0;
    for (int lists = pick(generator, 0, 3); lists > 0; --lists)
        configuration.overrides.push_back(random_override(generator));
    return configuration;
}

/// One to four bytes changed, removed, doubled or put in, the new ones mostly of the grammar.
inline std::string mutated(Generator& generator, std::string text)
{
    constexpr std::string_view alphabet = "kv=:,+-[]{}();|. 0189intpcasewzo";
    const auto any_byte = [&] {
        return pick(generator, 0, 9) == 0
            ? static_cast<char>(generator() & 0xFF)
            : alphabet[static_cast<std::size_t>(pick(generator, 0, static_cast<int>(alphabet.size()) - 1))];
    };
    for (int changes = pick(generator, 1, 4); changes > 0; --changes) {
        const std::size_t at = generator() % (text.size() + 1);
        switch (pick(generator, 0, 3)) {
        case 0:
            text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), any_byte());
            break;
        case 1:
            text.erase(at, static_cast<std::size_t>(pick(generator, 1, 6)));
            break;
        case 2:
            if (at < text.size())
                text[at] = any_byte();
            break;
        default:
            text += text.substr(at, static_cast<std::size_t>(pick(generator, 1, 20)));
            break;
        }
    }
    return text;
}

} // namespace kvw::config_test
