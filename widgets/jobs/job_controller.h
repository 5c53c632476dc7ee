// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/jobs/worker_client.h"
#include "widgets/models/workspace.h"

#include <QHash>
#include <QObject>

#include <deque>
#include <memory>
#include <string>
#include <variant>

namespace kvw {

/// What a job has told while it ran; kept until the project is closed.
struct LiveJob
{
    JobProgress progress;
    QHash<QString, QList<QPointF>> curves; ///< by the metric's name
    QHash<int, QString> texts;             ///< generated texts by the configuration's index
    QStringList log;
    std::optional<double> cancelled_after_s; ///< none while nobody has cancelled it
};

/// The queue of jobs: one worker at a time, as each takes most cores. A job is a row of the project's job table; the
/// worker takes it from there and keeps it in step, and this class writes only what a worker could not any more.
///
/// Only jobs that were submitted here are started by themselves: a queued row may belong to another window on the same
/// project, or to a session that was closed; start() takes such a one up. Follows its workspace: the worker of a
/// project that is closed is told to end.
class JobController final : public QObject
{
    Q_OBJECT
public:
    explicit JobController(Workspace* workspace, QObject* parent = nullptr);
    ~JobController() override;

    /// kvw beside this program, or what the environment variable KVW_WORKER names.
    static QString defaultWorker();
    void setWorker(const QString& program) { m_worker = program; }
    const QString& worker() const { return m_worker; }
    void setTimes(const WorkerTimes& times) { m_times = times; }

    /// Puts a job into the project and starts it as soon as no other one runs. `specification_json` is one of
    /// core/protocol/specifications.h as JSON. A sentence when it cannot be: no project, a read-only one, a full disk.
    std::variant<RowId, Problem> submit(RunKind kind, const std::string& specification_json);
    /// A new job with the settings of an old one.
    std::variant<RowId, Problem> runAgain(RowId job);
    /// Takes up a queued job that nobody is running.
    std::optional<Problem> start(RowId job);
    /// A queued job becomes cancelled; the running one is asked to end, then made to (WorkerTimes).
    void cancel(RowId job);
    /// Ends the running one at once.
    void kill(RowId job);
    /// Cancels the running one and forgets those that wait here; their rows stay queued.
    void cancelAll();

    std::optional<RowId> running() const { return m_running; }
    bool isQueuedHere(RowId job) const;
    /// State of the running job's worker; Idle when none runs.
    WorkerClient::State workerState() const;
    /// Null when this job has not run in this window.
    const LiveJob* live(RowId job) const;
    /// What it wrote: of a job that ran here from memory, else from the project.
    QStringList log(RowId job) const;

Q_SIGNALS:
    void jobsChanged();           ///< a job was added, or a state changed
    void jobProgress(qint64 job); ///< live(job)->progress
    void jobMetrics(qint64 job, const QString& name, const QList<QPointF>& points); ///< new points of a curve
    void jobText(qint64 job, int index, const QString& piece);
    void jobLogged(qint64 job, const QStringList& lines);
    void jobFinished(qint64 job, const kvw::WorkerVerdict& verdict);

private:
    void startNext();
    void connectClient(RowId job);
    void finish(RowId job, const WorkerVerdict& verdict);
    void writeEnd(RowId job, const WorkerVerdict& verdict);
    void projectChanged();
    std::optional<JobRecord> record(RowId job) const;
    std::optional<Problem> whyNotWritable() const;

    Workspace* m_workspace;
    QString m_worker;
    WorkerTimes m_times;
    std::deque<RowId> m_queue;
    std::optional<RowId> m_running;
    std::unique_ptr<WorkerClient> m_client;
    std::vector<std::unique_ptr<WorkerClient>> m_leaving; ///< of projects that were closed, until they have ended
    QHash<RowId, LiveJob> m_live;
    QString m_project; ///< that m_queue and m_live belong to
};

} // namespace kvw
