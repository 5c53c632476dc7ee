// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/protocol.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kvw {
namespace {

/// Tokens of one side that are coded while a query at `position` attends and that it may see.
std::int64_t coded_seen(const SideCodec& side, const LayerCodec& policy, const Protocol& protocol, int window_tokens,
                        int position)
{
    if (!side.coded)
        return 0;
    if (side.folded)
        return position + 1;
    if (protocol.kind == Protocol::Kind::All)
        return std::max(0, position + 1 - policy.window - policy.sinks);
    const int chunk = protocol.chunk(window_tokens);
    const int chunk_start = position / chunk * chunk;
    const int old_enough = chunk_start - std::max(policy.window - 1, 0) - policy.sinks;
    const bool by_block = kernels::is_integer(side.format.type) && side.format.scale_per == kernels::ScalePer::Channel;
    const int step = by_block ? side.block_tokens : 1;
    return std::max(0, old_enough) / step * step;
}

} // namespace

Protocol parse_protocol(std::string_view text)
{
    if (text == "all")
        return {Protocol::Kind::All, 0};
    if (text == "step")
        return {Protocol::Kind::Step, 1};
    constexpr std::string_view prefix = "past:";
    if (text.starts_with(prefix)) {
        int chunk = 0;
        const auto [end, problem] = std::from_chars(text.data() + prefix.size(), text.data() + text.size(), chunk);
        if (problem == std::errc() && end == text.data() + text.size() && chunk >= 1)
            return {Protocol::Kind::Past, chunk};
    }
    throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" is not a protocol", text),
                "use all, past:C with C tokens in a chunk (for example past:64), or step");
}

std::string format(const Protocol& protocol)
{
    switch (protocol.kind) {
    case Protocol::Kind::All:
        return "all";
    case Protocol::Kind::Step:
        return "step";
    case Protocol::Kind::Past:
        return fmt::format("past:{}", protocol.chunk_tokens);
    }
    return "all";
}

std::int64_t predicted_coded_reads(const FittedConfiguration& fitted, const Protocol& protocol, int window_tokens)
{
    std::int64_t pairs = 0;
    for (const LayerCodec& layer : fitted.layers)
        for (const SideCodec* side : {&layer.k, &layer.v})
            for (int position = 0; position < window_tokens; ++position)
                pairs += coded_seen(*side, layer, protocol, window_tokens, position);
    return pairs;
}

} // namespace kvw
