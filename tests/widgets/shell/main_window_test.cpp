// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window: every page on every kind of project, and what it says about files that will not do.
#include "widgets/shell/main_window.h"

#include "core/store/options.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/pages/page.h"
#include "widgets/pages/page_export.h"
#include "widgets/pages/page_list.h"
#include "widgets/plots/plot_view.h"
#include "widgets/shell/message_bar.h"
#include "widgets/shell/project_controller.h"

#include <QAbstractButton>
#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPlainTextEdit>
#include <QProcess>
#include <QSet>
#include <QToolButton>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cmath>

namespace kvw::testing {
namespace {

class Windows : public WithWorkspace
{
protected:
    Windows()
    {
        setUpSettings(folder.filePath(QStringLiteral("settings.ini")));
        window = std::make_unique<MainWindow>(MainWindow::Layout::Reset);
        window->resize(1200, 800);
        window->show();
    }
    ~Windows() override { QApplication::setPalette(Appearance::lightPalette()); }

    /// One of everything: a calibration with spectra, a sweep, a benchmark, a generation.
    void fill(Store& store, int quality_runs = 6)
    {
        store.put_text({"t1", "wiki.txt", 100, 100});
        const RowId calibration = addRun(store, RunKind::Calibrate);
        std::vector<SpectrumRecord> spectra;
        for (int layer = 0; layer < 2; ++layer)
            for (int head = 0; head < 2; ++head)
                for (const char* quantity : {"k_pre", "k", "v", "qk"}) {
                    SpectrumRecord record;
                    record.layer = layer;
                    record.kv_head = head;
                    record.quantity = quantity;
                    record.positions = Positions::AfterSinks;
                    for (int i = 0; i < 8; ++i)
                        record.eigenvalues.push_back(std::pow(0.5, i));
                    record.effective_rank = 3;
                    spectra.push_back(record);
                }
        store.put_spectra(calibration, spectra);
        RowId sweep = 0;
        for (int i = 0; i < quality_runs; ++i) {
            if (i % 6 == 0)
                sweep = addRun(store, RunKind::Sweep);
            addQuality(store, sweep, i % 6);
        }
        addSpeed(store);
        addText(store);
    }

    static RunRecord child(RowId parent, const std::string& configuration)
    {
        RunRecord run;
        run.parent_run = parent;
        run.configuration = configuration;
        run.text_hash = "t1";
        run.protocol = "all";
        run.window_tokens = 64;
        return run;
    }
    static void addQuality(Store& store, RowId sweep, int which)
    {
        QualityRecord quality;
        quality.configuration = which == 0 ? "identity" : "k=pca:" + std::to_string(which);
        quality.run = addRun(store, RunKind::Sweep, child(sweep, quality.configuration));
        quality.ppl = 20;
        quality.protocol = "all";
        quality.scored_tokens = 128;
        quality.ledger = {1000, 24, 0, 0, 0, 0, 1024};
        if (which > 0)
            quality.rel_ppl = quality.rel_ppl_lo = quality.rel_ppl_hi = 0.01 * which;
        store.put_quality(quality, {});
    }
    static void addSpeed(Store& store)
    {
        const RowId bench = addRun(store, RunKind::Bench);
        for (const std::int64_t context : {512, 2048}) {
            ThroughputSummary summary;
            summary.configuration = "identity";
            summary.run = addRun(store, RunKind::Bench, child(bench, summary.configuration));
            summary.context = context;
            summary.decode_tokens_per_s_median = summary.decode_tokens_per_s_p10 = summary.decode_tokens_per_s_p90 = 40;
            summary.bandwidth_gb_s = 20;
            summary.bytes_per_step = 2e8;
            summary.ledger = {4096, 128, 0, 64, 0, 32, 4096};
            store.put_throughput(summary, {});
        }
    }
    static void addText(Store& store)
    {
        const RowId generation = addRun(store, RunKind::Generate);
        GenerationRecord record;
        record.run = addRun(store, RunKind::Generate, child(generation, "identity"));
        record.prompt = "Why?";
        record.generated_text = "Because.";
        store.put_generation(record);
    }

    void visitEveryPage()
    {
        for (Page* page : window->pages()) {
            ASSERT_TRUE(window->showPage(page->id()));
            page->updateNow();
            QCoreApplication::processEvents();
            EXPECT_FALSE(window->grab().isNull());
        }
    }
    /// Opens the file and gives back what the window said against it.
    QString refusal(const QString& path)
    {
        EXPECT_FALSE(window->openProject(path));
        EXPECT_EQ(window->messages()->count(), 1);
        QString text;
        for (const QLabel* label : window->messages()->findChildren<QLabel*>())
            text += label->text() + QLatin1Char(' ');
        return text;
    }

    std::unique_ptr<MainWindow> window;
};

TEST_F(Windows, EveryPageOfTheListIsThereInItsOrder)
{
    ASSERT_EQ(window->pages().size(), static_cast<qsizetype>(pageList().size()));
    for (qsizetype i = 0; i < window->pages().size(); ++i)
        EXPECT_EQ(window->pages()[i]->id(), toQt(pageList()[static_cast<std::size_t>(i)].id));
}

TEST_F(Windows, EveryPageWithoutAProject) { visitEveryPage(); }

TEST_F(Windows, EveryPageOnAnEmptyProject)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("empty.kvw"), {})));
    visitEveryPage();
    for (const Page* page : window->pages())
        if (const auto empty = page->emptyState()) {
            EXPECT_FALSE(empty->title.isEmpty()) << toStd(page->id());
            EXPECT_GT(empty->reason.size(), 20) << toStd(page->id());
        }
}

TEST_F(Windows, EveryPageOnAFullProjectInBothSchemesAndBack)
{
    {
        Store store = Store::open(toStd(file));
        fill(store);
    }
    ASSERT_TRUE(window->openProject(file));
    visitEveryPage();
    for (const bool dark : {true, false}) {
        QApplication::setPalette(dark ? Appearance::darkPalette() : Appearance::lightPalette());
        visitEveryPage();
        int plots = 0;
        for (const PlotView* plot : window->findChildren<PlotView*>()) {
            EXPECT_EQ(plot->plotStyle().dark, dark) << toStd(plot->id());
            ++plots;
        }
        EXPECT_GT(plots, 5);
    }
}

TEST_F(Windows, EveryPageOnTenThousandRuns)
{
    {
        Store store = Store::open(toStd(file));
        store.transaction([&] { fill(store, 10'000); });
    }
    ASSERT_TRUE(window->openProject(file));
    visitEveryPage();
    EXPECT_GT(window->workspace()->runs().size(), 10'000u);
}

TEST_F(Windows, WhatCanBeOperatedHasANameForScreenReaders)
{
    {
        Store store = Store::open(toStd(file));
        fill(store);
    }
    ASSERT_TRUE(window->openProject(file));
    visitEveryPage();
    int operated = 0;
    for (const QWidget* each : window->findChildren<QWidget*>()) {
        const auto* button = qobject_cast<const QAbstractButton*>(each);
        const bool field = qobject_cast<const QComboBox*>(each) || qobject_cast<const QAbstractSpinBox*>(each)
            || qobject_cast<const QLineEdit*>(each) || qobject_cast<const QPlainTextEdit*>(each)
            || qobject_cast<const QAbstractItemView*>(each) || qobject_cast<const PlotView*>(each);
        if ((!button && !field) || each->focusPolicy() == Qt::NoFocus
            || each->objectName().startsWith(QStringLiteral("qt_")))
            continue;
        // Parts of a field (a spin box' line, a combo box' list) are read with it.
        const QWidget* parent = each->parentWidget();
        if (qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent)
            || each->inherits("QComboBoxListView") || each->inherits("QTableCornerButton"))
            continue;
        if (button && button->text().isEmpty() && parent->inherits("kvw::EmptyState"))
            continue; // gets its text when it is shown
        ++operated;
        const QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(each));
        ASSERT_NE(spoken, nullptr);
        EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty())
            << each->metaObject()->className() << " \"" << toStd(each->objectName()) << "\" in "
            << (parent ? parent->metaObject()->className() : "nothing");
    }
    EXPECT_GT(operated, 60);
}

TEST_F(Windows, NoMnemonicStandsTwiceOnAPage)
{
    {
        Store store = Store::open(toStd(file));
        fill(store);
    }
    ASSERT_TRUE(window->openProject(file));
    for (Page* page : window->pages()) {
        window->showPage(page->id());
        page->updateNow();
        for (QToolButton* form : page->findChildren<QToolButton*>())
            if (form->isCheckable() && form->text().endsWith(QStringLiteral("…")) && !form->isChecked())
                QTest::mouseClick(form, Qt::LeftButton);
        QMap<QString, QString> owners;
        const auto take = [&](const QString& text) {
            const QKeySequence key = QKeySequence::mnemonic(text);
            if (key.isEmpty())
                return;
            const QString word = key.toString(QKeySequence::PortableText);
            EXPECT_FALSE(owners.contains(word))
                << toStd(page->id()) << ": " << toStd(text) << " and " << toStd(owners[word]);
            owners.insert(word, text);
        };
        for (const QLabel* label : page->findChildren<QLabel*>())
            if (label->buddy() && label->isVisibleTo(page))
                take(label->text());
        for (const QAbstractButton* button : page->findChildren<QAbstractButton*>())
            if (button->isVisibleTo(page))
                take(button->text());
    }
}

TEST_F(Windows, EveryModelOfATableIsAProperOne)
{
    {
        Store store = Store::open(toStd(file));
        fill(store);
    }
    std::vector<std::unique_ptr<QAbstractItemModelTester>> testers;
    for (const QAbstractItemView* view : window->findChildren<QAbstractItemView*>())
        if (view->model())
            testers.push_back(std::make_unique<QAbstractItemModelTester>(
                view->model(), QAbstractItemModelTester::FailureReportingMode::Fatal));
    EXPECT_GT(testers.size(), 5u);
    ASSERT_TRUE(window->openProject(file));
    visitEveryPage();
    window->workspace()->close();
    visitEveryPage();
}

TEST_F(Windows, EveryPageIsExportedAndReadBack)
{
    {
        Store store = Store::open(toStd(file));
        fill(store);
    }
    ASSERT_TRUE(window->openProject(file));
    QSet<QString> kinds;
    for (Page* page : window->pages()) {
        page->updateNow();
        const PageExport result = exportPage(*page, folder.filePath(page->id()));
        ASSERT_FALSE(result.problem) << toStd(page->id()) << ": " << toStd(result.problem->message);
        for (const QString& each : result.files) {
            QFile out(each);
            ASSERT_TRUE(out.open(QIODevice::ReadOnly));
            const QByteArray bytes = out.readAll();
            EXPECT_GT(bytes.size(), 10) << toStd(each);
            if (each.endsWith(QStringLiteral(".svg"))) {
                EXPECT_TRUE(bytes.contains("</svg>")) << toStd(each);
            }
            kinds.insert(each.section(QLatin1Char('.'), -1));
        }
    }
    EXPECT_EQ(kinds, (QSet<QString>{QStringLiteral("svg"), QStringLiteral("csv")}));
}

TEST_F(Windows, AnExportThatCannotBeWrittenIsSaidAndNothingIsLost)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("a b ü.kvw"), {})));
    {
        Store store = other();
        fill(store);
    }
    window->workspace()->reload();
    window->showPage(QStringLiteral("spectra"));
    window->currentPage()->updateNow();
    const PageExport result = exportPage(*window->currentPage(), QStringLiteral("/dev/full/figures"));
    ASSERT_TRUE(result.problem);
    EXPECT_TRUE(result.files.isEmpty());
    EXPECT_TRUE(result.problem->message.contains(QStringLiteral("/dev/full"))) << toStd(result.problem->message);
    EXPECT_TRUE(window->workspace()->isOpen());
}

TEST_F(Windows, FilesThatAreNoProjectsAreRefusedInWordsAndLeftAsTheyWere)
{
    const QString text = write(QStringLiteral("text.kvw"), "not a database");
    EXPECT_TRUE(refusal(text).contains(QStringLiteral("text.kvw")));
    const QString foreign = folder.filePath(QStringLiteral("foreign.kvw"));
    {
        SQLite::Database database(toStd(foreign), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec("CREATE TABLE bookmarks (url TEXT)");
    }
    EXPECT_TRUE(refusal(foreign).contains(QStringLiteral("foreign.kvw")));
    EXPECT_TRUE(refusal(folder.filePath(QStringLiteral("gone.kvw"))).contains(QStringLiteral("no such file")));
    EXPECT_TRUE(refusal(folder.path()).contains(folder.path()));
    QFile same(text);
    ASSERT_TRUE(same.open(QIODevice::ReadOnly));
    EXPECT_EQ(same.readAll(), "not a database");
    EXPECT_FALSE(window->workspace()->isOpen());
}

TEST_F(Windows, ATruncatedAndANewerProjectAreRefusedInWordsAndTheOldOneStays)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("a b ü.kvw"), {})));
    const QString good = folder.filePath(QStringLiteral("good.kvw"));
    {
        Store store = Store::open(toStd(good));
        fill(store, 60);
    }
    const QString cut = folder.filePath(QStringLiteral("cut.kvw"));
    ASSERT_TRUE(QFile::copy(good, cut));
    ASSERT_TRUE(QFile::resize(cut, QFileInfo(cut).size() / 2));
    EXPECT_TRUE(refusal(cut).contains(QStringLiteral("cut.kvw")));
    std::vector<Migration> newer(built_in_migrations().begin(), built_in_migrations().end());
    const int next = newer.back().version + 1;
    const std::string not_for_older_programs =
        "UPDATE meta SET value = '" + std::to_string(next) + "' WHERE name = 'minimum_compatible_version'";
    newer.push_back({next, "later", not_for_older_programs});
    StoreOptions options;
    options.migrations = newer;
    options.program_version = "9.9.0";
    Store::open(toStd(good), Store::Access::ReadWrite, options);
    const QString said = refusal(good);
    EXPECT_TRUE(said.contains(QStringLiteral("9.9.0"))) << toStd(said);
    EXPECT_EQ(window->workspace()->path(), file);
}

TEST_F(Windows, ALockedProjectIsSaidToBeBusy)
{
    {
        Store store = Store::open(toStd(file));
        fill(store);
    }
    SQLite::Database database(toStd(file), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE");
    const QString said = refusal(file);
    EXPECT_TRUE(said.contains(QStringLiteral("another"))) << toStd(said);
    database.exec("ROLLBACK");
}

TEST_F(Windows, TwoWindowsOnOneProjectSeeTheSame)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("a b ü.kvw"), {})));
    MainWindow second(MainWindow::Layout::Reset);
    second.workspace()->setPollInterval(0);
    ASSERT_TRUE(second.openProject(file));
    EXPECT_GT(second.messages()->count(), 0) << "it says that there is another window";
    const RowId run = addRun(*window->workspace()->store());
    second.workspace()->poll();
    EXPECT_NE(second.workspace()->run(run), nullptr);
}

TEST_F(Windows, AMissingWorkerIsSaidAndTheJobIsKept)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("a b ü.kvw"), {})));
    window->jobs()->setWorker(folder.filePath(QStringLiteral("no-such-kvw")));
    const auto job = window->jobs()->submit(RunKind::Calibrate, "{}");
    ASSERT_TRUE(std::holds_alternative<RowId>(job));
    EXPECT_TRUE(QTest::qWaitFor(
        [&] {
            window->workspace()->reload();
            return !window->workspace()->jobs().empty()
                && window->workspace()->jobs().back().status == JobStatus::Failed;
        },
        kWait_ms));
    const JobRecord& row = window->workspace()->jobs().back();
    ASSERT_TRUE(row.error_message);
    EXPECT_THAT(*row.error_message, ::testing::HasSubstr("no-such-kvw"));
}

TEST_F(Windows, LayoutsAreNamedAndComeBack)
{
    auto docks = window->findChildren<QDockWidget*>();
    ASSERT_GE(docks.size(), 2);
    docks[0]->setVisible(true);
    window->saveLayout(QStringLiteral("mine"));
    docks[0]->setVisible(false);
    window->restoreLayout(QStringLiteral("mine"));
    EXPECT_TRUE(docks[0]->isVisible());
    window->resetLayout();
}

} // namespace
} // namespace kvw::testing
