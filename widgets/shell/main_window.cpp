// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/main_window.h"

#include "widgets/pages/page.h"
#include "widgets/pages/page_list.h"
#include "widgets/shell/actions.h"
#include "widgets/shell/icons.h"

#include <QAction>
#include <QActionGroup>
#include <QMenu>
#include <QMenuBar>
#include <QStackedWidget>
#include <QToolBar>

namespace kvw {

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent),
      m_actions(new Actions(this)),
      m_navigation(new QToolBar(tr("Pages"), this)),
      m_stack(new QStackedWidget(this))
{
    setCentralWidget(m_stack);
    addToolBar(Qt::LeftToolBarArea, m_navigation);
    addMenus();
    addPages();
}

void MainWindow::addMenus()
{
    const std::pair<Menu, QString> menus[] = {{Menu::File, tr("&File")},
                                              {Menu::Edit, tr("&Edit")},
                                              {Menu::View, tr("&View")},
                                              {Menu::Jobs, tr("&Jobs")},
                                              {Menu::Help, tr("&Help")}};
    for (const auto& [which, title] : menus)
        m_actions->fill(menuBar()->addMenu(title), which);
}

void MainWindow::addPages()
{
    auto* group = new QActionGroup(this);
    for (const PageRow& row : pageList()) {
        Page* page = row.make();
        m_stack->addWidget(page);
        m_pages.append(page);
        page->setWorkspace(&m_workspace);
        QAction* action = m_navigation->addAction(icon(page->iconName()), page->title());
        action->setCheckable(true);
        action->setShortcut(QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_0 + m_pages.size())));
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, page] { m_stack->setCurrentWidget(page); });
    }
}

Page* MainWindow::page(const QString& id) const
{
    for (Page* page : m_pages)
        if (page->id() == id)
            return page;
    return nullptr;
}

Page* MainWindow::currentPage() const { return qobject_cast<Page*>(m_stack->currentWidget()); }

bool MainWindow::showPage(const QString& id)
{
    Page* found = page(id);
    if (found)
        m_stack->setCurrentWidget(found);
    return found != nullptr;
}

} // namespace kvw
