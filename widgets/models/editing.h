// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

class QAbstractItemView;
class QWidget;

namespace kvw {

enum class CopyHeads { No, Yes };

enum class EditResult {
    Done,
    NothingPicked, ///< the widget could, but nothing in it is picked
    NotHere        ///< neither the widget nor what it is in can do that
};

/// What a widget that is no text and no list of Qt's puts onto the clipboard (a plot: its picture and its data).
class Copyable
{
public:
    virtual EditResult copyToClipboard(CopyHeads heads) = 0;

protected:
    Copyable() = default;
    ~Copyable() = default;
    Q_DISABLE_COPY_MOVE(Copyable)
};

/// What the menu Edit does to the widget that has the focus: a Copyable, a list or table, a field, a text, or a label whose
/// text can be picked; else to the nearest one that it is in. Null: nothing has the focus.
EditResult copyFrom(QWidget* focus, CopyHeads heads);
EditResult selectAllIn(QWidget* focus);

/// The picked rows of any table or list, its columns in the order of the header; with heads all rows when none is picked.
EditResult copyRows(const QAbstractItemView& view, CopyHeads heads);

} // namespace kvw
