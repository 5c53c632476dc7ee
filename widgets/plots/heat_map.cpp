// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/heat_map.h"

#include "widgets/plots/qcp.h"

#include <QAccessible>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

/// Colours that differ from every one of the scale.
constexpr QRgb kFrame = 0xffd81b60, kCursorOnDark = 0xffffffff, kCursorOnLight = 0xff000000;

} // namespace

HeatMap::HeatMap(const QString& id, QWidget* parent)
    : PlotView(id, parent),
      m_map(new QCPColorMap(canvas()->xAxis, canvas()->yAxis)),
      m_scale(new QCPColorScale(canvas()))
{
    setMovable(false);
    setLogOffered(Axis::X, false);
    setLogOffered(Axis::Y, false);
    setAxis(Axis::X, tr("Layer"), AxisKind::Count);
    setAxis(Axis::Y, tr("KV head"), AxisKind::Count);
    canvas()->yAxis->setRangeReversed(true);
    canvas()->yAxis2->setRangeReversed(true);
    for (QCPAxis* side : canvas()->axisRect()->axes()) {
        side->grid()->setVisible(false);
        side->setSubTicks(false);
    }
    m_map->setInterpolate(false);
    m_map->setTightBoundary(false);
    m_map->setColorScale(m_scale);
    m_scale->setType(QCPAxis::atRight);
    m_scale->setRangeDrag(false);
    m_scale->setRangeZoom(false);
    canvas()->plotLayout()->addElement(0, 1, m_scale);
    auto* group = new QCPMarginGroup(canvas());
    canvas()->axisRect()->setMarginGroup(QCP::msTop | QCP::msBottom, group);
    m_scale->setMarginGroup(QCP::msTop | QCP::msBottom, group);
    m_cursor = new QCPItemRect(canvas());
    m_cursor->setLayer(QStringLiteral("readout"));
    m_cursor->setSelectable(false);
    m_cursor->setVisible(false);
    canvas()->setCursor(Qt::PointingHandCursor);
    restyle(plotStyle());
}

void HeatMap::setData(HeatMapData data, const QString& measure, AxisKind kind, Colours colours,
                      std::optional<std::pair<double, double>> fixed)
{
    m_data = std::move(data);
    m_measure = measure;
    m_kind = kind;
    m_colours = colours;
    m_map->data()->setSize(std::max(1, m_data.layers), std::max(1, m_data.kv_heads));
    m_map->data()->setRange(QCPRange(0, std::max(1, m_data.layers - 1)), QCPRange(0, std::max(1, m_data.kv_heads - 1)));
    if (m_data.layers == 1)
        m_map->data()->setKeyRange(QCPRange(0, 0));
    if (m_data.kv_heads == 1)
        m_map->data()->setValueRange(QCPRange(0, 0));
    double low = INFINITY, high = -INFINITY;
    m_map->data()->fill(std::nan(""));
    for (int layer = 0; layer < m_data.layers; ++layer)
        for (int head = 0; head < m_data.kv_heads; ++head) {
            const double value = m_data.at({layer, head});
            m_map->data()->setCell(layer, head, value);
            if (std::isfinite(value)) {
                low = std::min(low, value);
                high = std::max(high, value);
            }
        }
    if (!(low <= high))
        low = 0, high = 1;
    if (fixed)
        std::tie(low, high) = *fixed;
    else if (colours == Colours::Difference)
        high = std::max({std::abs(low), std::abs(high), 1e-12}), low = -high;
    else if (!(low < high))
        low -= 0.5, high += 0.5;
    m_scale->setDataRange(QCPRange(low, high));
    m_scale->axis()->setTicker(linearTicker(kind));
    m_scale->axis()->ticker()->setTickCount(4);
    m_scale->setLabel(measure);
    m_current.layer = std::clamp(m_current.layer, 0, std::max(0, m_data.layers - 1));
    m_current.kv_head = std::clamp(m_current.kv_head, 0, std::max(0, m_data.kv_heads - 1));
    std::erase_if(m_picks, [this](HeadId head) { return !isInside(head); });
    paintCells();
    fit();
    drawFrames();
    describe();
}

std::pair<double, double> HeatMap::colourRange() const { return {m_map->dataRange().lower, m_map->dataRange().upper}; }

QColor HeatMap::colourOfCell(HeadId head) const
{
    QCPColorGradient gradient = m_map->gradient();
    const double value = m_data.at(head);
    return std::isnan(value) ? gradient.nanColor() : QColor(gradient.color(value, m_map->dataRange()));
}

void HeatMap::paintCells()
{
    QCPColorGradient gradient;
    gradient.clearColorStops();
    if (m_colours == Colours::Difference)
        for (const ColourStop& stop : differenceStops(plotStyle().dark))
            gradient.setColorStopAt(stop.at, QColor(stop.colour));
    else
        for (const ColourStop& stop : magnitudeStops())
            gradient.setColorStopAt(stop.at, QColor(stop.colour));
    gradient.setNanHandling(QCPColorGradient::nhNanColor);
    gradient.setNanColor(plotStyle().noData);
    m_scale->setGradient(gradient);
}

void HeatMap::restyle(const PlotStyle& style)
{
    if (!m_scale)
        return; // the base's constructor
    paintCells();
    const int height = QFontMetrics(style.font).height();
    m_scale->setBarWidth(height);
    m_scale->axis()->setTickLabelFont(style.font);
    m_scale->axis()->setTickLabelColor(style.text);
    m_scale->axis()->setLabelFont(style.labelFont);
    m_scale->axis()->setLabelColor(style.text);
    for (QCPAxis* side : {m_scale->axis()}) {
        side->setBasePen(QPen(style.axis, 1));
        side->setTickPen(QPen(style.axis, 1));
        side->setSubTickPen(Qt::NoPen);
    }
    for (QCPItemRect* frame : m_frames)
        frame->setPen(QPen(QColor(kFrame), 2));
    m_cursor->setPen(QPen(QColor(style.dark ? kCursorOnDark : kCursorOnLight), 1, Qt::DashLine));
    m_cursor->setBrush(Qt::NoBrush);
}

void HeatMap::fitAxes()
{
    setRange(Axis::X, -0.5, std::max(1, m_data.layers) - 0.5);
    setRange(Axis::Y, -0.5, std::max(1, m_data.kv_heads) - 0.5);
}

bool HeatMap::isInside(HeadId head) const
{
    return head.layer >= 0 && head.layer < m_data.layers && head.kv_head >= 0 && head.kv_head < m_data.kv_heads;
}

std::optional<HeadId> HeatMap::cellAt(const QPointF& position) const
{
    const HeadId head{static_cast<int>(std::lround(canvas()->xAxis->pixelToCoord(position.x()))),
                      static_cast<int>(std::lround(canvas()->yAxis->pixelToCoord(position.y())))};
    const bool inside = canvas()->axisRect()->rect().contains(position.toPoint()) && isInside(head);
    return inside ? std::optional(head) : std::nullopt;
}

void HeatMap::setPicks(std::vector<HeadId> heads)
{
    std::erase_if(heads, [this](HeadId head) { return !isInside(head); });
    std::sort(heads.begin(), heads.end());
    if (heads == m_picks)
        return;
    m_picks = std::move(heads);
    if (m_picks.size() == 1)
        m_current = m_picks.front();
    drawFrames();
    describe();
}

void HeatMap::setCurrent(HeadId head)
{
    if (!isInside(head) || head == m_current)
        return;
    m_current = head;
    m_hovered.reset();
    drawFrames();
    describe();
    Q_EMIT currentChanged();
    Q_EMIT readoutChanged();
    QAccessibleEvent event(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

void HeatMap::pick(HeadId head, Qt::KeyboardModifiers modifiers)
{
    std::vector<HeadId> picks = m_picks;
    if (modifiers.testFlag(Qt::ControlModifier)) {
        if (std::erase(picks, head) == 0)
            picks.push_back(head);
    } else if (modifiers.testFlag(Qt::ShiftModifier)) {
        for (int layer = std::min(head.layer, m_current.layer); layer <= std::max(head.layer, m_current.layer); ++layer)
            for (int kv = std::min(head.kv_head, m_current.kv_head); kv <= std::max(head.kv_head, m_current.kv_head);
                 ++kv)
                if (std::find(picks.begin(), picks.end(), HeadId{layer, kv}) == picks.end())
                    picks.push_back({layer, kv});
    } else {
        picks = {head};
    }
    setCurrent(head);
    std::sort(picks.begin(), picks.end());
    if (picks == m_picks)
        return;
    m_picks = std::move(picks);
    drawFrames();
    describe();
    Q_EMIT picksChanged();
}

void HeatMap::clicked(const QPointF& position, Qt::KeyboardModifiers modifiers)
{
    if (const auto head = cellAt(position))
        pick(*head, modifiers);
}

bool HeatMap::handleKey(int key, Qt::KeyboardModifiers modifiers)
{
    HeadId to = m_current;
    switch (key) {
    case Qt::Key_Left:
        --to.layer;
        break;
    case Qt::Key_Right:
        ++to.layer;
        break;
    case Qt::Key_Up:
        --to.kv_head;
        break;
    case Qt::Key_Down:
        ++to.kv_head;
        break;
    case Qt::Key_Home:
        to.layer = 0;
        break;
    case Qt::Key_End:
        to.layer = m_data.layers - 1;
        break;
    case Qt::Key_Space:
        pick(m_current, Qt::ControlModifier);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        pick(m_current, Qt::NoModifier);
        return true;
    default:
        return false;
    }
    if (!isInside(to))
        return true;
    // As in a list: the pick goes along, unless Shift extends it.
    if (modifiers.testFlag(Qt::ShiftModifier))
        pick(to, Qt::ShiftModifier);
    else
        pick(to, Qt::NoModifier);
    return true;
}

void HeatMap::pointerMoved(const QPointF& position)
{
    const auto head = cellAt(position);
    if (head == m_hovered)
        return;
    m_hovered = head;
    drawFrames();
    Q_EMIT readoutChanged();
}

void HeatMap::pointerLeft()
{
    if (!m_hovered)
        return;
    m_hovered.reset();
    drawFrames();
    Q_EMIT readoutChanged();
}

void HeatMap::drawFrames()
{
    while (m_frames.size() < m_picks.size()) {
        auto* frame = new QCPItemRect(canvas());
        frame->setLayer(QStringLiteral("readout"));
        frame->setSelectable(false);
        frame->setClipToAxisRect(false);
        frame->setPen(QPen(QColor(kFrame), 2));
        m_frames.push_back(frame);
    }
    const auto place = [](QCPItemRect* rect, HeadId head) {
        rect->topLeft->setCoords(head.layer - 0.5, head.kv_head - 0.5);
        rect->bottomRight->setCoords(head.layer + 0.5, head.kv_head + 0.5);
    };
    for (std::size_t i = 0; i < m_frames.size(); ++i) {
        m_frames[i]->setVisible(i < m_picks.size());
        if (i < m_picks.size())
            place(m_frames[i], m_picks[i]);
    }
    const HeadId at = m_hovered.value_or(m_current);
    m_cursor->setVisible(isInside(at));
    place(m_cursor, at);
    readoutText()->setVisible(m_hovered.has_value());
    if (m_hovered) {
        const bool right = m_hovered->layer > m_data.layers / 2;
        const bool below = m_hovered->kv_head < (m_data.kv_heads + 1) / 2;
        readoutText()->setText(cellText(*m_hovered));
        readoutText()->position->setTypeY(QCPItemPosition::ptPlotCoords);
        readoutText()->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft)
                                            | (below ? Qt::AlignTop : Qt::AlignBottom));
        readoutText()->position->setCoords(m_hovered->layer + (right ? -0.6 : 0.6), m_hovered->kv_head);
    }
    if (canvas()->isVisible())
        canvas()->layer(QStringLiteral("readout"))->replot();
}

QString HeatMap::valueText(double value) const
{
    if (std::isnan(value))
        return tr("no data");
    return m_kind == AxisKind::Percent ? locale().toString(100 * value, 'g', 4) + QStringLiteral(" %")
                                       : locale().toString(value, 'g', 4);
}

QString HeatMap::cellText(HeadId head) const
{
    return isInside(head)
        ? tr("Layer %1, head %2: %3").arg(head.layer).arg(head.kv_head).arg(valueText(m_data.at(head)))
        : QString();
}

QString HeatMap::readoutLabel(double) const { return {}; }

std::vector<ReadoutEntry> HeatMap::readout() const
{
    const HeadId at = m_hovered.value_or(m_current);
    if (!isInside(at))
        return {};
    return {{tr("Layer %1, head %2").arg(at.layer).arg(at.kv_head), valueText(m_data.at(at))}};
}

PlotTable HeatMap::table() const
{
    PlotTable out{title(), {tr("Layer"), tr("KV head"), m_measure}, {}};
    for (int layer = 0; layer < m_data.layers; ++layer)
        for (int head = 0; head < m_data.kv_heads; ++head) {
            const double value = m_data.at({layer, head});
            out.rows << QList<QVariant>{layer, head, std::isnan(value) ? QVariant() : QVariant(value)};
        }
    return out;
}

QSize HeatMap::sizeHint() const
{
    const QFontMetrics metrics = fontMetrics();
    return {metrics.averageCharWidth() * 90, metrics.height() * std::clamp(5 + 2 * m_data.kv_heads, 9, 20)};
}

QSize HeatMap::minimumSizeHint() const
{
    const QFontMetrics metrics = fontMetrics();
    return {metrics.averageCharWidth() * 40, metrics.height() * std::clamp(5 + m_data.kv_heads, 8, 14)};
}

} // namespace kvw
