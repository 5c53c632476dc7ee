// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/commands.h"

#include "widgets/models/editing.h"
#include "widgets/models/search_box.h"
#include "widgets/pages/page.h"
#include "widgets/shell/dialogs.h"
#include "widgets/shell/job_panel.h"
#include "widgets/shell/main_window.h"
#include "widgets/shell/project_controller.h"

#include <QApplication>
#include <QInputDialog>
#include <QMenuBar>
#include <QStatusBar>

namespace kvw {
namespace {

constexpr int kSaid_ms = 8000;

void showAndForget(QDialog* dialog)
{
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

} // namespace

Commands::Commands(MainWindow* window) : QObject(window), m_window(window)
{
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) {
        if (now && now->window() == m_window && !qobject_cast<QMenuBar*>(now))
            m_focus = now;
    });
}

QWidget* Commands::focus() const
{
    QWidget* now = m_window->focusWidget();
    return now != m_window->menuBar() ? now : m_focus && m_focus->isVisible() ? m_focus.data() : nullptr;
}

void Commands::say(const QString& sentence) { m_window->statusBar()->showMessage(sentence, kSaid_ms); }

void Commands::sayUnless(EditResult result, const QString& nothingPicked, const QString& notHere)
{
    if (result != EditResult::Done)
        say(result == EditResult::NothingPicked ? nothingPicked : notHere);
}

void Commands::newProject() { m_window->projects()->newDialog(); }

void Commands::openProject() { m_window->projects()->openDialog(); }

void Commands::openExample() { m_window->projects()->openExample(); }

void Commands::saveCopy() { m_window->projects()->saveAsDialog(); }

void Commands::exportPage() { m_window->projects()->exportDialog(*m_window->currentPage()); }

void Commands::closeProject() { m_window->projects()->close(); }

void Commands::quit() { m_window->close(); }

void Commands::copy()
{
    sayUnless(copyFrom(focus(), CopyHeads::No), tr("Nothing is selected that could be copied."),
              tr("Nothing to copy has the focus: click into a table, a plot or a text first."));
}

void Commands::copyWithHeaders()
{
    sayUnless(copyFrom(focus(), CopyHeads::Yes), tr("The table that has the focus has no rows yet."),
              tr("No table has the focus: click into a table or a plot first."));
}

void Commands::selectAll()
{
    sayUnless(selectAllIn(focus()), tr("There is nothing yet to select where the focus is."),
              tr("Nothing can be selected where the focus is: click into a table or a text first."));
}

void Commands::clearSelection()
{
    if (m_window->workspace()->selection() == Selection())
        say(tr("No run and no head is selected."));
    m_window->workspace()->setSelection({});
}

void Commands::find()
{
    for (SearchBox* field : m_window->currentPage()->findChildren<SearchBox*>())
        if (field->isVisible()) {
            field->setFocus(Qt::ShortcutFocusReason);
            field->selectAll();
            return;
        }
    say(tr("This page has no filter."));
}

void Commands::back() { m_window->goBack(); }

void Commands::forward() { m_window->goForward(); }

void Commands::refresh()
{
    m_window->workspace()->reload();
    say(tr("The project file was read again."));
}

void Commands::toggleFullScreen() { m_window->setWindowState(m_window->windowState() ^ Qt::WindowFullScreen); }

void Commands::saveLayout()
{
    const QString name = QInputDialog::getText(m_window, tr("Save the layout"), tr("Name of the layout:"));
    if (!name.trimmed().isEmpty())
        m_window->saveLayout(name.trimmed());
}

void Commands::resetLayout()
{
    m_window->resetLayout();
    say(tr("Docks and window are as they were at first."));
}

void Commands::newCalibration()
{
    if (m_window->currentPage()->id() == QStringLiteral("calibrate"))
        say(tr("A new calibration is set up and started on this page."));
    m_window->showPage(QStringLiteral("calibrate"));
}

void Commands::cancelJob() { m_window->jobPanel()->cancel(); }

void Commands::runJobAgain() { m_window->jobPanel()->runAgain(); }

void Commands::showJobs() { m_window->showJobDock(); }

void Commands::showManual() { showAndForget(new ManualDialog(m_window)); }

void Commands::showShortcuts() { showAndForget(new ShortcutsDialog(m_window)); }

void Commands::showAbout() { showAndForget(new AboutDialog(m_window->jobs()->worker(), m_window)); }

bool Commands::hasProject() const { return m_window->workspace()->isOpen(); }

bool Commands::canGoBack() const { return m_window->history().canGoBack(); }

bool Commands::canGoForward() const { return m_window->history().canGoForward(); }

bool Commands::jobRuns() const { return m_window->jobs()->running().has_value(); }

bool Commands::hasJobs() const { return hasProject() && !m_window->workspace()->jobs().empty(); }

} // namespace kvw
