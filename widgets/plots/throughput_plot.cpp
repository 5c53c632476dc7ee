// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/throughput_plot.h"

#include "widgets/plots/qcp.h"

#include <algorithm>

namespace kvw {

ThroughputPlot::ThroughputPlot(const QString& id, QWidget* parent) : PlotView(id, parent)
{
    setDoublingX(true); // contexts double
    setAxis(Axis::X, tr("Context (tokens)"), AxisKind::Count);
    setAxis(Axis::Y, tr("Decoding (tokens/s)"), AxisKind::Number);
    setScale(Axis::X, Scale::Log);
}

void ThroughputPlot::setCurves(std::vector<ThroughputCurve> curves)
{
    m_curves = std::move(curves);
    fill();
    fit();
}

void ThroughputPlot::fill()
{
    clearSeries();
    for (std::size_t i = 0; i < m_curves.size(); ++i) {
        const auto number = static_cast<int>(i);
        QVector<double> contexts, medians, minus, plus, boundAt, bounds;
        for (const ThroughputPoint& point : m_curves[i].points) {
            contexts << point.context;
            medians << point.median;
            minus << std::max(0.0, point.median - point.p10);
            plus << std::max(0.0, point.p90 - point.median);
            if (point.bound) {
                boundAt << point.context;
                bounds << *point.bound;
            }
        }
        QCPGraph* graph = canvas()->addGraph();
        graph->setData(contexts, medians, true);
        auto* bars = new QCPErrorBars(canvas()->xAxis, canvas()->yAxis);
        bars->setDataPlottable(graph);
        bars->setData(minus, plus);
        QList<QCPAbstractPlottable*> companions{bars};
        if (!bounds.isEmpty()) {
            QCPGraph* bound = canvas()->addGraph();
            bound->setData(boundAt, bounds, true);
            companions << bound;
        }
        addSeries({m_curves[i].name, graph, {number, 0, number}, true, companions});
    }
    seriesDone();
}

void ThroughputPlot::rescaled() { fill(); }

void ThroughputPlot::fitAxes()
{
    PlotView::fitAxes();
    if (scale(Axis::Y) == Scale::Linear)
        setRange(Axis::Y, 0, range(Axis::Y).second);
}

PlotTable ThroughputPlot::table() const
{
    PlotTable out{title(),
                  {tr("Curve"), tr("Context [tokens]"), tr("Median [tokens/s]"), tr("p10 [tokens/s]"),
                   tr("p90 [tokens/s]"), tr("Bandwidth bound [tokens/s]")},
                  {}};
    for (const ThroughputCurve& curve : m_curves)
        for (const ThroughputPoint& point : curve.points)
            out.rows << QList<QVariant>{curve.name, point.context, point.median,
                                        point.p10,  point.p90,     point.bound ? QVariant(*point.bound) : QVariant()};
    return out;
}

} // namespace kvw
