// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/config/configuration.h"
#include "core/config/words.h"

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

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

/// A row of the table that may stand on this side.
inline const config::Word& random_word(Generator& generator, config::WordClass kind, config::Side side)
{
    std::vector<const config::Word*> all;
    for (const config::Word& word : config::words())
        if (word.kind == kind && word.stands_on(side))
            all.push_back(&word);
    return *all[static_cast<std::size_t>(pick(generator, 0, static_cast<int>(all.size()) - 1))];
}

/// Any transform that a text can say, but for "fold", which a text can say of keys, too, and check() refuses there.
inline TransformSpec random_transform(Generator& generator, config::Side side)
{
    const config::Word& word = random_word(generator, config::WordClass::Transform, side);
    TransformSpec transform;
    transform.kind = std::get<TransformKind>(word.meaning);
    if (word.takes_number())
        transform.rank = pick(generator, 1, config::kMaxRank);
    if (word.takes_option("seed"))
        transform.seed = generator() >> pick(generator, 0, 63);
    transform.pooled = word.takes_option("pooled") && pick(generator, 0, 1);
    transform.uncentred = word.takes_option("uncentred") && pick(generator, 0, 1);
    transform.weighted = word.takes_option("weighted") && pick(generator, 0, 1);
    transform.fold = side == config::Side::Values && word.takes_option("fold") && pick(generator, 0, 1);
    return transform;
}

/// Any codec that a text can say for keys or values.
inline CodecSpec random_codec(Generator& generator, bool keys)
{
    const config::Side side = keys ? config::Side::Keys : config::Side::Values;
    CodecSpec codec;
    codec.transform = random_transform(generator, side);
    if (pick(generator, 0, 4) == 0)
        return codec; // the model's type, which has no word
    const config::Word& word = random_word(generator, config::WordClass::Quantiser, side);
    codec.quantiser = std::get<QuantiserSpec>(word.meaning);
    if (word.takes_option("group")) {
        codec.quantiser.axis = static_cast<ScaleAxis>(pick(generator, 0, 2));
        codec.quantiser.size = codec.quantiser.axis == ScaleAxis::Token ? 0 : pick(generator, 1, config::kMaxRank);
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
