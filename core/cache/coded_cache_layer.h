// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/coded_cache.h"

namespace kvw {

/// Keys or values of one layer, in the order of their positions: sinks, coded, recent.
struct CodedCache::Side
{
    const SideCodec* codec;
    BlockStore sinks, coded, recent;
    at::Tensor maybe_chunk; ///< CodeWhen::Immediately with a window: the chunk as it came, [B, kv_heads, T, d]
    RandomGenerator noise;  ///< of a canary that stores noise; no two sides share one

    void copy_from(const Side& other)
    {
        sinks.copy_from(other.sinks);
        coded.copy_from(other.coded);
        recent.copy_from(other.recent);
        maybe_chunk = other.maybe_chunk;
        noise = other.noise;
    }
    int tokens() const { return sinks.tokens() + coded.tokens() + recent.tokens(); }
};

struct CodedCache::Layer
{
    const LayerCodec* policy;
    AttentionShape shape;
    Side k, v;
    std::vector<kernels::Segment> key_segments, value_segments; ///< reused by every step
};

} // namespace kvw
