// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/page.h"

#include "widgets/pages/empty_state.h"

#include <QStackedLayout>

namespace kvw {

Page::Page(QWidget* parent)
    : QWidget(parent),
      m_stack(new QStackedLayout(this)),
      m_content(new QWidget(this)),
      m_empty(new EmptyState(this))
{
    m_stack->setContentsMargins(0, 0, 0, 0);
    m_stack->addWidget(m_content);
    m_stack->addWidget(m_empty);
    connect(m_empty, &EmptyState::actionRequested, this, &Page::actionRequested);
}

Page::~Page() = default;

void Page::setWorkspace(Workspace* workspace)
{
    if (workspace == m_workspace)
        return;
    if (m_workspace)
        m_workspace->disconnect(this);
    m_workspace = workspace;
    if (m_workspace) {
        connect(m_workspace, &Workspace::projectChanged, this, &Page::invalidate);
        connect(m_workspace, &Workspace::dataChanged, this, &Page::invalidate);
        connect(m_workspace, &Workspace::selectionChanged, this, &Page::selectionMoved);
    }
    invalidate();
}

void Page::setJobs(JobController* jobs)
{
    m_jobs = jobs;
    jobsChanged();
}

void Page::invalidate()
{
    m_staleData = true;
    if (isVisible())
        updateNow();
}

void Page::selectionMoved()
{
    m_staleSelection = true;
    if (isVisible())
        updateNow();
}

void Page::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    updateNow();
}

void Page::updateNow()
{
    if (m_staleData && m_workspace) {
        m_staleData = false;
        m_staleSelection = true;
        refresh();
    }
    std::optional<EmptyStateText> text;
    if ((!m_workspace || !m_workspace->isOpen()) && !worksWithoutProject())
        text = EmptyStateText{title(),
                              tr("No project is open. A project is one file (*.kvw) that keeps what was measured."),
                              tr("Open a project…"), QStringLiteral("file.open")};
    else
        text = emptyState();
    if (text)
        m_empty->setText(*text);
    m_stack->setCurrentWidget(text ? static_cast<QWidget*>(m_empty) : m_content);
    if (m_staleSelection && m_workspace) {
        m_staleSelection = false;
        showSelection();
    }
}

} // namespace kvw
