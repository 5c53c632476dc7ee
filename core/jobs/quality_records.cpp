// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/quality_records.h"

#include "core/analysis/statistics.h"

namespace kvw {
namespace {

void compare(const PerplexityResult& result, const PerplexityResult& identity, QualityRecord& out)
{
    std::vector<WindowDifference> windows;
    double kl = 0, equal = 0;
    for (std::size_t i = 0; i < result.windows.size(); ++i) {
        windows.push_back({result.windows[i].nll_sum - identity.windows.at(i).nll_sum, result.windows[i].tokens});
        kl += result.windows[i].kl_sum;
        equal += result.windows[i].top1_equal;
    }
    const PairedDifference difference = paired_difference(windows);
    out.delta_nll = difference.mean_dnll;
    out.rel_ppl = difference.relative_perplexity;
    if (difference.mean_dnll_95 && difference.relative_perplexity_95) {
        out.delta_nll_lo = difference.mean_dnll_95->low;
        out.delta_nll_hi = difference.mean_dnll_95->high;
        out.rel_ppl_lo = difference.relative_perplexity_95->low;
        out.rel_ppl_hi = difference.relative_perplexity_95->high;
    }
    out.kl_mean = kl / static_cast<double>(out.scored_tokens);
    out.top1 = equal / static_cast<double>(out.scored_tokens);
    const std::vector<double> positions(result.kl_nats.begin(), result.kl_nats.end());
    out.kl_median = median(positions);
    out.kl_p99 = quantile(positions, 0.99);
}

} // namespace

QualityRecord quality_record(const PerplexityResult& result, const PerplexityResult* maybe_identity)
{
    QualityRecord out;
    out.ppl = result.perplexity();
    out.scored_tokens = result.scored();
    out.raw_token_share = result.raw_token_share;
    out.coded_tokens_read = result.coded_tokens_read;
    out.scoring_s = result.seconds;
    out.scoring_tokens_per_s = result.seconds > 0 ? static_cast<double>(result.tokens) / result.seconds : 0;
    out.ledger = result.ledger;
    if (maybe_identity)
        compare(result, *maybe_identity, out);
    return out;
}

std::vector<QualityWindow> quality_windows(const PerplexityResult& result, const PerplexityResult* maybe_identity)
{
    std::vector<QualityWindow> out;
    for (const WindowScore& window : result.windows) {
        QualityWindow row;
        row.window_index = static_cast<std::int64_t>(out.size());
        row.scored_tokens = window.tokens;
        row.nll_sum = window.nll_sum;
        if (maybe_identity) {
            row.kl_sum = window.kl_sum;
            row.top1_equal = window.top1_equal;
        }
        out.push_back(row);
    }
    return out;
}

bool identical_windows(const PerplexityResult& first, const PerplexityResult& second)
{
    std::vector<double> a, b;
    for (const WindowScore& window : first.windows)
        a.push_back(window.nll_sum);
    for (const WindowScore& window : second.windows)
        b.push_back(window.nll_sum);
    return a.size() == b.size() && identical_runs(a, b);
}

} // namespace kvw
