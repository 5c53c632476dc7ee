// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#ifndef Q_MOC_RUN // moc cannot read <concepts>
#include "core/report/export.h"
#include "core/report/table.h"
#endif
#include "widgets/models/editing.h"

#include <QByteArray>
#include <QList>
#include <QModelIndexList>
#include <QString>

#include <memory>

class QAbstractItemModel;
class QMimeData;

namespace kvw {

/// Cells of any table model for the clipboard: text/plain with tabs (values in the header's unit, in the C locale with all
/// digits) and
/// text/html as on the screen, in the order of `columns` (empty: of the model), rows from top to bottom.
std::unique_ptr<QMimeData> copyCells(const QAbstractItemModel& model, const QModelIndexList& cells, CopyHeads heads,
                                     const QList<int>& columns = {});

/// One table as a file of that format. Throws Error{Internal} for a table without a form in Markdown.
QByteArray tableBytes(const Table& table, ExportFormat format);

/// The four formats for a file dialog, translated ("CSV (*.csv)"), in the order of ExportFormat.
QStringList tableFileFilters();
/// What the name ends with, else Csv.
ExportFormat tableFormatOf(const QString& file);

} // namespace kvw
