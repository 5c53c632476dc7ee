// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_readout.h"

#include "widgets/plots/qcp.h"

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr std::size_t kMostMarks = 32;
const QString kLayer = QStringLiteral("readout");

/// The graph's point nearest to x on the axis, or nothing where it has none.
std::optional<QPointF> nearestPoint(const QCPAbstractPlottable* plottable, double x)
{
    const auto* graph = qobject_cast<const QCPGraph*>(plottable);
    if (!graph || graph->data()->isEmpty())
        return {};
    const auto container = graph->data();
    auto above = std::lower_bound(container->constBegin(), container->constEnd(), x,
                                  [](const QCPGraphData& point, double key) { return point.key < key; });
    if (above == container->constEnd())
        --above;
    else if (above != container->constBegin() && x - (above - 1)->key < above->key - x)
        --above;
    return QPointF(above->key, above->value);
}

void styleTracer(QCPItemTracer* tracer, const PlotStyle& style)
{
    tracer->setPen(QPen(style.text, 1));
    tracer->setBrush(style.background);
}

} // namespace

PlotReadout::PlotReadout(QCustomPlot* plot) : m_plot(plot)
{
    m_plot->addLayer(kLayer, m_plot->layer(QStringLiteral("legend")), QCustomPlot::limAbove);
    m_plot->layer(kLayer)->setMode(QCPLayer::lmBuffered);
    m_line = new QCPItemStraightLine(m_plot);
    m_text = new QCPItemText(m_plot);
    for (QCPAbstractItem* item : {static_cast<QCPAbstractItem*>(m_line), static_cast<QCPAbstractItem*>(m_text)}) {
        item->setLayer(kLayer);
        item->setVisible(false);
        item->setSelectable(false);
    }
    m_text->setPadding(QMargins(4, 2, 4, 2));
    m_text->position->setTypeX(QCPItemPosition::ptPlotCoords);
    m_text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    m_text->setClipToAxisRect(false);
}

void PlotReadout::showAt(double x, const QString& text)
{
    m_line->setVisible(true);
    m_text->setVisible(true);
    const double y = m_plot->yAxis->range().center();
    m_line->point1->setCoords(x, y);
    m_line->point2->setCoords(x, y + std::abs(y) + 1);
    m_text->setText(text);
    const bool right = m_plot->xAxis->coordToPixel(x) > m_plot->axisRect()->center().x();
    m_text->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
    m_text->position->setCoords(x, 0.995);
}

void PlotReadout::hide()
{
    m_line->setVisible(false);
    m_text->setVisible(false);
}

void PlotReadout::setMarks(const std::vector<QPointF>& marks)
{
    const std::size_t count = std::min(marks.size(), kMostMarks);
    while (m_tracers.size() < count) {
        auto* tracer = new QCPItemTracer(m_plot);
        tracer->setLayer(kLayer);
        tracer->setStyle(QCPItemTracer::tsCircle);
        tracer->setSize(7);
        tracer->setSelectable(false);
        styleTracer(tracer, m_style);
        m_tracers.push_back(tracer);
    }
    for (std::size_t i = 0; i < m_tracers.size(); ++i) {
        m_tracers[i]->setVisible(i < count);
        if (i < count)
            m_tracers[i]->position->setCoords(marks[i]);
    }
}

void PlotReadout::repaint()
{
    if (m_plot->isVisible())
        m_plot->layer(kLayer)->replot();
}

void PlotReadout::setStyle(const PlotStyle& style)
{
    m_style = style;
    m_line->setPen(QPen(style.readout, 1));
    m_text->setFont(style.font);
    m_text->setColor(style.text);
    m_text->setBrush(style.background);
    m_text->setPen(QPen(style.readout, 1));
    for (QCPItemTracer* tracer : m_tracers)
        styleTracer(tracer, style);
}

void PlotReadout::setLayerVisible(bool visible) { m_plot->layer(kLayer)->setVisible(visible); }

std::optional<double> valueAt(const PlotSeries& series, double x)
{
    const auto point = nearestPoint(series.plottable, x);
    if (!point || std::abs(point->x() - x) > 1e-9 * std::max(1.0, std::abs(point->x())))
        return {};
    return point->y();
}

double nearestPlace(const std::vector<PlotSeries>& series, double x)
{
    double best = x, distance = INFINITY;
    for (const PlotSeries& entry : series) {
        const auto point = entry.shown ? nearestPoint(entry.plottable, x) : std::nullopt;
        if (point && std::abs(point->x() - x) < distance) {
            distance = std::abs(point->x() - x);
            best = point->x();
        }
    }
    return best;
}

std::optional<double> steppedPlace(const std::vector<PlotSeries>& series, std::optional<double> from, int steps)
{
    std::vector<double> places;
    for (const PlotSeries& entry : series)
        if (const auto* graph = qobject_cast<const QCPGraph*>(entry.plottable); graph && entry.shown)
            for (const QCPGraphData& point : *graph->data())
                places.push_back(point.key);
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    if (places.empty())
        return {};
    if (!from)
        return steps > 0 ? places.front() : places.back();
    const auto at = std::lower_bound(places.begin(), places.end(), *from) - places.begin();
    const auto last = static_cast<std::ptrdiff_t>(places.size()) - 1;
    return places[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at + steps, 0, last))];
}

std::vector<QPointF> marksAt(const std::vector<PlotSeries>& series, double x)
{
    std::vector<QPointF> marks;
    for (const PlotSeries& entry : series)
        if (entry.shown)
            if (const auto point = nearestPoint(entry.plottable, x);
                point && point->x() == x && !std::isnan(point->y()))
                marks.push_back(*point);
    return marks;
}

} // namespace kvw
