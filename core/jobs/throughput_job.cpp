// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/random.h"
#include "core/analysis/statistics.h"
#include "core/jobs/prepared_job.h"
#include "core/measure/throughput.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvw {
namespace {

/// Speed does not depend on which tokens are read; the seed makes a run repeatable.
constexpr std::uint64_t kPromptSeed = 1;
/// What results call the stock path, which no configuration text names.
const std::string kStockName = "stock";

void check_numbers(const ThroughputSpecification& job)
{
    const auto require = [](const std::vector<int>& values, const char* what) {
        if (values.empty() || std::any_of(values.begin(), values.end(), [](int value) { return value < 1; }))
            throw Error(ErrorKind::InvalidArgument, fmt::format("every one of {} must be at least 1", what),
                        "for example --contexts 512,2048 --batch 1,8");
    };
    require(job.contexts, "--contexts");
    require(job.batches, "--batch");
    require({job.decode}, "--decode");
    require({job.rounds}, "--rounds");
}

std::vector<std::int32_t> prompt_tokens(const ModelSession& session, const ThroughputSpecification& job, int count)
{
    if (!job.text.empty()) {
        std::vector<std::int32_t> tokens = tokenise(session.tokenizer, job.text, count).tokens;
        if (static_cast<int>(tokens.size()) < count)
            throw Error(ErrorKind::BadInput,
                        fmt::format("{} has {} tokens; a context of {} was asked for", job.text, tokens.size(), count),
                        "give a longer text or a shorter context");
        return tokens;
    }
    RandomGenerator random(kPromptSeed);
    std::vector<std::int32_t> out;
    for (int i = 0; i < count; ++i)
        out.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(session.config.vocab_size))));
    return out;
}

ThroughputSummary summary_of(const ThroughputResult& result, const ThroughputOptions& options)
{
    const double tokens = static_cast<double>(options.sequences);
    std::vector<double> decode, prefill;
    for (const double seconds : result.decode_seconds)
        decode.push_back(tokens * options.decode_tokens / seconds);
    for (const double seconds : result.prefill_seconds)
        prefill.push_back(tokens * options.context_tokens / seconds);
    ThroughputSummary out;
    out.context = options.context_tokens;
    out.batch = options.sequences;
    out.prefill_tokens_per_s = median(prefill);
    out.decode_tokens_per_s_median = median(decode);
    out.decode_tokens_per_s_p10 = quantile(decode, 0.1);
    out.decode_tokens_per_s_p90 = quantile(decode, 0.9);
    out.bytes_per_step = result.bytes_per_step;
    out.ledger = result.ledger;
    out.allocator_bytes = result.allocator_bytes;
    out.peak_rss_bytes = result.peak_rss_bytes;
    return out;
}

std::vector<ThroughputSample> samples_of(const ThroughputResult& result, const ThroughputOptions& options)
{
    std::vector<ThroughputSample> out;
    const auto add = [&](Phase phase, const std::vector<double>& seconds, std::int64_t tokens,
                         std::optional<double> bytes) {
        for (std::size_t round = 0; round < seconds.size(); ++round)
            out.push_back({phase, options.context_tokens, options.sequences, static_cast<std::int64_t>(round), tokens,
                           seconds[round], bytes});
    };
    const std::int64_t sequences = options.sequences;
    add(Phase::Prefill, result.prefill_seconds, sequences * options.context_tokens, std::nullopt);
    add(Phase::Decode, result.decode_seconds, sequences * options.decode_tokens,
        result.bytes_per_step * options.decode_tokens);
    return out;
}

/// Seconds of decoding, round by round.
std::vector<double> decode_seconds(const Store& store, RowId run)
{
    std::vector<double> out;
    for (const ThroughputSample& sample : store.throughput_samples(run))
        if (sample.phase == Phase::Decode)
            out.push_back(sample.timed_s);
    return out;
}

/// One ratio a row; the rows of a cell have the same rounds.
std::vector<SpeedRatio> ratios_to_identity(const Store& store, const std::vector<ThroughputRow>& rows)
{
    const std::string identity = format(Configuration{});
    std::vector<SpeedRatio> out;
    for (const ThroughputRow& row : rows) {
        const auto base = std::find_if(rows.begin(), rows.end(), [&](const ThroughputRow& other) {
            return other.record.configuration == identity && other.record.context == row.record.context
                && other.record.batch == row.record.batch;
        });
        if (base == rows.end())
            throw Error(ErrorKind::Internal, "a cell of a benchmark has no identity");
        const std::vector<double> own = decode_seconds(store, row.record.run);
        std::vector<double> ratios = decode_seconds(store, base->record.run);
        if (own.size() != ratios.size())
            throw Error(ErrorKind::Internal, "configurations of one cell have different numbers of rounds");
        for (std::size_t round = 0; round < own.size(); ++round)
            ratios[round] /= own[round];
        out.push_back({median(ratios), quantile(ratios, 0.1), quantile(ratios, 0.9)});
    }
    return out;
}

/// Measures the grid of contexts and batches, all configurations interleaved in each of its cells.
class ThroughputRun
{
public:
    ThroughputRun(const ThroughputSpecification& job, const JobContext& context)
        : job_(job),
          context_(context),
          points_(identity_and(job.configurations)),
          read_as_(read_as(job.engine, job.attend)),
          stages_(static_cast<int>(job.contexts.size() * job.batches.size()) + 2)
    {
        check_numbers(job);
    }

    ThroughputOutcome run();

private:
    void open();
    void measure_cell(RowId parent, int length, int batch);
    void keep(RowId parent, const ThroughputOptions& options, const std::vector<ThroughputResult>& results);
    void keep_one(const RunRecord& child, const std::string& label, const ThroughputOptions& options,
                  const ThroughputResult& result);

    const ThroughputSpecification& job_;
    const JobContext& context_;
    std::vector<Configuration> points_;
    ReadAs read_as_;
    int stage_ = 1, stages_;
    std::optional<PreparedJob> prepared_;
    std::vector<std::shared_ptr<const FittedConfiguration>> fitted_;
    std::vector<std::int32_t> tokens_;
    double bandwidth_gb_s_ = 0; ///< measured last
    double bound_gb_s_ = 0;     ///< of the present cell
    RunRecord record_;
};

void ThroughputRun::open()
{
    context_.sink.stage(stage_++, stages_, "opening the model");
    prepared_.emplace(job_.engine, points_, job_.calibration, context_);
    for (const Configuration& point : points_)
        fitted_.push_back(prepared_->fit(point));
    tokens_ = prompt_tokens(prepared_->session(), job_, *std::max_element(job_.contexts.begin(), job_.contexts.end()));
    context_.cancel.check();
}

void ThroughputRun::measure_cell(RowId parent, int length, int batch)
{
    context_.cancel.check();
    context_.sink.stage(stage_++, stages_, fmt::format("context {}, batch {}", length, batch));
    ThroughputOptions options;
    options.context_tokens = length;
    options.sequences = batch;
    options.decode_tokens = job_.decode;
    options.rounds = job_.rounds;
    options.read_as = read_as_;
    options.stock = Stock::Measure;
    const std::span<const std::int32_t> prompt = std::span(tokens_).first(static_cast<std::size_t>(length));
    const std::vector<ThroughputResult> results =
        measure_throughput(prepared_->decoder(), fitted_, prompt, options, [&](int done, int total) {
            context_.sink.progress(done, total, "rounds");
            context_.cancel.check();
        });
    // A bound is what the machine can do: the better of before and after, as others may have kept it busy once.
    const double before = std::exchange(bandwidth_gb_s_, measure_read_bandwidth(prepared_->decoder().device()));
    bound_gb_s_ = std::max(before, bandwidth_gb_s_);
    for (const ThroughputResult& result : results)
        if (!result.note.empty())
            context_.sink.warning(result.note);
    // A cell is one transaction: its configurations are only worth something side by side.
    context_.store.transaction([&] { keep(parent, options, results); });
    context_.sink.committed("throughput", parent);
}

void ThroughputRun::keep(RowId parent, const ThroughputOptions& options, const std::vector<ThroughputResult>& results)
{
    for (std::size_t i = 0; i < points_.size(); ++i) {
        RunRecord child = prepared_->child(record_, parent, points_[i]);
        keep_one(child, *child.configuration, options, results[i]);
        if (i > 0)
            continue;
        // The stock path has no configuration; it stands behind the identity, the other baseline.
        child.configuration.reset();
        child.configuration_hash.reset();
        keep_one(child, kStockName, options, results.back());
    }
}

void ThroughputRun::keep_one(const RunRecord& child, const std::string& label, const ThroughputOptions& options,
                             const ThroughputResult& result)
{
    ThroughputSummary summary = summary_of(result, options);
    summary.run = context_.store.begin_run(child);
    summary.configuration = label;
    summary.bandwidth_gb_s = bound_gb_s_;
    const std::vector<ThroughputSample> samples = samples_of(result, options);
    context_.store.put_throughput(summary, samples);
    double seconds = 0;
    for (const ThroughputSample& sample : samples)
        seconds += sample.timed_s;
    context_.store.finish_run(summary.run, RunStatus::Measured, seconds);
}

ThroughputOutcome ThroughputRun::run()
{
    open();
    record_ = run_of(context_.store, RunKind::Bench, prepared_->session(), job_.engine);
    record_.settings_json = nlohmann::json(job_).dump();
    ThroughputOutcome outcome;
    outcome.run = record_run(context_.store, record_, [&](RowId parent) {
        context_.sink.stage(stage_++, stages_, "memory bandwidth");
        bandwidth_gb_s_ = measure_read_bandwidth(prepared_->decoder().device());
        for (const int batch : job_.batches)
            for (const int length : job_.contexts)
                measure_cell(parent, length, batch);
    });
    RunFilter filter;
    filter.parent_run = outcome.run;
    outcome.results = context_.store.throughput(filter);
    outcome.against_identity = ratios_to_identity(context_.store, outcome.results);
    return outcome;
}

} // namespace

ThroughputOutcome run_throughput(const ThroughputSpecification& job, const JobContext& context)
{
    return ThroughputRun(job, context).run();
}

} // namespace kvw
