// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/spectrum_plot.h"

#include "core/analysis/spectrum.h"
#include "widgets/plots/qcp.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kvw {

SpectrumPlot::SpectrumPlot(const QString& id, Shown shown, QWidget* parent) : PlotView(id, parent), m_shown(shown)
{
    labelAxes();
}

QString SpectrumPlot::text(Shown shown)
{
    switch (shown) {
    case Shown::Eigenvalue:
        return tr("Variance");
    case Shown::Share:
        return tr("Share of the energy");
    case Shown::Energy:
        return tr("Energy of the first components");
    case Shown::LeftOut:
        return tr("Energy left out");
    }
    return {};
}

void SpectrumPlot::labelAxes()
{
    setAxis(Axis::X, tr("Component"), AxisKind::Count);
    setAxis(Axis::Y, text(m_shown), m_shown == Shown::Eigenvalue ? AxisKind::Number : AxisKind::Percent);
}

std::vector<double> SpectrumPlot::values(const std::vector<double>& eigenvalues, Shown shown)
{
    if (shown == Shown::Eigenvalue)
        return eigenvalues;
    const double total = std::accumulate(eigenvalues.begin(), eigenvalues.end(), 0.0);
    std::vector<double> out(eigenvalues.size());
    if (!(total > 0)) { // without any variance nothing is missing
        std::fill(out.begin(), out.end(), shown == Shown::Energy ? 1.0 : 0.0);
        return out;
    }
    double sum = 0;
    switch (shown) {
    case Shown::Share:
        std::transform(eigenvalues.begin(), eigenvalues.end(), out.begin(),
                       [total](double value) { return value / total; });
        break;
    case Shown::Energy:
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = std::min(1.0, (sum += eigenvalues[i]) / total);
        break;
    case Shown::LeftOut:
        for (std::size_t i = out.size(); i-- > 1;)
            out[i - 1] = (sum += eigenvalues[i]) / total;
        break;
    case Shown::Eigenvalue:
        break;
    }
    return out;
}

void SpectrumPlot::setCurves(std::vector<SpectrumCurve> curves)
{
    // The view is kept while only the picked heads change, and shows everything where the sizes are others.
    const auto longest = [](const std::vector<SpectrumCurve>& all) {
        std::size_t out = 0;
        for (const SpectrumCurve& curve : all)
            out = std::max(out, curve.eigenvalues.size());
        return out;
    };
    const bool otherSize = longest(m_curves) != longest(curves);
    m_curves = std::move(curves);
    fill();
    if (otherSize || scale(Axis::Y) == Scale::Linear || m_shown == Shown::Eigenvalue)
        fitAxes();
}

void SpectrumPlot::setShown(Shown shown)
{
    if (shown == m_shown)
        return;
    m_shown = shown;
    labelAxes();
    fill();
    fit();
}

void SpectrumPlot::fill()
{
    clearSeries();
    const bool log = scale(Axis::Y) == Scale::Log;
    double largest = 0;
    for (const SpectrumCurve& curve : m_curves)
        if (!curve.eigenvalues.empty())
            largest = std::max(largest, m_shown == Shown::Eigenvalue ? curve.eigenvalues.front() : 1.0);
    // Below this share of the largest an eigenvalue is rounding (core/analysis/spectrum.h).
    const double floor = kSpectrumFloor * largest;
    int below = 0;
    QVector<double> keys, heights;
    for (const SpectrumCurve& curve : m_curves) {
        const std::vector<double> all = values(curve.eigenvalues, m_shown);
        // All components leave nothing out, which no logarithm shows and nobody has to be told.
        const std::size_t count = log && m_shown == Shown::LeftOut && !all.empty() ? all.size() - 1 : all.size();
        keys.resize(static_cast<qsizetype>(count));
        heights.resize(static_cast<qsizetype>(count));
        for (std::size_t i = 0; i < count; ++i) {
            const bool low = log && floor > 0 && all[i] <= floor;
            below += low ? 1 : 0;
            keys[static_cast<qsizetype>(i)] = static_cast<double>(i + 1);
            heights[static_cast<qsizetype>(i)] = low ? floor : all[i];
        }
        QCPGraph* graph = canvas()->addGraph();
        graph->setData(keys, heights, true);
        addSeries({curve.name, graph, curve.look, true, {}});
    }
    setFloor(log && floor > 0 ? std::optional(floor) : std::nullopt, below);
    seriesDone();
}

void SpectrumPlot::rescaled() { fill(); }

void SpectrumPlot::fitAxes()
{
    PlotView::fitAxes();
    std::size_t longest = 1;
    for (const SpectrumCurve& curve : m_curves)
        longest = std::max(longest, curve.eigenvalues.size());
    const auto last = static_cast<double>(longest);
    if (scale(Axis::X) == Scale::Log)
        setRange(Axis::X, 0.9, last * 1.1);
    else
        setRange(Axis::X, 1 - 0.02 * last, 1.02 * last);
    if (m_shown == Shown::Energy && scale(Axis::Y) == Scale::Linear)
        setRange(Axis::Y, std::max(0.0, range(Axis::Y).first), 1.02);
    if (m_curves.empty() && scale(Axis::Y) == Scale::Linear)
        setRange(Axis::Y, 0, 1);
}

QString SpectrumPlot::readoutLabel(double x) const { return tr("Component %1").arg(locale().toString(std::lround(x))); }

PlotTable SpectrumPlot::table() const
{
    PlotTable out{title(), {tr("Component")}, {}};
    std::vector<std::vector<double>> columns;
    std::size_t longest = 0;
    for (const SpectrumCurve& curve : m_curves) {
        out.header << curve.name;
        columns.push_back(values(curve.eigenvalues, m_shown));
        longest = std::max(longest, columns.back().size());
    }
    for (std::size_t i = 0; i < longest; ++i) {
        QList<QVariant> row{static_cast<int>(i + 1)};
        for (const std::vector<double>& column : columns)
            row << (i < column.size() ? QVariant(column[i]) : QVariant());
        out.rows << row;
    }
    return out;
}

} // namespace kvw
