// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/record_copy.h"
#include "widgets/models/record_filter.h"
#include "widgets/models/table_view.h"
#include "widgets/models/text.h"

#include <QJsonObject>

#include <vector>

class QLabel;

namespace kvw {

class SearchBox;

/// A table of records: the columns are chosen in the header's menu, sorted and moved there, and rows are runs.
class RecordView final : public TableView
{
    Q_OBJECT
public:
    explicit RecordView(QWidget* parent = nullptr);

    void setFilter(RecordFilter* filter);
    RecordFilter* filter() const { return m_filter; }

    std::vector<RowId> pickedRuns() const; ///< in the order of the table, none twice
    /// Picks the rows of these runs; says nothing when they are picked already. Runs that are not shown are passed over.
    void pickRuns(const std::vector<RowId>& runs);

    QJsonObject saveState() const;
    void restoreState(const QJsonObject& state);

    /// For reports: what is shown, as it is shown.
    QString defaultFileName() const { return m_fileName; }
    void setDefaultFileName(const QString& name) { m_fileName = name; }
    /// Writes all rows that are shown, with every column of the record, whole or not at all. Nothing, or why not.
    std::optional<Problem> exportTo(const QString& file) const;

public Q_SLOTS:
    void exportDialog();

Q_SIGNALS:
    void picksChanged();
    void runActivated(qint64 run); ///< Return or a double click
    void problem(const kvw::Problem& problem);

protected:
    void addToMenu(QMenu& menu) override;

private:
    void showColumnMenu(const QPoint& position);
    void columnsReset();
    void fitRecords();

    RecordFilter* m_filter = nullptr;
    QString m_fileName;
    bool m_picking = false;
    bool m_fitted = false;
};

/// A search box and how many rows there are, above a table; the whole is one widget.
class RecordPanel final : public QWidget
{
    Q_OBJECT
public:
    RecordPanel(const QString& name, QWidget* parent = nullptr); ///< accessible name of the table

    RecordView* view() const { return m_view; }
    SearchBox* searchBox() const { return m_search; }
    RecordTableModel* records() const { return m_records; }
    RecordFilter* filter() const { return m_filter; }
    /// Beside the search box, for a page's own buttons.
    void addTool(QWidget* widget);

private:
    void showCount();

    RecordTableModel* m_records;
    RecordFilter* m_filter;
    SearchBox* m_search;
    QLabel* m_count;
    RecordView* m_view;
};

} // namespace kvw
