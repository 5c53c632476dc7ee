// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/coded_cache.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kvw {

/// How a window is fed to the cache (docs/measurement.md, "Protocol").
struct Protocol
{
    enum class Kind {
        All,  ///< A: every token reads coded keys and values, its own included
        Past, ///< B: chunks; inside a chunk raw, all before it coded
        Step  ///< C: token by token, the deployed cache
    };
    Kind kind = Kind::All;
    int chunk_tokens = 0; ///< Past: tokens of a chunk; 1 for Step; 0 for All (the whole window)

    /// Tokens of one append for a window of `window_tokens`.
    int chunk(int window_tokens) const { return kind == Kind::All ? window_tokens : chunk_tokens; }
    CodeWhen code_when() const { return kind == Kind::All ? CodeWhen::Immediately : CodeWhen::Later; }
};

/// "all", "past:C" with C >= 1, "step". Throws Error{InvalidArgument}.
Protocol parse_protocol(std::string_view text);
std::string format(const Protocol& protocol);

/// Pairs of a query and a coded token that the protocol must read in one window, keys plus values, all layers: what the
/// cache's own counter is held against. Worked out from the definitions, not from the cache's storage.
std::int64_t predicted_coded_reads(const FittedConfiguration& fitted, const Protocol& protocol, int window_tokens);

} // namespace kvw
