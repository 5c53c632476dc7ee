// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window: every page on every kind of project, and what it says about files that will not do.
#include "core/store/options.h"
#include "tests/widgets/shell/full_window.h"
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

namespace kvw::testing {
namespace {

class WholeWindow : public Windows
{
protected:
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
};

TEST_F(WholeWindow, EveryPageOfTheListIsThereInItsOrder)
{
    ASSERT_EQ(window->pages().size(), static_cast<qsizetype>(pageList().size()));
    for (qsizetype i = 0; i < window->pages().size(); ++i)
        EXPECT_EQ(window->pages()[i]->id(), toQt(pageList()[static_cast<std::size_t>(i)].id));
}

TEST_F(WholeWindow, EveryPageWithoutAProject) { visitEveryPage(); }

TEST_F(WholeWindow, EveryPageOnAnEmptyProject)
{
    ASSERT_TRUE(window->openProject(write(QStringLiteral("empty.kvw"), {})));
    visitEveryPage();
    for (const Page* page : window->pages())
        if (const auto empty = page->emptyState()) {
            EXPECT_FALSE(empty->title.isEmpty()) << toStd(page->id());
            EXPECT_GT(empty->reason.size(), 20) << toStd(page->id());
        }
}

TEST_F(WholeWindow, EveryPageOnAFullProjectInBothSchemesAndBack)
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

TEST_F(WholeWindow, EveryPageOnTenThousandRuns)
{
    {
        Store store = Store::open(toStd(file));
        store.transaction([&] { fill(store, 10'000); });
    }
    ASSERT_TRUE(window->openProject(file));
    visitEveryPage();
    EXPECT_GT(window->workspace()->runs().size(), 10'000u);
}

TEST_F(WholeWindow, WhatCanBeOperatedHasANameForScreenReaders)
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

TEST_F(WholeWindow, NoMnemonicStandsTwiceOnAPage)
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

TEST_F(WholeWindow, EveryModelOfATableIsAProperOne)
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

TEST_F(WholeWindow, EveryPageIsExportedAndReadBack)
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

TEST_F(WholeWindow, AnExportThatCannotBeWrittenIsSaidAndNothingIsLost)
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

TEST_F(WholeWindow, FilesThatAreNoProjectsAreRefusedInWordsAndLeftAsTheyWere)
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

TEST_F(WholeWindow, ATruncatedAndANewerProjectAreRefusedInWordsAndTheOldOneStays)
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

TEST_F(WholeWindow, ALockedProjectIsSaidToBeBusy)
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

TEST_F(WholeWindow, TwoWindowsOnOneProjectSeeTheSame)
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

TEST_F(WholeWindow, AMissingWorkerIsSaidAndTheJobIsKept)
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

TEST_F(WholeWindow, LayoutsAreNamedAndComeBack)
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
