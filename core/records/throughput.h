// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/ledger.h"
#include "core/records/run.h"

namespace kvw {

/// One timed piece of one round.
struct ThroughputSample
{
    Phase phase = Phase::Decode;
    std::int64_t context = 0; ///< tokens before the first decoded one; of a prefill, its length
    std::int64_t batch = 1;
    std::int64_t round = 0;  ///< from 0
    std::int64_t tokens = 0; ///< of all sequences
    double seconds = 0;
    std::optional<double> bytes_moved; ///< read from memory, by the definition of the benchmark

    double tokens_per_s() const { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }
    bool operator==(const ThroughputSample&) const = default;
};

/// One configuration at one context and batch.
struct ThroughputSummary
{
    RowId run = 0;
    std::string config; ///< normal form
    std::int64_t context = 0;
    std::int64_t batch = 1;
    double prefill_tokens_per_s = 0; ///< median over rounds
    double decode_tokens_per_s_median = 0;
    double decode_tokens_per_s_p10 = 0;
    double decode_tokens_per_s_p90 = 0;
    std::optional<double> bandwidth_gb_s; ///< read bandwidth measured in the same process
    std::optional<double> bytes_per_step; ///< read by one decode step
    Ledger ledger;
    std::optional<double> allocator_bytes;
    std::optional<double> peak_rss_bytes;

    /// What reading alone would allow, all sequences: bandwidth over bytes of a step.
    std::optional<double> bound_tokens_per_s() const
    {
        if (!bandwidth_gb_s || !bytes_per_step || !(*bytes_per_step > 0))
            return std::nullopt;
        return *bandwidth_gb_s * 1e9 / *bytes_per_step * static_cast<double>(batch);
    }
};

/// The bytes of a cache at one context, from whatever run.
struct MemoryRecord
{
    RowId run = 0;
    std::string config;
    std::int64_t context = 0;
    std::int64_t batch = 1;
    Ledger ledger;
    std::optional<double> allocator_bytes;
    std::optional<double> peak_rss_bytes;
};

template<typename Visitor, RecordOf<ThroughputSample> Record>
void visit_fields(Visitor&& visit, Record& sample)
{
    visit(Field{"phase", "", "prefill or decode"}, sample.phase);
    visit(Field{"context", "tokens", "tokens in the cache of a sequence"}, sample.context);
    visit(Field{"batch", "1", "sequences"}, sample.batch);
    visit(Field{"round", "1", "number of the round, from 0"}, sample.round);
    visit(Field{"tokens", "tokens", "tokens of all sequences"}, sample.tokens);
    visit(Field{"seconds", "s", "time they took"}, sample.seconds);
    visit(Field{"bytes_moved", "bytes", "bytes read from memory"}, sample.bytes_moved);
}

/// Without ledger and memory, which are in the table of memory.
template<typename Visitor, RecordOf<ThroughputSummary> Record>
void visit_fields(Visitor&& visit, Record& summary)
{
    visit(Field{"run", "", "number of the run"}, summary.run);
    visit(Field{"config", "", "configuration of the cache in normal form"}, summary.config);
    visit(Field{"context", "tokens", "tokens in the cache of a sequence"}, summary.context);
    visit(Field{"batch", "1", "sequences"}, summary.batch);
    visit(Field{"prefill_tokens_per_s", "tokens/s", "speed of prefill, all sequences, median"},
          summary.prefill_tokens_per_s);
    visit(Field{"decode_tokens_per_s_median", "tokens/s", "speed of decoding, all sequences, median"},
          summary.decode_tokens_per_s_median);
    visit(Field{"decode_tokens_per_s_p10", "tokens/s", "10th percentile of the same"}, summary.decode_tokens_per_s_p10);
    visit(Field{"decode_tokens_per_s_p90", "tokens/s", "90th percentile of the same"}, summary.decode_tokens_per_s_p90);
    visit(Field{"bandwidth_gb_s", "GB/s", "read bandwidth of the same process"}, summary.bandwidth_gb_s);
    visit(Field{"bytes_per_step", "bytes", "read by one decode step"}, summary.bytes_per_step);
}

/// Without the ledger, whose fields follow them in exports.
template<typename Visitor, RecordOf<MemoryRecord> Record>
void visit_fields(Visitor&& visit, Record& memory)
{
    visit(Field{"run", "", "number of the run"}, memory.run);
    visit(Field{"config", "", "configuration of the cache in normal form"}, memory.config);
    visit(Field{"context", "tokens", "tokens in the cache of a sequence"}, memory.context);
    visit(Field{"batch", "1", "sequences"}, memory.batch);
    visit(Field{"allocator_bytes", "bytes", "what the allocator gave for the cache"}, memory.allocator_bytes);
    visit(Field{"peak_rss_bytes", "bytes", "largest resident set of the process"}, memory.peak_rss_bytes);
}

} // namespace kvw
