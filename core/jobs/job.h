// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/coded_cache.h"
#include "core/jobs/model_session.h"
#include "core/jobs/progress_sink.h"
#include "core/protocol/specifications.h"
#include "core/store/store.h"

#include <functional>

namespace kvw {

/// What every job works with. The store keeps what is measured, the sink is told how it goes, the flag ends it.
struct JobContext
{
    Store& store;
    ProgressSink& sink;
    const CancelFlag& cancel;
};

/// The run of one job or of one configuration: begins it, calls `work(run)`, and writes down how it ended: measured, or
/// cancelled, unsupported or failed with the error, which is thrown on.
RowId record_run(Store& store, const RunRecord& record, const std::function<void(RowId)>& work);
/// The same for a run that was left unfinished.
void resume_run(Store& store, RowId run, const std::function<void(RowId)>& work);

/// A run's record with everything that follows from the opened model and this machine; model and environment are put
/// into the store.
RunRecord run_of(Store& store, RunKind kind, const ModelSession& session, const EngineOptions& engine);
/// The same, of a text as well.
RunRecord run_of(Store& store, RunKind kind, const ModelSession& session, const EngineOptions& engine,
                 const TokenisedText& text);

/// The calibration that configurations take their bases from.
struct ChosenCalibration
{
    RowId run = 0;
    Calibration calibration;
    std::optional<std::string> text_hash;
};
/// The run that is asked for, else the store's newest of the model. Throws Error{NotFound} when there is none,
/// {InvalidArgument} when the run is not a calibration of this model.
ChosenCalibration choose_calibration(const Store& store, const std::string& model_hash,
                                     std::optional<std::int64_t> run);

/// "expand" or "compressed"; throws Error{InvalidArgument}.
ReadAs parse_read_as(const std::string& word);

/// The parts of a job, one function a kind. Each opens the model, writes into the store as it goes, and returns what the
/// command line prints.

struct CalibrateOutcome
{
    RowId run = 0;
    std::int64_t tokens = 0;
    double seconds = 0;
};
CalibrateOutcome run_calibrate(const CalibrateSpecification& job, const JobContext& context);

struct QualityOutcome
{
    RowId run = 0;                   ///< the parent of one run for each configuration
    std::vector<QualityRow> results; ///< the identity first, then in the order that was asked for
    int reused = 0;                  ///< points that an earlier, interrupted sweep had measured
};
/// `ppl` (configurations) and `sweep` (grid).
QualityOutcome run_quality(RunKind kind, const QualitySpecification& job, const JobContext& context);

/// A speed over that of the identity in the same round, over all rounds: what slows the machine for a while slows both.
struct SpeedRatio
{
    double median = 0, p10 = 0, p90 = 0;
};

struct ThroughputOutcome
{
    RowId run = 0;
    std::vector<ThroughputRow> results;
    std::vector<SpeedRatio> against_identity; ///< of the decoding, one a result
};
ThroughputOutcome run_throughput(const ThroughputSpecification& job, const JobContext& context);

struct GenerationOutcome
{
    RowId run = 0;
    std::vector<GenerationRecord> results;   ///< the identity first
    std::vector<std::string> configurations; ///< normal forms, likewise
};
GenerationOutcome run_generation(const GenerationSpecification& job, const JobContext& context);

/// Reads a calibration file of the seed project; returns the run that it became.
RowId run_import(const ImportSpecification& job, const JobContext& context);

/// Any kind from its JSON, as the job table holds it; returns the run. Throws Error{BadInput} for JSON that is no such
/// specification.
RowId run_job(RunKind kind, const std::string& specification_json, const JobContext& context);

} // namespace kvw
