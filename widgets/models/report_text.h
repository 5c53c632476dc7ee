// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/document.h"
#include "widgets/models/text.h"

#include <QByteArray>
#include <QTextDocument>

namespace kvw {

/// Fills in a text document for the screen and for PDF: figures stay vectors. `width` in pixels of the document's layout
/// is what figures are scaled to.
void fillTextDocument(QTextDocument& text, const ReportDocument& report, double width);

/// A4 with page numbers, figures as vectors, fonts embedded.
QByteArray reportPdf(const ReportDocument& report);

/// By the file's ending: .html, .pdf or .md (with the folder NAME.files beside it). Every file is written whole or not at
/// all, the text last, so that it never points to a figure that is not there. Nothing, or why not.
std::optional<Problem> exportReport(const ReportDocument& report, const QString& file);

} // namespace kvw
