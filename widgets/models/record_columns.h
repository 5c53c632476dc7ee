// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef Q_MOC_RUN // moc cannot read <concepts>
#include "core/report/display_unit.h"
#include "core/report/table.h"
#endif

#include <QString>
#include <QVariant>

namespace kvw {

/// A column as the window shows it: what its field says, in the window's language. One unit holds for the header, the
/// cells, and what is copied from them.
struct RecordColumn
{
    QString name;    ///< of the field
    QString title;   ///< without its unit
    QString meaning; ///< one sentence
    Form form = Form::Words;
    DisplayUnit unit;
    bool grouped =
        false; ///< of Whole: with marks between thousands, as amounts have them and names ("run 1234") do not

    QString header() const; ///< "Decode [tokens/s]"
    bool isNumber() const;
};

/// The column of a field. Bytes take a unit in which `largest` has at most four digits before the point.
RecordColumn recordColumn(const Field& field, double largest_bytes = 0);
/// The title of a field (Title in core/records) in the window's language; other words as they are.
QString titleText(std::string_view title);

/// The word of a kind, status or phase in the window's language; others as they are.
QString choiceText(const QString& word);
/// "2025-03-01T12:34:56.789Z" in the local zone and form; anything else as it is.
QString timeText(const QString& utc);
/// `figures` significant digits with the locale's marks; "NaN", "∞".
QString figuresText(double value, int figures);

/// What stands in the cell; empty for nothing.
QString displayText(const Cell& cell, const RecordColumn& column);
/// int, double or QString as it was measured; invalid for nothing.
QVariant rawValue(const Cell& cell);
/// The same in the unit of the column's header: for the clipboard and for tables that leave the window with that header.
QVariant shownValue(const Cell& cell, const RecordColumn& column);
/// In the C locale and with as many digits as read back to the same double, for files and the clipboard.
QString plainText(const Cell& cell);

} // namespace kvw
