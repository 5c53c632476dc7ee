// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>

#include "widgets/jobs/job_controller.h"
#include "widgets/models/settings.h"
#include "widgets/models/workspace.h"
#include "widgets/style/appearance.h"
#include "widgets/shell/view_history.h"

class QActionGroup;
class QLabel;
class QProgressBar;
class QStackedWidget;
class QToolBar;

namespace kvw {

class Actions;
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
    const QList<Page*>& pages() const { return m_pages; }
    Page* page(const QString& id) const;
    Page* currentPage() const;
    bool showPage(const QString& id);

    bool openProject(const QString& file);
    void resetLayout();
    void saveLayout(const QString& name);
    void restoreLayout(const QString& name);
    /// "file.open", "page:spectra", "open:FILE": whatever an action, a page or a message asks for.
    void perform(const QString& id);

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
    void performEdit(const QString& id);
    void performHelp(const QString& id);
    void go(const std::optional<ViewHistory::Place>& place);
    void visitHere();
    void projectChanged();
    void showJobs();
    void updateActions();

    Workspace m_workspace;
    JobController m_jobs;
    Appearance m_appearance;
    ViewHistory m_history;
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
