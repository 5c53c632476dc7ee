// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_text.h"

#include "core/base/units.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QHash>
#include <QLocale>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <cmath>
#include <iterator>

namespace kvw {
namespace {

struct JobText
{
    Q_DECLARE_TR_FUNCTIONS(kvw::JobText)
};

struct Word
{
    const char* said; ///< by the worker
    const char* shown;
};

constexpr Word kStages[] = {
    {"opening the model and the text", QT_TRANSLATE_NOOP("kvw::JobText", "opening the model and the text")},
    {"opening the model", QT_TRANSLATE_NOOP("kvw::JobText", "opening the model")},
    {"calibrating", QT_TRANSLATE_NOOP("kvw::JobText", "calibrating")},
    {"spectra", QT_TRANSLATE_NOOP("kvw::JobText", "spectra")},
    {"reading the file", QT_TRANSLATE_NOOP("kvw::JobText", "reading the file")},
    {"memory bandwidth", QT_TRANSLATE_NOOP("kvw::JobText", "memory bandwidth")},
    {"identity", QT_TRANSLATE_NOOP("kvw::JobText", "the uncompressed cache")},
};
constexpr Word kUnits[] = {
    {"tokens", QT_TRANSLATE_NOOP("kvw::JobText", "tokens")},
    {"rounds", QT_TRANSLATE_NOOP("kvw::JobText", "rounds")},
    {"layers", QT_TRANSLATE_NOOP("kvw::JobText", "layers")},
    {"windows", QT_TRANSLATE_NOOP("kvw::JobText", "windows")},
};

template<std::size_t Size>
QString shown(const Word (&words)[Size], const QString& said)
{
    for (const Word& word : words)
        if (said == QLatin1String(word.said))
            return JobText::tr(word.shown);
    return said;
}

QString number(double value)
{
    const QLocale locale;
    if (std::abs(value) >= 100 || value == std::floor(value))
        return locale.toString(std::llround(value));
    return locale.toString(value, 'g', 3);
}

} // namespace

QString kindText(RunKind kind)
{
    switch (kind) {
    case RunKind::Calibrate:
        return JobText::tr("Calibration");
    case RunKind::Ppl:
        return JobText::tr("Perplexity");
    case RunKind::Sweep:
        return JobText::tr("Sweep");
    case RunKind::Bench:
        return JobText::tr("Speed and memory");
    case RunKind::Generate:
        return JobText::tr("Generation");
    case RunKind::Import:
        return JobText::tr("Import");
    }
    return {};
}

QString statusText(JobStatus status)
{
    switch (status) {
    case JobStatus::Queued:
        return JobText::tr("waiting", "a job");
    case JobStatus::Running:
        return JobText::tr("running", "a job");
    case JobStatus::Succeeded:
        return JobText::tr("done", "a job");
    case JobStatus::Failed:
        return JobText::tr("failed", "a job");
    case JobStatus::Cancelled:
        return JobText::tr("cancelled", "a job");
    case JobStatus::Interrupted:
        return JobText::tr("interrupted", "a job");
    }
    return {};
}

QString stateText(WorkerClient::State state)
{
    switch (state) {
    case WorkerClient::State::Idle:
        return {};
    case WorkerClient::State::Starting:
        return JobText::tr("starting", "a job");
    case WorkerClient::State::Running:
        return JobText::tr("running", "a job");
    case WorkerClient::State::NotResponding:
        return JobText::tr("not responding", "a job");
    case WorkerClient::State::Cancelling:
        return JobText::tr("cancelling", "a job");
    case WorkerClient::State::Finished:
        return JobText::tr("ending", "a job");
    }
    return {};
}

QString stageText(const QString& name) { return shown(kStages, name); }

QString unitText(const QString& unit) { return shown(kUnits, unit); }

QString durationText(double seconds)
{
    const QHash<QString, QString> units{{QStringLiteral("s"), JobText::tr("s", "seconds")},
                                        {QStringLiteral("min"), JobText::tr("min", "minutes")},
                                        {QStringLiteral("h"), JobText::tr("h", "hours")},
                                        {QStringLiteral("d"), JobText::tr("d", "days")}};
    QStringList parts;
    for (const DurationPart& part : duration_parts(seconds, DurationForm::Estimated)) {
        const QString number = QLocale().toString(part.value, 'f', part.decimals);
        parts << (part.two_digits ? number.rightJustified(2, QLatin1Char('0')) : number) + QLatin1Char(' ')
                + units.value(toQt(part.unit));
    }
    return parts.join(QLatin1Char(' '));
}

QString stageLine(const JobProgress& progress)
{
    if (progress.stage == 0)
        return {};
    return JobText::tr("Stage %1 of %2: %3")
        .arg(progress.stage)
        .arg(progress.stages)
        .arg(stageText(progress.stage_name));
}

QString progressLine(const JobProgress& progress)
{
    QStringList parts;
    const QString unit = unitText(progress.unit);
    if (progress.total > 0)
        parts.append(
            JobText::tr("%1 of %2 %3", "done, total, unit").arg(number(progress.done), number(progress.total), unit));
    else if (progress.done > 0)
        parts.append(QStringLiteral("%1 %2").arg(number(progress.done), unit));
    if (progress.per_s && *progress.per_s > 0)
        parts.append(JobText::tr("%1 %2/s", "speed, unit").arg(number(*progress.per_s), unit));
    if (progress.eta_s && progress.fraction != 1.0)
        if (const QString left = durationText(*progress.eta_s); !left.isEmpty())
            parts.append(JobText::tr("%1 left", "time").arg(left));
    return parts.join(QStringLiteral(" · "));
}

QString subjectText(const JobRecord& job)
{
    const auto json = nlohmann::json::parse(job.specification_json, nullptr, false);
    if (!json.is_object())
        return {};
    const auto words = [](const nlohmann::json& from, const char* key) {
        const auto found = from.find(key);
        return found != from.end() && found->is_string() ? toQt(found->get<std::string>()) : QString();
    };
    const auto engine = json.find("engine");
    QString model = engine != json.end() && engine->is_object() ? words(*engine, "model") : QString();
    while (model.endsWith(QLatin1Char('/')))
        model.chop(1);
    model = QFileInfo(model).fileName();
    const QString text = QFileInfo(words(json, "text")).fileName();
    const auto configurations = json.find("configurations");
    const int count = configurations != json.end() && configurations->is_array() ? int(configurations->size()) : 0;
    QStringList parts;
    if (!model.isEmpty())
        parts.append(text.isEmpty() ? model : JobText::tr("%1 on %2", "model, text").arg(model, text));
    if (const QString grid = words(json, "grid"); !grid.isEmpty())
        parts.append(grid);
    else if (count > 0)
        parts.append(JobText::tr("%n configuration(s)", nullptr, count));
    return parts.join(QStringLiteral(", "));
}

} // namespace kvw
