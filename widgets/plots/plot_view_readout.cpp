// SPDX-License-Identifier: GPL-3.0-or-later
// The readout of a PlotView: a line, dots on the series, and what they say.
#include "core/base/units.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plots/qcp.h"

#include <QAccessible>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr std::size_t kMostMarks = 32;

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

} // namespace

QString PlotView::valueText(double value) const
{
    if (std::isnan(value))
        return {};
    switch (m_yKind) {
    case AxisKind::Percent:
        return locale().toString(100 * value, 'g', 4) + QStringLiteral(" %");
    case AxisKind::Bytes:
        return QString::fromStdString(human_bytes(value));
    case AxisKind::Count:
    case AxisKind::Number:
        break;
    }
    return locale().toString(value, 'g', 5);
}

QString PlotView::readoutLabel(double x) const
{
    const QString label = axisLabel(Axis::X);
    const QString number = m_xKind == AxisKind::Percent ? locale().toString(100 * x, 'g', 4) + QStringLiteral(" %")
        : m_xKind == AxisKind::Bytes                    ? QString::fromStdString(human_bytes(x))
                                                        : locale().toString(x, 'g', 6);
    return label.isEmpty() ? number : QStringLiteral("%1: %2").arg(label, number);
}

std::vector<ReadoutEntry> PlotView::readout() const
{
    std::vector<ReadoutEntry> out;
    for (const Series& entry : m_series) {
        if (!entry.shown)
            continue;
        QString text;
        if (m_readoutAt)
            if (const auto point = nearestPoint(entry.plottable, *m_readoutAt))
                if (std::abs(point->x() - *m_readoutAt) <= 1e-9 * std::max(1.0, std::abs(point->x())))
                    text = valueText(point->y());
        out.push_back({entry.name, text});
    }
    return out;
}

double PlotView::snapped(double x) const
{
    double best = x, distance = INFINITY;
    for (const Series& entry : m_series) {
        const auto point = entry.shown ? nearestPoint(entry.plottable, x) : std::nullopt;
        if (point && std::abs(point->x() - x) < distance) {
            distance = std::abs(point->x() - x);
            best = point->x();
        }
    }
    return best;
}

std::optional<double> PlotView::stepped(std::optional<double> from, int steps) const
{
    std::vector<double> places;
    for (const Series& entry : m_series)
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

void PlotView::setReadoutAt(std::optional<double> x)
{
    if (x)
        x = snapped(*x);
    if (x == m_readoutAt)
        return;
    m_readoutAt = x;
    updateReadoutLayer();
    describe();
    Q_EMIT readoutChanged();
    if (hasFocus()) {
        QAccessibleEvent event(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&event);
    }
}

void PlotView::setMarks(const std::vector<QPointF>& marks)
{
    m_marks = marks;
    m_marks.resize(std::min(m_marks.size(), kMostMarks));
    while (m_tracers.size() < m_marks.size()) {
        auto* tracer = new QCPItemTracer(m_plot);
        tracer->setLayer(QStringLiteral("readout"));
        tracer->setStyle(QCPItemTracer::tsCircle);
        tracer->setSize(7);
        tracer->setSelectable(false);
        tracer->setPen(QPen(m_style.text, 1));
        tracer->setBrush(m_style.background);
        m_tracers.push_back(tracer);
    }
    for (std::size_t i = 0; i < m_tracers.size(); ++i) {
        m_tracers[i]->setVisible(i < m_marks.size());
        if (i < m_marks.size())
            m_tracers[i]->position->setCoords(m_marks[i]);
    }
}

void PlotView::updateReadoutLayer()
{
    const bool shown = m_readoutAt.has_value();
    m_readoutLine->setVisible(shown);
    m_readoutText->setVisible(shown);
    std::vector<QPointF> marks;
    if (shown) {
        const double x = *m_readoutAt;
        const double y = m_plot->yAxis->range().center();
        m_readoutLine->point1->setCoords(x, y);
        m_readoutLine->point2->setCoords(x, y + std::abs(y) + 1);
        m_readoutText->setText(readoutLabel(x));
        const bool right = m_plot->xAxis->coordToPixel(x) > m_plot->axisRect()->center().x();
        m_readoutText->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
        m_readoutText->position->setCoords(x, 0.995);
        for (const Series& entry : m_series)
            if (entry.shown)
                if (const auto point = nearestPoint(entry.plottable, x);
                    point && point->x() == x && !std::isnan(point->y()))
                    marks.push_back(*point);
    }
    setMarks(marks);
    // Only this layer: the curves below are not painted again.
    if (m_plot->isVisible())
        m_plot->layer(QStringLiteral("readout"))->replot();
}

} // namespace kvw
