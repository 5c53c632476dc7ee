// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/coded_cache.h"
#include "core/lm/decoder.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvw::kernels::cuda {
struct Operations;
}

namespace kvw {

/// Read bandwidth in GB/s, median of several passes. On the CPU that of this process: all threads sum a buffer that no cache
/// holds. On a GPU that of a copy, bytes read and bytes written counted.
double measure_read_bandwidth(const at::Device& device = at::kCPU);

/// Whether the stock path (core/measure/stock_past.h) is measured beside the configurations.
enum class Stock { Leave, Measure };

struct ThroughputOptions
{
    int context_tokens = 512;
    int sequences = 1;
    int decode_tokens = 32; ///< steps of one round
    int rounds = 5;
    ReadAs read_as = ReadAs::Compressed;
    Stock stock = Stock::Leave;                               ///< its result comes last
    const kernels::cuda::Operations* maybe_kernels = nullptr; ///< as choose_device() takes them
};

/// One configuration at one context and batch.
struct ThroughputResult
{
    std::vector<double> prefill_seconds; ///< one a round, or one in all where a prefill is long
    std::vector<double> decode_seconds;  ///< one a round: decode_tokens steps of all sequences
    double bytes_per_step = 0;           ///< weights, and keys and values at the context
    Ledger ledger;                       ///< at the context, all sequences
    double allocator_bytes = 0;          ///< malloc's bytes in use that the filled cache added
    double peak_rss_bytes = 0;           ///< resident high-water mark since this configuration's first round began
    std::string note;                    ///< a sentence for the user, or nothing
};

/// Measures the configurations in interleaved rounds: each round decodes from a copy of a prefilled cache, one configuration
/// after another, after one warm-up step each. tokens: at least context_tokens, repeated for every sequence.
/// `report` is called after every timed piece with pieces done and in all; may throw Error{Cancelled}.
std::vector<ThroughputResult> measure_throughput(
    Decoder& decoder, std::span<const std::shared_ptr<const FittedConfiguration>> configurations,
    std::span<const std::int32_t> tokens, const ThroughputOptions& options,
    const std::function<void(int done, int total)>& report);

} // namespace kvw
