// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/project_controller.h"

#include "widgets/jobs/job_controller.h"
#include "widgets/models/model_facts.h"
#include "widgets/models/settings.h"
#include "widgets/models/workspace.h"
#include "widgets/pages/page.h"
#include "widgets/pages/page_export.h"
#include "widgets/shell/message_bar.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>

namespace kvw {
namespace {

const QString kOpening = QStringLiteral("project");
const QString kNotice = QStringLiteral("notice");
const QString kTwice = QStringLiteral("twice");
const QString kWriting = QStringLiteral("writing");
const QString kSuffix = QStringLiteral(".kvw");

QString withSuffix(const QString& file)
{
    return file.isEmpty() || file.endsWith(kSuffix, Qt::CaseInsensitive) ? file : file + kSuffix;
}

} // namespace

ProjectController::ProjectController(Workspace* workspace, JobController* jobs, MessageBar* messages, QWidget* window)
    : QObject(window),
      m_workspace(workspace),
      m_jobs(jobs),
      m_messages(messages),
      m_window(window)
{
    connect(workspace, &Workspace::problem, this, &ProjectController::tell);
}

void ProjectController::tell(const Problem& problem) { m_messages->show(kOpening, MessageBar::Level::Error, problem); }

bool ProjectController::mayLeave()
{
    if (!m_jobs->running())
        return true;
    QMessageBox box(QMessageBox::Question, tr("A job is running"),
                    tr("A job of this project is running. What it has finished is kept when it ends now."),
                    QMessageBox::NoButton, m_window);
    const QAbstractButton* end = box.addButton(tr("End the job"), QMessageBox::AcceptRole);
    box.addButton(tr("Keep the project open"), QMessageBox::RejectRole);
    box.exec();
    return box.clickedButton() == end;
}

bool ProjectController::open(const QString& file)
{
    const QFileInfo info(file);
    if (!info.exists()) {
        tell({tr("%1: there is no such file.").arg(file), tr("Look at the spelling, or make a new project.")});
        Settings().removeRecent(info.absoluteFilePath());
        return false;
    }
    return openNew(file);
}

bool ProjectController::openNew(const QString& file)
{
    const QString absolute = QFileInfo(file).absoluteFilePath();
    if (absolute != m_workspace->path() && !mayLeave())
        return false;
    if (const auto problem = m_workspace->open(absolute)) {
        tell(*problem);
        return false;
    }
    for (const QString& kind : {kOpening, kNotice, kTwice})
        m_messages->clear(kind);
    Settings().addRecent(m_workspace->path());
    if (!m_workspace->notice().isEmpty())
        m_messages->show(kNotice, MessageBar::Level::Warning,
                         {m_workspace->notice(), tr("Nothing can be measured into it; save a copy to go on.")},
                         tr("Save a copy…"), QStringLiteral("file.saveAs"));
    if (!m_lock.take(m_workspace->path()))
        m_messages->show(kTwice, MessageBar::Level::Information,
                         {tr("This project is open in another window too."),
                          tr("Both show what either measures. A job that runs there is not in this window's hands.")});
    return true;
}

void ProjectController::openDialog()
{
    const QString start = m_workspace->isOpen() ? QFileInfo(m_workspace->path()).absolutePath()
                                                : Settings().text(QStringLiteral("folder"));
    const QString file =
        QFileDialog::getOpenFileName(m_window, tr("Open a project"), start, tr("Projects (*.kvw);;All files (*)"));
    if (file.isEmpty())
        return;
    Settings().setText(QStringLiteral("folder"), QFileInfo(file).absolutePath());
    open(file);
}

void ProjectController::newDialog()
{
    const QString folder = Settings().text(QStringLiteral("folder"));
    const QString file = withSuffix(QFileDialog::getSaveFileName(
        m_window, tr("Make a project"), QDir(folder).filePath(tr("measurements", "file name") + kSuffix),
        tr("Projects (*.kvw)"), nullptr, QFileDialog::DontConfirmOverwrite));
    if (file.isEmpty())
        return;
    if (QFileInfo::exists(file)) {
        tell({tr("%1 is there already; a new project never takes the place of another file.").arg(file),
              tr("Choose another name, or open it.")});
        return;
    }
    Settings().setText(QStringLiteral("folder"), QFileInfo(file).absolutePath());
    openNew(file);
}

void ProjectController::openExample()
{
    const QString example = exampleProject();
    if (example.isEmpty()) {
        tell({tr("The example project is not there."),
              tr("scripts/start makes it from the sample model in a few minutes.")});
        return;
    }
    open(example);
}

void ProjectController::saveAsDialog()
{
    if (!m_workspace->isOpen())
        return;
    const QString file = withSuffix(
        QFileDialog::getSaveFileName(m_window, tr("Save a copy"), m_workspace->path(), tr("Projects (*.kvw)")));
    if (file.isEmpty())
        return;
    try {
        m_workspace->store()->save_as(file.toStdString());
    } catch (const Error& error) {
        tell(toProblem(error));
        return;
    }
    openNew(file);
}

bool ProjectController::close()
{
    if (!mayLeave())
        return false;
    leave();
    return true;
}

void ProjectController::leave()
{
    m_lock.release();
    m_workspace->close();
    for (const QString& kind : {kOpening, kNotice, kTwice})
        m_messages->clear(kind);
}

void ProjectController::exportDialog(const Page& page)
{
    const QString folder = QFileDialog::getExistingDirectory(m_window, tr("A folder for figures and tables"),
                                                             Settings().text(QStringLiteral("export")));
    if (folder.isEmpty())
        return;
    Settings().setText(QStringLiteral("export"), folder);
    exportTo(page, folder);
}

bool ProjectController::exportTo(const Page& page, const QString& folder)
{
    const PageExport result = exportPage(page, folder);
    if (result.problem) {
        m_messages->show(kWriting, MessageBar::Level::Error, *result.problem);
        return false;
    }
    m_messages->show(kWriting, MessageBar::Level::Information,
                     result.files.isEmpty()
                         ? Problem{tr("This page has nothing to export yet."), {}}
                         : Problem{tr("%n file(s) written to %1.", nullptr, int(result.files.size())).arg(folder), {}});
    return true;
}

} // namespace kvw
