// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/page_export.h"

#include "core/base/atomic_file.h"
#include "widgets/pages/page.h"
#include "widgets/plots/plot_table.h"

#include <QDir>

namespace kvw {
namespace {

constexpr QSizeF kFigure_mm{160, 100};

} // namespace

QByteArray toCsv(const PageTable& table) { return toCsv(PlotTable{table.title, table.header, table.rows}); }

PageExport exportPage(const Page& page, const QString& folder)
{
    PageExport out;
    const QDir dir(folder);
    if (!dir.exists() && !QDir().mkdir(folder)) {
        out.problem = Problem{Page::tr("The folder %1 cannot be made.").arg(folder),
                              Page::tr("Choose a place that you may write to.")};
        return out;
    }
    const auto write = [&](const QString& name, const QByteArray& bytes) {
        const QString file = dir.absoluteFilePath(name);
        write_file_atomically(file.toStdString(), {bytes.constData(), static_cast<std::size_t>(bytes.size())});
        out.files.append(file);
    };
    try {
        for (const PageFigure& figure : page.figures()) {
            if (figure.svg)
                write(figure.id + QStringLiteral(".svg"), figure.svg(kFigure_mm));
            if (figure.csv)
                write(figure.id + QStringLiteral(".csv"), figure.csv());
        }
        for (const PageTable& table : page.tables())
            write(table.id + QStringLiteral(".csv"), toCsv(table));
    } catch (const Error& error) {
        out.problem = toProblem(error);
    }
    return out;
}

} // namespace kvw
