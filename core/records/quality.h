// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/ledger.h"
#include "core/records/run.h"

namespace kvw {

/// What one configuration scored on a text (MEASUREMENT.md). The identity run has nothing to be compared with: its
/// differences, KL and agreement are empty, which is not 0.
struct QualityRecord
{
    RowId run = 0;
    std::string configuration; ///< normal form
    double ppl = 0;            ///< exp(sum of NLL / scored_tokens)
    std::int64_t scored_tokens = 0;
    std::string protocol;
    std::optional<double> delta_nll; ///< nats a token against the identity run, mean over windows
    std::optional<double> delta_nll_lo;
    std::optional<double> delta_nll_hi;
    std::optional<double> rel_ppl; ///< exp(delta_nll) - 1
    std::optional<double> rel_ppl_lo;
    std::optional<double> rel_ppl_hi;
    std::optional<double> kl_mean; ///< nats, KL(identity || configuration) by position
    std::optional<double> kl_median;
    std::optional<double> kl_p99;
    std::optional<double> top1; ///< share of positions where both put the same token first
    double raw_token_share = 0;
    std::int64_t coded_tokens_read = 0;
    double scoring_tokens_per_s = 0; ///< of the measurement with the score in it: no speed of the cache
    double scoring_s = 0;
    Ledger ledger;

    double bits_per_value() const { return ledger.bits_per_value(); }
};

/// One window of a quality run.
struct QualityWindow
{
    std::int64_t window_index = 0; ///< from 0
    std::int64_t scored_tokens = 0;
    double nll_sum = 0; ///< nats
    std::optional<double> kl_sum;
    std::optional<std::int64_t> top1_equal; ///< positions
    bool operator==(const QualityWindow&) const = default;
};

template<typename Visitor, RecordOf<Ledger> Record>
void visit_fields(Visitor&& visit, Record& ledger)
{
    visit(Field{"payload_bytes", Title("Payload"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "codes, and vectors of sides that are not coded"},
          ledger.payload_bytes);
    visit(Field{"scales_bytes", Title("Scales"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "scales and zero points"},
          ledger.scales_bytes);
    visit(Field{"raw_bytes", Title("Raw"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "sinks and window of coded sides"},
          ledger.raw_bytes);
    visit(Field{"padding_bytes", Title("Padding"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "allocated in blocks and not filled"},
          ledger.padding_bytes);
    visit(Field{"fixed_bytes", Title("Bases"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "bases and means, once per model"},
          ledger.fixed_bytes);
    visit(Field{"scratch_bytes", Title("Scratch"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "largest workspace"},
          ledger.scratch_bytes);
    visit(Field{"cache_values", Title("Values"), "1", Form::Whole, Sense::Detail, Plot::No,
                "numbers that the cache stands for"},
          ledger.values);
}

/// What follows from a ledger: in exports and comparisons, but not stored.
template<typename Visitor>
void visit_totals(Visitor&& visit, const Ledger& ledger)
{
    visit(Field{"cache_bytes", Title("Cache"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "payload, scales, raw and padding"},
          ledger.cache_bytes());
    visit(Field{"total_bytes", Title("In all"), "bytes", Form::Bytes, Sense::LowerIsBetter, Plot::No,
                "cache, fixed and scratch"},
          ledger.total_bytes());
    // An empty cache has no bits per value; 0 would look like the best of all.
    visit(Field{"bits_per_value", Title("Per value"), "bits", Form::Real, Sense::LowerIsBetter, Plot::No,
                "8 cache_bytes / cache_values"},
          ledger.values > 0 ? std::optional(ledger.bits_per_value()) : std::nullopt);
}

/// Without the ledger, whose fields follow them in exports.
template<typename Visitor, RecordOf<QualityRecord> Record>
void visit_fields(Visitor&& visit, Record& quality)
{
    visit(kRunField, quality.run);
    visit(Field{"configuration", Title("Configuration"), "", Form::Code, Sense::Detail, Plot::No,
                "configuration of the cache in normal form"},
          quality.configuration);
    visit(Field{"ppl", Title("Perplexity"), "1", Form::Real, Sense::LowerIsBetter, Plot::No, "perplexity"},
          quality.ppl);
    visit(Field{"scored_tokens", Title("Scored"), "tokens", Form::Whole, Sense::Detail, Plot::No, "scored tokens"},
          quality.scored_tokens);
    visit(Field{"protocol", Title("Protocol"), "", Form::Words, Sense::Detail, Plot::No,
                "how windows were fed to the cache: all, past:C, step"},
          quality.protocol);
    visit(Field{"delta_nll", Title("NLL change"), "nats", Form::Change, Sense::LowerIsBetter, Plot::No,
                "mean difference of the NLL from the identity run"},
          quality.delta_nll);
    visit(Field{"delta_nll_lo", Title("NLL change, low"), "nats", Form::Change, Sense::LowEnd, Plot::No,
                "lower end of its 95 % interval"},
          quality.delta_nll_lo);
    visit(Field{"delta_nll_hi", Title("NLL change, high"), "nats", Form::Change, Sense::HighEnd, Plot::No,
                "upper end of its 95 % interval"},
          quality.delta_nll_hi);
    visit(Field{"rel_ppl", Title("PPL change"), "1", Form::PercentChange, Sense::LowerIsBetter, Plot::No,
                "relative change of the perplexity"},
          quality.rel_ppl);
    visit(Field{"rel_ppl_lo", Title("PPL change, low"), "1", Form::PercentChange, Sense::LowEnd, Plot::No,
                "lower end of its 95 % interval"},
          quality.rel_ppl_lo);
    visit(Field{"rel_ppl_hi", Title("PPL change, high"), "1", Form::PercentChange, Sense::HighEnd, Plot::No,
                "upper end of its 95 % interval"},
          quality.rel_ppl_hi);
    visit(Field{"kl_mean", Title("KL mean"), "nats", Form::Real, Sense::LowerIsBetter, Plot::No,
                "mean KL divergence from the identity run"},
          quality.kl_mean);
    visit(Field{"kl_median", Title("KL median"), "nats", Form::Real, Sense::LowerIsBetter, Plot::No,
                "median of the same"},
          quality.kl_median);
    visit(Field{"kl_p99", Title("KL p99"), "nats", Form::Real, Sense::LowerIsBetter, Plot::No,
                "99th percentile of the same"},
          quality.kl_p99);
    visit(Field{"top1", Title("Top-1 agreement"), "1", Form::Percent, Sense::HigherIsBetter, Plot::No,
                "share of positions with the identity run's first choice"},
          quality.top1);
    visit(Field{"raw_token_share", Title("Raw tokens"), "1", Form::Percent, Sense::Neutral, Plot::No,
                "share of positions stored raw"},
          quality.raw_token_share);
    visit(Field{"coded_tokens_read", Title("Coded tokens read"), "1", Form::Whole, Sense::Detail, Plot::No,
                "coded tokens read, by the cache's own counter"},
          quality.coded_tokens_read);
    visit(Field{"scoring_tokens_per_s", Title("Scoring speed"), "tokens/s", Form::Real, Sense::Detail, Plot::No,
                "speed of the measurement"},
          quality.scoring_tokens_per_s);
    visit(
        Field{"scoring_s", Title("Scoring time"), "s", Form::Real, Sense::Detail, Plot::No, "time of the measurement"},
        quality.scoring_s);
}

template<typename Visitor, RecordOf<QualityWindow> Record>
void visit_fields(Visitor&& visit, Record& window)
{
    visit(Field{"window_index", Title("Window"), "1", Form::Whole, Sense::Detail, Plot::No,
                "number of the window, from 0"},
          window.window_index);
    visit(Field{"scored_tokens", Title("Scored"), "tokens", Form::Whole, Sense::Detail, Plot::No, "scored tokens"},
          window.scored_tokens);
    visit(Field{"nll_sum", Title("Sum of NLL"), "nats", Form::Real, Sense::Detail, Plot::No, "sum of the NLL"},
          window.nll_sum);
    visit(Field{"kl_sum", Title("Sum of KL"), "nats", Form::Real, Sense::Detail, Plot::No,
                "sum of the KL divergence from the identity run"},
          window.kl_sum);
    visit(Field{"top1_equal", Title("Top-1 equal"), "1", Form::Whole, Sense::Detail, Plot::No,
                "positions with the identity run's first choice"},
          window.top1_equal);
}

} // namespace kvw
