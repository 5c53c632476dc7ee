// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>

#include "widgets/jobs/job_controller.h"
#include "widgets/models/settings.h"
#include "widgets/models/workspace.h"
#include "widgets/shell/view_history.h"
#include "widgets/style/appearance.h"

class QActionGroup;
class QLabel;
class QProgressBar;
class QStackedWidget;
class QToolBar;

namespace kvw {

class Actions;
class Commands;
class JobPanel;
class MessageBar;
class Page;
class ProjectController;

/// The window: pages, docks, menus, and what connects them. Layout and settings are restored when it is made and written
/// when it closes.
class MainWindow final : public QMainWindow
{
    Q_OBJECT
public:
    enum class Layout { Restored, Reset };

    explicit MainWindow(Layout layout = Layout::Restored, QWidget* parent = nullptr);
    ~MainWindow() override;

    Workspace* workspace() { return &m_workspace; }
    JobController* jobs() { return &m_jobs; }
    MessageBar* messages() const { return m_messages; }
    ProjectController* projects() const { return m_projects; }
    JobPanel* jobPanel() const { return m_jobPanel; }
    const ViewHistory& history() const { return m_history; }
    const QList<Page*>& pages() const { return m_pages; }
    Page* page(const QString& id) const;
    Page* currentPage() const;
    bool showPage(const QString& id);
    void goBack();
    void goForward();
    /// Shows the list of jobs and gives it the focus.
    void showJobDock();

    bool openProject(const QString& file);
    void resetLayout();
    void saveLayout(const QString& name);
    void restoreLayout(const QString& name);
    /// What a page or a message asks for: an action's id ("file.open"), "page:spectra" or "open:FILE".
    void perform(const QString& request);

protected:
    void closeEvent(QCloseEvent* event) override;
    void changeEvent(QEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeCentre();
    void makePages();
    void makeDocks();
    void makeMenus();
    void makeViewMenu(QMenu* menu);
    void makeStatusBar();
    void fillRecentMenu();
    void fillLayoutMenu();
    void connectAll();
    void restore();
    void go(const std::optional<ViewHistory::Place>& place);
    void visitHere();
    void projectChanged();
    void showJobs();

    Workspace m_workspace;
    JobController m_jobs;
    Appearance m_appearance;
    ViewHistory m_history;
    Commands* m_commands = nullptr;
    Actions* m_actions = nullptr;
    ProjectController* m_projects = nullptr;
    MessageBar* m_messages = nullptr;
    QStackedWidget* m_stack = nullptr;
    QToolBar* m_navigation = nullptr;
    QActionGroup* m_pageActions = nullptr;
    QMenu *m_recentMenu = nullptr, *m_layoutMenu = nullptr;
    QDockWidget *m_jobDock = nullptr, *m_selectionDock = nullptr;
    JobPanel* m_jobPanel = nullptr;
    QLabel *m_projectLabel = nullptr, *m_jobLabel = nullptr;
    QProgressBar* m_jobBar = nullptr;
    QList<Page*> m_pages;
    QByteArray m_firstState;
    bool m_travelling = false; ///< back and forward do not visit
};

} // namespace kvw
