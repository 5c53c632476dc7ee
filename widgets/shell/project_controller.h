// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include "core/store/store.h"
#include "widgets/models/text.h"
#include "widgets/shell/project_lock.h"

class QWidget;

namespace kvw {

class JobController;
class MessageBar;
class Page;
class Workspace;

/// What can be done with project files; dialogs, messages and the list of recent ones included.
class ProjectController final : public QObject
{
    Q_OBJECT
public:
    ProjectController(Workspace* workspace, JobController* jobs, MessageBar* messages, QWidget* window);

    /// False when it stays with the old project: the file cannot be opened (the message bar says why), or a job runs and
    /// its owner said no.
    bool open(const QString& file);
    void openDialog();
    void newDialog();
    void openExample();
    void saveAsDialog();
    bool close();
    /// Writes the page's figures and tables into a folder that is asked for.
    void exportDialog(const Page& page);
    /// The same into this folder, without asking.
    bool exportTo(const Page& page, const QString& folder);
    /// True when nothing speaks against closing the window: no job runs, or its owner lets it end.
    bool mayLeave();
    /// The window goes: jobs are told to end, the project is closed.
    void leave();

private:
    bool openNew(const QString& file);
    void tell(const Problem& problem);

    Workspace* m_workspace;
    JobController* m_jobs;
    MessageBar* m_messages;
    QWidget* m_window;
    ProjectLock m_lock;
};

} // namespace kvw
