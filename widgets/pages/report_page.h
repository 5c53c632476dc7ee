// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef Q_MOC_RUN // moc cannot read <concepts>
#include "core/report/document.h"
#endif
#include "widgets/pages/page.h"

#include <QPointer>

class QLabel;
class QLineEdit;
class QListWidget;
class QSplitter;
class QTextEdit;
class QTimer;

namespace kvw {

class NotePanel;
class RecordPanel;

/// A report of chosen runs, pages and notes: seen as it will be, and written as HTML, PDF or Markdown.
class ReportPage final : public Page
{
    Q_OBJECT
public:
    explicit ReportPage(QWidget* parent = nullptr);
    ~ReportPage() override;

    QString id() const override { return QStringLiteral("report"); }
    QString title() const override { return tr("Report"); }
    QString iconName() const override { return QStringLiteral("kvw-report"); }
    std::optional<EmptyStateText> emptyState() const override;
    QJsonObject saveState() const override;
    void restoreState(const QJsonObject& state) override;

    /// The pages whose figures and tables may be put in; without a call those of the same window.
    void setPages(const QList<Page*>& pages);
    /// What the choices make of the project as it is now. Throws what the store throws.
    ReportDocument document() const;
    /// By the file's ending: .html, .pdf or .md. Nothing, or why not.
    std::optional<Problem> exportTo(const QString& file);
    RecordPanel* runs() const { return m_runs; }
    NotePanel* notes() const { return m_notes; }
    QTextEdit* preview() const { return m_preview; }

public Q_SLOTS:
    void exportDialog(const QString& ending);

protected:
    void refresh() override;
    void showSelection() override {}

private:
    QWidget* makeChoices();
    QList<Page*> pages() const;
    std::vector<Page*> chosenPages() const;
    ReportDocument documentOf(const std::vector<RowId>& runs) const;
    /// The runs that are picked or, with none, the newest ones when all are too many to be laid out while one looks.
    std::vector<RowId> previewedRuns() const;
    void fillPages();
    void showPreview();
    static ReportTables readerTables(const QString& title, const PageTable& table);

    QLineEdit* m_title = nullptr;
    RecordPanel* m_runs = nullptr;
    QListWidget* m_pageList = nullptr;
    NotePanel* m_notes = nullptr;
    QTextEdit* m_preview = nullptr;
    QLabel* m_chosen = nullptr;
    QSplitter* m_splitter = nullptr;
    QTimer* m_timer = nullptr;
    QList<QPointer<Page>> m_pages;
    QStringList m_unwanted; ///< ids of pages that are left out
};

} // namespace kvw
