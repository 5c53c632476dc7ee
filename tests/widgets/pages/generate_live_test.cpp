// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/paths.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/text.h"
#include "widgets/pages/generate_page.h"
#include "widgets/pages/generation_column.h"

#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>

namespace kvw::testing {
namespace {

/// A page whose worker says hello and then nothing, so that the test can say what it writes.
class GenerateLive : public WithWorkspace
{
protected:
    GenerateLive()
    {
        openProject();
        addRun(*workspace.store());
        workspace.reload();
        qputenv("KVW_FAKE_WORKER", "hangs");
        jobs.setWorker(toQt(testing::program("kvw_fake_worker").string()));
        WorkerTimes times;
        times.terminate_ms = 200;
        times.kill_ms = 5'000;
        jobs.setTimes(times);
        page.setWorkspace(&workspace);
        page.setJobs(&jobs);
        page.updateNow();
    }
    ~GenerateLive() override { qunsetenv("KVW_FAKE_WORKER"); }

    QPushButton* button(const char* text)
    {
        for (QPushButton* button : page.findChildren<QPushButton*>())
            if (button->text().remove(QLatin1Char('&')) == QLatin1String(text))
                return button;
        return nullptr;
    }
    QPlainTextEdit* prompt()
    {
        for (QPlainTextEdit* editor : page.findChildren<QPlainTextEdit*>())
            if (editor->accessibleName() == QLatin1String("Prompt"))
                return editor;
        return nullptr;
    }

    JobController jobs{&workspace};
    GeneratePage page;
};

TEST_F(GenerateLive, TextsGrowSideBySideAndPartWhereTheyDiffer)
{
    EXPECT_FALSE(button("Generate")->isEnabled()); // nothing to answer yet
    prompt()->setPlainText(QStringLiteral("Why?"));
    ASSERT_TRUE(button("Generate")->isEnabled());
    button("Generate")->click();
    ASSERT_EQ(page.columns().size(), 3u); // the uncompressed one and the two that the form begins with
    const std::vector<JobRecord> rows = other().jobs();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].kind, RunKind::Generate);
    const RowId job = rows[0].id;
    Q_EMIT jobs.jobText(job, 0, QStringLiteral("The sky is "));
    Q_EMIT jobs.jobText(job, 0, QStringLiteral("blue"));
    Q_EMIT jobs.jobText(job, 1, QStringLiteral("The sky"));
    EXPECT_EQ(page.columns()[0]->text(), QStringLiteral("The sky is blue"));
    EXPECT_EQ(page.columns()[1]->markedText(), QString()); // shorter is no difference while it grows
    Q_EMIT jobs.jobText(job, 1, QStringLiteral(" was blue"));
    EXPECT_EQ(page.columns()[1]->markedText(), QStringLiteral("was"));
    // What no text of this job is passed over.
    Q_EMIT jobs.jobText(job, 7, QStringLiteral("x"));
    Q_EMIT jobs.jobText(job, -1, QStringLiteral("x"));
    Q_EMIT jobs.jobText(job + 1, 2, QStringLiteral("x"));
    EXPECT_EQ(page.columns()[2]->text(), QString());
}

TEST_F(GenerateLive, StopEndsTheJobAndTheFormIsFreeAgain)
{
    prompt()->setPlainText(QStringLiteral("Why?"));
    QSignalSpy ended(&jobs, &JobController::jobFinished);
    button("Generate")->click();
    EXPECT_FALSE(button("Generate")->isEnabled());
    ASSERT_TRUE(button("Stop")->isEnabled());
    ASSERT_TRUE(QTest::qWaitFor([this] { return jobs.workerState() == WorkerClient::State::Running; }, kWait_ms));
    button("Stop")->click();
    ASSERT_TRUE(QTest::qWaitFor([&] { return ended.count() == 1; }, kWait_ms));
    EXPECT_TRUE(button("Generate")->isEnabled());
    EXPECT_FALSE(button("Stop")->isEnabled());
}

TEST_F(GenerateLive, AWorkerThatIsNotThereIsAProblemInWords)
{
    jobs.setWorker(folder.filePath(QStringLiteral("nowhere/kvw")));
    prompt()->setPlainText(QStringLiteral("Why?"));
    QSignalSpy problems(&page, &Page::problem);
    button("Generate")->click();
    ASSERT_TRUE(QTest::qWaitFor([&] { return problems.count() >= 1; }, kWait_ms));
    EXPECT_FALSE(problems[0][0].value<Problem>().message.isEmpty());
    EXPECT_TRUE(button("Generate")->isEnabled());
}

} // namespace
} // namespace kvw::testing
