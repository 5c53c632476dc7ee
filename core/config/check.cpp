// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/config/configuration.h"
#include "core/config/words.h"

#include <fmt/format.h>

namespace kvw {
namespace {

using config::Side;
using config::Word;

class Checker
{
public:
    Checker(int layers, int head_dim) : layers_(layers), head_dim_(head_dim) {}

    void ranges(const LayerOverride& list) const
    {
        if (list.layers.empty())
            bad("a list of layers is empty", "name at least one layer");
        for (const LayerRange& range : list.layers) {
            if (range.first < 0 || range.last < range.first)
                bad(fmt::format("layers {}-{} are not a range", range.first, range.last), {});
            if (range.last >= layers_)
                bad(fmt::format("layer {} does not exist: the model has {} layers, 0 to {}", range.last, layers_,
                                layers_ - 1),
                    {});
        }
    }

    void layer(int index, const LayerConfiguration& layer) const
    {
        codec(index, Side::Keys, layer.k);
        codec(index, Side::Values, layer.v);
        for (const auto& [word, count] : {std::pair{"sinks", layer.sinks}, std::pair{"window", layer.window}})
            if (count < 0 || count > config::kMaxRawTokens)
                bad(fmt::format("layer {}: {}={} is out of range: 0 to {} was wanted", index, word, count,
                                config::kMaxRawTokens),
                    {});
        if (layer.k.transform.fold)
            bad(fmt::format("layer {}: k={}: \"fold\" works on values only: keys are rotated after their projection",
                            index, format(layer.k)),
                "leave it out");
        if (layer.v.transform.fold)
            folded(index, layer);
    }

private:
    /// A model with folded values has no raw values to keep.
    static void folded(int index, const LayerConfiguration& layer)
    {
        for (const auto& [word, count] : {std::pair{"sinks", layer.sinks}, std::pair{"window", layer.window}})
            if (count > 0)
                bad(fmt::format("layer {}: v={} with {}={}: folded values cannot be stored raw", index, format(layer.v),
                                word, count),
                    fmt::format("leave out \"fold\", or say {}=0", word));
        if (layer.v.quantiser.kind == QuantiserKind::Integer && layer.v.quantiser.axis == ScaleAxis::Channel)
            bad(fmt::format("layer {}: v={}: folded values are coded token by token", index, format(layer.v)),
                "use token or group for the scales");
    }

    [[noreturn]] static void bad(std::string message, std::string hint)
    {
        throw Error(ErrorKind::InvalidArgument, std::move(message), std::move(hint));
    }

    void codec(int index, Side side, const CodecSpec& spec) const
    {
        const std::string where = fmt::format("layer {}: {}={}", index, side == Side::Keys ? "k" : "v", format(spec));
        const Word& transform = config::word_of(spec.transform.kind);
        if (!transform.stands_on(side))
            bad(fmt::format("{}: \"{}\" works on {} only", where, transform.text,
                            side == Side::Keys ? "values" : "keys"),
                {});
        if (transform.takes_number() && (spec.transform.rank < 1 || spec.transform.rank > head_dim_))
            bad(fmt::format("{}: rank {} is out of range: the head size is {}", where, spec.transform.rank, head_dim_),
                fmt::format("choose a rank from 1 to {}", head_dim_));
        if (transform.needs_power_of_two && (head_dim_ & (head_dim_ - 1)) != 0)
            bad(fmt::format("{}: the head size {} is not a power of two", where, head_dim_),
                "use rotate, which takes any head size");
        if (spec.quantiser.kind != QuantiserKind::Integer || spec.quantiser.axis == ScaleAxis::Token)
            return;
        if (spec.quantiser.size < 1 || spec.quantiser.size > 4096)
            bad(fmt::format("{}: {} numbers to a scale are out of range: 1 to 4096 was wanted", where,
                            spec.quantiser.size),
                {});
        const int width = transform.takes_number() ? spec.transform.rank : head_dim_;
        if (spec.quantiser.axis == ScaleAxis::Group && width % spec.quantiser.size != 0)
            bad(fmt::format("{}: groups of {} channels do not divide the {} numbers that a head stores", where,
                            spec.quantiser.size, width),
                fmt::format("choose a divisor of {}", width));
    }

    int layers_, head_dim_;
};

} // namespace

void check(const Configuration& configuration, int layers, int head_dim)
{
    const Checker checker(layers, head_dim);
    for (const LayerOverride& list : configuration.overrides)
        checker.ranges(list);
    for (int index = 0; index < layers; ++index)
        checker.layer(index, configuration.layer(index));
}

} // namespace kvw
