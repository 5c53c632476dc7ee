// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/editing.h"

#include "widgets/models/record_copy.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QTableView>
#include <QTextEdit>

#include <set>

namespace kvw {
namespace {

enum class Command { Copy, CopyWithHeads, SelectAll };

EditResult onItems(QAbstractItemView& view, Command command)
{
    if (command != Command::SelectAll)
        return copyRows(view, command == Command::Copy ? CopyHeads::No : CopyHeads::Yes);
    if (view.selectionMode() == QAbstractItemView::SingleSelection
        || view.selectionMode() == QAbstractItemView::NoSelection)
        return EditResult::NotHere;
    view.selectAll();
    return view.selectionModel() && view.selectionModel()->hasSelection() ? EditResult::Done
                                                                          : EditResult::NothingPicked;
}

/// A text has no headers. `picked` says whether something in it is, `empty` whether there is nothing that could be.
template<typename Text>
EditResult onText(Text& text, Command command, bool picked, bool empty)
{
    if (command == Command::CopyWithHeads)
        return EditResult::NotHere;
    if (command == Command::SelectAll ? empty : !picked)
        return EditResult::NothingPicked;
    if (command == Command::SelectAll)
        text.selectAll();
    else
        text.copy();
    return EditResult::Done;
}

EditResult onLabel(QLabel& label, Command command)
{
    if (command == Command::CopyWithHeads || !(label.textInteractionFlags() & Qt::TextSelectableByMouse))
        return EditResult::NotHere;
    if (command == Command::SelectAll) {
        label.setSelection(0, static_cast<int>(label.text().size()));
        return EditResult::Done;
    }
    if (!label.hasSelectedText())
        return EditResult::NothingPicked;
    QApplication::clipboard()->setText(label.selectedText());
    return EditResult::Done;
}

EditResult perform(QWidget& widget, Command command)
{
    if (auto* copyable = dynamic_cast<Copyable*>(&widget))
        return command == Command::SelectAll
            ? EditResult::NotHere
            : copyable->copyToClipboard(command == Command::Copy ? CopyHeads::No : CopyHeads::Yes);
    if (auto* items = qobject_cast<QAbstractItemView*>(&widget))
        return onItems(*items, command);
    if (auto* text = qobject_cast<QTextEdit*>(&widget))
        return onText(*text, command, text->textCursor().hasSelection(), text->document()->isEmpty());
    if (auto* text = qobject_cast<QPlainTextEdit*>(&widget))
        return onText(*text, command, text->textCursor().hasSelection(), text->document()->isEmpty());
    if (auto* label = qobject_cast<QLabel*>(&widget))
        return onLabel(*label, command);
    auto* field = qobject_cast<QLineEdit*>(&widget);
    if (!field && (qobject_cast<QAbstractSpinBox*>(&widget) || qobject_cast<QComboBox*>(&widget)))
        field = widget.findChild<QLineEdit*>(); // it has the focus in the name of its field
    return field ? onText(*field, command, field->hasSelectedText(), field->text().isEmpty()) : EditResult::NotHere;
}

EditResult perform(QWidget* focus, Command command)
{
    for (QWidget* at = focus; at; at = at->isWindow() ? nullptr : at->parentWidget())
        if (const EditResult result = perform(*at, command); result != EditResult::NotHere)
            return result;
    return EditResult::NotHere;
}

/// The columns that are seen, in the order of the screen, which a person may have changed.
QList<int> columnsOf(const QAbstractItemView& view, int count)
{
    QList<int> columns;
    const auto* table = qobject_cast<const QTableView*>(&view);
    for (int visual = 0; visual < count; ++visual) {
        const int column = table ? table->horizontalHeader()->logicalIndex(visual) : visual;
        if (!table || !table->isColumnHidden(column))
            columns.append(column);
    }
    return columns;
}

} // namespace

EditResult copyFrom(QWidget* focus, CopyHeads heads)
{
    return perform(focus, heads == CopyHeads::Yes ? Command::CopyWithHeads : Command::Copy);
}

EditResult selectAllIn(QWidget* focus) { return perform(focus, Command::SelectAll); }

EditResult copyRows(const QAbstractItemView& view, CopyHeads heads)
{
    const QAbstractItemModel* model = view.model();
    if (!model || !view.selectionModel())
        return EditResult::NothingPicked;
    if (heads == CopyHeads::Yes && !qobject_cast<const QTableView*>(&view))
        return EditResult::NotHere; // a list has no header
    std::set<int> rows;
    for (const QModelIndex& index : view.selectionModel()->selectedIndexes())
        rows.insert(index.row());
    if (rows.empty() && heads == CopyHeads::Yes)
        for (int row = 0; row < model->rowCount(); ++row)
            rows.insert(row);
    const QList<int> columns = columnsOf(view, model->columnCount());
    QModelIndexList cells;
    for (const int row : rows)
        for (const int column : columns)
            cells.append(model->index(row, column));
    if (cells.isEmpty())
        return EditResult::NothingPicked;
    QApplication::clipboard()->setMimeData(copyCells(*model, cells, heads, columns).release());
    return EditResult::Done;
}

} // namespace kvw
