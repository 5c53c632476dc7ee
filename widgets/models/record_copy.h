// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/export.h"
#include "core/report/table.h"

#include <QByteArray>
#include <QModelIndexList>
#include <QString>

#include <memory>

class QAbstractItemModel;
class QMimeData;

namespace kvw {

/// Cells of any table model for the clipboard, in the order in which they are shown: text/plain with tabs (raw values
/// in the C locale with all digits) and text/html as on the screen, each with the header above.
std::unique_ptr<QMimeData> copyCells(const QAbstractItemModel& model, const QModelIndexList& cells);

/// One table as a file of that format. Throws Error{Internal} for a table without a form in Markdown.
QByteArray tableBytes(const Table& table, ExportFormat format);

/// The four formats for a file dialog, translated ("CSV (*.csv)"), in the order of ExportFormat.
QStringList tableFileFilters();
/// What the name ends with, else Csv.
ExportFormat tableFormatOf(const QString& file);

} // namespace kvw
