// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_view.h"

#include "core/base/atomic_file.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QHeaderView>
#include <QJsonArray>
#include <QKeyEvent>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>
#include <set>

namespace kvw {
namespace {

constexpr int kWidestColumn_characters = 44; ///< a longer configuration is cut off and whole in the tool tip
constexpr int kSampledRows = 200;            ///< for the widths of columns

bool isCopyWithHeads(const QKeyEvent& event)
{
    return event.modifiers() == (Qt::ControlModifier | Qt::ShiftModifier) && event.key() == Qt::Key_C;
}

/// Room at both sides of a cell's text, so that a number at the right and a word at the left of the next column do not
/// read as one.
class PaddedDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        QStyleOptionViewItem padded = option;
        initStyleOption(&padded, index);
        const QStyle* style = padded.widget ? padded.widget->style() : QApplication::style();
        style->drawPrimitive(QStyle::PE_PanelItemViewItem, &padded, painter, padded.widget);
        const int room = padding(option);
        padded.rect.adjust(room, 0, -room, 0);
        style->drawControl(QStyle::CE_ItemViewItem, &padded, painter, padded.widget);
    }
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        return QStyledItemDelegate::sizeHint(option, index) + QSize(2 * padding(option), 0);
    }

private:
    static int padding(const QStyleOptionViewItem& option) { return option.fontMetrics.averageCharWidth() / 2; }
};

} // namespace

RecordView::RecordView(QWidget* parent) : QTableView(parent)
{
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setAlternatingRowColors(true);
    setShowGrid(false);
    setWordWrap(false);
    setTextElideMode(Qt::ElideMiddle);
    setSortingEnabled(true);
    setTabKeyNavigation(false); // Tab leaves the table, arrows walk in it
    setHorizontalScrollMode(ScrollPerPixel);
    setEditTriggers(NoEditTriggers);
    setCornerButtonEnabled(false);
    setItemDelegate(new PaddedDelegate(this));
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setSectionsMovable(true);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setStretchLastSection(false);
    horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    horizontalHeader()->setResizeContentsPrecision(kSampledRows);
    connect(horizontalHeader(), &QWidget::customContextMenuRequested, this, &RecordView::showColumnMenu);
    connect(this, &QAbstractItemView::activated, this, [this](const QModelIndex& index) {
        if (m_filter && index.isValid())
            Q_EMIT runActivated(m_filter->run(index.row()));
    });
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() * 3 / 2);
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

std::vector<int> RecordView::pickedRows() const
{
    std::vector<int> rows;
    if (selectionModel())
        for (const QModelIndex& index : selectionModel()->selectedRows())
            rows.push_back(index.row());
    std::sort(rows.begin(), rows.end());
    return rows;
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

void RecordView::copyRows(const std::vector<int>& rows, CopyHeads heads)
{
    QModelIndexList cells;
    QList<int> columns; // in the order of the header, which a person may have changed
    for (int visual = 0; visual < m_filter->columnCount(); ++visual)
        columns.append(horizontalHeader()->logicalIndex(visual));
    for (const int row : rows)
        for (const int column : columns)
            cells.append(m_filter->index(row, column));
    if (!cells.isEmpty())
        QApplication::clipboard()->setMimeData(copyCells(*m_filter, cells, heads, columns).release());
}

void RecordView::copyPicked() { copyRows(pickedRows(), CopyHeads::No); }

void RecordView::copyWithHeads()
{
    std::vector<int> rows = pickedRows();
    if (rows.empty())
        for (int row = 0; row < m_filter->rowCount(); ++row)
            rows.push_back(row);
    copyRows(rows, CopyHeads::Yes);
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
    fitColumns();
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
        fitColumns();
}

void RecordView::fitColumns()
{
    m_fitted = m_filter->rowCount() > 0;
    resizeColumnsToContents();
    const int widest = kWidestColumn_characters * fontMetrics().averageCharWidth();
    for (int column = 0; column < m_filter->columnCount(); ++column)
        setColumnWidth(column, std::min(columnWidth(column) + fontMetrics().averageCharWidth(), widest));
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

void RecordView::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction* copyAction = menu->addAction(tr("Copy rows"), this, &RecordView::copyPicked);
    copyAction->setEnabled(!pickedRows().empty());
    menu->addAction(copyAction->isEnabled() ? tr("Copy rows with header") : tr("Copy table with header"), this,
                    &RecordView::copyWithHeads);
    menu->addSeparator();
    menu->addAction(tr("Export table…"), this, &RecordView::exportDialog);
    menu->popup(event->globalPos());
}

bool RecordView::event(QEvent* event)
{
    // The window has actions with these keys; a table that has the focus answers them itself.
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Copy) || key->matches(QKeySequence::SelectAll) || isCopyWithHeads(*key)) {
            event->accept();
            return true;
        }
    }
    return QTableView::event(event);
}

void RecordView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy))
        return copyPicked();
    if (isCopyWithHeads(*event))
        return copyWithHeads();
    QTableView::keyPressEvent(event);
}

void RecordView::changeEvent(QEvent* event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        verticalHeader()->setDefaultSectionSize(fontMetrics().height() * 3 / 2);
}

} // namespace kvw
