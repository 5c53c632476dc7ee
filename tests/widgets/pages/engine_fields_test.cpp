// SPDX-License-Identifier: GPL-3.0-or-later
// The fields that all forms of jobs share, used as a person does: shown, with mouse and keys.
#include "widgets/pages/engine_fields.h"

#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/machine.h"
#include "widgets/models/settings.h"
#include "widgets/pages/calibrate_page.h"
#include "widgets/pages/generate_page.h"
#include "widgets/pages/quality_page.h"
#include "widgets/pages/speed_form.h"
#include "widgets/pages/sweep_form.h"
#include "widgets/pages/throughput_page.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>

namespace kvw::testing {
namespace {

template<typename Field>
Field* field(const QWidget& form, const char* accessible)
{
    for (Field* each : form.findChildren<Field*>())
        if (each->accessibleName() == QLatin1String(accessible))
            return each;
    ADD_FAILURE() << "no field " << accessible;
    return nullptr;
}

/// Opens the list with the mouse and goes to the row with that text by keys.
void pick(QComboBox* box, const QString& text)
{
    const int row = box->findText(text, Qt::MatchContains);
    ASSERT_GE(row, 0) << text.toStdString();
    QTest::mouseClick(box, Qt::LeftButton);
    QAbstractItemView* list = box->view();
    ASSERT_TRUE(QTest::qWaitFor([list] { return list->isVisible(); }, kWait_ms));
    QTest::keyClick(list, Qt::Key_Home);
    for (int i = 0; i < row; ++i)
        QTest::keyClick(list, Qt::Key_Down);
    QTest::keyClick(list, Qt::Key_Return);
    ASSERT_TRUE(QTest::qWaitFor([list] { return !list->isVisible(); }, kWait_ms));
    EXPECT_EQ(box->currentIndex(), row);
}

TEST(Threads, OneCoreIsLeftWhereThereAreMoreThanTwo)
{
    EXPECT_EQ(automaticThreads(1), 1);
    EXPECT_EQ(automaticThreads(2), 2);
    EXPECT_EQ(automaticThreads(3), 2);
    EXPECT_EQ(automaticThreads(8), 7);
    EXPECT_EQ(EngineFields::threadsText(0, 8), QStringLiteral("automatic: 7 of 8 cores, one is left for the window"));
    EXPECT_EQ(EngineFields::threadsText(0, 2), QStringLiteral("automatic: both cores"));
    EXPECT_EQ(EngineFields::threadsText(0, 1), QStringLiteral("automatic: the only core"));
    EXPECT_EQ(EngineFields::threadsText(3, 8), QStringLiteral("3 of 8 cores"));
}

class Fields : public WithWorkspace
{
protected:
    Fields()
    {
        engine = new EngineFields(Bases::Needed, &form, 8);
        engine->addLine(new QFormLayout(&form));
        form.resize(900, 120);
        form.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&form));
    }
    RowId addCalibration(std::int64_t tokens)
    {
        RunRecord run;
        run.text_hash = "t1";
        run.input_tokens = tokens;
        return addRun(*workspace.store(), RunKind::Calibrate, run);
    }
    void openWithCalibrations()
    {
        openProject();
        workspace.store()->put_text({"t1", "wiki.txt", 100, 100});
        first = addCalibration(1024);
        second = addCalibration(65536);
        workspace.reload();
        engine->setModel(workspace, folder_of_model);
    }

    const QString folder_of_model = toQt(someModel().folder);
    QWidget form;
    EngineFields* engine = nullptr;
    RowId first = 0, second = 0;
};

TEST_F(Fields, NothingChosenIsAutomaticAndTheThreadsAreSaidInNumbers)
{
    const EngineOptions options = engine->options(folder_of_model);
    EXPECT_EQ(options.type, "auto");
    EXPECT_EQ(options.device, "cpu");
    EXPECT_EQ(options.threads, 7);
    EXPECT_EQ(options.model, someModel().folder);
    EXPECT_FALSE(engine->calibration());
    EXPECT_EQ(engine->note()->text(), QStringLiteral("automatic: 7 of 8 cores, one is left for the window"));
}

TEST_F(Fields, MouseAndKeysChooseTypeDeviceAndThreads)
{
    QSignalSpy changed(engine, &EngineFields::changed);
    pick(field<QComboBox>(form, "Type"), QStringLiteral("fp32"));
    pick(field<QComboBox>(form, "Device"), QStringLiteral("cuda"));
    auto* threads = field<QSpinBox>(form, "Threads");
    threads->setFocus();
    threads->selectAll();
    QTest::keyClicks(threads, QStringLiteral("3"));
    QTest::keyClick(threads, Qt::Key_Return);
    EXPECT_GE(changed.count(), 3);
    const EngineOptions options = engine->options(folder_of_model);
    EXPECT_EQ(options.type, "fp32");
    EXPECT_EQ(options.device, "cuda");
    EXPECT_EQ(options.threads, 3);
    EXPECT_EQ(engine->note()->text(), QStringLiteral("3 of 8 cores"));
    // No more than there are, and down again past 1 is automatic.
    for (int i = 0; i < 10; ++i)
        QTest::keyClick(threads, Qt::Key_Up);
    EXPECT_EQ(engine->options(folder_of_model).threads, 8);
    for (int i = 0; i < 10; ++i)
        QTest::keyClick(threads, Qt::Key_Down);
    EXPECT_EQ(threads->text(), QStringLiteral("automatic"));
    EXPECT_EQ(engine->options(folder_of_model).threads, 7);
}

TEST_F(Fields, TheNewestCalibrationIsTakenUnlessOneIsNamed)
{
    openWithCalibrations();
    auto* box = field<QComboBox>(form, "Calibration");
    ASSERT_EQ(box->count(), 3);
    EXPECT_TRUE(box->isEnabled());
    EXPECT_EQ(box->itemText(1), QStringLiteral("run %1, wiki.txt, 65,536 tokens").arg(second));
    EXPECT_FALSE(engine->calibration());
    pick(box, QStringLiteral("run %1,").arg(first));
    EXPECT_EQ(engine->calibration(), first);
    // A newer one does not take its place.
    addCalibration(2048);
    workspace.reload();
    engine->setModel(workspace, folder_of_model);
    EXPECT_EQ(engine->calibration(), first);
    // Of another model there is none, and back again the choice stands.
    engine->setModel(workspace, QStringLiteral("/models/other"));
    EXPECT_FALSE(engine->calibration());
    EXPECT_FALSE(box->isEnabled());
    engine->setModel(workspace, folder_of_model);
    EXPECT_EQ(engine->calibration(), first);
}

TEST_F(Fields, ChoicesAreRememberedButNotForAnotherProjectsRuns)
{
    openWithCalibrations();
    pick(field<QComboBox>(form, "Type"), QStringLiteral("bf16"));
    pick(field<QComboBox>(form, "Calibration"), QStringLiteral("run %1,").arg(first));
    auto* threads = field<QSpinBox>(form, "Threads");
    threads->selectAll();
    QTest::keyClicks(threads, QStringLiteral("2\t"));
    QJsonObject state;
    engine->saveState(state);

    QWidget later;
    EngineFields same(Bases::Needed, &later, 8);
    same.restoreState(state); // before the project is there, as a window does
    same.setModel(workspace, folder_of_model);
    EXPECT_EQ(same.options(folder_of_model).type, "bf16");
    EXPECT_EQ(same.options(folder_of_model).threads, 2);
    EXPECT_EQ(same.calibration(), first);

    state[QLatin1String("calibration_begun")] = QStringLiteral("2001-01-01T00:00:00.000Z");
    EngineFields elsewhere(Bases::Needed, &later, 1);
    elsewhere.restoreState(state);
    elsewhere.setModel(workspace, folder_of_model);
    EXPECT_FALSE(elsewhere.calibration()) << "the same number, but another run";
    EXPECT_EQ(elsewhere.options(folder_of_model).threads, 1) << "a smaller machine";
    elsewhere.restoreState({});
    elsewhere.restoreState({{QStringLiteral("type"), 7}, {QStringLiteral("threads"), QStringLiteral("many")}});
    EXPECT_EQ(elsewhere.options(folder_of_model).type, "bf16");
}

class FormsOfJobs : public WithWorkspace
{
protected:
    FormsOfJobs()
    {
        openProject();
        calibration = addRun(*workspace.store(), RunKind::Calibrate);
        addRun(*workspace.store(), RunKind::Calibrate);
        workspace.reload();
    }
    template<typename P>
    void show(P& page)
    {
        page.setWorkspace(&workspace);
        page.resize(1280, 800);
        page.show();
        page.updateNow();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&page));
    }
    /// Chooses with mouse and keys, and returns what the job would be asked for.
    template<typename Specification, typename Ask>
    Specification chosen(const QWidget& page, Ask specification)
    {
        pick(field<QComboBox>(page, "Type"), QStringLiteral("fp32"));
        auto* threads = field<QSpinBox>(page, "Threads");
        threads->setFocus();
        threads->selectAll();
        QTest::keyClicks(threads, QStringLiteral("1\t"));
        return nlohmann::json::parse(specification()).template get<Specification>();
    }

    RowId calibration = 0;
};

template<typename Specification>
void expectChosen(const Specification& job)
{
    EXPECT_EQ(job.engine.type, "fp32");
    EXPECT_EQ(job.engine.device, "cpu");
    EXPECT_EQ(job.engine.threads, 1);
}

TEST_F(FormsOfJobs, TheCalibrationAsksForThem)
{
    setUpSettings(folder.filePath(QStringLiteral("settings.ini")));
    CalibratePage page;
    show(page);
    const auto before = nlohmann::json::parse(page.specification()).get<CalibrateSpecification>();
    EXPECT_EQ(before.engine.type, "auto");
    EXPECT_EQ(before.engine.threads, automaticThreads(thisMachine().logical_cores));
    expectChosen(chosen<CalibrateSpecification>(page, [&] { return page.specification(); }));
    CalibratePage next;
    next.restoreState(page.saveState());
    expectChosen(nlohmann::json::parse(next.specification()).get<CalibrateSpecification>());
}

TEST_F(FormsOfJobs, TheSweepAsksForThemAndForACalibration)
{
    QualityPage page;
    show(page); // without a measured quality its form is open
    pick(field<QComboBox>(page, "Calibration"), QStringLiteral("run %1").arg(calibration));
    const auto job = chosen<QualitySpecification>(page, [&] { return page.form()->specification(); });
    expectChosen(job);
    EXPECT_EQ(job.calibration, calibration);
    QualityPage next;
    next.restoreState(page.saveState());
    next.setWorkspace(&workspace);
    next.updateNow();
    const auto again = nlohmann::json::parse(next.form()->specification()).get<QualitySpecification>();
    expectChosen(again);
    EXPECT_EQ(again.calibration, calibration);
}

TEST_F(FormsOfJobs, TheSpeedAsksForThemAndForACalibration)
{
    ThroughputPage page;
    show(page);
    for (QToolButton* button : page.findChildren<QToolButton*>())
        if (button->text() == QStringLiteral("Measure speed…"))
            QTest::mouseClick(button, Qt::LeftButton);
    auto* form = page.findChild<SpeedForm*>();
    ASSERT_TRUE(form->isVisible());
    pick(field<QComboBox>(page, "Calibration"), QStringLiteral("run %1").arg(calibration));
    const auto job = chosen<ThroughputSpecification>(page, [&] { return form->specification(); });
    expectChosen(job);
    EXPECT_EQ(job.calibration, calibration);
    ThroughputPage next;
    next.restoreState(page.saveState());
    next.setWorkspace(&workspace);
    next.updateNow();
    expectChosen(nlohmann::json::parse(next.findChild<SpeedForm*>()->specification()).get<ThroughputSpecification>());
}

TEST_F(FormsOfJobs, TheTextAsksForThemAndForACalibration)
{
    GeneratePage page;
    show(page);
    pick(field<QComboBox>(page, "Calibration"), QStringLiteral("run %1").arg(calibration));
    const auto job = chosen<GenerationSpecification>(page, [&] { return page.specification(); });
    expectChosen(job);
    EXPECT_EQ(job.calibration, calibration);
    GeneratePage next;
    next.restoreState(page.saveState());
    next.setWorkspace(&workspace);
    next.updateNow();
    expectChosen(nlohmann::json::parse(next.specification()).get<GenerationSpecification>());
}

} // namespace
} // namespace kvw::testing
