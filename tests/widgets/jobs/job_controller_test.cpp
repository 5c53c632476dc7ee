// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_controller.h"

#include "core/base/process.h"
#include "tests/support/paths.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/text.h"

#include <QSignalSpy>

namespace kvw {
namespace {

using kvw::testing::kWait_ms;
using ::testing::HasSubstr;

class JobControllerTest : public kvw::testing::WithWorkspace
{
protected:
    JobControllerTest()
    {
        jobs.setWorker(toQt(testing::program("kvw_fake_worker").string()));
        QObject::connect(&jobs, &JobController::jobFinished, [this](qint64 job, const WorkerVerdict& verdict) {
            ended.append({job, verdict});
        });
    }
    ~JobControllerTest() override { qunsetenv("KVW_FAKE_WORKER"); }

    RowId submit(const char* mode = "normal")
    {
        qputenv("KVW_FAKE_WORKER", mode);
        const auto result = jobs.submit(RunKind::Calibrate, R"({"text":"t"})");
        if (const auto* problem = std::get_if<Problem>(&result)) {
            ADD_FAILURE() << problem->message.toStdString();
            return 0;
        }
        return std::get<RowId>(result);
    }
    bool waitForEnds(int count)
    {
        return QTest::qWaitFor([this, count] { return ended.size() >= count; }, kWait_ms);
    }
    JobRecord row(RowId job) { return other().job(job).value_or(JobRecord{}); }

    JobController jobs{&workspace};
    QList<QPair<qint64, WorkerVerdict>> ended;
};

TEST_F(JobControllerTest, WithoutAProjectNothingIsSubmitted)
{
    const auto result = jobs.submit(RunKind::Calibrate, "{}");
    ASSERT_TRUE(std::holds_alternative<Problem>(result));
    EXPECT_THAT(toStd(std::get<Problem>(result).message), HasSubstr("No project"));
}

TEST_F(JobControllerTest, AReadOnlyProjectTakesNoJob)
{
    openProject();
    workspace.close();
    ASSERT_FALSE(workspace.open(file, Store::Access::ReadOnly));
    EXPECT_TRUE(std::holds_alternative<Problem>(jobs.submit(RunKind::Calibrate, "{}")));
}

TEST_F(JobControllerTest, RunsOneAfterTheOther)
{
    openProject();
    const RowId first = submit(), second = submit();
    EXPECT_EQ(jobs.running(), first);
    EXPECT_TRUE(jobs.isQueuedHere(second));
    ASSERT_TRUE(waitForEnds(2));
    EXPECT_EQ(ended[0].first, first);
    EXPECT_EQ(ended[1].first, second);
    EXPECT_FALSE(jobs.running());
    EXPECT_EQ(row(first).status, JobStatus::Succeeded);
    EXPECT_EQ(row(second).status, JobStatus::Succeeded);
    EXPECT_EQ(workspace.calibrations().size(), 2u); // read without anybody asking
    ASSERT_NE(jobs.live(first), nullptr);
    EXPECT_EQ(jobs.live(first)->curves.value(QStringLiteral("subspace_change")).size(), 6);
    EXPECT_THAT(jobs.log(first).join(QLatin1Char('\n')).toStdString(), HasSubstr("writes to its log"));
}

TEST_F(JobControllerTest, ACrashIsWrittenIntoTheRowAndItsRunIsInterrupted)
{
    openProject();
    const RowId job = submit("crash_after_three_layers");
    ASSERT_TRUE(waitForEnds(1));
    const JobRecord record = row(job);
    EXPECT_EQ(record.status, JobStatus::Failed);
    EXPECT_EQ(record.error_code, "crashed");
    EXPECT_THAT(record.error_message.value_or(""), HasSubstr("SIGSEGV"));
    EXPECT_FALSE(record.process);
    ASSERT_EQ(workspace.runs().size(), 1u);
    EXPECT_EQ(workspace.runs()[0].run.status, RunStatus::Interrupted);
    EXPECT_EQ(workspace.spectra(workspace.runs()[0].run.id).size(), 3u);
    // The log is there for the next session too.
    workspace.close();
    openProject();
    EXPECT_EQ(jobs.live(job), nullptr);
    const std::string log = jobs.log(job).join(QLatin1Char('\n')).toStdString();
    EXPECT_THAT(log, HasSubstr("writes to its log"));
    EXPECT_THAT(log, HasSubstr("SIGSEGV"));
}

TEST_F(JobControllerTest, AWorkerThatTheSystemKilledLeavesAFailedJobWhoeverLooksAtItFirst)
{
    openProject();
    const RowId job = submit("out_of_memory");
    // Another window opens the project before this one has heard of the end, and calls the job interrupted.
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            static_cast<void>(other());
            return !ended.isEmpty();
        },
        kWait_ms));
    const JobRecord record = row(job);
    EXPECT_EQ(record.status, JobStatus::Failed);
    EXPECT_THAT(record.error_message.value_or(""), HasSubstr("SIGKILL, perhaps because memory ran out"));
    EXPECT_THAT(jobs.log(job).join(QLatin1Char('\n')).toStdString(), HasSubstr("SIGKILL"));
}

TEST_F(JobControllerTest, AWorkerThatWasToldToEndFromOutsideIsNotCancelled)
{
    openProject();
    const RowId job = submit("told_to_end");
    ASSERT_TRUE(waitForEnds(1));
    const JobRecord record = row(job);
    EXPECT_EQ(record.status, JobStatus::Failed) << "the worker itself wrote that it was cancelled";
    EXPECT_EQ(record.error_code, "ended");
    EXPECT_THAT(record.error_message.value_or(""), HasSubstr("signal from outside"));
}

TEST_F(JobControllerTest, RunAgainTakesTheSameSettings)
{
    openProject();
    const RowId first = submit("fails");
    ASSERT_TRUE(waitForEnds(1));
    EXPECT_EQ(row(first).error_code, "not_found");
    qputenv("KVW_FAKE_WORKER", "normal");
    const auto again = jobs.runAgain(first);
    ASSERT_TRUE(std::holds_alternative<RowId>(again));
    ASSERT_TRUE(waitForEnds(2));
    const JobRecord second = row(std::get<RowId>(again));
    EXPECT_EQ(second.specification_json, row(first).specification_json);
    EXPECT_EQ(second.status, JobStatus::Succeeded);
    EXPECT_EQ(row(first).status, JobStatus::Failed);
}

TEST_F(JobControllerTest, CancelOfAWaitingJobNeverStartsIt)
{
    openProject();
    const RowId first = submit("slow"), second = submit("slow");
    jobs.cancel(second);
    EXPECT_EQ(row(second).status, JobStatus::Cancelled);
    jobs.cancel(first);
    EXPECT_EQ(jobs.workerState(), WorkerClient::State::Cancelling);
    ASSERT_TRUE(waitForEnds(1));
    EXPECT_EQ(row(first).status, JobStatus::Cancelled);
    QTest::qWait(100);
    EXPECT_EQ(ended.size(), 1);
}

TEST_F(JobControllerTest, AKilledWorkerLeavesACancelledJob)
{
    openProject();
    const RowId job = submit("ignores_cancel");
    ASSERT_TRUE(QTest::qWaitFor([&] { return jobs.workerState() == WorkerClient::State::Running; }, kWait_ms));
    jobs.kill(job);
    ASSERT_TRUE(waitForEnds(1));
    EXPECT_EQ(row(job).status, JobStatus::Cancelled);
}

TEST_F(JobControllerTest, QueuedJobsOfOthersAreLeftAlone)
{
    openProject();
    const RowId foreign = other().add_job(RunKind::Calibrate, "{}");
    workspace.poll();
    const RowId own = submit();
    ASSERT_TRUE(waitForEnds(1));
    QTest::qWait(100);
    EXPECT_EQ(ended.size(), 1);
    EXPECT_EQ(row(own).status, JobStatus::Succeeded);
    EXPECT_EQ(row(foreign).status, JobStatus::Queued);
    EXPECT_FALSE(jobs.start(foreign));
    ASSERT_TRUE(waitForEnds(2));
    EXPECT_EQ(row(foreign).status, JobStatus::Succeeded);
    EXPECT_TRUE(jobs.start(foreign)); // it has ended
}

TEST_F(JobControllerTest, ClosingTheProjectEndsItsWorker)
{
    openProject();
    const RowId job = submit("slow");
    ASSERT_TRUE(QTest::qWaitFor([&] { return jobs.workerState() == WorkerClient::State::Running; }, kWait_ms));
    workspace.close();
    EXPECT_FALSE(jobs.running());
    EXPECT_TRUE(QTest::qWaitFor([&] { return row(job).status == JobStatus::Cancelled; }, kWait_ms));
    EXPECT_TRUE(ended.isEmpty());
}

TEST_F(JobControllerTest, AMissingWorkerFailsTheJobInWords)
{
    openProject();
    jobs.setWorker(folder.filePath(QStringLiteral("nowhere/kvw")));
    const RowId job = submit();
    ASSERT_TRUE(waitForEnds(1));
    EXPECT_EQ(row(job).status, JobStatus::Failed);
    EXPECT_THAT(row(job).error_message.value_or(""), HasSubstr("nowhere/kvw is not there"));
    EXPECT_THAT(row(job).error_hint.value_or(""), HasSubstr("KVW_WORKER"));
}

TEST_F(JobControllerTest, JobsOfADeadProcessAreInterruptedOnOpening)
{
    openProject();
    const RowId job = workspace.store()->add_job(RunKind::Calibrate, "{}");
    JobRecord record = row(job);
    record.status = JobStatus::Running;
    record.process = process_identity() + "0"; // of our number, and begun at another time
    workspace.store()->update_job(record);
    workspace.close();
    openProject();
    EXPECT_EQ(row(job).status, JobStatus::Interrupted);
}

} // namespace
} // namespace kvw
