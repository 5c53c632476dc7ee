// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

#include <vector>

namespace kvw {

/// Every table of the window: rows are picked whole, Ctrl+C copies them, Ctrl+Shift+C with the header (all rows when none is
/// picked), in the order of the columns on the screen. Rows are all one line high, so that ten thousand scroll as ten do.
class TableView : public QTableView
{
    Q_OBJECT
public:
    explicit TableView(QWidget* parent = nullptr);

    std::vector<int> pickedRows() const; ///< as they are shown, from top to bottom
    /// As wide as what is in them, within reason: a longer text is cut off, and whole in the tool tip.
    void fitColumns();

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    /// What a kind of table has in its context menu besides copying.
    virtual void addToMenu(QMenu& menu) { Q_UNUSED(menu) }
};

} // namespace kvw
