// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/text.h"
#include "widgets/pages/page_content.h"

#include <QStringList>

#include <optional>

namespace kvw {

class Page;

/// RFC 4180 with a header, C locale, lines that end with CR LF, as core/report/export.h.
QByteArray toCsv(const PageTable& table);

struct PageExport
{
    QStringList files;              ///< written, absolute
    std::optional<Problem> problem; ///< why it stopped; the files before are whole
};
/// Every figure of a page as FOLDER/ID.svg and ID.csv, every table as ID.csv; each file whole or not at all. The folder is
/// made when its parent is there.
PageExport exportPage(const Page& page, const QString& folder);

} // namespace kvw
