// SPDX-License-Identifier: GPL-3.0-or-later
// Every action of the menus on every page, chosen as a person chooses it: each does something that is seen, or says why not.
#include "tests/support/paths.h"
#include "tests/widgets/shell/full_window.h"
#include "widgets/models/table_view.h"
#include "widgets/pages/page.h"
#include "widgets/plots/plot_view.h"
#include "widgets/shell/actions.h"
#include "widgets/shell/message_bar.h"
#include "widgets/shell/project_controller.h"

#include <QAction>
#include <QClipboard>
#include <QDialog>
#include <QDirIterator>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QStatusBar>
#include <QTextEdit>
#include <QTimer>

namespace kvw::testing {
namespace {

const QString kBefore = QStringLiteral("what was copied before");

class EveryAction : public Windows
{
protected:
    void SetUp() override
    {
        {
            Store store = Store::open(toStd(file));
            fill(store);
        }
        ASSERT_TRUE(window->openProject(file));
        ASSERT_TRUE(QTest::qWaitForWindowActive(window.get()));
        // Dialogs that wait for an answer get none.
        refuser.setInterval(5);
        QObject::connect(&refuser, &QTimer::timeout, &refuser, [this] {
            if (auto* dialog = qobject_cast<QDialog*>(QApplication::activeModalWidget())) {
                asked = dialog->windowTitle();
                dialog->reject();
            }
        });
        refuser.start();
    }

    QAction* action(const char* id) const { return window->findChild<QAction*>(QLatin1String(id)); }

    QMenu* menuOf(const QAction* wanted, QAction** title = nullptr) const
    {
        for (QAction* each : window->menuBar()->actions())
            if (each->menu()->actions().contains(const_cast<QAction*>(wanted))) {
                if (title)
                    *title = each;
                return each->menu();
            }
        return nullptr;
    }

    void choose(QAction* wanted)
    {
        QAction* title = nullptr;
        QMenu* menu = menuOf(wanted, &title);
        ASSERT_NE(menu, nullptr) << toStd(wanted->objectName());
        QTest::mouseClick(window->menuBar(), Qt::LeftButton, {}, window->menuBar()->actionGeometry(title).center());
        ASSERT_TRUE(QTest::qWaitFor([menu] { return menu->isVisible(); }, kWait_ms));
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(wanted).center());
        ASSERT_NO_FATAL_FAILURE(afterMenu(menu));
    }

    static void afterMenu(const QMenu* menu)
    {
        ASSERT_TRUE(QTest::qWaitFor([menu] { return !menu->isVisible(); }, kWait_ms));
        QCoreApplication::processEvents();
    }

    /// The same by the keys of the menus, which take the focus on their way.
    void chooseByKeys(QAction* wanted)
    {
        QAction* title = nullptr;
        QMenu* menu = menuOf(wanted, &title);
        ASSERT_NE(menu, nullptr);
        const auto key = [](const QAction* of) {
            return Qt::Key(of->text().at(of->text().indexOf(QLatin1Char('&')) + 1).toUpper().unicode());
        };
        QApplication::setActiveWindow(window.get());         // the menu before has taken its activity, on this platform
        window->menuBar()->setFocus(Qt::MenuBarFocusReason); // as Alt does
        QTest::keyClick(window->menuBar(), key(title));
        ASSERT_TRUE(QTest::qWaitFor([menu] { return menu->isVisible(); }, kWait_ms));
        QTest::keyClick(menu, key(wanted));
        ASSERT_NO_FATAL_FAILURE(afterMenu(menu));
    }

    /// Of the window, also while a menu of the platform "offscreen" has taken its activity.
    QWidget* focus() const { return window->focusWidget(); }
    std::string focusName() const
    {
        return focus() ? std::string(focus()->metaObject()->className()) + " " + toStd(focus()->accessibleName())
                       : "nothing";
    }
    QString said() const { return window->statusBar()->currentMessage(); }

    /// Everything that an action could change and a person would notice.
    std::string seen() const
    {
        QStringList out{asked, said(), window->windowTitle()};
        out << (window->currentPage() ? window->currentPage()->id() : QString());
        for (const RowId run : window->workspace()->selection().runs)
            out << QStringLiteral("run %1").arg(run);
        for (const HeadId head : window->workspace()->selection().heads)
            out << QStringLiteral("head %1.%2").arg(head.layer).arg(head.kv_head);
        out << QStringLiteral("state %1, jobs %2")
                   .arg(int(window->windowState()))
                   .arg(window->workspace()->jobs().size());
        for (const QWidget* each : QApplication::topLevelWidgets())
            if (each->isVisible())
                out << QStringLiteral("window ") + each->windowTitle();
        for (const QDockWidget* dock : window->findChildren<QDockWidget*>())
            out << QStringLiteral("dock %1 %2").arg(dock->objectName()).arg(dock->isVisible());
        for (const QLabel* label : window->messages()->findChildren<QLabel*>())
            out << label->text();
        out << QStringLiteral("focus %1").arg(quintptr(focus()));
        if (const auto* text = qobject_cast<QPlainTextEdit*>(focus()))
            out << text->textCursor().selectedText();
        if (const auto* text = qobject_cast<QTextEdit*>(focus()))
            out << text->textCursor().selectedText();
        if (const auto* items = qobject_cast<QAbstractItemView*>(focus()))
            out << QStringLiteral("picked %1").arg(items->selectionModel()->selectedIndexes().size());
        out << QApplication::clipboard()->text();
        return out.join(QStringLiteral(" | ")).toStdString();
    }

    /// A page in the state in which the window is after its start.
    void comeTo(const QString& page)
    {
        for (QWidget* each : QApplication::topLevelWidgets())
            if (each != window.get() && each->isVisible())
                each->close();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        window->setWindowState(Qt::WindowNoState);
        window->resetLayout();
        if (window->workspace()->path() != file) {
            ASSERT_TRUE(window->openProject(file));
        }
        ASSERT_TRUE(window->showPage(page));
        window->activateWindow();
        ASSERT_TRUE(QTest::qWaitForWindowActive(window.get()));
        for (const char* kind : {"opening", "notice", "twice", "writing", "job"})
            window->messages()->clear(QLatin1String(kind));
        window->statusBar()->clearMessage();
        QApplication::clipboard()->setText(kBefore);
        asked.clear();
        QCoreApplication::processEvents();
    }

    /// A job whose worker does not start: ended, and in the list.
    void addEndedJob()
    {
        window->jobs()->setWorker(folder.filePath(QStringLiteral("no-such-kvw")));
        ASSERT_TRUE(std::holds_alternative<RowId>(window->jobs()->submit(RunKind::Calibrate, "{}")));
        waitForJobs();
    }
    void waitForJobs()
    {
        ASSERT_TRUE(QTest::qWaitFor(
            [&] {
                window->workspace()->reload();
                for (const JobRecord& job : window->workspace()->jobs())
                    if (job.status != JobStatus::Failed)
                        return false;
                return !window->jobs()->running();
            },
            kWait_ms));
    }

    template<typename Widget>
    Widget* shown(const QWidget* inside) const
    {
        for (Widget* each : inside->findChildren<Widget*>())
            if (each->isVisible() && each->focusPolicy() != Qt::NoFocus)
                return each;
        return nullptr;
    }
    void clickFirstRow(TableView* table)
    {
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(0, 0)).center());
    }
    static QString copied() { return QApplication::clipboard()->text(); }

    QTimer refuser;
    QString asked; ///< the title of a dialog that wanted an answer
};

TEST_F(EveryAction, DoesSomethingOrSaysSoOnEveryPage)
{
    ASSERT_NO_FATAL_FAILURE(addEndedJob());
    int chosen = 0;
    for (const Page* page : window->pages()) {
        const QString id = page->id();
        for (const ActionRow& row : actionTable()) {
            if (row.id == "file.quit")
                continue; // the test below
            ASSERT_NO_FATAL_FAILURE(comeTo(id));
            QAction* each = action(std::string(row.id).c_str());
            ASSERT_NE(each, nullptr) << row.id;
            if (!each->isEnabled())
                continue;
            if (row.id == "edit.find" && focus())
                focus()->clearFocus(); // it may be in the filter already
            const std::string before = seen();
            ASSERT_NO_FATAL_FAILURE(choose(each));
            EXPECT_NE(seen(), before) << row.id << " on " << toStd(id) << " does nothing and says nothing";
            ASSERT_NO_FATAL_FAILURE(waitForJobs());
            ++chosen;
        }
    }
    EXPECT_GE(chosen, static_cast<int>(window->pages().size() * 20));
    ASSERT_NO_FATAL_FAILURE(choose(action("file.quit")));
    EXPECT_FALSE(window->isVisible());
}

TEST_F(EveryAction, EveryTableIsCopiedWithAndWithoutHeaders)
{
    ASSERT_NO_FATAL_FAILURE(addEndedJob());
    int tables = 0;
    const auto check = [&](TableView* table) {
        ASSERT_GT(table->model()->rowCount(), 0);
        clickFirstRow(table);
        ASSERT_EQ(focus(), table) << toStd(table->accessibleName());
        ASSERT_NO_FATAL_FAILURE(choose(action("edit.copy")));
        const QString rows = copied();
        EXPECT_NE(rows, kBefore) << toStd(table->accessibleName());
        EXPECT_EQ(rows.count(QLatin1Char('\n')), 1) << toStd(rows);
        ASSERT_NO_FATAL_FAILURE(chooseByKeys(action("edit.copyWithHeaders")));
        const int first = table->horizontalHeader()->logicalIndex(0);
        EXPECT_TRUE(
            copied().startsWith(table->model()->headerData(first, Qt::Horizontal).toString() + QLatin1Char('\t')))
            << toStd(copied());
        EXPECT_TRUE(copied().endsWith(rows)) << toStd(copied());
        QApplication::clipboard()->setText(kBefore);
        QTest::keyClick(table, Qt::Key_C, Qt::ControlModifier);
        EXPECT_EQ(copied(), rows) << toStd(table->accessibleName());
        ++tables;
    };
    for (const Page* page : window->pages()) {
        ASSERT_NO_FATAL_FAILURE(comeTo(page->id()));
        for (TableView* table : page->findChildren<TableView*>())
            if (table->isVisible() && table->model()->rowCount() > 0) {
                ASSERT_NO_FATAL_FAILURE(check(table));
            }
    }
    ASSERT_NO_FATAL_FAILURE(choose(action("jobs.show")));
    auto* jobs = qobject_cast<TableView*>(focus());
    ASSERT_NE(jobs, nullptr) << focusName();
    ASSERT_NO_FATAL_FAILURE(check(jobs));
    EXPECT_GE(tables, 5);
}

TEST_F(EveryAction, AllRowsAreSelectedAndCopied)
{
    ASSERT_NO_FATAL_FAILURE(comeTo(QStringLiteral("quality")));
    auto* table = shown<TableView>(window->currentPage());
    ASSERT_NE(table, nullptr);
    ASSERT_GT(table->model()->rowCount(), 1);
    table->clearSelection();
    table->setFocus();
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.copy")));
    EXPECT_EQ(copied(), kBefore);
    EXPECT_FALSE(said().isEmpty());
    ASSERT_NO_FATAL_FAILURE(chooseByKeys(action("edit.selectAll")));
    EXPECT_EQ(static_cast<int>(table->pickedRows().size()), table->model()->rowCount());
    ASSERT_NO_FATAL_FAILURE(chooseByKeys(action("edit.copy")));
    EXPECT_EQ(copied().count(QLatin1Char('\n')), table->model()->rowCount());
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.clearSelection")));
    EXPECT_EQ(window->workspace()->selection(), Selection());
    EXPECT_TRUE(table->pickedRows().empty());
}

TEST_F(EveryAction, APlotIsCopiedAsPictureAndData)
{
    ASSERT_NO_FATAL_FAILURE(comeTo(QStringLiteral("quality")));
    auto* plot = shown<PlotView>(window->currentPage());
    ASSERT_NE(plot, nullptr);
    QTest::mouseClick(plot, Qt::LeftButton, {}, {2, 2});
    ASSERT_TRUE(plot->hasFocus());
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.copy")));
    const QMimeData* data = QApplication::clipboard()->mimeData();
    EXPECT_TRUE(data->hasImage());
    EXPECT_EQ(data->text(), toTsv(plot->table()));
    EXPECT_TRUE(data->hasFormat(QStringLiteral("image/svg+xml")));
    ASSERT_NO_FATAL_FAILURE(chooseByKeys(action("edit.copyWithHeaders")));
    EXPECT_FALSE(QApplication::clipboard()->mimeData()->hasImage());
    EXPECT_EQ(copied(), toTsv(plot->table()));
}

TEST_F(EveryAction, ATextIsCopied)
{
    ASSERT_NO_FATAL_FAILURE(comeTo(QStringLiteral("generate")));
    auto* prompt = shown<QPlainTextEdit>(window->currentPage());
    ASSERT_NE(prompt, nullptr);
    prompt->clear();
    QTest::mouseClick(prompt->viewport(), Qt::LeftButton);
    QTest::keyClicks(prompt, QStringLiteral("Why so?"));
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.copy")));
    EXPECT_EQ(copied(), kBefore);
    EXPECT_FALSE(said().isEmpty());
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.selectAll")));
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.copy")));
    EXPECT_EQ(copied(), QStringLiteral("Why so?"));
}

TEST_F(EveryAction, TheFilterIsGoneToAndCopied)
{
    ASSERT_NO_FATAL_FAILURE(comeTo(QStringLiteral("quality")));
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.find")));
    auto* field = qobject_cast<QLineEdit*>(focus());
    ASSERT_NE(field, nullptr) << toStd(said()) << " " << focusName();
    QTest::keyClicks(field, QStringLiteral("pca"));
    // By the mouse: a field of Qt's forgets what is selected when it gives its focus to the menu bar.
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.selectAll")));
    ASSERT_NO_FATAL_FAILURE(choose(action("edit.copy")));
    EXPECT_EQ(copied(), QStringLiteral("pca"));
}

/// What pages and messages ask for by its id is in the table.
TEST(Requests, NameActionsThatThereAre)
{
    QSet<QString> ids;
    for (const ActionRow& row : actionTable())
        ids.insert(toQt(row.id));
    static const QRegularExpression kId(QStringLiteral("\"((file|edit|view|jobs|help)\\.[a-z][A-Za-z]*)\""));
    int found = 0;
    QDirIterator files(QString::fromStdString((source_folder() / "widgets").string()), {QStringLiteral("*.cpp")},
                       QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile source(files.next());
        ASSERT_TRUE(source.open(QIODevice::ReadOnly));
        auto matches = kId.globalMatch(QString::fromUtf8(source.readAll()));
        while (matches.hasNext()) {
            const QString id = matches.next().captured(1);
            EXPECT_TRUE(ids.contains(id)) << toStd(source.fileName()) << ": " << toStd(id);
            ++found;
        }
    }
    EXPECT_GT(found, 30);
}

} // namespace
} // namespace kvw::testing
