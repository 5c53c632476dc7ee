// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/table_view.h"

#include "widgets/models/editing.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>

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

TableView::TableView(QWidget* parent) : QTableView(parent)
{
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setAlternatingRowColors(true);
    setShowGrid(false);
    setWordWrap(false);
    setTextElideMode(Qt::ElideMiddle);
    setTabKeyNavigation(false); // Tab leaves the table, arrows walk in it
    setHorizontalScrollMode(ScrollPerPixel);
    setEditTriggers(NoEditTriggers);
    setCornerButtonEnabled(false);
    setItemDelegate(new PaddedDelegate(this));
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() * 3 / 2);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setStretchLastSection(false);
    horizontalHeader()->setResizeContentsPrecision(kSampledRows);
}

std::vector<int> TableView::pickedRows() const
{
    std::vector<int> rows;
    if (selectionModel())
        for (const QModelIndex& index : selectionModel()->selectedRows())
            rows.push_back(index.row());
    std::sort(rows.begin(), rows.end());
    return rows;
}

void TableView::fitColumns()
{
    resizeColumnsToContents();
    const int widest = kWidestColumn_characters * fontMetrics().averageCharWidth();
    for (int column = 0; column < model()->columnCount(); ++column)
        setColumnWidth(column, std::min(columnWidth(column) + fontMetrics().averageCharWidth(), widest));
}

void TableView::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction* copyAction = menu->addAction(tr("Copy rows"), this, [this] { copyRows(*this, CopyHeads::No); });
    copyAction->setEnabled(!pickedRows().empty());
    menu->addAction(copyAction->isEnabled() ? tr("Copy rows with header") : tr("Copy table with header"), this,
                    [this] { copyRows(*this, CopyHeads::Yes); });
    addToMenu(*menu);
    menu->popup(event->globalPos());
}

bool TableView::event(QEvent* event)
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

void TableView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy))
        return void(copyRows(*this, CopyHeads::No));
    if (isCopyWithHeads(*event))
        return void(copyRows(*this, CopyHeads::Yes));
    QTableView::keyPressEvent(event);
}

void TableView::changeEvent(QEvent* event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        verticalHeader()->setDefaultSectionSize(fontMetrics().height() * 3 / 2);
}

} // namespace kvw
