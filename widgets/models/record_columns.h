// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef Q_MOC_RUN // moc cannot read <concepts>
#include "core/report/table.h"
#endif

#include <QString>
#include <QVariant>

namespace kvw {

/// How a column of a record is shown.
enum class RecordKind {
    Words,   ///< as they are
    Choice,  ///< a word of a fixed list ("measured"), in the window's language
    Code,    ///< a configuration, in a font of even width
    Hash,    ///< its first digits; all of it in the tool tip
    Time,    ///< of the local zone
    Whole,   ///< all digits: numbers of runs, tokens
    Real,    ///< four figures
    Percent, ///< a share, times 100
    Bytes,   ///< in one unit for the whole column
    Numbers, ///< a list; its length
};

/// A column as the window shows it. Titles are translated and have no unit.
struct RecordColumn
{
    QString name; ///< of the field
    QString title;
    QString unit;    ///< that stands in brackets behind the title; empty: none
    QString meaning; ///< one sentence
    RecordKind kind = RecordKind::Words;
    double divisor = 1; ///< of Bytes: what `unit` is in bytes
    bool grouped =
        false;         ///< of Whole: with marks between thousands, as amounts have them and names ("run 1234") do not
    int decimals = -1; ///< of Bytes and Percent; else as many as the figures ask for

    QString header() const; ///< "Decode [tokens/s]"
    bool isNumber() const;
};

/// The column of a field. Bytes take a unit in which `largest` has at most four digits before the point.
RecordColumn recordColumn(const Field& field, double largest_bytes = 0);

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
/// In the C locale and with as many digits as read back to the same double, for files and the clipboard.
QString plainText(const Cell& cell);

} // namespace kvw
