// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/workspace.h"
#include "widgets/pages/page_content.h"

#include <QJsonObject>
#include <QWidget>

#include <optional>

class QStackedLayout;

namespace kvw {

class EmptyState;
class JobController;

/// One page of the window. The page list (widgets/pages/page_list.h) has a row for each; the window makes it, gives it
/// workspace and jobs, and shows it.
///
/// A page puts its widgets into content(). refresh() is called when the project or its records changed, at once while
/// the page is visible and else when it is shown next, so a hidden page costs nothing; showSelection() likewise after
/// refresh() and when the selection changed. Both run on the GUI thread and must stay below a frame (16 ms).
class Page : public QWidget
{
    Q_OBJECT
public:
    explicit Page(QWidget* parent = nullptr);
    ~Page() override;

    virtual QString id() const = 0; ///< stable: --page, settings, screenshots: "spectra"
    virtual QString title() const = 0;
    virtual QString iconName() const = 0; ///< for icon() of widgets/style/icons.h

    void setWorkspace(Workspace* workspace);
    Workspace* workspace() const { return m_workspace; }
    /// Whom a page hands its jobs to; null where there is none (a report without a window).
    void setJobs(JobController* jobs);
    JobController* jobs() const { return m_jobs; }

    /// Nothing while there is something to show. Without a project the window's own text is shown instead.
    virtual std::optional<EmptyStateText> emptyState() const { return std::nullopt; }
    virtual QList<PageFigure> figures() const { return {}; }
    virtual QList<PageTable> tables() const { return {}; }

    /// Choices of the page (axes, columns, splitters): put into settings as they are. restoreState() gets what an older
    /// version of the page saved, or nothing at all, and keeps its defaults for what it does not understand.
    virtual QJsonObject saveState() const { return {}; }
    virtual void restoreState(const QJsonObject&) {}

    /// Brings the page up to date now, visible or not: screenshots, reports, tests.
    void updateNow();

Q_SIGNALS:
    /// The window does it: an id of widgets/shell/actions.h ("file.open"), or "page:spectra" to go there.
    void actionRequested(const QString& actionId);
    /// For the window's message bar; an empty message takes the page's last one away.
    void problem(const kvw::Problem& problem);

protected:
    QWidget* content() const { return m_content; }
    /// True when the page shows something without a project (the start page).
    virtual bool worksWithoutProject() const { return false; }
    virtual void refresh() = 0;
    virtual void showSelection() {}
    virtual void jobsChanged() {} ///< setJobs was called

    void showEvent(QShowEvent* event) override;

private:
    void invalidate();
    void selectionMoved();

    Workspace* m_workspace = nullptr;
    JobController* m_jobs = nullptr;
    QStackedLayout* m_stack = nullptr;
    QWidget* m_content = nullptr;
    EmptyState* m_empty = nullptr;
    bool m_staleData = true;
    bool m_staleSelection = true;
};

} // namespace kvw
