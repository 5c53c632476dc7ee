// SPDX-License-Identifier: GPL-3.0-or-later
// What a PlotView looks like on the screen.
#include "widgets/plots/legend_table.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plots/qcp.h"

#include <QPainter>
#include <QStyleOptionFocusRect>

#include <algorithm>

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

} // namespace

void PlotView::applyStyle(const PlotStyle& style)
{
    m_style = style;
    m_plot->setBackground(QBrush(style.background));
    const int room = QFontMetrics(style.font).height() / 2;
    m_plot->plotLayout()->setColumnSpacing(room);
    for (QCPAxis* axis : m_plot->axisRect()->axes())
        styleAxis(axis, style);
    for (QCPAxis* axis : {m_plot->xAxis2, m_plot->yAxis2}) {
        axis->setTickLengthIn(0);
        axis->setSubTickLengthIn(0);
    }
    QColor behind = style.background;
    behind.setAlphaF(0.85F);
    QCPLegend* legend = m_plot->legend;
    legend->setBrush(behind);
    legend->setBorderPen(QPen(style.grid, 1));
    legend->setFont(style.font);
    legend->setTextColor(style.text);
    legend->setSelectedFont(style.font);
    legend->setSelectedTextColor(style.text);
    legend->setMargins(QMargins(room, room / 2, room, room / 2));
    legend->setIconSize(3 * room, room + 2);
    legend->setRowSpacing(0);
    m_readoutLine->setPen(QPen(style.readout, 1));
    m_readoutText->setFont(style.font);
    m_readoutText->setColor(style.text);
    m_readoutText->setBrush(style.background);
    m_readoutText->setPen(QPen(style.readout, 1));
    m_floorLine->setPen(QPen(style.axis, 1, Qt::DotLine));
    m_floorText->setFont(style.font);
    m_floorText->setColor(style.axis);
    for (QCPItemTracer* tracer : m_tracers) {
        tracer->setPen(QPen(style.text, 1));
        tracer->setBrush(style.background);
    }
    m_plot->selectionRect()->setPen(QPen(style.readout, 1, Qt::DashLine));
    styleSeries();
    restyle(style);
    m_legendTable->refresh();
    queueReplot();
}

void PlotView::styleSeries()
{
    for (int i = 0; i < seriesCount(); ++i) {
        const Series& entry = m_series[static_cast<std::size_t>(i)];
        const QColor colour = colourOf(entry.look, m_style);
        const bool wide = entry.look.wide || i == m_emphasis;
        const QPen pen(colour, wide ? m_style.emphasisWidth : m_style.penWidth, dashOf(entry.look));
        entry.plottable->setPen(pen);
        entry.plottable->setLayer(i == m_emphasis ? QStringLiteral("emphasis") : QStringLiteral("main"));
        const double size = wide ? m_style.markerSize * 1.4 : m_style.markerSize;
        const QCPScatterStyle marker = markerOf(entry.look, colour, m_style.background, size);
        if (auto* graph = qobject_cast<QCPGraph*>(entry.plottable)) {
            graph->setScatterStyle(marker);
            graph->setLineStyle(entry.look.line ? QCPGraph::lsLine : QCPGraph::lsNone);
        } else if (auto* curve = qobject_cast<QCPCurve*>(entry.plottable)) {
            curve->setScatterStyle(marker);
            curve->setLineStyle(entry.look.line ? QCPCurve::lsLine : QCPCurve::lsNone);
        }
        for (QCPAbstractPlottable* companion : entry.companions)
            companion->setPen(
                QPen(colour, m_style.penWidth, qobject_cast<QCPGraph*>(companion) ? Qt::DotLine : Qt::SolidLine));
    }
}

void PlotView::paintEvent(QPaintEvent* event)
{
    QWidget::paintEvent(event);
    if (!hasFocus())
        return;
    QPainter painter(this);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 2));
    painter.drawRect(rect().adjusted(1, 1, -1, -1));
}

void PlotView::focusInEvent(QFocusEvent* event)
{
    QWidget::focusInEvent(event);
    update();
}

void PlotView::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace kvw
