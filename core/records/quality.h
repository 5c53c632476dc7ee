// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/ledger.h"
#include "core/records/run.h"

namespace kvw {

/// What one configuration scored on a text (docs/measurement.md, "Windows"). The identity run has nothing to be
/// compared with: its differences, KL and agreement are empty, which is not 0.
struct QualityRecord
{
    RowId run = 0;
    std::string config;      ///< normal form
    double ppl = 0;          ///< exp(sum of NLL / tokens)
    std::int64_t tokens = 0; ///< scored
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
    double tokens_per_s = 0;
    double seconds = 0;
    Ledger ledger;

    double bits_per_value() const { return ledger.bits_per_value(); }
};

/// One window of a quality run.
struct QualityWindow
{
    std::int64_t window = 0; ///< from 0
    std::int64_t tokens = 0; ///< scored
    double nll_sum = 0;      ///< nats
    std::optional<double> kl_sum;
    std::optional<std::int64_t> top1_equal; ///< positions
    bool operator==(const QualityWindow&) const = default;
};

template<typename Visitor, RecordOf<Ledger> Record>
void visit_fields(Visitor&& visit, Record& ledger)
{
    visit(Field{"payload_bytes", "bytes", "codes, and vectors of sides that are not coded"}, ledger.payload_bytes);
    visit(Field{"scales_bytes", "bytes", "scales and zero points"}, ledger.scales_bytes);
    visit(Field{"raw_bytes", "bytes", "sinks and window of coded sides"}, ledger.raw_bytes);
    visit(Field{"padding_bytes", "bytes", "allocated in blocks and not filled"}, ledger.padding_bytes);
    visit(Field{"fixed_bytes", "bytes", "bases and means, once per model"}, ledger.fixed_bytes);
    visit(Field{"scratch_bytes", "bytes", "largest workspace"}, ledger.scratch_bytes);
    visit(Field{"cache_values", "1", "numbers that the cache stands for"}, ledger.values);
}

/// Without the ledger, whose fields follow them in exports.
template<typename Visitor, RecordOf<QualityRecord> Record>
void visit_fields(Visitor&& visit, Record& quality)
{
    visit(Field{"run", "", "number of the run"}, quality.run);
    visit(Field{"config", "", "configuration of the cache in normal form"}, quality.config);
    visit(Field{"ppl", "1", "perplexity"}, quality.ppl);
    visit(Field{"tokens", "tokens", "scored tokens"}, quality.tokens);
    visit(Field{"protocol", "", "how windows were fed to the cache: all, past:C, step"}, quality.protocol);
    visit(Field{"delta_nll", "nats", "mean difference of the NLL from the identity run"}, quality.delta_nll);
    visit(Field{"delta_nll_lo", "nats", "lower end of its 95 % interval"}, quality.delta_nll_lo);
    visit(Field{"delta_nll_hi", "nats", "upper end of its 95 % interval"}, quality.delta_nll_hi);
    visit(Field{"rel_ppl", "1", "relative change of the perplexity"}, quality.rel_ppl);
    visit(Field{"rel_ppl_lo", "1", "lower end of its 95 % interval"}, quality.rel_ppl_lo);
    visit(Field{"rel_ppl_hi", "1", "upper end of its 95 % interval"}, quality.rel_ppl_hi);
    visit(Field{"kl_mean", "nats", "mean KL divergence from the identity run"}, quality.kl_mean);
    visit(Field{"kl_median", "nats", "median of the same"}, quality.kl_median);
    visit(Field{"kl_p99", "nats", "99th percentile of the same"}, quality.kl_p99);
    visit(Field{"top1", "1", "share of positions with the identity run's first choice"}, quality.top1);
    visit(Field{"raw_token_share", "1", "share of positions stored raw"}, quality.raw_token_share);
    visit(Field{"coded_tokens_read", "1", "coded tokens read, by the cache's own counter"}, quality.coded_tokens_read);
    visit(Field{"tokens_per_s", "tokens/s", "speed of the measurement"}, quality.tokens_per_s);
    visit(Field{"seconds", "s", "time of the measurement"}, quality.seconds);
}

template<typename Visitor, RecordOf<QualityWindow> Record>
void visit_fields(Visitor&& visit, Record& window)
{
    visit(Field{"window", "1", "number of the window, from 0"}, window.window);
    visit(Field{"tokens", "tokens", "scored tokens"}, window.tokens);
    visit(Field{"nll_sum", "nats", "sum of the NLL"}, window.nll_sum);
    visit(Field{"kl_sum", "nats", "sum of the KL divergence from the identity run"}, window.kl_sum);
    visit(Field{"top1_equal", "1", "positions with the identity run's first choice"}, window.top1_equal);
}

} // namespace kvw
