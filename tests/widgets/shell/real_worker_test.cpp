// SPDX-License-Identifier: GPL-3.0-or-later
// From the start page to a written report with the real kvw and the sample model, as a person would do it.
#include "core/protocol/specifications.h"
#include "tests/support/paths.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/text.h"
#include "widgets/pages/page.h"
#include "widgets/pages/path_picker.h"
#include "widgets/pages/quality_page.h"
#include "widgets/pages/report_page.h"
#include "widgets/pages/spectra_page.h"
#include "widgets/pages/sweep_form.h"
#include "widgets/plots/spectrum_plot.h"
#include "widgets/shell/main_window.h"

#include <QAbstractButton>
#include <QComboBox>
#include <QSpinBox>

namespace kvw::testing {
namespace {

class RealWorker : public WithWorkspace
{
protected:
    void SetUp() override
    {
        model = qEnvironmentVariable("KVW_MODEL_DIR");
        if (model.isEmpty())
            GTEST_SKIP() << "KVW_MODEL_DIR does not name the sample model; scripts/test does";
        setUpSettings(folder.filePath(QStringLiteral("settings.ini")));
        window = std::make_unique<MainWindow>(MainWindow::Layout::Reset);
        window->jobs()->setWorker(toQt(testing::program("kvw").string()));
        window->resize(1200, 800);
        window->show();
        // Two texts of different words, long enough for a few hundred tokens each.
        first = write(QStringLiteral("first.txt"), words("river stone light winter house"));
        second = write(QStringLiteral("second.txt"), words("engine paper cloud bread garden"));
    }

    static QByteArray words(const char* list)
    {
        const QList<QByteArray> all = QByteArray(list).split(' ');
        QByteArray text;
        for (int i = 0; i < 400; ++i)
            text += "The " + all[i * 7 % 5] + " and the " + all[(i * i + i / 3) % 5] + " number "
                + QByteArray::number(i * 37 % 101) + " met.\n";
        return text;
    }
    template<typename Field>
    Field* field(const QString& page, const QString& accessible) const
    {
        for (Field* each : window->page(page)->findChildren<Field*>())
            if (each->accessibleName() == accessible)
                return each;
        throw std::runtime_error("no field " + toStd(accessible));
    }
    void press(const QString& page, const QString& text) const
    {
        for (QAbstractButton* each : window->page(page)->findChildren<QAbstractButton*>())
            if (QString(each->text()).remove(QLatin1Char('&')) == text) {
                EXPECT_TRUE(QTest::qWaitFor([each] { return each->isEnabled(); }, kWait_ms)) << toStd(text);
                QTest::mouseClick(each, Qt::LeftButton);
                return;
            }
        ADD_FAILURE() << "no button " << toStd(text);
    }
    void setPath(const QString& page, int picker, const QString& path) const
    {
        window->page(page)->findChildren<PathPicker*>()[picker]->setPath(path);
    }
    /// Waits until the last job has ended, well.
    void expectJobDone(std::size_t jobs) const
    {
        Workspace* project = window->workspace();
        EXPECT_TRUE(QTest::qWaitFor(
            [&] {
                project->poll();
                return project->jobs().size() == jobs && !window->jobs()->running();
            },
            kWait_ms));
        ASSERT_EQ(project->jobs().size(), jobs);
        const JobRecord& job = project->jobs().back();
        EXPECT_EQ(name(job.status), name(JobStatus::Succeeded)) << job.error_message.value_or("");
    }

    std::string calibration(const QString& folder_of_model) const
    {
        CalibrateSpecification job;
        job.engine.model = toStd(folder_of_model);
        job.text = toStd(first);
        job.tokens = 0;
        job.window = 64;
        return nlohmann::json(job).dump();
    }

    QString model, first, second;
    std::unique_ptr<MainWindow> window;
};

TEST_F(RealWorker, FromTheStartPageToTheReport)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("project.kvw"), {})));
    window->showPage(QStringLiteral("start"));
    setPath(QStringLiteral("start"), 0, model);
    setPath(QStringLiteral("start"), 1, first);
    press(QStringLiteral("start"), QStringLiteral("Calibrate…"));
    ASSERT_EQ(window->currentPage()->id(), QStringLiteral("calibrate"));

    field<QSpinBox>(QStringLiteral("calibrate"), QStringLiteral("Tokens"))->setValue(1024);
    field<QSpinBox>(QStringLiteral("calibrate"), QStringLiteral("Window"))->setValue(128);
    press(QStringLiteral("calibrate"), QStringLiteral("Start the calibration"));
    expectJobDone(1);
    ASSERT_EQ(window->workspace()->calibrations().size(), 1u);

    press(QStringLiteral("calibrate"), QStringLiteral("Show the spectra"));
    ASSERT_EQ(window->currentPage()->id(), QStringLiteral("spectra"));
    auto* spectra = qobject_cast<SpectraPage*>(window->currentPage());
    spectra->updateNow();
    EXPECT_EQ(spectra->map()->data().layers, 30);
    ASSERT_FALSE(spectra->variances()->curves().empty());
    EXPECT_EQ(spectra->variances()->curves()[0].eigenvalues.size(), 64u);

    window->showPage(QStringLiteral("quality"));
    auto* quality = qobject_cast<QualityPage*>(window->currentPage());
    quality->updateNow();
    quality->form()->restoreState({{QStringLiteral("text"), second},
                                   {QStringLiteral("tokens"), 512},
                                   {QStringLiteral("window"), 128},
                                   {QStringLiteral("grid"), QStringLiteral("k=kq:(48|56) sinks=4; k=int8 v=int8")}});
    press(QStringLiteral("quality"), QStringLiteral("Start the sweep"));
    expectJobDone(2);
    quality->updateNow();
    ASSERT_EQ(quality->plot()->curves().size(), 2u);
    EXPECT_EQ(quality->plot()->curves()[0].points.size(), 2u);

    window->showPage(QStringLiteral("report"));
    auto* report = qobject_cast<ReportPage*>(window->currentPage());
    report->updateNow();
    const QString file = folder.filePath(QStringLiteral("report.html"));
    const auto problem = report->exportTo(file);
    ASSERT_FALSE(problem) << toStd(problem->message);
    QFile html(file);
    ASSERT_TRUE(html.open(QIODevice::ReadOnly));
    const QByteArray bytes = html.readAll();
    for (const char* part : {"k=kq:48 sinks=4", "<svg", "k=int8,token v=int8,token", "smollm2"})
        EXPECT_TRUE(bytes.contains(part)) << part;
}

TEST_F(RealWorker, AModelThatIsGoneIsSaidAndTheProjectStays)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("project.kvw"), {})));
    const QString gone = folder.filePath(QStringLiteral("gone-model"));
    const auto job = window->jobs()->submit(RunKind::Calibrate, calibration(gone));
    ASSERT_TRUE(std::holds_alternative<RowId>(job));
    EXPECT_TRUE(QTest::qWaitFor(
        [&] {
            window->workspace()->poll();
            return !window->jobs()->running();
        },
        kWait_ms));
    window->workspace()->reload();
    const JobRecord& row = window->workspace()->jobs().back();
    EXPECT_EQ(name(row.status), name(JobStatus::Failed));
    ASSERT_TRUE(row.error_message);
    EXPECT_THAT(*row.error_message, ::testing::HasSubstr("gone-model"));
    EXPECT_TRUE(window->workspace()->isOpen());
}

TEST_F(RealWorker, CancellingTakesEffect)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("project.kvw"), {})));
    const auto job = window->jobs()->submit(RunKind::Calibrate, calibration(model));
    ASSERT_TRUE(std::holds_alternative<RowId>(job));
    const RowId id = std::get<RowId>(job);
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            const LiveJob* live = window->jobs()->live(id);
            return live && live->progress.done > 0;
        },
        kWait_ms));
    window->jobs()->cancel(id);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !window->jobs()->running(); }, kWait_ms));
    window->workspace()->reload();
    const JobStatus status = window->workspace()->jobs().back().status;
    EXPECT_TRUE(status == JobStatus::Cancelled || status == JobStatus::Succeeded) << name(status);
}

} // namespace
} // namespace kvw::testing
