// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_view.h"

#include "core/base/atomic_file.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QJsonArray>
#include <QMenu>

#include <algorithm>
#include <set>

namespace kvw {

RecordView::RecordView(QWidget* parent) : TableView(parent)
{
    setSortingEnabled(true);
    horizontalHeader()->setSectionsMovable(true);
    horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(horizontalHeader(), &QWidget::customContextMenuRequested, this, &RecordView::showColumnMenu);
    connect(this, &QAbstractItemView::activated, this, [this](const QModelIndex& index) {
        if (m_filter && index.isValid())
            Q_EMIT runActivated(m_filter->run(index.row()));
    });
}

void RecordView::setFilter(RecordFilter* filter)
{
    m_filter = filter;
    setModel(filter);
    sortByColumn(-1, Qt::AscendingOrder); // the order of the store, until a person asks for another
    connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        if (!m_picking)
            Q_EMIT picksChanged();
    });
    connect(filter, &QAbstractItemModel::modelReset, this, &RecordView::columnsReset);
    connect(filter, &QAbstractItemModel::rowsInserted, this, &RecordView::columnsReset);
}

std::vector<RowId> RecordView::pickedRuns() const
{
    std::vector<RowId> runs;
    for (const int row : pickedRows())
        if (const RowId run = m_filter->run(row); std::find(runs.begin(), runs.end(), run) == runs.end())
            runs.push_back(run);
    return runs;
}

void RecordView::pickRuns(const std::vector<RowId>& runs)
{
    if (!m_filter)
        return;
    const std::set<RowId> wanted(runs.begin(), runs.end());
    const std::vector<RowId> picked = pickedRuns();
    if (std::set<RowId>(picked.begin(), picked.end()) == wanted)
        return;
    QItemSelection selection;
    for (int row = 0; row < m_filter->rowCount(); ++row)
        if (wanted.contains(m_filter->run(row)))
            selection.select(m_filter->index(row, 0), m_filter->index(row, m_filter->columnCount() - 1));
    m_picking = true;
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    if (!selection.isEmpty())
        scrollTo(selection.front().topLeft());
    m_picking = false;
}

std::optional<Problem> RecordView::exportTo(const QString& file) const
{
    try {
        const QByteArray bytes =
            tableBytes(m_filter->records()->fullTable(m_filter->sourceRows()), tableFormatOf(file));
        write_file_atomically(std::filesystem::path(file.toStdU16String()),
                              {bytes.constData(), static_cast<std::size_t>(bytes.size())});
    } catch (const Error& error) {
        return toProblem(error);
    }
    return std::nullopt;
}

void RecordView::exportDialog()
{
    auto* dialog = new QFileDialog(this, tr("Export the table"), m_fileName + QStringLiteral(".csv"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters(tableFileFilters());
    const QStringList endings{QStringLiteral("csv"), QStringLiteral("json"), QStringLiteral("jsonl"),
                              QStringLiteral("md")};
    dialog->setDefaultSuffix(endings.front());
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog, endings](const QString& filter) {
        dialog->setDefaultSuffix(endings.value(dialog->nameFilters().indexOf(filter)));
    });
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& file) { Q_EMIT problem(exportTo(file).value_or(Problem{})); });
    dialog->open();
}

QJsonObject RecordView::saveState() const
{
    if (!m_filter)
        return {};
    QJsonArray columns;
    QJsonObject widths;
    for (int visual = 0; visual < m_filter->columnCount(); ++visual) {
        const int column = horizontalHeader()->logicalIndex(visual);
        const QString name = m_filter->records()->column(column).name;
        columns.append(name);
        widths.insert(name, double(columnWidth(column)) / fontMetrics().averageCharWidth());
    }
    QJsonObject state{{QStringLiteral("columns"), columns}, {QStringLiteral("widths"), widths}};
    const int sorted = m_filter->sortColumn();
    if (sorted >= 0 && sorted < m_filter->columnCount()) {
        state.insert(QStringLiteral("sorted"), m_filter->records()->column(sorted).name);
        state.insert(QStringLiteral("descending"), m_filter->sortOrder() == Qt::DescendingOrder);
    }
    return state;
}

void RecordView::restoreState(const QJsonObject& state)
{
    QStringList columns;
    for (const QJsonValue& name : state.value(QStringLiteral("columns")).toArray())
        columns.append(name.toString());
    // Of another version, which called some otherwise: then the page's own columns stay, and not those that are left.
    const std::vector<RecordColumn>& all = m_filter->records()->allColumns();
    const bool known = std::all_of(columns.begin(), columns.end(), [&](const QString& name) {
        return std::any_of(all.begin(), all.end(), [&](const RecordColumn& column) { return column.name == name; });
    });
    if (known)
        m_filter->records()->setShownColumns(columns);
    fitRecords();
    const QJsonObject widths = state.value(QStringLiteral("widths")).toObject();
    for (auto width = widths.begin(); width != widths.end(); ++width) {
        const int column = m_filter->records()->columnOf(width.key());
        const double characters = width.value().toDouble();
        if (column >= 0 && characters >= 2 && characters <= 400)
            setColumnWidth(column, qRound(characters * fontMetrics().averageCharWidth()));
    }
    const int sorted = m_filter->records()->columnOf(state.value(QStringLiteral("sorted")).toString());
    if (sorted >= 0)
        sortByColumn(sorted,
                     state.value(QStringLiteral("descending")).toBool() ? Qt::DescendingOrder : Qt::AscendingOrder);
}

void RecordView::columnsReset()
{
    if (!m_fitted && m_filter->rowCount() > 0)
        fitRecords();
}

void RecordView::fitRecords()
{
    m_fitted = m_filter->rowCount() > 0;
    fitColumns();
}

void RecordView::showColumnMenu(const QPoint& position)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const QStringList shown = m_filter->records()->shownColumns();
    for (const RecordColumn& column : m_filter->records()->allColumns()) {
        QAction* action = menu->addAction(column.title);
        action->setCheckable(true);
        action->setChecked(shown.contains(column.name));
        action->setEnabled(shown.size() > 1 || !action->isChecked());
        action->setToolTip(column.meaning);
        connect(action, &QAction::toggled, this, [this, name = column.name](bool on) {
            QStringList names = m_filter->records()->shownColumns();
            if (on)
                names.append(name);
            else
                names.removeAll(name);
            const QJsonObject before = saveState(); // sorting and widths by name
            m_filter->records()->setShownColumns(names);
            QJsonObject after = before;
            after.remove(QStringLiteral("columns"));
            restoreState(after);
        });
    }
    menu->popup(horizontalHeader()->viewport()->mapToGlobal(position));
}

void RecordView::addToMenu(QMenu& menu)
{
    menu.addSeparator();
    menu.addAction(tr("Export table…"), this, &RecordView::exportDialog);
}

} // namespace kvw
