// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_filter.h"

#include "widgets/models/text.h"

#include <algorithm>
#include <cmath>

namespace kvw {

RecordFilter::RecordFilter(QObject* parent) : QSortFilterProxyModel(parent)
{
    m_collator.setNumericMode(true);
    m_collator.setCaseSensitivity(Qt::CaseInsensitive);
    setDynamicSortFilter(true);
}

void RecordFilter::setRecords(RecordTableModel* records)
{
    m_records = records;
    // Before the base class sorts anew on the same signals.
    connect(records, &QAbstractItemModel::modelAboutToBeReset, this, &RecordFilter::forgetKeys);
    connect(records, &QAbstractItemModel::rowsAboutToBeInserted, this, &RecordFilter::forgetKeys);
    connect(records, &QAbstractItemModel::dataChanged, this, &RecordFilter::forgetKeys);
    setSourceModel(records);
}

void RecordFilter::setSearch(const QString& words)
{
    const QStringList list = words.toLower().simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    if (list == m_words)
        return;
    m_words = list;
    invalidateRowsFilter();
}

void RecordFilter::setRuns(std::optional<std::set<RowId>> runs)
{
    if (runs == m_runs)
        return;
    m_runs = std::move(runs);
    invalidateRowsFilter();
}

RowId RecordFilter::run(int row) const { return m_records->run(mapToSource(index(row, 0)).row()); }

std::vector<int> RecordFilter::sourceRows() const
{
    std::vector<int> out;
    for (int row = 0; row < rowCount(); ++row)
        out.push_back(mapToSource(index(row, 0)).row());
    return out;
}

void RecordFilter::sort(int column, Qt::SortOrder order)
{
    forgetKeys();
    QSortFilterProxyModel::sort(column, order);
}

bool RecordFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    if (m_keyColumn != left.column() || m_keys.size() != static_cast<std::size_t>(m_records->rowCount()))
        makeKeys(left.column());
    const Key &a = m_keys[static_cast<std::size_t>(left.row())], &b = m_keys[static_cast<std::size_t>(right.row())];
    if (a.rank != b.rank)
        return a.rank < b.rank;
    if (a.words)
        return *a.words < *b.words;
    return a.number < b.number;
}

bool RecordFilter::filterAcceptsRow(int row, const QModelIndex&) const
{
    if (m_runs && !m_runs->contains(m_records->run(row)))
        return false;
    if (m_words.isEmpty())
        return true;
    const QString& text = m_records->searchText(row);
    return std::all_of(m_words.begin(), m_words.end(), [&](const QString& word) {
        const bool unwanted = word.size() > 1 && word.startsWith(QLatin1Char('-'));
        return text.contains(unwanted ? word.mid(1) : word) != unwanted;
    });
}

void RecordFilter::makeKeys(int column) const
{
    m_keys.clear();
    for (int row = 0; row < m_records->rowCount(); ++row)
        m_keys.push_back(keyOf(m_records->cell(row, column)));
    m_keyColumn = column;
}

RecordFilter::Key RecordFilter::keyOf(const Cell& cell) const
{
    if (const auto* words = std::get_if<std::string>(&cell))
        return {3, 0, m_collator.sortKey(toQt(*words))};
    if (const auto* numbers = std::get_if<std::vector<double>>(&cell))
        return {2, static_cast<double>(numbers->size()), {}};
    const QVariant raw = rawValue(cell);
    if (!raw.isValid())
        return {};
    const double value = raw.toDouble();
    return std::isnan(value) ? Key{1, 0, {}} : Key{2, value, {}};
}

} // namespace kvw
