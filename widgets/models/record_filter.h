// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/record_table_model.h"

#include <QCollator>
#include <QSortFilterProxyModel>

#include <optional>
#include <set>
#include <vector>

namespace kvw {

/// Sorted and filtered records. Sorting is by the raw values: nothing before everything, numbers by size with NaN before
/// them, words as the locale orders them with numbers in them by size ("int4" before "int16"). Rows of equal values stay
/// in the order of the store.
class RecordFilter final : public QSortFilterProxyModel
{
    Q_OBJECT
public:
    explicit RecordFilter(QObject* parent = nullptr);

    void setRecords(RecordTableModel* records);
    RecordTableModel* records() const { return m_records; }

    /// Rows that have every one of these words somewhere in what is shown of them, whatever the case; "-word": that do
    /// not have it.
    void setSearch(const QString& words);
    QString search() const { return m_words.join(QLatin1Char(' ')); }
    /// Only these runs; nothing: all.
    void setRuns(std::optional<std::set<RowId>> runs);

    RowId run(int row) const;            ///< of a row of this model
    std::vector<int> sourceRows() const; ///< as they are filtered and sorted

    void sort(int column, Qt::SortOrder order) override;

protected:
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    /// What a cell is sorted by; made once for a column, since a comparison asks twenty times for each.
    struct Key
    {
        int rank = 0; ///< 0 nothing, 1 NaN, 2 number, 3 words
        double number = 0;
        std::optional<QCollatorSortKey> words;
    };
    void forgetKeys() { m_keyColumn = -1; }
    void makeKeys(int column) const;
    Key keyOf(const Cell& cell) const;

    RecordTableModel* m_records = nullptr;
    QStringList m_words;
    std::optional<std::set<RowId>> m_runs;
    QCollator m_collator;
    mutable std::vector<Key> m_keys;
    mutable int m_keyColumn = -1;
};

} // namespace kvw
