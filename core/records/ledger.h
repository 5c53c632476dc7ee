// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw {

/// Bytes of a cache, counted from the storage it holds (docs/measurement.md, "Bytes"). Averages over windows may be
/// fractions.
struct Ledger
{
    double payload_bytes = 0; ///< codes, and vectors of sides that are not coded at all
    double scales_bytes = 0;  ///< scales and zero points
    double raw_bytes = 0;     ///< sinks and window of coded sides
    double padding_bytes = 0; ///< of blocks in use: allocated and not filled
    double fixed_bytes = 0;   ///< bases and means: once per model, not per token
    double scratch_bytes = 0; ///< largest workspace
    double values = 0;        ///< numbers that the cache stands for: 2 * layers * kv_heads * tokens * head_dim

    double cache_bytes() const { return payload_bytes + scales_bytes + raw_bytes + padding_bytes; }
    double total_bytes() const { return cache_bytes() + fixed_bytes + scratch_bytes; }
    /// 8 * cache_bytes / values; 0 for an empty cache.
    double bits_per_value() const { return values > 0 ? 8 * cache_bytes() / values : 0; }
};

} // namespace kvw
