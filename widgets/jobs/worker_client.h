// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/protocol/line_splitter.h"
#include "core/records/run.h"
#include "widgets/models/text.h"

#include <QElapsedTimer>
#include <QHash>
#include <QList>
#include <QObject>
#include <QPointF>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTimer>

#include <optional>

namespace kvw {

/// How long a worker may take; the defaults are the program's, tests shorten them.
struct WorkerTimes
{
    int hello_ms = 30'000;     ///< from the start to its first message
    int heartbeat_ms = 30'000; ///< silence after which it counts as not responding
    int terminate_ms = 5'000;  ///< from the wish to cancel to SIGTERM
    int kill_ms = 10'000;      ///< from the wish to cancel, or from its result, to SIGKILL
    int show_ms = 100;         ///< between two updates of what is shown
};

/// How far a running job is. Everything came from the worker and is brought into range.
struct JobProgress
{
    int stage = 0;  ///< from 1; 0 before the first
    int stages = 0; ///< 0 before the first
    QString stage_name;
    double done = 0;
    double total = 0; ///< of the stage; 0 where it is not known
    QString unit;
    std::optional<double> fraction; ///< of the stage, 0 to 1
    std::optional<double> eta_s;    ///< of the stage
    std::optional<double> per_s;    ///< units a second, over the last seconds
    bool operator==(const JobProgress&) const = default;
};

/// How a worker ended.
struct WorkerVerdict
{
    JobStatus status = JobStatus::Failed; ///< Succeeded, Failed or Cancelled
    /// "ok", the name of an error's kind, "crashed", "ended" (told to from outside), "protocol", "not_started".
    QString code;
    Problem problem; ///< empty when it succeeded
    bool operator==(const WorkerVerdict&) const = default;
};

/// One worker process and what it says (core/protocol/message.h). Nothing that it says is trusted: lines are limited,
/// numbers brought into range, floods shown at most ten times a second, silence noticed, and finished() comes exactly
/// once whatever happens. Use one object for one job.
class WorkerClient final : public QObject
{
    Q_OBJECT
public:
    enum class State {
        Idle,
        Starting, ///< no hello yet
        Running,
        NotResponding, ///< silent for heartbeat_ms; goes back to Running when it speaks
        Cancelling,
        Finished,
    };
    Q_ENUM(State)

    explicit WorkerClient(WorkerTimes times = {}, QObject* parent = nullptr);
    ~WorkerClient() override; ///< ends the process

    void start(const QString& program, const QStringList& arguments);
    /// Asks it to end; terminates and kills it when it does not. The state is Cancelling at once.
    void cancel();
    /// Ends it at once.
    void kill();

    State state() const { return m_state; }
    const JobProgress& progress() const { return m_progress; }
    const QString& build() const { return m_build; }         ///< of the hello
    const QStringList& devices() const { return m_devices; } ///< of the hello
    const QStringList& log() const { return m_log; }         ///< warnings and standard error, the last kLogLines lines
    /// Lines that the log has lost at its beginning.
    qsizetype logLinesDropped() const { return m_logDropped; }

    static constexpr int kLogLines = 5000;
    static constexpr int kLogColumns = 2000; ///< a longer line is cut
    static constexpr int kBadLines = 50;     ///< so many lines that are no messages end it

Q_SIGNALS:
    void stateChanged(kvw::WorkerClient::State state);
    void progressChanged();
    void metrics(const QString& name, const QList<QPointF>& points); ///< new points, value NaN where it is not a number
    void text(int index, const QString& piece);                      ///< generated text
    void committed();                                                ///< the store has something new
    void logged(const QStringList& lines);
    void finished(const kvw::WorkerVerdict& verdict);

private:
    void readOutput();
    void readErrors();
    void take(const protocol::Message& message);
    void takeHello(const protocol::Hello& hello);
    void takeStage(const protocol::Stage& stage);
    void takeProgress(const protocol::Progress& progress);
    void takeBadLine(const std::string& why);
    void measureRate(double done);
    void addLog(QString line);
    void show();
    void setState(State state);
    void fail(const QString& code, const Problem& problem);
    void processEnded();
    WorkerVerdict verdict() const;
    WorkerVerdict resultVerdict() const;
    WorkerVerdict cancelVerdict() const;
    WorkerVerdict crashVerdict() const;
    QString whenText() const;

    WorkerTimes m_times;
    QProcess m_process;
    State m_state = State::Idle;
    protocol::LineSplitter m_lines;
    QByteArray m_errorLine; ///< of standard error, without its newline yet
    QTimer m_helloTimer, m_heartbeatTimer, m_cancelTimer, m_showTimer;

    QString m_program, m_build;
    QStringList m_devices;
    JobProgress m_progress;
    QElapsedTimer m_clock;
    QList<QPair<qint64, double>> m_rate; ///< ms and done of the last seconds of this stage
    QStringList m_log, m_newLog;
    qsizetype m_logDropped = 0;
    QHash<QString, QList<QPointF>> m_newMetrics;
    QList<QPair<int, QString>> m_newText;
    bool m_newProgress = false, m_newCommit = false;
    int m_badLines = 0;
    QString m_firstBadLine;

    std::optional<protocol::Result> m_result;
    std::optional<WorkerVerdict> m_fault; ///< why we ended it
    bool m_hello = false, m_cancelled = false, m_terminated = false, m_killed = false;
};

} // namespace kvw
