// SPDX-License-Identifier: GPL-3.0-or-later
// "Run again with...": the panel of jobs and its dialog, with mouse and keys.
#include "widgets/shell/again_dialog.h"

#include "core/protocol/specifications.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/machine.h"
#include "widgets/shell/job_panel.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QPushButton>
#include <QSpinBox>

namespace kvw::testing {
namespace {

class RunningAgain : public WithWorkspace
{
protected:
    RunningAgain()
    {
        openProject();
        calibration = addRun(*workspace.store(), RunKind::Calibrate);
        addRun(*workspace.store(), RunKind::Calibrate);
        old.engine.model = someModel().folder;
        old.engine.type = "bf16";
        old.engine.threads = 1;
        old.engine.kernels = "reference";
        old.calibration = calibration;
        old.grid = "k=int8";
        old.text = "/texts/wiki.txt";
        old.tokens = 77;
    }
    /// Puts a job that has ended into the project and shows the panel with it picked.
    void show(RunKind kind, const nlohmann::json& settings)
    {
        Store& store = *workspace.store();
        JobRecord job = *store.job(store.add_job(kind, settings.dump()));
        job.status = JobStatus::Succeeded;
        store.update_job(job);
        workspace.reload();
        jobs.setWorker(folder.filePath(QStringLiteral("no-worker")));
        panel = std::make_unique<JobPanel>(&workspace, &jobs);
        panel->resize(1200, 300);
        panel->show();
        panel->pick(job.id);
        ASSERT_TRUE(QTest::qWaitForWindowExposed(panel.get()));
    }
    QPushButton* button() const
    {
        for (QPushButton* each : panel->findChildren<QPushButton*>())
            if (each->text() == QStringLiteral("Run again with…"))
                return each;
        return nullptr;
    }
    AgainDialog* open() const
    {
        QTest::mouseClick(button(), Qt::LeftButton);
        return panel->findChild<AgainDialog*>();
    }
    template<typename Field>
    static Field* field(const QWidget* dialog, const char* accessible)
    {
        for (Field* each : dialog->findChildren<Field*>())
            if (each->accessibleName() == QLatin1String(accessible))
                return each;
        return nullptr;
    }
    static void press(const QWidget* dialog, QDialogButtonBox::ButtonRole role)
    {
        auto* box = dialog->findChild<QDialogButtonBox*>();
        for (QAbstractButton* each : box->buttons())
            if (box->buttonRole(each) == role) {
                QTest::mouseClick(each, Qt::LeftButton);
                return;
            }
    }

    RowId calibration = 0;
    QualitySpecification old;
    JobController jobs{&workspace};
    std::unique_ptr<JobPanel> panel;
};

TEST_F(RunningAgain, TheDialogBeginsWithTheOldSettingsAndChangesOnlyTheEngines)
{
    show(RunKind::Sweep, old);
    AgainDialog* dialog = open();
    ASSERT_TRUE(dialog && dialog->isVisible());
    auto* type = field<QComboBox>(dialog, "Type");
    EXPECT_EQ(type->currentText(), QStringLiteral("bf16"));
    EXPECT_EQ(field<QComboBox>(dialog, "Calibration")->currentData().toLongLong(), calibration);
    type->setFocus();
    QTest::keyClicks(type, QStringLiteral("f"));
    auto* threads = field<QSpinBox>(dialog, "Threads");
    threads->setFocus();
    threads->selectAll();
    QTest::keyClicks(threads, QStringLiteral("0\t"));
    press(dialog, QDialogButtonBox::AcceptRole);
    const std::vector<JobRecord> rows = other().jobs();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[1].kind, RunKind::Sweep);
    const auto again = nlohmann::json::parse(rows[1].specification_json).get<QualitySpecification>();
    EXPECT_EQ(again.engine.type, "fp32");
    EXPECT_EQ(again.engine.threads, automaticThreads(thisMachine().logical_cores));
    EXPECT_EQ(again.engine.kernels, "reference") << "what the form does not offer stays";
    EXPECT_EQ(again.engine.model, old.engine.model);
    EXPECT_EQ(again.calibration, calibration);
    EXPECT_EQ(again.grid, "k=int8");
    EXPECT_EQ(again.tokens, 77);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !jobs.running(); }, kWait_ms));
}

TEST_F(RunningAgain, CancelStartsNothing)
{
    show(RunKind::Sweep, old);
    AgainDialog* dialog = open();
    ASSERT_TRUE(dialog);
    press(dialog, QDialogButtonBox::RejectRole);
    EXPECT_EQ(other().jobs().size(), 1u);
}

TEST_F(RunningAgain, ACalibrationHasNoBasesToChoose)
{
    CalibrateSpecification job;
    job.engine = old.engine;
    show(RunKind::Calibrate, job);
    AgainDialog* dialog = open();
    ASSERT_TRUE(dialog);
    EXPECT_EQ(field<QComboBox>(dialog, "Calibration"), nullptr);
    EXPECT_FALSE(nlohmann::json::parse(dialog->specification()).contains("calibration"));
    press(dialog, QDialogButtonBox::RejectRole);
}

TEST_F(RunningAgain, SettingsThatCannotBeReadAreNoReasonToFallOver)
{
    show(RunKind::Sweep, nlohmann::json{{"engine", "broken"}, {"grid", "k=int8"}});
    AgainDialog* dialog = open();
    ASSERT_TRUE(dialog);
    const auto again = nlohmann::json::parse(dialog->specification()).get<QualitySpecification>();
    EXPECT_EQ(again.grid, "k=int8");
    EXPECT_GT(again.engine.threads, 0);
    press(dialog, QDialogButtonBox::RejectRole);
}

TEST_F(RunningAgain, AnImportComputesNothing)
{
    show(RunKind::Import, ImportSpecification{});
    EXPECT_FALSE(button()->isVisible());
}

} // namespace
} // namespace kvw::testing
