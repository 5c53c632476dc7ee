// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/job_estimate.h"

#include "core/config/configuration.h"
#include "widgets/jobs/job_text.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace kvw {
namespace {

struct EstimateWords
{
    Q_DECLARE_TR_FUNCTIONS(kvw::JobEstimate)
};

/// The store has absolute paths; a form may have any spelling of one.
QString cleanFolder(const QString& folder)
{
    return folder.isEmpty() ? QString() : QDir::cleanPath(QFileInfo(folder).absoluteFilePath());
}

/// The hash of the model that was last used from this folder; empty when the project knows none.
std::string modelHash(const Workspace& workspace, const QString& folder)
{
    const QString wanted = cleanFolder(folder);
    if (wanted.isEmpty())
        return {};
    std::set<std::string> others; // there may be ten thousand runs, of a few models
    const auto& runs = workspace.runs();
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        if (!others.insert(run->model.hash).second)
            continue;
        if (cleanFolder(toQt(run->model.folder)) == wanted)
            return run->model.hash;
    }
    return {};
}

bool isDevice(const std::string& ran_on, const std::string& asked)
{
    return ran_on == asked || ran_on.starts_with(asked + ":") || ran_on.starts_with(asked + " ");
}

/// The level of instructions that a run used; empty where its record has none.
std::string instructionsOf(const EnvironmentRecord& environment)
{
    return environment.instructions.value_or(std::string()); // rows of older versions do not say
}

/// A job's settings as they were asked for; what they do not say has its default.
template<typename Specification>
Specification settingsOf(const Provenance& source)
{
    try {
        return nlohmann::json::parse(source.run.settings_json).get<Specification>();
    } catch (const nlohmann::json::exception&) { // a run that another program wrote
        return {};
    }
}

/// The word under engine.KEY of a run's settings; nothing where they do not say.
std::optional<std::string> engineWord(const Provenance& source, const char* key)
{
    const auto json = nlohmann::json::parse(source.run.settings_json, nullptr, false);
    if (!json.is_object() || !json.contains("engine") || !json["engine"].is_object())
        return std::nullopt;
    const auto found = json["engine"].find(key);
    return found != json["engine"].end() && found->is_string() ? std::optional(found->get<std::string>())
                                                               : std::nullopt;
}

/// Ten thousand settings are not parsed to find the few that say something unusual.
bool mentions(const Provenance& source, const char* word)
{
    return source.run.settings_json.find(word) != std::string::npos;
}

std::string configurationOf(const Provenance& source) { return source.run.configuration.value_or("identity"); }

/// What a measurement took beside its tokens: fitting the bases, writing.
double overhead_s(const Provenance& source, double seconds)
{
    return std::max(0.0, source.run.duration_s.value_or(seconds) - seconds);
}

} // namespace

std::vector<const Provenance*> calibrationsOf(const Workspace& workspace, const QString& model_folder)
{
    const std::string hash = modelHash(workspace, model_folder);
    std::vector<const Provenance*> out = workspace.calibrations();
    std::erase_if(out, [&](const Provenance* run) { return run->model.hash != hash; });
    return out;
}

EarlierRuns::EarlierRuns(const Workspace& workspace, const EngineOptions& engine, std::string cpu)
    : m_engine(engine),
      m_cpu(std::move(cpu)),
      m_model(modelHash(workspace, QString::fromStdString(engine.model.string())))
{
    findInstructions(workspace);
    findType(workspace, engine.type);
}

void EarlierRuns::findInstructions(const Workspace& workspace)
{
    const auto& runs = workspace.runs();
    const auto newest = std::find_if(runs.rbegin(), runs.rend(), [this](const Provenance& run) {
        return run.run.status == RunStatus::Measured && run.environment.cpu == m_cpu;
    });
    if (newest != runs.rend())
        m_instructions = instructionsOf(newest->environment);
}

bool EarlierRuns::ranAlike(const Provenance& source) const
{
    const EnvironmentRecord& environment = source.environment;
    return source.run.status == RunStatus::Measured && source.model.hash == m_model && environment.cpu == m_cpu
        && instructionsOf(environment) == m_instructions && environment.threads == m_engine.threads
        && isDevice(environment.device, m_engine.device)
        && (!mentions(source, "\"reference\"") || engineWord(source, "kernels") == m_engine.kernels);
}

void EarlierRuns::findType(const Workspace& workspace, const std::string& asked)
{
    if (asked != "auto") {
        m_type = asked;
        return;
    }
    const auto& runs = workspace.runs();
    const auto newest = std::find_if(runs.rbegin(), runs.rend(), [this](const Provenance& run) {
        return ranAlike(run) && mentions(run, "\"auto\"") && engineWord(run, "type") == "auto";
    });
    if (newest != runs.rend())
        m_type = newest->environment.type;
}

bool EarlierRuns::fits(const Provenance& source) const
{
    return m_type && source.environment.type == *m_type && ranAlike(source);
}

std::optional<TimeEstimate> estimateQuality(const Workspace& workspace, const QualitySpecification& job,
                                            const std::vector<std::string>& configurations, const std::string& cpu)
{
    const std::string identity = format(Configuration{});
    const EarlierRuns earlier(workspace, job.engine, cpu);
    std::map<std::string, double> seconds; // the newest of each configuration: rows come oldest first
    for (const QualityRow& row : workspace.quality()) {
        const RunRecord& run = row.source.run;
        if (row.record.protocol != job.protocol || run.window_tokens != job.window
            || !(row.record.scoring_tokens_per_s > 0) || !earlier.fits(row.source))
            continue;
        if (mentions(row.source, "\"compressed\"") && settingsOf<QualitySpecification>(row.source).attend != job.attend)
            continue;
        seconds[row.record.configuration] = overhead_s(row.source, row.record.scoring_s)
            + static_cast<double>(job.tokens) / row.record.scoring_tokens_per_s;
    }
    double fastest = 0, slowest = 0;
    bool any = false;
    for (const auto& [configuration, each] : seconds) {
        if (configuration == identity)
            continue;
        fastest = any ? std::min(fastest, each) : each;
        slowest = any ? std::max(slowest, each) : each;
        any = true;
    }
    const auto uncompressed = seconds.find(identity);
    if (!any || uncompressed == seconds.end())
        return std::nullopt;
    TimeEstimate out;
    out.least_s = out.most_s = uncompressed->second;
    for (const std::string& configuration : configurations) {
        if (configuration == identity)
            continue;
        const auto own = seconds.find(configuration);
        out.least_s += own == seconds.end() ? fastest : own->second;
        out.most_s += own == seconds.end() ? slowest : own->second;
        ++(own == seconds.end() ? out.guessed : out.measured);
    }
    return out;
}

std::optional<TimeEstimate> estimateSpeed(const Workspace& workspace, const ThroughputSpecification& job,
                                          const std::string& cpu)
{
    const EarlierRuns earlier(workspace, job.engine, cpu);
    // Seconds of one round, by configuration, context and batch.
    std::map<std::tuple<std::string, std::int64_t, std::int64_t>, double> seconds;
    for (const ThroughputRow& row : workspace.throughput()) {
        const ThroughputSummary& speed = row.record;
        if (!(speed.prefill_tokens_per_s > 0) || !(speed.decode_tokens_per_s_median > 0) || !earlier.fits(row.source))
            continue;
        if (mentions(row.source, "\"expand\"") && settingsOf<ThroughputSpecification>(row.source).attend != job.attend)
            continue;
        const auto batch = static_cast<double>(speed.batch);
        seconds[{speed.configuration, speed.context, speed.batch}] =
            batch * static_cast<double>(speed.context) / speed.prefill_tokens_per_s
            + batch * job.decode / speed.decode_tokens_per_s_median;
    }
    TimeEstimate out;
    // The cache of the library, "stock", is measured beside every job's own configurations.
    std::vector<std::string> all{format(Configuration{}), "stock"};
    all.insert(all.end(), job.configurations.begin(), job.configurations.end());
    for (const std::string& configuration : all) {
        for (const int context : job.contexts)
            for (const int batch : job.batches) {
                const auto own = seconds.find({configuration, context, batch});
                if (own == seconds.end())
                    return std::nullopt;
                out.least_s += job.rounds * own->second;
            }
        ++out.measured;
    }
    out.most_s = out.least_s;
    return out;
}

std::optional<TimeEstimate> estimateTexts(const Workspace& workspace, const GenerationSpecification& job,
                                          const std::string& cpu)
{
    const EarlierRuns earlier(workspace, job.engine, cpu);
    std::map<std::string, double> seconds;
    for (const Sourced<GenerationRecord>& row : workspace.generations()) {
        const double speed = row.record.decode_tokens_per_s.value_or(0);
        if (!(speed > 0) || !earlier.fits(row.source))
            continue;
        const double decoding = static_cast<double>(row.record.token_ids.size()) / speed;
        seconds[configurationOf(row.source)] = overhead_s(row.source, decoding) + job.max_new / speed;
    }
    TimeEstimate out;
    std::vector<std::string> all{format(Configuration{})};
    all.insert(all.end(), job.configurations.begin(), job.configurations.end());
    for (const std::string& configuration : all) {
        const auto own = seconds.find(configuration);
        if (own == seconds.end())
            return std::nullopt;
        out.least_s += own->second;
        ++out.measured;
    }
    out.most_s = out.least_s;
    out.at_most = true;
    return out;
}

std::optional<TimeEstimate> estimateCalibration(const Workspace& workspace, const CalibrateSpecification& job,
                                                const std::string& cpu)
{
    const EarlierRuns earlier(workspace, job.engine, cpu);
    for (const Provenance* run : workspace.calibrations()) {
        if (run->run.kind != RunKind::Calibrate || run->run.window_tokens != job.window || !run->run.duration_s
            || run->run.input_tokens.value_or(0) <= 0 || !earlier.fits(*run))
            continue;
        const auto settings = settingsOf<CalibrateSpecification>(*run);
        if (settings.weighted != job.weighted || settings.sinks != job.sinks)
            continue;
        const double seconds =
            *run->run.duration_s * static_cast<double>(job.tokens) / static_cast<double>(*run->run.input_tokens);
        return TimeEstimate{seconds, seconds, 1};
    }
    return std::nullopt;
}

QString estimateText(const std::optional<TimeEstimate>& estimate)
{
    if (!estimate)
        return EstimateWords::tr("There is no earlier measurement with these settings to estimate the time from.");
    const QString least = durationText(estimate->least_s), most = durationText(estimate->most_s);
    const QString time = estimate->at_most ? EstimateWords::tr("At most about %1", "time").arg(most)
        : least == most                    ? EstimateWords::tr("About %1", "time").arg(least)
                                           : EstimateWords::tr("About %1 to %2", "times").arg(least, most);
    if (estimate->guessed == 0)
        return EstimateWords::tr("%1, from earlier measurements of the same with these settings.", "about so long")
            .arg(time);
    if (estimate->measured == 0)
        return EstimateWords::tr("%1: between the fastest and the slowest compressed configuration that was measured "
                                 "with these settings.",
                                 "about so long")
            .arg(time);
    return EstimateWords::tr("%1: %2 of %3 configurations as measured before with these settings, the others between "
                             "the fastest and the slowest compressed one.",
                             "about so long, numbers of configurations")
        .arg(time)
        .arg(estimate->measured)
        .arg(estimate->measured + estimate->guessed);
}

} // namespace kvw
