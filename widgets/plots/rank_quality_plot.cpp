// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/rank_quality_plot.h"

#include "core/base/units.h"
#include "widgets/plots/qcp.h"

#include <algorithm>
#include <limits>

namespace kvw {
namespace {

constexpr double kReach = 24; ///< pixels from the pointer to a point

} // namespace

RankQualityPlot::RankQualityPlot(const QString& id, QWidget* parent) : PlotView(id, parent)
{
    setAxis(Axis::X, text(m_x), kind(m_x));
    setAxis(Axis::Y, text(m_y), kind(m_y));
}

QString RankQualityPlot::text(QualityMeasure measure)
{
    switch (measure) {
    case QualityMeasure::RelativePpl:
        return tr("Change of perplexity");
    case QualityMeasure::KlMean:
        return tr("KL divergence, mean (nats)");
    case QualityMeasure::KlP99:
        return tr("KL divergence, 99th percentile (nats)");
    case QualityMeasure::Disagreement:
        return tr("Other first choice");
    case QualityMeasure::BitsPerValue:
        return tr("Bits per value");
    case QualityMeasure::CacheBytes:
        return tr("Cache of a window");
    case QualityMeasure::RankK:
        return tr("Rank of keys");
    case QualityMeasure::RankV:
        return tr("Rank of values");
    case QualityMeasure::BitsK:
        return tr("Bits of a key's number");
    case QualityMeasure::BitsV:
        return tr("Bits of a value's number");
    }
    return {};
}

AxisKind RankQualityPlot::kind(QualityMeasure measure)
{
    switch (measure) {
    case QualityMeasure::RelativePpl:
    case QualityMeasure::Disagreement:
        return AxisKind::Percent;
    case QualityMeasure::CacheBytes:
        return AxisKind::Bytes;
    case QualityMeasure::RankK:
    case QualityMeasure::RankV:
    case QualityMeasure::BitsK:
    case QualityMeasure::BitsV:
        return AxisKind::Count;
    case QualityMeasure::KlMean:
    case QualityMeasure::KlP99:
    case QualityMeasure::BitsPerValue:
        break;
    }
    return AxisKind::Number;
}

std::optional<double> RankQualityPlot::floorOf(QualityMeasure measure)
{
    switch (measure) {
    case QualityMeasure::RelativePpl:
    case QualityMeasure::Disagreement:
        return 1e-4; // 0.01 %: far inside every interval that has been measured
    case QualityMeasure::KlMean:
    case QualityMeasure::KlP99:
        return 1e-6;
    default:
        return {};
    }
}

void RankQualityPlot::setCurves(std::vector<QualityCurve> curves)
{
    const auto run = currentRun();
    m_current.reset();
    m_curves = std::move(curves);
    fill();
    fitAxes();
    setCurrentRun(run);
}

void RankQualityPlot::setMeasures(QualityMeasure x, QualityMeasure y)
{
    if (x == m_x && y == m_y)
        return;
    m_x = x;
    m_y = y;
    setAxis(Axis::X, text(x), kind(x));
    setAxis(Axis::Y, text(y), kind(y));
    fill();
    fit();
    drawCurrent();
}

/// Where a value is drawn: NaN for none, the floor for what a logarithmic axis cannot show.
double RankQualityPlot::placed(Axis axis, double value, int* below) const
{
    if (scale(axis) == Scale::Linear || std::isnan(value))
        return value;
    const auto floor = floorOf(measure(axis));
    if (!floor)
        return value > 0 ? value : std::nan("");
    if (value > *floor)
        return value;
    if (below)
        ++*below;
    return *floor;
}

int RankQualityPlot::fillCurve(const QualityCurve& curve)
{
    int below = 0;
    QVector<double> order, xs, ys, minus, plus;
    for (const QualityPoint& point : curve.points) {
        const double x = placed(Axis::X, point.at(m_x), nullptr), y = placed(Axis::Y, point.at(m_y), &below);
        order << static_cast<double>(order.size());
        xs << x;
        ys << (std::isnan(x) ? std::nan("") : y);
        if (std::isnan(x))
            xs.back() = 0; // a gap is where the height is NaN
        const Axis errorAxis = m_y == QualityMeasure::RelativePpl ? Axis::Y : Axis::X;
        const double middle = errorAxis == Axis::Y ? y : x;
        const double low = placed(errorAxis, point.relative_ppl_low, nullptr);
        const double high = placed(errorAxis, point.relative_ppl_high, nullptr);
        minus << (std::isnan(low) ? 0 : std::max(0.0, middle - low));
        plus << (std::isnan(high) ? 0 : std::max(0.0, high - middle));
    }
    auto* line = new QCPCurve(canvas()->xAxis, canvas()->yAxis);
    line->setData(order, xs, ys, true);
    QList<QCPAbstractPlottable*> companions;
    if (m_x == QualityMeasure::RelativePpl || m_y == QualityMeasure::RelativePpl) {
        auto* bars = new QCPErrorBars(canvas()->xAxis, canvas()->yAxis);
        bars->setErrorType(m_y == QualityMeasure::RelativePpl ? QCPErrorBars::etValueError : QCPErrorBars::etKeyError);
        bars->setDataPlottable(line);
        bars->setData(minus, plus);
        bars->setSymbolGap(0);
        companions << bars;
    }
    addSeries({curve.name, line, curve.look, true, companions});
    return below;
}

void RankQualityPlot::fill()
{
    clearSeries();
    int below = 0;
    for (const QualityCurve& curve : m_curves)
        below += fillCurve(curve);
    setFloor(scale(Axis::Y) == Scale::Log ? floorOf(m_y) : std::nullopt, below);
    seriesDone();
}

void RankQualityPlot::rescaled() { fill(); }

void RankQualityPlot::fitAxes()
{
    PlotView::fitAxes();
    const auto hasEnds = [](QualityMeasure measure) {
        return measure == QualityMeasure::RelativePpl || measure == QualityMeasure::KlMean
            || measure == QualityMeasure::KlP99 || measure == QualityMeasure::Disagreement;
    };
    // Nothing lost is part of the picture.
    for (const Axis which : {Axis::X, Axis::Y})
        if (hasEnds(measure(which)) && scale(which) == Scale::Linear) {
            const auto [low, high] = range(which);
            setRange(which, std::min(low, -0.02 * high), high);
        }
}

const QualityPoint& RankQualityPlot::pointAt(Place place) const
{
    return m_curves[static_cast<std::size_t>(place.curve)].points[static_cast<std::size_t>(place.point)];
}

bool RankQualityPlot::isDrawn(Place place) const
{
    const QPointF at = positionOf(place);
    return isSeriesShown(place.curve) && !std::isnan(at.x()) && !std::isnan(at.y());
}

QPointF RankQualityPlot::positionOf(Place place) const
{
    const QualityPoint& point = pointAt(place);
    return {placed(Axis::X, point.at(m_x), nullptr), placed(Axis::Y, point.at(m_y), nullptr)};
}

std::optional<RowId> RankQualityPlot::currentRun() const
{
    return m_current ? std::optional(pointAt(*m_current).run) : std::nullopt;
}

void RankQualityPlot::setCurrentRun(std::optional<RowId> run)
{
    if (run == currentRun())
        return;
    std::optional<Place> found;
    for (int curve = 0; run && curve < static_cast<int>(m_curves.size()); ++curve)
        for (int point = 0; point < static_cast<int>(m_curves[static_cast<std::size_t>(curve)].points.size()); ++point)
            if (pointAt({curve, point}).run == *run)
                found = Place{curve, point};
    setCurrent(found);
}

void RankQualityPlot::setCurrent(std::optional<Place> place)
{
    if (place == m_current)
        return;
    m_current = place;
    setEmphasis(place ? place->curve : -1);
    drawCurrent();
    describe();
    Q_EMIT currentRunChanged();
    Q_EMIT readoutChanged();
}

void RankQualityPlot::drawCurrent()
{
    const bool seen = m_current && isDrawn(*m_current);
    readoutText()->setVisible(seen);
    setMarks(seen ? std::vector{positionOf(*m_current)} : std::vector<QPointF>());
    if (seen) {
        const QPointF at = positionOf(*m_current);
        QStringList lines{pointAt(*m_current).config};
        for (const QualityMeasure shown : {m_x, m_y})
            lines << QStringLiteral("%1: %2").arg(text(shown),
                                                  measureText(shown, pointAt(*m_current).at(shown), locale()));
        readoutText()->setText(lines.join(QLatin1Char('\n')));
        readoutText()->setTextAlignment(Qt::AlignLeft);
        const QPointF pixel(canvas()->xAxis->coordToPixel(at.x()), canvas()->yAxis->coordToPixel(at.y()));
        const bool right = pixel.x() > canvas()->axisRect()->center().x();
        const bool low = pixel.y() > canvas()->axisRect()->center().y();
        readoutText()->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft)
                                            | (low ? Qt::AlignBottom : Qt::AlignTop));
        readoutText()->position->setType(QCPItemPosition::ptAbsolute);
        readoutText()->position->setCoords(pixel.x() + (right ? -10 : 10), pixel.y() + (low ? -10 : 10));
    }
    if (canvas()->isVisible())
        canvas()->layer(QStringLiteral("readout"))->replot();
}

std::optional<RankQualityPlot::Place> RankQualityPlot::nearest(const QPointF& position) const
{
    std::optional<Place> best;
    double distance = kReach;
    for (int curve = 0; curve < static_cast<int>(m_curves.size()); ++curve)
        for (int point = 0; point < static_cast<int>(m_curves[static_cast<std::size_t>(curve)].points.size());
             ++point) {
            if (!isDrawn({curve, point}))
                continue;
            const QPointF at = positionOf({curve, point});
            const double here = std::hypot(canvas()->xAxis->coordToPixel(at.x()) - position.x(),
                                           canvas()->yAxis->coordToPixel(at.y()) - position.y());
            if (here < distance) {
                distance = here;
                best = Place{curve, point};
            }
        }
    return best;
}

void RankQualityPlot::pointerMoved(const QPointF& position) { setCurrent(nearest(position)); }

void RankQualityPlot::pointerLeft() {}

void RankQualityPlot::clicked(const QPointF& position, Qt::KeyboardModifiers)
{
    setCurrent(nearest(position));
    if (m_current)
        Q_EMIT runActivated(pointAt(*m_current).run);
}

bool RankQualityPlot::handleKey(int key, Qt::KeyboardModifiers)
{
    const bool along = key == Qt::Key_Left || key == Qt::Key_Right || key == Qt::Key_Home || key == Qt::Key_End;
    const bool across = key == Qt::Key_Up || key == Qt::Key_Down;
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
        if (m_current)
            Q_EMIT runActivated(pointAt(*m_current).run);
        return true;
    }
    if (!along && !across)
        return false;
    std::vector<Place> places; // in the order of the arrow
    for (int curve = 0; curve < static_cast<int>(m_curves.size()); ++curve)
        for (int point = 0; point < static_cast<int>(m_curves[static_cast<std::size_t>(curve)].points.size()); ++point)
            if (isDrawn({curve, point}) && (!along || !m_current || curve == m_current->curve))
                places.push_back({curve, point});
    if (places.empty())
        return true;
    const auto order = [&](Place place) {
        return across
            ? std::pair(static_cast<double>(place.curve), std::abs(m_current ? place.point - m_current->point : 0.0))
            : std::pair(positionOf(place).x(), 0.0);
    };
    std::stable_sort(places.begin(), places.end(), [&](Place a, Place b) { return order(a) < order(b); });
    if (across) // one place a curve: the one nearest to where we are
        places.erase(std::unique(places.begin(), places.end(), [](Place a, Place b) { return a.curve == b.curve; }),
                     places.end());
    const auto at =
        std::find_if(
            places.begin(), places.end(),
            [&](Place place) { return m_current && (across ? place.curve == m_current->curve : place == *m_current); })
        - places.begin();
    const auto last = static_cast<std::ptrdiff_t>(places.size()) - 1;
    const bool forward = key == Qt::Key_Right || key == Qt::Key_Down;
    std::ptrdiff_t to = !m_current ? 0 : key == Qt::Key_Home ? 0 : key == Qt::Key_End ? last : at + (forward ? 1 : -1);
    setCurrent(places[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(to, 0, last))]);
    return true;
}

QString RankQualityPlot::measureText(QualityMeasure measure, double value, const QLocale& locale)
{
    if (std::isnan(value))
        return QStringLiteral("–");
    switch (kind(measure)) {
    case AxisKind::Percent:
        return (measure == QualityMeasure::RelativePpl && value > 0 ? QStringLiteral("+") : QString())
            + locale.toString(100 * value, 'g', 3) + QStringLiteral(" %");
    case AxisKind::Bytes:
        return QString::fromStdString(human_bytes(value));
    case AxisKind::Count:
    case AxisKind::Number:
        break;
    }
    return locale.toString(value, 'g', 3);
}

QString RankQualityPlot::readoutLabel(double) const { return {}; }

std::vector<ReadoutEntry> RankQualityPlot::readout() const
{
    std::vector<ReadoutEntry> out;
    if (!m_current)
        return out;
    const QualityPoint& point = pointAt(*m_current);
    out.push_back({tr("Configuration"), point.config});
    for (const QualityMeasure shown : kQualityMeasures) {
        QString value = measureText(shown, point.at(shown), locale());
        if (shown == QualityMeasure::RelativePpl && !std::isnan(point.relative_ppl_low))
            value += QStringLiteral(" [%1, %2]")
                         .arg(measureText(shown, point.relative_ppl_low, locale()),
                              measureText(shown, point.relative_ppl_high, locale()));
        if (!std::isnan(point.at(shown)))
            out.push_back({text(shown), value});
    }
    return out;
}

PlotTable RankQualityPlot::table() const
{
    PlotTable out{title(), {tr("Curve"), tr("Run"), tr("Configuration")}, {}};
    for (const QualityMeasure measure : kQualityMeasures)
        out.header << text(measure);
    out.header << tr("Change of perplexity, low") << tr("Change of perplexity, high");
    const auto cell = [](double value) { return std::isnan(value) ? QVariant() : QVariant(value); };
    for (const QualityCurve& curve : m_curves)
        for (const QualityPoint& point : curve.points) {
            QList<QVariant> row{curve.name, static_cast<qlonglong>(point.run), point.config};
            for (const double value : point.values)
                row << cell(value);
            out.rows << row + QList<QVariant>{cell(point.relative_ppl_low), cell(point.relative_ppl_high)};
        }
    return out;
}

} // namespace kvw
