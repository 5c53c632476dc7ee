// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/comparison.h"

#include "core/analysis/compared_settings.h"
#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

namespace kvw {
namespace {

constexpr std::size_t kLeastRounds = 3; ///< for percentiles of ratios to say anything

template<typename Value>
std::optional<double> as_number(const Value& value)
{
    if constexpr (std::is_arithmetic_v<Value>)
        return static_cast<double>(value);
    else
        return std::nullopt;
}
template<typename Value>
std::optional<double> as_number(const std::optional<Value>& value)
{
    return value ? as_number(*value) : std::nullopt;
}

/// Figures in the order in which they first come, with a value for every run.
class Figures
{
public:
    explicit Figures(std::size_t runs) : runs_(runs) {}

    void begin(std::size_t run, std::string group, std::string at)
    {
        run_ = run;
        group_ = std::move(group);
        at_ = std::move(at);
    }

    /// Visits a record: takes the numbers that are figures, and the ends of their intervals.
    template<typename Value>
    void operator()(const Field& field, const Value& value)
    {
        if (is_figure(field.sense))
            last_ = &add(field, as_number(value));
        else if (field.sense == Sense::LowEnd)
            last_->low = as_number(value);
        else if (field.sense == Sense::HighEnd)
            last_->high = as_number(value);
    }

    /// Valid until the next figure.
    ComparedValue& add(const Field& field, std::optional<double> value)
    {
        const auto key = std::tuple(group_, at_, field.name);
        const auto [place, is_new] = places_.emplace(key, figures_.size());
        if (is_new)
            figures_.push_back({field, group_, at_, std::vector<ComparedValue>(runs_)});
        ComparedValue& out = figures_[place->second].values[run_];
        if (value && std::isfinite(*value))
            out.value = value;
        return out;
    }

    std::vector<ComparedFigure> take()
    {
        std::erase_if(figures_, [](const ComparedFigure& figure) {
            return std::none_of(figure.values.begin(), figure.values.end(),
                                [](const ComparedValue& value) { return value.value.has_value(); });
        });
        return std::move(figures_);
    }

private:
    std::size_t runs_, run_ = 0;
    std::string group_, at_;
    std::vector<ComparedFigure> figures_;
    std::map<std::tuple<std::string, std::string, std::string_view>, std::size_t> places_;
    ComparedValue* last_ = nullptr; ///< whose interval the next fields may hold
};

std::string place(std::int64_t context, std::int64_t batch)
{
    return fmt::format("context {}, batch {}", context, batch);
}

void add_ledger(Figures& figures, const Ledger& ledger)
{
    visit_totals(figures, ledger);
    visit_fields(figures, ledger);
}

void add_quality(Figures& figures, std::size_t i, const ComparedRun& run)
{
    const QualityRecord& quality = *run.quality;
    figures.begin(i, "quality", {});
    visit_fields(figures, quality);
    figures.begin(i, "memory", run.source.run.window_tokens ? place(*run.source.run.window_tokens, 1) : "");
    add_ledger(figures, quality.ledger);
}

void add_throughput(Figures& figures, std::size_t i, const ThroughputSummary& summary)
{
    const std::string at = place(summary.context, summary.batch);
    figures.begin(i, "throughput", at);
    visit_fields(figures, summary);
    figures.begin(i, "memory", at);
    add_ledger(figures, summary.ledger);
    figures(kAllocatorBytes, summary.allocator_bytes);
    figures(kPeakRssBytes, summary.peak_rss_bytes);
}

/// Means over layers and heads by quantity, of all positions with every token counting once.
void add_spectra(Figures& figures, std::size_t i, const std::vector<SpectrumRecord>& spectra)
{
    std::map<std::string, std::vector<const SpectrumRecord*>> heads;
    for (const SpectrumRecord& spectrum : spectra)
        if (spectrum.positions == Positions::All && spectrum.weighting == Weighting::Uniform)
            heads[spectrum.quantity].push_back(&spectrum);
    for (const auto& [quantity, of_heads] : heads) {
        figures.begin(i, "spectra", quantity);
        std::vector<std::pair<Field, double>> sums;
        for (const SpectrumRecord* spectrum : of_heads) {
            std::size_t figure = 0;
            const auto sum_up = [&](const Field& field, const auto& value) {
                const std::optional<double> number = as_number(value);
                if (!is_figure(field.sense) || !number)
                    return;
                if (figure == sums.size())
                    sums.emplace_back(field, 0);
                sums[figure++].second += *number;
            };
            visit_fields(sum_up, *spectrum);
        }
        for (const auto& [field, sum] : sums)
            figures.add(field, sum / static_cast<double>(of_heads.size()));
    }
}

std::vector<ComparedFigure> all_figures(std::span<const ComparedRun> runs)
{
    Figures figures(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const ComparedRun& run = runs[i];
        if (run.quality)
            add_quality(figures, i, run);
        for (const ThroughputSummary& summary : run.throughput)
            add_throughput(figures, i, summary);
        if (run.generation) {
            figures.begin(i, "generation", {});
            visit_fields(figures, *run.generation);
        }
        add_spectra(figures, i, run.spectra);
    }
    return figures.take();
}

void add_differences(ComparedFigure& figure, std::size_t baseline)
{
    const std::optional<double> from = figure.values[baseline].value;
    if (!from)
        return;
    for (std::size_t i = 0; i < figure.values.size(); ++i) {
        ComparedValue& value = figure.values[i];
        if (i == baseline || !value.value)
            continue;
        value.difference = *value.value - *from;
        if (*from > 0 && !is_change(figure.field.form)) // a share of a difference says nothing
            value.relative = *value.value / *from - 1;
    }
}

/// Whether the windows of two runs are the same pieces of text, so that their differences are pairs.
bool are_pairs(const ComparedRun& a, const ComparedRun& b)
{
    const RunRecord &first = a.source.run, &second = b.source.run;
    return !a.windows.empty() && first.model_hash == second.model_hash && first.text_hash == second.text_hash
        && first.protocol == second.protocol && first.window_tokens == second.window_tokens
        && std::equal(a.windows.begin(), a.windows.end(), b.windows.begin(), b.windows.end(),
                      [](const QualityWindow& x, const QualityWindow& y) {
                          return x.window_index == y.window_index && x.scored_tokens == y.scored_tokens
                              && x.scored_tokens > 0;
                      });
}

/// Sums of one quantity of a window; empty where it has none.
using WindowSum = std::function<std::optional<double>(const QualityWindow&)>;

std::optional<PairedDifference> paired(const ComparedRun& run, const ComparedRun& baseline, const WindowSum& sum)
{
    std::vector<WindowDifference> pairs;
    for (std::size_t i = 0; i < run.windows.size(); ++i) {
        const std::optional<double> mine = sum(run.windows[i]), theirs = sum(baseline.windows[i]);
        if (!mine || !theirs)
            return std::nullopt;
        pairs.push_back({*mine - *theirs, run.windows[i].scored_tokens});
    }
    return paired_difference(pairs);
}

std::optional<double> nll_sum(const QualityWindow& window) { return window.nll_sum; }
std::optional<double> kl_sum(const QualityWindow& window) { return window.kl_sum; }
std::optional<double> top1_sum(const QualityWindow& window) { return as_number(window.top1_equal); }

void pair_quality(ComparedFigure& figure, std::span<const ComparedRun> runs, std::size_t baseline)
{
    const std::map<std::string_view, WindowSum> sums{
        {"ppl", nll_sum}, {"delta_nll", nll_sum}, {"kl_mean", kl_sum}, {"top1", top1_sum}};
    const auto sum = sums.find(figure.field.name);
    if (sum == sums.end())
        return;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (i == baseline || !are_pairs(runs[i], runs[baseline]))
            continue;
        const std::optional<PairedDifference> difference = paired(runs[i], runs[baseline], sum->second);
        if (!difference || !difference->mean_dnll_95)
            continue;
        ComparedValue& value = figure.values[i];
        value.difference_95 = difference->mean_dnll_95;
        if (figure.field.name == "ppl") { // the interval of the ratio, and what it makes of the baseline's perplexity
            const double from = figure.values[baseline].value.value_or(0);
            value.difference_95 = Interval{from * difference->relative_perplexity_95->low,
                                           from * difference->relative_perplexity_95->high};
        }
    }
}

/// Ratios of the speeds of rounds that one benchmark measured in turn: load on the machine hits both.
std::vector<double> round_ratios(const ComparedRun& run, const ComparedRun& baseline, Phase phase,
                                 const std::string& at)
{
    std::vector<double> ratios;
    if (!run.source.run.parent_run || run.source.run.parent_run != baseline.source.run.parent_run)
        return ratios;
    for (const ThroughputSample& mine : run.samples)
        for (const ThroughputSample& theirs : baseline.samples)
            if (mine.phase == phase && theirs.phase == phase && mine.round == theirs.round
                && place(mine.context, mine.batch) == at && place(theirs.context, theirs.batch) == at
                && mine.timed_s > 0 && theirs.tokens_per_s() > 0)
                ratios.push_back(mine.tokens_per_s() / theirs.tokens_per_s() - 1);
    return ratios;
}

void pair_throughput(ComparedFigure& figure, std::span<const ComparedRun> runs, std::size_t baseline)
{
    const bool prefill = figure.field.name == "prefill_tokens_per_s";
    if (!prefill && figure.field.name != "decode_tokens_per_s_median")
        return;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (i == baseline)
            continue;
        const std::vector<double> ratios =
            round_ratios(runs[i], runs[baseline], prefill ? Phase::Prefill : Phase::Decode, figure.at);
        if (ratios.size() >= kLeastRounds)
            figure.values[i].relative_p10_90 = Interval{quantile(ratios, 0.1), quantile(ratios, 0.9)};
    }
}

void check(std::span<const ComparedRun> runs, std::size_t baseline)
{
    if (runs.size() < 2)
        throw Error(ErrorKind::InvalidArgument, fmt::format("{} run cannot be compared with anything", runs.size()),
                    "choose two runs or more");
    if (baseline >= runs.size())
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("the baseline is run number {} of {}", baseline + 1, runs.size()),
                    "choose one of the compared runs as the baseline");
    std::set<RowId> ids;
    for (const ComparedRun& run : runs)
        if (!ids.insert(run.source.run.id).second)
            throw Error(ErrorKind::InvalidArgument, fmt::format("run {} is in the comparison twice", run.source.run.id),
                        "choose it once");
}

} // namespace

Comparison compare_runs(std::span<const ComparedRun> runs, std::size_t baseline)
{
    check(runs, baseline);
    Comparison out;
    out.baseline = baseline;
    out.objections = comparison_objections(runs);
    out.settings = compared_settings(runs);
    out.figures = all_figures(runs);
    for (ComparedFigure& figure : out.figures) {
        add_differences(figure, baseline);
        if (figure.group == "quality")
            pair_quality(figure, runs, baseline);
        else if (figure.group == "throughput")
            pair_throughput(figure, runs, baseline);
    }
    return out;
}

} // namespace kvw
