// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/record_columns.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <functional>
#include <optional>
#include <vector>

namespace kvw {

/// The records of one kind as a table: runs, qualities, speeds, ledgers, spectra. It knows no record: columns, units and
/// cells come from core/report/table.h, which has them from the field lists, and only those columns are made that are
/// shown, so that a project of 10,000 runs is filled in at once.
///
/// Qt::DisplayRole is text of the locale, Qt::EditRole the value in the header's unit with all digits, RawRole as it was
/// measured (both invalid for nothing), RunRole the number of the run.
class RecordTableModel final : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Role {
        RawRole = Qt::UserRole,
        RunRole,
    };
    /// Makes the table of what there is now, with these columns or (empty) all of them; always the same rows between two
    /// calls of refresh(). Columns that the record does not have are passed over.
    using Maker = std::function<Table(ColumnChoice only)>;

    explicit RecordTableModel(QObject* parent = nullptr);

    /// What columns there are, where rows come from, and the names of the columns that are shown, in this order. Fills
    /// in.
    void setSource(const std::vector<Field>& fields, Maker maker, const QStringList& columns);
    /// Asks the source again. Rows keep their place where they are still the same runs, so a view keeps selection and
    /// scroll position while a job adds rows.
    void refresh();
    /// Shows other columns; unknown names are left out, and without any it stays as it is.
    void setShownColumns(const QStringList& names);
    QStringList shownColumns() const;
    /// Every column that the source has, shown or not, in the order of the record.
    const std::vector<RecordColumn>& allColumns() const { return m_all; }
    const RecordColumn& column(int column) const { return m_columns[static_cast<std::size_t>(column)]; }
    int columnOf(const QString& name) const; ///< -1 when it is not shown

    const Cell& cell(int row, int column) const;
    RowId run(int row) const; ///< 0 where records have no run
    /// Every column of these rows, in this order, for files.
    Table fullTable(const std::vector<int>& rows) const;
    /// All that is shown of a row, lower case, for searching.
    const QString& searchText(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void take(Table table);
    Table make() const;
    void describe();
    bool isContinuedBy(const Table& table) const;

    Maker m_maker;
    QStringList m_shown;
    std::vector<RecordColumn> m_all, m_columns;
    std::vector<std::size_t> m_place; ///< in m_table of each shown column
    Table m_table;
    std::optional<std::size_t> m_runColumn;
    mutable std::vector<QString> m_searchTexts;
};

} // namespace kvw
