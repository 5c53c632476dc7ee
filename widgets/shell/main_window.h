// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/workspace.h"

#include <QMainWindow>

class QStackedWidget;
class QToolBar;

namespace kvw {

class Actions;
class Page;

/// The window: its pages and the actions between them.
class MainWindow final : public QMainWindow
{
    Q_OBJECT
public:
    explicit MainWindow(QWidget* parent = nullptr);

    Workspace* workspace() { return &m_workspace; }
    const QList<Page*>& pages() const { return m_pages; }
    Page* page(const QString& id) const;
    Page* currentPage() const;
    bool showPage(const QString& id);

private:
    void addPages();
    void addMenus();

    Workspace m_workspace;
    Actions* m_actions = nullptr;
    QToolBar* m_navigation = nullptr;
    QStackedWidget* m_stack = nullptr;
    QList<Page*> m_pages;
};

} // namespace kvw
