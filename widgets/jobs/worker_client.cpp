// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/worker_client.h"

#include "core/protocol/message.h"

#include <QFileInfo>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>

#include <sys/resource.h>

namespace kvw {
namespace {

constexpr qint64 kRateSpan_ms = 5000;
constexpr int kShellSignals = 128;
constexpr int kWorkerNice = 5; ///< the window stays quick, whatever cores a worker was given
constexpr qsizetype kMetricsAtOnce = 10'000;
constexpr qsizetype kTextAtOnce = 256 * 1024; ///< characters; more is no generated text

template<typename... Calls>
struct Overloaded : Calls...
{
    using Calls::operator()...;
};
template<typename... Calls>
Overloaded(Calls...) -> Overloaded<Calls...>;

/// "SIGSEGV"; a number for those without a name.
QString signalName(int signal)
{
    const char* name = ::sigabbrev_np(signal);
    return name ? QStringLiteral("SIG") + QLatin1String(name) : QStringLiteral("signal %1").arg(signal);
}

} // namespace

WorkerClient::WorkerClient(WorkerTimes times, QObject* parent) : QObject(parent), m_times(times)
{
    for (QTimer* timer : {&m_helloTimer, &m_heartbeatTimer, &m_cancelTimer, &m_showTimer})
        timer->setSingleShot(true);
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &WorkerClient::readOutput);
    connect(&m_process, &QProcess::readyReadStandardError, this, &WorkerClient::readErrors);
    connect(&m_process, &QProcess::finished, this, &WorkerClient::processEnded);
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            processEnded();
    });
    connect(&m_showTimer, &QTimer::timeout, this, &WorkerClient::show);
    connect(&m_helloTimer, &QTimer::timeout, this, [this] {
        fail(QStringLiteral("protocol"),
             {tr("The worker %1 has said nothing for %n second(s) after its start.", nullptr, m_times.hello_ms / 1000)
                  .arg(m_program),
              tr("Look at its log; start the job again when the machine is less busy.")});
    });
    connect(&m_heartbeatTimer, &QTimer::timeout, this, [this] {
        if (m_state == State::Running)
            setState(State::NotResponding);
    });
    connect(&m_cancelTimer, &QTimer::timeout, this, [this] {
        if (m_terminated || m_result) {
            kill();
            return;
        }
        m_terminated = true;
        m_process.terminate();
        m_cancelTimer.start(std::max(0, m_times.kill_ms - m_times.terminate_ms));
    });
}

WorkerClient::~WorkerClient()
{
    m_process.disconnect(this);
    if (m_process.state() == QProcess::NotRunning)
        return;
    // The end of its input tells a good worker to finish what it is at; this one had its time to be cancelled.
    m_process.kill();
    m_process.waitForFinished(m_times.terminate_ms);
}

void WorkerClient::start(const QString& program, const QStringList& arguments)
{
    m_program = program;
    m_clock.start();
    setState(State::Starting);
    m_process.setChildProcessModifier([] { ::setpriority(PRIO_PROCESS, 0, kWorkerNice); });
    m_helloTimer.start(m_times.hello_ms);
    m_process.start(program, arguments);
}

void WorkerClient::cancel()
{
    if (m_cancelled || m_state == State::Idle || m_state == State::Finished)
        return;
    m_cancelled = true;
    m_helloTimer.stop();
    m_process.write(QByteArray::fromStdString(protocol::encode(protocol::Cancel{})));
    m_cancelTimer.start(m_times.terminate_ms);
    setState(State::Cancelling);
}

void WorkerClient::kill()
{
    if (m_state == State::Idle || m_state == State::Finished)
        return;
    m_killed = true;
    m_process.kill();
}

void WorkerClient::fail(const QString& code, const Problem& problem)
{
    if (m_result || m_fault)
        return;
    m_fault = WorkerVerdict{JobStatus::Failed, code, problem};
    m_process.kill();
}

void WorkerClient::readOutput()
{
    const QByteArray bytes = m_process.readAllStandardOutput();
    m_lines.push({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    while (const auto item = m_lines.next()) {
        // What comes after its result, or after we have given up on it, means nothing.
        if (m_result || m_fault)
            continue;
        if (const auto* error = std::get_if<protocol::ProtocolError>(&*item)) {
            takeBadLine(error->message);
            continue;
        }
        const protocol::Decoded decoded = protocol::decode(std::get<std::string>(*item));
        if (const auto* error = std::get_if<protocol::ProtocolError>(&decoded))
            takeBadLine(error->message);
        else
            take(std::get<protocol::Message>(decoded));
    }
    if (!m_showTimer.isActive() && m_state != State::Finished)
        m_showTimer.start(m_times.show_ms);
}

void WorkerClient::takeBadLine(const std::string& why)
{
    const QString reason = toQt(why);
    if (m_badLines++ == 0)
        m_firstBadLine = reason;
    addLog(tr("no message: %1").arg(reason));
    if (m_badLines >= kBadLines)
        fail(QStringLiteral("protocol"),
             {tr("The worker wrote %n line(s) that are not messages; the first: %1", nullptr, m_badLines)
                  .arg(m_firstBadLine),
              tr("%1 may be another program, or of another version.").arg(m_program)});
}

void WorkerClient::take(const protocol::Message& message)
{
    if (!m_hello && !std::holds_alternative<protocol::Hello>(message)
        && !std::holds_alternative<protocol::Result>(message)) {
        takeBadLine("a message before the hello: " + protocol::type_name(message));
        return;
    }
    m_heartbeatTimer.start(m_times.heartbeat_ms);
    if (m_state == State::NotResponding)
        setState(State::Running);
    std::visit(Overloaded{
                   [this](const protocol::Hello& hello) { takeHello(hello); },
                   [this](const protocol::Stage& stage) { takeStage(stage); },
                   [this](const protocol::Progress& progress) { takeProgress(progress); },
                   [this](const protocol::Metric& metric) {
                       QList<QPointF>& points = m_newMetrics[toQt(metric.name)];
                       if (points.size() < kMetricsAtOnce)
                           points.append({metric.x, metric.value});
                   },
                   [this](const protocol::Text& piece) {
                       qsizetype waiting = 0;
                       for (const auto& [index, text] : m_newText)
                           waiting += text.size();
                       if (waiting > kTextAtOnce)
                           return;
                       if (!m_newText.isEmpty() && m_newText.last().first == piece.index)
                           m_newText.last().second += toQt(piece.text);
                       else
                           m_newText.append({piece.index, toQt(piece.text)});
                   },
                   [this](const protocol::Committed&) { m_newCommit = true; },
                   [this](const protocol::Warning& warning) {
                       addLog(tr("warning: %1").arg(toQt(warning.message)));
                       if (!warning.hint.empty())
                           addLog(QStringLiteral("    ") + toQt(warning.hint));
                   },
                   [this](const protocol::Result& result) {
                       m_result = result;
                       m_helloTimer.stop();
                       m_cancelTimer.start(m_times.kill_ms); // it has nothing left to do
                   },
                   [](const protocol::Heartbeat&) {},
                   [](const protocol::Cancel&) {},
                   [](const protocol::Unknown&) {},
               },
               message);
}

void WorkerClient::takeHello(const protocol::Hello& hello)
{
    if (m_hello)
        return;
    m_hello = true;
    m_helloTimer.stop();
    if (hello.protocol != protocol::kVersion) {
        fail(QStringLiteral("protocol"),
             {tr("The worker %1 (version %2) speaks version %3 of the protocol, this window version %4.")
                  .arg(m_program, toQt(hello.version))
                  .arg(hello.protocol)
                  .arg(protocol::kVersion),
              tr("Install kvw and kvworkbench of the same version.")});
        return;
    }
    m_build = toQt(hello.build);
    for (const std::string& device : hello.devices)
        m_devices.append(toQt(device));
    if (m_state == State::Starting)
        setState(State::Running);
}

void WorkerClient::takeStage(const protocol::Stage& stage)
{
    m_progress = {};
    m_progress.stage = stage.index + 1;
    m_progress.stages = stage.count;
    m_progress.stage_name = toQt(stage.name);
    m_rate.clear();
    m_newProgress = true;
}

void WorkerClient::takeProgress(const protocol::Progress& progress)
{
    m_progress.total = progress.total;
    m_progress.done = progress.total > 0 ? std::min(progress.done, progress.total) : progress.done;
    m_progress.unit = toQt(progress.unit);
    m_progress.fraction.reset();
    if (progress.total > 0)
        m_progress.fraction = std::clamp(progress.done / progress.total, 0.0, 1.0);
    m_progress.eta_s = progress.eta_s;
    measureRate(progress.done);
    m_newProgress = true;
}

void WorkerClient::measureRate(double done)
{
    const qint64 now = m_clock.elapsed();
    if (!m_rate.isEmpty() && done < m_rate.last().second)
        m_rate.clear(); // it began anew
    // A flood must not grow the list: one entry for each tenth of a second is enough.
    if (m_rate.isEmpty() || now - m_rate.last().first >= 100)
        m_rate.append({now, done});
    while (m_rate.size() > 2 && now - m_rate.first().first > kRateSpan_ms)
        m_rate.removeFirst();
    const double span_ms = static_cast<double>(m_rate.last().first - m_rate.first().first);
    m_progress.per_s.reset();
    if (span_ms > 0)
        m_progress.per_s = 1000 * (m_rate.last().second - m_rate.first().second) / span_ms;
}

void WorkerClient::readErrors()
{
    m_errorLine += m_process.readAllStandardError();
    qsizetype end = 0;
    while ((end = m_errorLine.indexOf('\n')) >= 0) {
        addLog(QString::fromUtf8(m_errorLine.left(std::min<qsizetype>(end, kLogColumns))));
        m_errorLine.remove(0, end + 1);
    }
    // A line without an end must not grow for ever.
    if (m_errorLine.size() > kLogColumns) {
        addLog(QString::fromUtf8(m_errorLine.left(kLogColumns)));
        m_errorLine.clear();
    }
    if (!m_showTimer.isActive() && m_state != State::Finished)
        m_showTimer.start(m_times.show_ms);
}

void WorkerClient::addLog(QString line)
{
    line.truncate(kLogColumns);
    m_log.append(line);
    m_newLog.append(std::move(line));
    if (m_log.size() > kLogLines) {
        m_log.removeFirst();
        ++m_logDropped;
    }
    if (m_newLog.size() > kLogLines)
        m_newLog.removeFirst();
}

void WorkerClient::show()
{
    if (std::exchange(m_newProgress, false))
        Q_EMIT progressChanged();
    const auto points = std::exchange(m_newMetrics, {});
    for (auto at = points.begin(); at != points.end(); ++at)
        Q_EMIT metrics(at.key(), at.value());
    const auto pieces = std::exchange(m_newText, {});
    for (const auto& [index, piece] : pieces)
        Q_EMIT text(index, piece);
    if (std::exchange(m_newCommit, false))
        Q_EMIT committed();
    if (!m_newLog.isEmpty())
        Q_EMIT logged(std::exchange(m_newLog, {}));
}

void WorkerClient::setState(State state)
{
    if (state == m_state)
        return;
    m_state = state;
    Q_EMIT stateChanged(state);
}

void WorkerClient::processEnded()
{
    if (m_state == State::Finished || m_state == State::Idle)
        return;
    for (QTimer* timer : {&m_helloTimer, &m_heartbeatTimer, &m_cancelTimer})
        timer->stop();
    readOutput();
    m_lines.finish();
    while (const auto item = m_lines.next())
        if (const auto* error = std::get_if<protocol::ProtocolError>(&*item); error && !m_result)
            addLog(tr("no message: %1").arg(toQt(error->message)));
    readErrors();
    if (!m_errorLine.isEmpty())
        addLog(QString::fromUtf8(std::exchange(m_errorLine, {})));
    m_showTimer.stop();
    show();
    const WorkerVerdict end = verdict();
    setState(State::Finished);
    Q_EMIT finished(end);
}

WorkerVerdict WorkerClient::verdict() const
{
    if (m_result)
        return resultVerdict();
    if (m_fault)
        return *m_fault;
    if (m_cancelled || m_killed)
        return cancelVerdict();
    if (m_process.error() == QProcess::FailedToStart)
        return {JobStatus::Failed,
                QStringLiteral("not_started"),
                {QFileInfo::exists(m_program)
                     ? tr("The worker %1 could not be started: %2.").arg(m_program, m_process.errorString())
                     : tr("The worker %1 is not there.").arg(m_program),
                 tr("Build or install kvw beside kvworkbench, or name it in the environment variable KVW_WORKER.")}};
    return crashVerdict();
}

WorkerVerdict WorkerClient::resultVerdict() const
{
    const Problem problem{toQt(m_result->message), toQt(m_result->hint)};
    switch (m_result->status) {
    case protocol::Status::Succeeded:
        return {JobStatus::Succeeded, QStringLiteral("ok"), {}};
    case protocol::Status::Failed:
        return {JobStatus::Failed, toQt(m_result->code), problem};
    case protocol::Status::Cancelled:
        break;
    }
    if (m_cancelled || m_killed)
        return {JobStatus::Cancelled, toQt(m_result->code), problem};
    // A worker takes SIGTERM and SIGINT for a wish to end in good order, whoever sends them.
    return {JobStatus::Failed,
            QStringLiteral("ended"),
            {tr("The worker was told to end by a signal from outside this window, %1; what it had committed is kept.")
                 .arg(whenText()),
             tr("SIGTERM and SIGINT do that, as when a session or the machine is shut down. Run the job again.")}};
}

WorkerVerdict WorkerClient::cancelVerdict() const
{
    // Of a worker that nobody here had killed yet, the signal is news.
    if (m_process.exitStatus() == QProcess::CrashExit && !m_terminated && !m_killed)
        return {JobStatus::Cancelled,
                QStringLiteral("cancelled"),
                {tr("It was cancelled, and the worker was ended by %1 before it had answered; what it had committed is "
                    "kept.")
                     .arg(signalName(m_process.exitCode())),
                 {}}};
    return {JobStatus::Cancelled,
            QStringLiteral("cancelled"),
            {m_terminated || m_killed ? tr("It was ended before it had answered; what it had committed is kept.")
                                      : tr("It was cancelled; what it had committed is kept."),
             {}}};
}

QString WorkerClient::whenText() const
{
    if (!m_hello)
        return tr("before it said anything");
    if (m_progress.stage == 0)
        return tr("before its first stage");
    return tr("in stage %1 of %2, \"%3\"").arg(m_progress.stage).arg(m_progress.stages).arg(m_progress.stage_name);
}

WorkerVerdict WorkerClient::crashVerdict() const
{
    const int code = m_process.exitCode();
    const bool by_signal = m_process.exitStatus() == QProcess::CrashExit;
    // A shell that starts the worker tells of a signal as 128 and its number.
    const int signal = by_signal ? code : code - kShellSignals;
    QString message;
    if (signal == SIGKILL)
        message = tr("The worker was ended by SIGKILL, perhaps because memory ran out, %1; what it had committed is "
                     "kept.")
                      .arg(whenText());
    else if (by_signal || (signal > 0 && signal < NSIG))
        message =
            tr("The worker was ended by %1, %2; what it had committed is kept.").arg(signalName(signal), whenText());
    else
        message = tr("The worker ended without a result (exit code %1), %2; what it had committed is kept.")
                      .arg(code)
                      .arg(whenText());
    const QString hint = signal == SIGKILL
        ? tr("Close other programs, or take a shorter window or context, fewer sequences or the type bf16. The log has "
             "what it wrote last.")
        : tr("The log has what it wrote last.");
    return {JobStatus::Failed, QStringLiteral("crashed"), {message, hint}};
}

} // namespace kvw
