// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_controller.h"

#include "core/base/time.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kvw {
namespace {

constexpr qsizetype kLoggedLines = 1000; ///< that a job's row keeps, its last ones
const char* const kLogEvent = "log";

/// One event for many lines: a job's history is read as a whole.
std::string logBody(const QStringList& lines)
{
    nlohmann::json body;
    body["lines"] = nlohmann::json::array();
    for (const QString& line : lines.mid(std::max<qsizetype>(0, lines.size() - kLoggedLines)))
        body["lines"].push_back(toStd(line));
    return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The lines that one event of the history makes in a log.
QStringList logLines(const JobEvent& event)
{
    const auto body = nlohmann::json::parse(event.body_json, nullptr, false);
    if (!body.is_object())
        return {};
    QStringList out;
    if (event.type == kLogEvent) {
        const auto lines = body.find("lines");
        if (lines != body.end() && lines->is_array())
            for (const auto& line : *lines)
                if (line.is_string())
                    out.append(toQt(line.get<std::string>()));
        return out;
    }
    const char* key = event.type == "stage" ? "name" : "message";
    const auto text = body.find(key);
    if (text != body.end() && text->is_string())
        out.append(QStringLiteral("%1  %2: %3").arg(toQt(event.at), toQt(event.type), toQt(text->get<std::string>())));
    return out;
}

} // namespace

JobController::JobController(Workspace* workspace, QObject* parent)
    : QObject(parent),
      m_workspace(workspace),
      m_worker(defaultWorker())
{
    connect(workspace, &Workspace::projectChanged, this, &JobController::projectChanged);
    connect(workspace, &Workspace::dataChanged, this, &JobController::jobsChanged);
}

JobController::~JobController() = default;

QString JobController::defaultWorker()
{
    const QString named = qEnvironmentVariable("KVW_WORKER");
    if (!named.isEmpty())
        return named;
    const QString beside = QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("kvw"));
    if (QFileInfo(beside).isExecutable())
        return beside;
    const QString found = QStandardPaths::findExecutable(QStringLiteral("kvw"));
    return found.isEmpty() ? beside : found;
}

std::optional<Problem> JobController::whyNotWritable() const
{
    if (!m_workspace->isOpen())
        return Problem{tr("No project is open."), tr("Open or make a project: a job's results need a place.")};
    if (m_workspace->isReadOnly())
        return Problem{tr("This project can only be read: %1").arg(m_workspace->notice()),
                       tr("Save a copy under another name and work there.")};
    return std::nullopt;
}

std::variant<RowId, Problem> JobController::submit(RunKind kind, const std::string& specification_json)
{
    if (const auto problem = whyNotWritable())
        return *problem;
    RowId job = 0;
    try {
        job = m_workspace->store()->add_job(kind, specification_json);
    } catch (const Error& error) {
        return toProblem(error);
    }
    m_queue.push_back(job);
    m_workspace->reload();
    Q_EMIT jobsChanged();
    startNext();
    return job;
}

std::variant<RowId, Problem> JobController::runAgain(RowId job)
{
    const auto old = record(job);
    if (!old)
        return Problem{tr("There is no job %1 any more.").arg(job), {}};
    return submit(old->kind, old->specification_json);
}

std::optional<Problem> JobController::start(RowId job)
{
    if (auto problem = whyNotWritable())
        return problem;
    const auto old = record(job);
    if (!old || old->status != JobStatus::Queued)
        return Problem{tr("Job %1 is not waiting any more.").arg(job), tr("Run it again as a new job.")};
    if (!isQueuedHere(job) && m_running != job)
        m_queue.push_back(job);
    startNext();
    return std::nullopt;
}

void JobController::cancel(RowId job)
{
    if (m_running == job) {
        m_client->cancel();
        return;
    }
    std::erase(m_queue, job);
    auto row = record(job);
    if (!row || row->status != JobStatus::Queued || whyNotWritable())
        return;
    row->status = JobStatus::Cancelled;
    row->finished_at = utc_now();
    try {
        m_workspace->store()->update_job(*row);
    } catch (const Error& error) {
        Q_EMIT m_workspace->problem(toProblem(error));
    }
    m_workspace->reload();
    Q_EMIT jobsChanged();
}

void JobController::kill(RowId job)
{
    if (m_running == job)
        m_client->kill();
}

void JobController::cancelAll()
{
    m_queue.clear();
    if (m_client)
        m_client->cancel();
}

bool JobController::isQueuedHere(RowId job) const
{
    return std::find(m_queue.begin(), m_queue.end(), job) != m_queue.end();
}

WorkerClient::State JobController::workerState() const
{
    return m_client ? m_client->state() : WorkerClient::State::Idle;
}

const LiveJob* JobController::live(RowId job) const
{
    const auto found = m_live.constFind(job);
    return found == m_live.constEnd() ? nullptr : &*found;
}

QStringList JobController::log(RowId job) const
{
    QStringList out;
    if (const LiveJob* there = live(job); there && m_running == job)
        return there->log;
    if (!m_workspace->isOpen())
        return out;
    try {
        for (const JobEvent& event : m_workspace->store()->job_events(job))
            out += logLines(event);
    } catch (const Error& error) {
        out.append(toQt(error.message()));
    }
    if (const auto row = record(job); row && row->error_message) {
        out.append(toQt(*row->error_message));
        if (row->error_hint && !row->error_hint->empty())
            out.append(toQt(*row->error_hint));
    }
    return out;
}

std::optional<JobRecord> JobController::record(RowId job) const
{
    for (const JobRecord& row : m_workspace->jobs())
        if (row.id == job)
            return row;
    return std::nullopt;
}

void JobController::startNext()
{
    if (m_running || m_queue.empty() || !m_workspace->isOpen())
        return;
    const RowId job = m_queue.front();
    m_queue.pop_front();
    m_running = job;
    m_live[job] = {};
    m_client = std::make_unique<WorkerClient>(m_times);
    connectClient(job);
    m_client->start(m_worker,
                    {QStringLiteral("worker"), QStringLiteral("--store"), m_workspace->path(), QStringLiteral("--job"),
                     QString::number(job)});
    Q_EMIT jobsChanged();
}

void JobController::connectClient(RowId job)
{
    WorkerClient* client = m_client.get();
    connect(client, &WorkerClient::stateChanged, this, &JobController::jobsChanged);
    connect(client, &WorkerClient::progressChanged, this, [this, client, job] {
        m_live[job].progress = client->progress();
        Q_EMIT jobProgress(job);
    });
    connect(client, &WorkerClient::metrics, this, [this, job](const QString& name, const QList<QPointF>& points) {
        m_live[job].curves[name] += points;
        Q_EMIT jobMetrics(job, name, points);
    });
    connect(client, &WorkerClient::text, this, [this, job](int index, const QString& piece) {
        m_live[job].texts[index] += piece;
        Q_EMIT jobText(job, index, piece);
    });
    connect(client, &WorkerClient::committed, m_workspace, &Workspace::poll);
    connect(client, &WorkerClient::logged, this, [this, client, job](const QStringList& lines) {
        m_live[job].log = client->log();
        Q_EMIT jobLogged(job, lines);
    });
    // Queued: the client is deleted in its answer.
    connect(
        client, &WorkerClient::finished, this, [this, job](const WorkerVerdict& verdict) { finish(job, verdict); },
        Qt::QueuedConnection);
}

void JobController::finish(RowId job, const WorkerVerdict& verdict)
{
    if (m_running != job || !m_client)
        return;
    m_live[job].log = m_client->log();
    m_client.reset();
    m_running.reset();
    writeEnd(job, verdict);
    m_workspace->reload();
    Q_EMIT jobsChanged();
    Q_EMIT jobFinished(job, verdict);
    startNext();
}

void JobController::writeEnd(RowId job, const WorkerVerdict& verdict)
{
    if (!m_workspace->isOpen() || m_workspace->isReadOnly())
        return;
    Store& store = *m_workspace->store();
    try {
        if (!m_live[job].log.isEmpty())
            store.add_job_event({job, {}, kLogEvent, logBody(m_live[job].log)});
        auto row = store.job(job);
        // A worker that ended well has written this itself, and knows better; but not who wanted it to end. Whoever
        // opened the project meanwhile saw a dead process, and not why.
        const bool open = row
            && (row->status == JobStatus::Queued || row->status == JobStatus::Running
                || row->status == JobStatus::Interrupted);
        const bool not_asked_for = row && row->status == JobStatus::Cancelled && verdict.status == JobStatus::Failed;
        if (open || not_asked_for) {
            row->status = verdict.status;
            row->finished_at = utc_now();
            row->process.reset();
            if (verdict.status != JobStatus::Succeeded) {
                row->error_code = toStd(verdict.code);
                row->error_message = toStd(verdict.problem.message);
                row->error_hint = toStd(verdict.problem.hint);
            }
            store.update_job(*row);
        }
        store.end_interrupted();
    } catch (const Error& error) {
        Q_EMIT m_workspace->problem(toProblem(error));
    }
}

void JobController::projectChanged()
{
    if (m_workspace->path() == m_project)
        return;
    m_project = m_workspace->path();
    m_queue.clear();
    m_live.clear();
    m_running.reset();
    if (m_client) {
        m_client->disconnect(this);
        m_client->disconnect(m_workspace);
        m_client->cancel();
        m_leaving.push_back(std::move(m_client));
        WorkerClient* leaving = m_leaving.back().get();
        connect(
            leaving, &WorkerClient::finished, this,
            [this, leaving] {
                std::erase_if(m_leaving, [leaving](const auto& client) { return client.get() == leaving; });
            },
            Qt::QueuedConnection);
    }
    Q_EMIT jobsChanged();
}

} // namespace kvw
