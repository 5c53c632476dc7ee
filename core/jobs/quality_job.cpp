// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/grid.h"
#include "core/jobs/overlap.h"
#include "core/jobs/prepared_job.h"
#include "core/jobs/quality_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kvw {
namespace {

std::vector<Configuration> configurations_of(RunKind kind, const QualitySpecification& job)
{
    if (kind == RunKind::Sweep)
        return expand_grid(job.grid);
    std::vector<Configuration> out;
    for (const std::string& text : job.configurations)
        out.push_back(parse_configuration(text));
    return out;
}

/// So many configurations are fitted before anything is measured, to find those that cannot be.
constexpr std::size_t kFittedAhead = 64;

/// Measures the points of one job one after another.
class QualityRun
{
public:
    QualityRun(RunKind kind, const QualitySpecification& job, const JobContext& context)
        : kind_(kind),
          job_(job),
          context_(context),
          points_(configurations_of(kind, job)),
          protocol_(parse_protocol(job.protocol)),
          read_as_(read_as(job.engine, job.attend))
    {
        std::erase_if(points_, [](const Configuration& point) { return point.is_identity(); });
        if (points_.empty() && kind == RunKind::Sweep)
            throw Error(ErrorKind::InvalidArgument, "the grid has no configuration beside the identity",
                        "for example --grid \"k=pca:(32|48|60) sinks=(0|4)\"");
    }

    QualityOutcome run();

private:
    void open();
    void check_overlap(const ChosenCalibration& calibration);
    void measure(RowId parent);
    void measure_identity(RowId parent);
    void measure_point(RowId parent, const Configuration& point);
    /// What an unfinished run of the same sweep has measured, by the hash of the configuration.
    void find_earlier();
    void keep(RowId run, const Configuration& configuration, const PerplexityResult& result,
              const PerplexityResult* maybe_identity);
    /// The figures of shown_, read once: each on its own would read those of all others again.
    void collect(RowId parent);
    PerplexityMeter::Report reporter();

    RunKind kind_;
    const QualitySpecification& job_;
    const JobContext& context_;
    std::vector<Configuration> points_;
    Protocol protocol_;
    ReadAs read_as_;
    std::optional<PreparedJob> prepared_;
    std::optional<TokenisedText> text_;
    std::unique_ptr<PerplexityMeter> meter_;
    PerplexityResult identity_;
    std::vector<std::pair<std::string, PerplexityResult>> measured_;
    std::optional<RowId> earlier_parent_;
    std::map<std::string, RowId> earlier_;
    std::vector<RowId> shown_; ///< runs whose figures the outcome holds, in its order
    int stage_ = 1;
    int stages_ = 1;
    std::vector<std::string> failures_;
    QualityOutcome outcome_;
    RunRecord record_;
};

void QualityRun::open()
{
    context_.sink.stage(stage_++, stages_, "opening the model and the text");
    prepared_.emplace(job_.engine, points_, job_.calibration, context_);
    const ModelSession& session = prepared_->session();
    text_ = tokenise_for(session, job_.text, job_.tokens, context_);
    if (session.config.max_positions > 0 && job_.window > session.config.max_positions)
        context_.sink.warning(
            fmt::format("windows of {} tokens are longer than the {} positions that the model was made for",
                        job_.window, session.config.max_positions));
    if (prepared_->calibration())
        check_overlap(*prepared_->calibration());
    if (points_.size() <= kFittedAhead)
        for (const Configuration& point : points_)
            prepared_->try_fit(point);
    record_ = run_of(context_.store, kind_, session, job_.engine, *text_);
    record_.protocol = format(protocol_);
    record_.window_tokens = job_.window;
    if (prepared_->calibration())
        record_.calibration_run = prepared_->calibration()->run;
    PerplexityOptions options;
    options.window_tokens = job_.window;
    options.protocol = protocol_;
    options.read_as = read_as_;
    meter_ = std::make_unique<PerplexityMeter>(prepared_->decoder(), text_->tokens, options);
}

void QualityRun::check_overlap(const ChosenCalibration& calibration)
{
    const std::vector<std::uint64_t> blocks = context_.store.token_blocks(calibration.run);
    const Overlap overlap = find_overlap(blocks, text_->tokens);
    const bool same = calibration.text_hash == text_->hash;
    if (!same && overlap.shared == 0)
        return;
    const std::string found = same
        ? fmt::format("{} is the text that calibration {} was made from", text_->name, calibration.run)
        : fmt::format("{} shares {} of {} blocks of {} tokens with the text of calibration {}", text_->name,
                      overlap.shared, overlap.blocks, kOverlapBlock, calibration.run);
    if (job_.allow_overlap || (!same && overlap.share() < kOverlapLimit)) {
        context_.sink.warning(found + (job_.allow_overlap ? "; the figures flatter the calibrated bases" : ""));
        return;
    }
    throw Error(ErrorKind::InvalidArgument, found + ": measuring on calibration text flatters the basis",
                "measure on another text, or say --allow-overlap");
}

void QualityRun::find_earlier()
{
    if (kind_ != RunKind::Sweep || job_.again)
        return;
    RunFilter filter;
    filter.kind = RunKind::Sweep;
    filter.model_hash = record_.model_hash;
    filter.text_hash = record_.text_hash;
    for (const Provenance& found : context_.store.runs(filter)) {
        const RunRecord& run = found.run;
        if (run.environment != record_.environment || run.protocol != record_.protocol
            || run.window_tokens != record_.window_tokens || run.input_tokens != record_.input_tokens
            || run.settings_json != record_.settings_json || run.calibration_run != record_.calibration_run)
            continue;
        if (!run.parent_run && run.status != RunStatus::Measured && run.status != RunStatus::Running)
            earlier_parent_ = run.id; // the newest: runs come oldest first
    }
    if (!earlier_parent_)
        return;
    RunFilter children;
    children.parent_run = *earlier_parent_;
    children.status = RunStatus::Measured;
    for (const Provenance& found : context_.store.runs(children))
        if (found.run.configuration_hash)
            earlier_[*found.run.configuration_hash] = found.run.id;
}

PerplexityMeter::Report QualityRun::reporter()
{
    return [this](std::int64_t done, std::int64_t total) {
        context_.sink.progress(static_cast<double>(done), static_cast<double>(total), "tokens");
        context_.cancel.check();
    };
}

void QualityRun::keep(RowId run, const Configuration& configuration, const PerplexityResult& result,
                      const PerplexityResult* maybe_identity)
{
    QualityRecord record = quality_record(result, maybe_identity);
    record.run = run;
    record.configuration = format(configuration);
    record.protocol = format(protocol_);
    context_.store.put_quality(record, quality_windows(result, maybe_identity));
}

void QualityRun::measure_identity(RowId parent)
{
    const Configuration identity;
    context_.sink.stage(stage_++, stages_, format(identity));
    const auto found = earlier_.find(hash(identity));
    if (found != earlier_.end()) {
        // Its hidden states are needed again for KL and agreement; the stored figures stay.
        identity_ = meter_->measure_identity(reporter());
        shown_.push_back(found->second);
        return;
    }
    const RowId run = record_run(context_.store, prepared_->child(record_, parent, identity), [&](RowId id) {
        identity_ = meter_->measure_identity(reporter());
        if (!identity_.note.empty())
            context_.sink.warning(identity_.note);
        keep(id, identity, identity_, nullptr);
    });
    context_.sink.committed("quality", run);
    shown_.push_back(run);
}

void QualityRun::measure_point(RowId parent, const Configuration& point)
{
    const std::string text = format(point);
    context_.sink.stage(stage_++, stages_, text);
    if (const auto found = earlier_.find(hash(point)); found != earlier_.end()) {
        ++outcome_.reused;
        shown_.push_back(found->second);
        return;
    }
    PerplexityResult result;
    const RowId run = record_run(context_.store, prepared_->child(record_, parent, point), [&](RowId id) {
        result = meter_->measure(prepared_->fit(point), reporter());
        if (!result.note.empty())
            context_.sink.warning(result.note);
        keep(id, point, result, &identity_);
    });
    context_.sink.committed("quality", run);
    for (const auto& [other, scores] : measured_)
        if (identical_windows(scores, result))
            context_.sink.warning(fmt::format("{} and {} agree to the last digit in every window", other, text));
    result.kl_nats.clear();
    measured_.emplace_back(text, std::move(result));
    shown_.push_back(run);
}

void QualityRun::collect(RowId parent)
{
    RunFilter filter;
    filter.parent_run = parent;
    std::map<RowId, QualityRow> rows;
    for (QualityRow& row : context_.store.quality(filter))
        rows.emplace(row.record.run, std::move(row));
    for (const RowId run : shown_) {
        const auto found = rows.find(run);
        if (found == rows.end())
            throw Error(ErrorKind::Internal, fmt::format("the figures of run {} are not in the store", run));
        outcome_.results.push_back(found->second);
    }
}

void QualityRun::measure(RowId parent)
{
    measure_identity(parent);
    for (const Configuration& point : points_) {
        context_.cancel.check();
        try {
            measure_point(parent, point);
        } catch (const Error& error) {
            // A number that a storage type cannot hold is a result about this point; everything else ends the job.
            if (error.kind() != ErrorKind::NotFinite)
                throw;
            failures_.push_back(fmt::format("{}: {}", format(point), error.message()));
            context_.sink.warning(failures_.back());
        }
    }
    if (!failures_.empty())
        throw Error(ErrorKind::NotFinite,
                    fmt::format("{} of {} configurations could not be measured: {}", failures_.size(), points_.size(),
                                failures_.front()),
                    "the others are in the store");
}

QualityOutcome QualityRun::run()
{
    stages_ = static_cast<int>(points_.size()) + 2;
    open();
    nlohmann::json settings = job_;
    settings.erase("again");
    if (kind_ == RunKind::Sweep)
        settings["grid"] = format_grid(points_);
    record_.settings_json = settings.dump();
    find_earlier();
    if (earlier_parent_) {
        context_.sink.warning(
            fmt::format("going on with run {}, which was left unfinished: {} of {} configurations are measured",
                        *earlier_parent_, earlier_.size(), points_.size() + 1));
        outcome_.run = *earlier_parent_;
        resume_run(context_.store, *earlier_parent_, [&](RowId parent) { measure(parent); });
    } else {
        outcome_.run = record_run(context_.store, record_, [&](RowId parent) { measure(parent); });
    }
    collect(outcome_.run);
    return std::move(outcome_);
}

} // namespace

QualityOutcome run_quality(RunKind kind, const QualitySpecification& job, const JobContext& context)
{
    return QualityRun(kind, job, context).run();
}

} // namespace kvw
