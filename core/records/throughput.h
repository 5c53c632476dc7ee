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
    std::int64_t round = 0;        ///< from 0
    std::int64_t timed_tokens = 0; ///< of all sequences
    double timed_s = 0;
    std::optional<double> bytes_moved; ///< read from memory, by the definition of the benchmark

    double tokens_per_s() const { return timed_s > 0 ? static_cast<double>(timed_tokens) / timed_s : 0; }
    bool operator==(const ThroughputSample&) const = default;
};

/// One configuration at one context and batch.
struct ThroughputSummary
{
    RowId run = 0;
    std::string configuration; ///< normal form
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
    std::string configuration;
    std::int64_t context = 0;
    std::int64_t batch = 1;
    Ledger ledger;
    std::optional<double> allocator_bytes;
    std::optional<double> peak_rss_bytes;
};

inline constexpr Field kAllocatorBytes{"allocator_bytes",
                                       Title("Allocator"),
                                       "bytes",
                                       Form::Bytes,
                                       Sense::LowerIsBetter,
                                       Plot::No,
                                       "what the allocator gave for the cache"};
inline constexpr Field kPeakRssBytes{"peak_rss_bytes",
                                     Title("Peak of process"),
                                     "bytes",
                                     Form::Bytes,
                                     Sense::LowerIsBetter,
                                     Plot::No,
                                     "largest resident set of the process"};

template<typename Visitor, RecordOf<ThroughputSample> Record>
void visit_fields(Visitor&& visit, Record& sample)
{
    visit(Field{"phase", Title("Phase"), "", Form::Choice, Sense::Detail, Plot::No, "prefill or decode"}, sample.phase);
    visit(Field{"context", Title("Context"), "tokens", Form::Whole, Sense::Detail, Plot::No,
                "tokens in the cache of a sequence"},
          sample.context);
    visit(Field{"batch", Title("Batch"), "1", Form::Whole, Sense::Detail, Plot::No, "sequences"}, sample.batch);
    visit(Field{"round", Title("Round"), "1", Form::Whole, Sense::Detail, Plot::No, "number of the round, from 0"},
          sample.round);
    visit(Field{"timed_tokens", Title("Timed"), "tokens", Form::Whole, Sense::Detail, Plot::No,
                "tokens of all sequences"},
          sample.timed_tokens);
    visit(Field{"timed_s", Title("Time"), "s", Form::Real, Sense::Detail, Plot::No, "time they took"}, sample.timed_s);
    visit(Field{"bytes_moved", Title("Bytes moved"), "bytes", Form::Bytes, Sense::Detail, Plot::No,
                "bytes read from memory"},
          sample.bytes_moved);
}

/// Without ledger and memory, which are in the table of memory.
template<typename Visitor, RecordOf<ThroughputSummary> Record>
void visit_fields(Visitor&& visit, Record& summary)
{
    visit(kRunField, summary.run);
    visit(Field{"configuration", Title("Configuration"), "", Form::Code, Sense::Detail, Plot::No,
                "configuration of the cache in normal form"},
          summary.configuration);
    visit(Field{"context", Title("Context"), "tokens", Form::Whole, Sense::Detail, Plot::No,
                "tokens in the cache of a sequence"},
          summary.context);
    visit(Field{"batch", Title("Batch"), "1", Form::Whole, Sense::Detail, Plot::No, "sequences"}, summary.batch);
    visit(Field{"prefill_tokens_per_s", Title("Prefill"), "tokens/s", Form::Real, Sense::HigherIsBetter, Plot::No,
                "speed of prefill, all sequences, median"},
          summary.prefill_tokens_per_s);
    visit(Field{"decode_tokens_per_s_median", Title("Decode"), "tokens/s", Form::Real, Sense::HigherIsBetter, Plot::No,
                "speed of decoding, all sequences, median"},
          summary.decode_tokens_per_s_median);
    visit(Field{"decode_tokens_per_s_p10", Title("Decode p10"), "tokens/s", Form::Real, Sense::LowEnd, Plot::No,
                "10th percentile of the same"},
          summary.decode_tokens_per_s_p10);
    visit(Field{"decode_tokens_per_s_p90", Title("Decode p90"), "tokens/s", Form::Real, Sense::HighEnd, Plot::No,
                "90th percentile of the same"},
          summary.decode_tokens_per_s_p90);
    visit(Field{"bandwidth_gb_s", Title("Bandwidth"), "GB/s", Form::Real, Sense::Neutral, Plot::No,
                "read bandwidth of the same process"},
          summary.bandwidth_gb_s);
    visit(Field{"bytes_per_step", Title("Read a step"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "read by one decode step"},
          summary.bytes_per_step);
}

/// Without the ledger, whose fields follow them in exports.
template<typename Visitor, RecordOf<MemoryRecord> Record>
void visit_fields(Visitor&& visit, Record& memory)
{
    visit(kRunField, memory.run);
    visit(Field{"configuration", Title("Configuration"), "", Form::Code, Sense::Detail, Plot::No,
                "configuration of the cache in normal form"},
          memory.configuration);
    visit(Field{"context", Title("Context"), "tokens", Form::Whole, Sense::Detail, Plot::No,
                "tokens in the cache of a sequence"},
          memory.context);
    visit(Field{"batch", Title("Batch"), "1", Form::Whole, Sense::Detail, Plot::No, "sequences"}, memory.batch);
    visit(kAllocatorBytes, memory.allocator_bytes);
    visit(kPeakRssBytes, memory.peak_rss_bytes);
}

} // namespace kvw
