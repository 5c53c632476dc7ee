// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QSizeF>
#include <QString>
#include <QStringList>
#include <QVariant>

#include <functional>

namespace kvw {

/// A figure of a page, for exports and reports; made when it is asked for, in the light style of figures.
struct PageFigure
{
    QString id;      ///< file name without folder and ending, "spectra-energy"
    QString title;   ///< one line
    QString caption; ///< what it shows of which runs with which settings
    std::function<QByteArray(QSizeF size_mm)> svg;
    std::function<QByteArray()> csv; ///< the same data, C locale
};

/// A table of a page, for exports and reports. Cells hold raw values (int, qlonglong, double, QString, invalid for
/// nothing), in the order of the header, as they are sorted and filtered on the screen.
struct PageTable
{
    QString id; ///< file name without folder and ending
    QString title;
    QStringList header; ///< names with units, "decode [tokens/s]"
    QList<QList<QVariant>> rows;
};

/// What a page says while it has nothing to show.
struct EmptyStateText
{
    QString title;    ///< what would be here: "Spectra of keys and values"
    QString reason;   ///< why it is not, and what to do: "This project has no calibration yet."
    QString button;   ///< text of the button; empty: none
    QString actionId; ///< of widgets/shell/actions.h, or a page's own; comes back by Page::actionRequested
    bool operator==(const EmptyStateText&) const = default;
};

} // namespace kvw
