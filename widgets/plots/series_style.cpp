// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/series_style.h"

#include "widgets/plots/qcp.h"

#include <array>

namespace kvw {
namespace {

QCPScatterStyle markerOf(const SeriesLook& look, const QColor& colour, const QColor& background, double size)
{
    using Shape = QCPScatterStyle;
    // Filled and hollow in turn, so that two marks next to each other differ in more than their outline.
    constexpr std::array kShapes{Shape::ssDisc,    Shape::ssSquare,           Shape::ssTriangle,
                                 Shape::ssDiamond, Shape::ssTriangleInverted, Shape::ssCircle};
    if (look.marker < 0)
        return {};
    const auto shape = kShapes[static_cast<std::size_t>(look.marker) % kShapes.size()];
    const bool filled = shape != Shape::ssCircle;
    return {shape, QPen(colour, 1), QBrush(filled ? colour : background), size};
}

} // namespace

void styleAxis(QCPAxis* axis, const PlotStyle& style)
{
    const QPen pen(style.axis, 1);
    axis->setBasePen(pen);
    axis->setTickPen(pen);
    axis->setSubTickPen(pen);
    axis->setTickLabelFont(style.font);
    axis->setTickLabelColor(style.text);
    axis->setLabelFont(style.labelFont);
    axis->setLabelColor(style.text);
    axis->setSelectedBasePen(pen);
    axis->setTickLengthIn(4);
    axis->setSubTickLengthIn(2);
    axis->grid()->setPen(QPen(style.grid, 1));
    axis->grid()->setSubGridPen(QPen(style.subGrid, 1));
    axis->grid()->setZeroLinePen(QPen(style.axis, 1));
}

void styleSeries(const PlotSeries& series, bool emphasis, const PlotStyle& style)
{
    const QColor colour = colourOf(series.look, style);
    const bool wide = series.look.wide || emphasis;
    const QPen pen(colour, wide ? style.emphasisWidth : style.penWidth, dashOf(series.look));
    series.plottable->setPen(pen);
    series.plottable->setLayer(emphasis ? QStringLiteral("emphasis") : QStringLiteral("main"));
    const double size = wide ? style.markerSize * 1.4 : style.markerSize;
    const QCPScatterStyle marker = markerOf(series.look, colour, style.background, size);
    if (auto* graph = qobject_cast<QCPGraph*>(series.plottable)) {
        graph->setScatterStyle(marker);
        graph->setLineStyle(series.look.line ? QCPGraph::lsLine : QCPGraph::lsNone);
    } else if (auto* curve = qobject_cast<QCPCurve*>(series.plottable)) {
        curve->setScatterStyle(marker);
        curve->setLineStyle(series.look.line ? QCPCurve::lsLine : QCPCurve::lsNone);
    }
    for (QCPAbstractPlottable* companion : series.companions)
        companion->setPen(
            QPen(colour, style.penWidth, qobject_cast<QCPGraph*>(companion) ? Qt::DotLine : Qt::SolidLine));
}

} // namespace kvw
