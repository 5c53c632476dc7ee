// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/convergence_plot.h"

#include "widgets/plots/qcp.h"

#include <QTimer>

#include <cmath>

namespace kvw {
namespace {

constexpr int kPause_ms = 100;

} // namespace

ConvergencePlot::ConvergencePlot(const QString& id, QWidget* parent) : PlotView(id, parent), m_timer(new QTimer(this))
{
    setAxis(Axis::X, tr("Tokens"), AxisKind::Count);
    setAxis(Axis::Y, tr("Change of the basis"), AxisKind::Number);
    m_timer->setSingleShot(true);
    m_timer->setInterval(kPause_ms);
    connect(m_timer, &QTimer::timeout, this, &ConvergencePlot::showNow);
}

void ConvergencePlot::addPoint(const QString& name, double x, double value)
{
    auto found = m_index.find(name);
    if (found == m_index.end()) {
        found = m_index.emplace(name, seriesCount()).first;
        QCPGraph* graph = canvas()->addGraph();
        addSeries({name, graph, {seriesCount(), seriesCount() / kCurveColours, seriesCount()}, true, {}});
        m_newSeries = true;
    }
    auto* graph = static_cast<QCPGraph*>(series()[static_cast<std::size_t>(found->second)].plottable);
    graph->addData(x, std::isfinite(value) ? value : std::nan(""));
    m_stale = true;
    if (isVisible() && !m_timer->isActive())
        m_timer->start();
}

void ConvergencePlot::clear()
{
    m_index.clear();
    clearSeries();
    seriesDone();
}

int ConvergencePlot::pointCount(const QString& name) const
{
    const auto found = m_index.find(name);
    return found == m_index.end()
        ? 0
        : static_cast<const QCPGraph*>(series()[static_cast<std::size_t>(found->second)].plottable)->dataCount();
}

void ConvergencePlot::showNow()
{
    if (!m_stale)
        return;
    m_stale = false;
    if (std::exchange(m_newSeries, false))
        seriesDone();
    fit();
}

void ConvergencePlot::showEvent(QShowEvent* event)
{
    PlotView::showEvent(event);
    showNow();
}

void ConvergencePlot::fitAxes()
{
    PlotView::fitAxes();
    if (scale(Axis::Y) == Scale::Linear && range(Axis::Y).first > 0)
        setRange(Axis::Y, 0, range(Axis::Y).second);
}

PlotTable ConvergencePlot::table() const
{
    PlotTable out{title(), {tr("Curve"), axisLabel(Axis::X), axisLabel(Axis::Y)}, {}};
    for (const Series& entry : series())
        for (const QCPGraphData& point : *static_cast<const QCPGraph*>(entry.plottable)->data())
            out.rows << QList<QVariant>{entry.name, point.key,
                                        std::isnan(point.value) ? QVariant() : QVariant(point.value)};
    return out;
}

} // namespace kvw
