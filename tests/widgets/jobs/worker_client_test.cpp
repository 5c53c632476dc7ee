// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/worker_client.h"

#include "tests/support/paths.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/text.h"

#include <QElapsedTimer>
#include <QSignalSpy>

#include <cmath>

namespace kvw {
namespace {

using kvw::testing::kWait_ms;
using ::testing::HasSubstr;
using State = WorkerClient::State;

/// Long where a test must not run into them on a busy machine.
constexpr WorkerTimes kLong{.hello_ms = kWait_ms, .heartbeat_ms = kWait_ms};
/// Short waits after the hello, so that a test of silence takes no half minute.
constexpr WorkerTimes kShort{
    .hello_ms = kWait_ms, .heartbeat_ms = 300, .terminate_ms = 300, .kill_ms = 600, .show_ms = 20};

class WorkerClientTest : public kvw::testing::WithWorkspace
{
protected:
    ~WorkerClientTest() override { qunsetenv("KVW_FAKE_WORKER"); }

    /// Begins a worker of that kind on a job of a new project.
    void begin(const char* mode, const WorkerTimes& times = kLong)
    {
        openProject();
        const RowId job = workspace.store()->add_job(RunKind::Calibrate, "{}");
        qputenv("KVW_FAKE_WORKER", mode);
        client = std::make_unique<WorkerClient>(times);
        QObject::connect(client.get(), &WorkerClient::finished, [this](const WorkerVerdict& end) {
            verdict = end;
            ++ends;
        });
        QObject::connect(client.get(), &WorkerClient::stateChanged, [this](State state) { states.append(state); });
        client->start(
            toQt(testing::program("kvw_fake_worker").string()),
            {QStringLiteral("worker"), QStringLiteral("--store"), file, QStringLiteral("--job"), QString::number(job)});
    }

    void waitForEnd()
    {
        ASSERT_TRUE(QTest::qWaitFor([this] { return ends > 0; }, kWait_ms));
        QTest::qWait(50); // a second end would come now
        EXPECT_EQ(ends, 1);
        EXPECT_EQ(client->state(), State::Finished);
    }

    /// Lets a fake worker that waits for it go on.
    void allowStep(int step) const { QFile(file + QStringLiteral(".step%1").arg(step)).open(QIODevice::WriteOnly); }

    bool waitForState(State state)
    {
        return QTest::qWaitFor([this, state] { return client->state() == state; }, kWait_ms);
    }

    std::string log() const { return client->log().join(QLatin1Char('\n')).toStdString(); }

    std::unique_ptr<WorkerClient> client;
    WorkerVerdict verdict;
    QList<State> states;
    int ends = 0;
};

TEST_F(WorkerClientTest, AGoodWorkerSucceeds)
{
    begin("normal");
    QSignalSpy committed(client.get(), &WorkerClient::committed);
    QList<QPointF> curve;
    QObject::connect(client.get(), &WorkerClient::metrics, [&](const QString& name, const QList<QPointF>& points) {
        EXPECT_EQ(name, QStringLiteral("subspace_change"));
        curve += points;
    });
    waitForEnd();
    EXPECT_EQ(verdict, (WorkerVerdict{JobStatus::Succeeded, QStringLiteral("ok"), {}}));
    EXPECT_EQ(states, (QList<State>{State::Starting, State::Running, State::Finished}));
    EXPECT_EQ(client->build(), QStringLiteral("fake worker"));
    EXPECT_EQ(client->devices(), QStringList{QStringLiteral("cpu")});
    EXPECT_EQ(curve.size(), 6);
    EXPECT_GE(committed.count(), 1);
    EXPECT_EQ(client->progress().stage, 2);
    EXPECT_EQ(client->progress().stages, 2);
    EXPECT_EQ(client->progress().fraction, 1.0);
    EXPECT_THAT(log(), HasSubstr("writes to its log"));
}

TEST_F(WorkerClientTest, CancelIsShownAtOnceAndAnswered)
{
    begin("slow");
    ASSERT_TRUE(waitForState(State::Running));
    client->cancel();
    EXPECT_EQ(client->state(), State::Cancelling);
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Cancelled);
    EXPECT_EQ(verdict.code, QStringLiteral("cancelled"));
}

TEST_F(WorkerClientTest, CancelBeforeTheHelloCounts)
{
    begin("slow");
    client->cancel();
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Cancelled);
}

TEST_F(WorkerClientTest, AHangingWorkerIsSeenAndEndedWhenCancelled)
{
    begin("hangs", kShort);
    ASSERT_TRUE(waitForState(State::NotResponding));
    EXPECT_EQ(ends, 0);
    client->cancel();
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Cancelled);
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("before it had answered"));
}

TEST_F(WorkerClientTest, AHangingWorkerCanBeKilled)
{
    begin("hangs", kShort);
    ASSERT_TRUE(waitForState(State::NotResponding));
    client->kill();
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Cancelled);
}

TEST_F(WorkerClientTest, AWorkerThatSpeaksAgainIsRunningAgain)
{
    begin("pauses", kShort);
    ASSERT_TRUE(waitForState(State::NotResponding));
    allowStep(1);
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Succeeded);
    // On a busy machine its end may come so late that it is silent once more.
    ASSERT_GE(states.size(), 5);
    EXPECT_EQ(states.first(4), (QList<State>{State::Starting, State::Running, State::NotResponding, State::Running}));
}

TEST_F(WorkerClientTest, AWorkerThatIgnoresCancelIsKilledInTime)
{
    begin("ignores_cancel", {.terminate_ms = 200, .kill_ms = 500, .show_ms = 20});
    ASSERT_TRUE(waitForState(State::Running));
    QElapsedTimer clock;
    clock.start();
    client->cancel();
    waitForEnd();
    EXPECT_GE(clock.elapsed(), 450);
    EXPECT_EQ(verdict.status, JobStatus::Cancelled);
}

TEST_F(WorkerClientTest, ACrashBeforeTheHelloIsAFailureWithItsSignal)
{
    begin("crash_before_hello");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_EQ(verdict.code, QStringLiteral("crashed"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("ended by SIGSEGV, before it said anything"));
    EXPECT_THAT(log(), HasSubstr("about to fall over"));
}

TEST_F(WorkerClientTest, AnExitWithoutAResultIsAFailure)
{
    begin("exit_before_hello");
    waitForEnd();
    EXPECT_EQ(verdict.code, QStringLiteral("crashed"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("exit code 7"));
}

TEST_F(WorkerClientTest, ACrashAfterThreeLayersNamesTheStageAndKeepsWhatWasCommitted)
{
    begin("crash_after_three_layers");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("in stage 2 of 2, \"calibrating\""));
    EXPECT_EQ(other().spectra().size(), 3u);
}

TEST_F(WorkerClientTest, AWorkerThatIsKilledFromOutsideHasFailedAndTheSignalIsNamed)
{
    begin("out_of_memory");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_EQ(verdict.code, QStringLiteral("crashed"));
    const std::string said = verdict.problem.message.toStdString();
    EXPECT_THAT(said, HasSubstr("The worker was ended by SIGKILL, perhaps because memory ran out"));
    EXPECT_THAT(said, HasSubstr("in stage 2 of 2, \"calibrating\""));
    EXPECT_THAT(said, ::testing::Not(HasSubstr("cancel")));
    EXPECT_FALSE(verdict.problem.hint.isEmpty());
}

TEST_F(WorkerClientTest, AShellsWordForASignalIsUnderstood)
{
    begin("exit_137");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("SIGKILL"));
}

TEST_F(WorkerClientTest, AnEndThatNobodyHereAskedForIsNoCancellation)
{
    begin("told_to_end");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_EQ(verdict.code, QStringLiteral("ended"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("told to end by a signal from outside"));
}

TEST_F(WorkerClientTest, ASignalWhileItIsCancelledIsNamedToo)
{
    begin("aborts_when_cancelled");
    ASSERT_TRUE(waitForState(State::Running));
    client->cancel();
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Cancelled);
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("ended by SIGABRT before it had answered"));
}

TEST_F(WorkerClientTest, SilenceFromTheStartIsAFailure)
{
    begin("no_hello", {.hello_ms = 1500});
    waitForEnd();
    EXPECT_EQ(verdict.code, QStringLiteral("protocol"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("has said nothing for 1 second"));
}

TEST_F(WorkerClientTest, AFloodIsShownAFewTimesASecondAndTheLogIsBounded)
{
    begin("floods");
    QSignalSpy shown(client.get(), &WorkerClient::progressChanged);
    QElapsedTimer clock;
    clock.start();
    qsizetype points = 0;
    QObject::connect(client.get(), &WorkerClient::metrics,
                     [&](const QString&, const QList<QPointF>& fresh) { points += fresh.size(); });
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Succeeded);
    EXPECT_LE(shown.count(), clock.elapsed() / 100 + 2);
    EXPECT_GT(shown.count(), 0);
    EXPECT_GT(points, 0);
    EXPECT_LE(client->log().size(), WorkerClient::kLogLines);
    EXPECT_GT(client->logLinesDropped(), 0);
    EXPECT_THAT(client->log().last().toStdString(), HasSubstr("line 99990"));
}

TEST_F(WorkerClientTest, LiesStayInRange)
{
    begin("lies", {.show_ms = 10});
    QList<JobProgress> seen;
    QObject::connect(client.get(), &WorkerClient::progressChanged, [&] {
        seen.append(client->progress());
        // Each lie is seen before the next one is told.
        const double done = client->progress().done;
        if (done == 100)
            allowStep(1);
        if (done == 5)
            allowStep(2);
        if (done == 1)
            allowStep(3);
    });
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Succeeded); // the first result counts
    ASSERT_GE(seen.size(), 3);
    for (const JobProgress& at : seen) {
        EXPECT_LE(at.stage, at.stages);
        if (at.fraction) {
            EXPECT_GE(*at.fraction, 0);
            EXPECT_LE(*at.fraction, 1);
        }
        EXPECT_TRUE(std::isfinite(at.done));
        if (at.per_s) {
            EXPECT_TRUE(std::isfinite(*at.per_s));
            EXPECT_GE(*at.per_s, 0);
        }
    }
    EXPECT_THAT(log(), HasSubstr("out of range"));
}

TEST_F(WorkerClientTest, RubbishEndsIt)
{
    begin("rubbish");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_EQ(verdict.code, QStringLiteral("protocol"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("that are not messages"));
}

TEST_F(WorkerClientTest, AFewWrongLinesAreLoggedAndForgiven)
{
    begin("some_rubbish");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Succeeded);
    EXPECT_THAT(log(), HasSubstr("no message: "));
}

TEST_F(WorkerClientTest, AnEndlessLineIsNotKept)
{
    begin("endless_line");
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Failed);
    EXPECT_LT(log().size(), 20'000u);
}

TEST_F(WorkerClientTest, AnotherVersionOfTheProtocolIsNamed)
{
    begin("wrong_version");
    waitForEnd();
    EXPECT_EQ(verdict.code, QStringLiteral("protocol"));
    EXPECT_THAT(verdict.problem.message.toStdString(),
                HasSubstr("speaks version 2 of the protocol, this window version 1"));
    EXPECT_THAT(verdict.problem.hint.toStdString(), HasSubstr("same version"));
}

TEST_F(WorkerClientTest, AFailureComesWithMessageAndHint)
{
    begin("fails");
    waitForEnd();
    EXPECT_EQ(verdict,
              (WorkerVerdict{JobStatus::Failed,
                             QStringLiteral("not_found"),
                             {QStringLiteral("/models/x: there is no such model folder"),
                              QStringLiteral("give a folder with config.json")}}));
}

TEST_F(WorkerClientTest, AWorkerThatStaysAfterItsResultIsKilled)
{
    begin("stays", kShort);
    waitForEnd();
    EXPECT_EQ(verdict.status, JobStatus::Succeeded);
}

TEST_F(WorkerClientTest, AMissingWorkerIsASentence)
{
    client = std::make_unique<WorkerClient>();
    QObject::connect(client.get(), &WorkerClient::finished, [this](const WorkerVerdict& end) {
        verdict = end;
        ++ends;
    });
    client->start(folder.filePath(QStringLiteral("kvw")), {});
    waitForEnd();
    EXPECT_EQ(verdict.code, QStringLiteral("not_started"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("/kvw is not there"));
    EXPECT_FALSE(verdict.problem.hint.isEmpty());
}

TEST_F(WorkerClientTest, AFileThatIsNoProgramIsASentence)
{
    client = std::make_unique<WorkerClient>();
    QObject::connect(client.get(), &WorkerClient::finished, [this](const WorkerVerdict& end) {
        verdict = end;
        ++ends;
    });
    client->start(write(QStringLiteral("kvw"), "no program"), {});
    waitForEnd();
    EXPECT_EQ(verdict.code, QStringLiteral("not_started"));
    EXPECT_THAT(verdict.problem.message.toStdString(), HasSubstr("could not be started"));
}

TEST_F(WorkerClientTest, AnAbandonedWorkerDoesNotOutliveItsClient)
{
    begin("ignores_cancel");
    ASSERT_TRUE(waitForState(State::Running));
    client.reset(); // kills; a worker that stayed would keep the test program's pipes and time out here
    EXPECT_EQ(ends, 0);
}

} // namespace
} // namespace kvw
