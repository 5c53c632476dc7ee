// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/page_tables.h"

#include "widgets/plots/plot_view.h"

#include <QAbstractItemModel>

namespace kvw {

PageFigure figureOf(PlotView* plot, const QString& id)
{
    return {id, plot->title(), plot->description(),
            [plot](QSizeF size_mm) {
                FigureOptions options;
                options.size_mm = size_mm;
                return plot->figure(FigureFormat::Svg, options);
            },
            [plot] { return toCsv(plot->table()); }};
}

PageTable tableOf(const QAbstractItemModel& model, const QString& id, const QString& title)
{
    PageTable out{id, title, {}, {}};
    for (int column = 0; column < model.columnCount(); ++column)
        out.header.append(model.headerData(column, Qt::Horizontal).toString());
    for (int row = 0; row < model.rowCount(); ++row) {
        QList<QVariant> cells;
        for (int column = 0; column < model.columnCount(); ++column)
            cells.append(model.index(row, column).data(Qt::EditRole));
        out.rows.append(cells);
    }
    return out;
}

} // namespace kvw
