// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_table_model.h"

#include "widgets/models/text.h"

#include <QFont>
#include <QFontDatabase>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr std::string_view kRunColumn = "run";

std::optional<std::size_t> find(const Table& table, std::string_view name)
{
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].name == name)
            return i;
    return std::nullopt;
}

double largestOf(const Table& table, std::size_t column)
{
    double largest = 0;
    for (const std::vector<Cell>& row : table.rows) {
        const double value = std::fabs(rawValue(row[column]).toDouble());
        if (std::isfinite(value))
            largest = std::max(largest, value);
    }
    return largest;
}

} // namespace

RecordTableModel::RecordTableModel(QObject* parent) : QAbstractTableModel(parent) {}

void RecordTableModel::setSource(const std::vector<Field>& fields, Maker maker, const QStringList& columns)
{
    beginResetModel();
    m_maker = std::move(maker);
    m_shown = columns;
    m_all.clear();
    for (const Field& field : fields)
        m_all.push_back(recordColumn(field));
    take(make());
    endResetModel();
}

Table RecordTableModel::make() const
{
    std::vector<std::string> names;
    for (const QString& name : m_shown)
        names.push_back(toStd(name));
    names.emplace_back(kRunColumn);
    const std::vector<std::string_view> views(names.begin(), names.end());
    return m_maker(views);
}

void RecordTableModel::take(Table table)
{
    m_table = std::move(table);
    m_runColumn = find(m_table, kRunColumn);
    m_searchTexts.clear();
    describe();
}

void RecordTableModel::describe()
{
    m_columns.clear();
    m_place.clear();
    for (const QString& name : m_shown) {
        const std::optional<std::size_t> place = find(m_table, toStd(name));
        if (!place)
            continue;
        m_place.push_back(*place);
        const Field& field = m_table.columns[*place];
        m_columns.push_back(recordColumn(field, field.form == Form::Bytes ? largestOf(m_table, *place) : 0));
    }
}

/// Whether the rows that are shown are the first of `table`, as when a job adds some.
bool RecordTableModel::isContinuedBy(const Table& table) const
{
    if (!m_runColumn || table.columns.size() != m_table.columns.size() || table.rows.size() < m_table.rows.size())
        return false;
    for (std::size_t i = 0; i < m_table.rows.size(); ++i)
        if (m_table.rows[i][*m_runColumn] != table.rows[i][*m_runColumn])
            return false;
    return true;
}

void RecordTableModel::refresh()
{
    if (!m_maker)
        return;
    Table table = make();
    const int before = rowCount(), after = static_cast<int>(table.rows.size());
    if (!isContinuedBy(table)) {
        beginResetModel();
        take(std::move(table));
        endResetModel();
        return;
    }
    if (after > before) {
        beginInsertRows({}, before, after - 1);
        take(std::move(table));
        endInsertRows();
    } else {
        take(std::move(table));
    }
    if (before > 0 && !m_columns.empty()) {
        Q_EMIT dataChanged(index(0, 0), index(before - 1, columnCount() - 1));
        Q_EMIT headerDataChanged(Qt::Horizontal, 0, columnCount() - 1); // the unit of bytes may be another
    }
}

void RecordTableModel::setShownColumns(const QStringList& names)
{
    QStringList known;
    for (const QString& name : names)
        if (!known.contains(name)
            && std::any_of(m_all.begin(), m_all.end(), [&](const RecordColumn& one) { return one.name == name; }))
            known.append(name);
    if (known.isEmpty() || known == m_shown)
        return;
    beginResetModel();
    m_shown = known;
    take(make());
    endResetModel();
}

QStringList RecordTableModel::shownColumns() const
{
    QStringList out;
    for (const RecordColumn& column : m_columns)
        out.append(column.name);
    return out;
}

int RecordTableModel::columnOf(const QString& name) const
{
    for (std::size_t i = 0; i < m_columns.size(); ++i)
        if (m_columns[i].name == name)
            return static_cast<int>(i);
    return -1;
}

const Cell& RecordTableModel::cell(int row, int column) const
{
    return m_table.rows[static_cast<std::size_t>(row)][m_place[static_cast<std::size_t>(column)]];
}

RowId RecordTableModel::run(int row) const
{
    if (!m_runColumn)
        return 0;
    const auto* id = std::get_if<std::int64_t>(&m_table.rows[static_cast<std::size_t>(row)][*m_runColumn]);
    return id ? *id : 0;
}

Table RecordTableModel::fullTable(const std::vector<int>& rows) const
{
    Table all = m_maker ? m_maker({}) : Table{};
    std::vector<std::vector<Cell>> chosen;
    for (const int row : rows)
        if (static_cast<std::size_t>(row) < all.rows.size())
            chosen.push_back(all.rows[static_cast<std::size_t>(row)]);
    all.rows = std::move(chosen);
    return all;
}

const QString& RecordTableModel::searchText(int row) const
{
    if (m_searchTexts.size() != m_table.rows.size())
        m_searchTexts.assign(m_table.rows.size(), QString());
    QString& text = m_searchTexts[static_cast<std::size_t>(row)];
    if (text.isNull()) {
        text = QLatin1String("");
        for (int column = 0; column < columnCount(); ++column)
            text += displayText(cell(row, column), m_columns[static_cast<std::size_t>(column)]).toLower()
                + QLatin1Char('\n');
    }
    return text;
}

int RecordTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_table.rows.size());
}

int RecordTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QVariant RecordTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const RecordColumn& shown = column(index.column());
    switch (role) {
    case Qt::DisplayRole:
        return displayText(cell(index.row(), index.column()), shown);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment(shown.isNumber() ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case Qt::FontRole:
        return shown.form == Form::Code || shown.form == Form::Hash
            ? QVariant(QFontDatabase::systemFont(QFontDatabase::FixedFont))
            : QVariant();
    case Qt::ToolTipRole: {
        const QString whole = plainText(cell(index.row(), index.column()));
        return whole.isEmpty() ? tr("not measured") : whole;
    }
    case Qt::AccessibleTextRole: {
        const QString text = displayText(cell(index.row(), index.column()), shown);
        return text.isEmpty() ? tr("not measured") : text;
    }
    case RawRole:
        return rawValue(cell(index.row(), index.column()));
    case Qt::EditRole:
        return shownValue(cell(index.row(), index.column()), shown);
    case RunRole:
        return static_cast<qlonglong>(run(index.row()));
    default:
        return {};
    }
}

QVariant RecordTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    const RecordColumn& shown = column(section);
    switch (role) {
    case Qt::DisplayRole:
        return shown.header();
    case Qt::ToolTipRole:
        return QStringLiteral("%1 (%2)").arg(shown.meaning, shown.name);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment(shown.isNumber() ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
        return {};
    }
}

} // namespace kvw
