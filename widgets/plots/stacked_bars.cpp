// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/stacked_bars.h"

#include "core/base/units.h"
#include "widgets/plots/qcp.h"

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr double kThickness = 0.7;
constexpr int kLabelCharacters = 34;
/// A second way of telling parts apart, beside the colour.
constexpr Qt::BrushStyle kPatterns[] = {Qt::SolidPattern, Qt::BDiagPattern,     Qt::Dense4Pattern,
                                        Qt::FDiagPattern, Qt::DiagCrossPattern, Qt::Dense6Pattern};

QString shortened(const QString& text)
{
    if (text.size() <= kLabelCharacters)
        return text;
    const qsizetype half = kLabelCharacters / 2;
    return text.left(half) + QStringLiteral("…") + text.right(half - 1);
}

} // namespace

StackedBars::StackedBars(const QString& id, QWidget* parent) : PlotView(id, parent)
{
    setMovable(false);
    setLogOffered(Axis::X, false);
    setLogOffered(Axis::Y, false);
    canvas()->yAxis->setRangeReversed(true);
    canvas()->yAxis2->setRangeReversed(true);
    canvas()->yAxis->grid()->setVisible(false);
    canvas()->yAxis->setSubTicks(false);
    canvas()->yAxis->setTickLength(0, 0);
}

void StackedBars::setBars(std::vector<StackedBar> bars, const QStringList& parts, const QString& label, AxisKind kind)
{
    m_bars = std::move(bars);
    m_parts = parts;
    m_current.reset();
    clearSeries();
    setAxis(Axis::X, label, kind);
    QSharedPointer<QCPAxisTickerText> names(new QCPAxisTickerText);
    for (std::size_t i = 0; i < m_bars.size(); ++i)
        names->addTick(static_cast<double>(i), shortened(m_bars[i].name));
    canvas()->yAxis->setTicker(names);
    QCPBars* below = nullptr;
    for (int part = 0; part < m_parts.size(); ++part) {
        auto* layer = new QCPBars(canvas()->yAxis, canvas()->xAxis);
        layer->setWidth(kThickness);
        for (std::size_t i = 0; i < m_bars.size(); ++i)
            layer->addData(static_cast<double>(i), m_bars[i].parts[static_cast<std::size_t>(part)]);
        if (below)
            layer->moveAbove(below);
        below = layer;
        addSeries({m_parts[part], layer, {part}, true, {}});
    }
    seriesDone();
    restyle(plotStyle());
    fit();
}

void StackedBars::restyle(const PlotStyle& style)
{
    for (std::size_t i = 0; i < series().size(); ++i) {
        const QColor colour = colourOf(series()[i].look, style);
        series()[i].plottable->setPen(QPen(colour, 1));
        series()[i].plottable->setBrush(QBrush(colour, kPatterns[i % std::size(kPatterns)]));
    }
}

void StackedBars::fitAxes()
{
    double longest = 0;
    for (const StackedBar& bar : m_bars) {
        double sum = 0;
        for (const double part : bar.parts)
            sum += std::isfinite(part) ? part : 0;
        longest = std::max(longest, sum);
    }
    setRange(Axis::X, 0, longest > 0 ? longest * 1.04 : 1);
    setRange(Axis::Y, -0.6, std::max<double>(1, static_cast<double>(m_bars.size())) - 0.4);
}

std::optional<int> StackedBars::barAt(const QPointF& position) const
{
    const auto bar = std::lround(canvas()->yAxis->pixelToCoord(position.y()));
    const bool inside =
        canvas()->axisRect()->rect().contains(position.toPoint()) && bar >= 0 && bar < static_cast<long>(m_bars.size());
    return inside ? std::optional(static_cast<int>(bar)) : std::nullopt;
}

void StackedBars::setCurrentBar(std::optional<int> bar)
{
    if (bar == m_current)
        return;
    m_current = bar;
    setToolTip(QString());
    if (bar) {
        QStringList lines{m_bars[static_cast<std::size_t>(*bar)].name};
        for (const ReadoutEntry& entry : readout())
            lines << QStringLiteral("%1: %2").arg(entry.name, entry.value);
        setToolTip(lines.join(QLatin1Char('\n')));
    }
    describe();
    Q_EMIT currentBarChanged();
    Q_EMIT readoutChanged();
}

void StackedBars::pointerMoved(const QPointF& position) { setCurrentBar(barAt(position)); }

void StackedBars::clicked(const QPointF& position, Qt::KeyboardModifiers) { setCurrentBar(barAt(position)); }

bool StackedBars::handleKey(int key, Qt::KeyboardModifiers)
{
    if (m_bars.empty() || (key != Qt::Key_Up && key != Qt::Key_Down))
        return false;
    const int step = key == Qt::Key_Down ? 1 : -1;
    setCurrentBar(std::clamp(m_current.value_or(step > 0 ? -1 : static_cast<int>(m_bars.size())) + step, 0,
                             static_cast<int>(m_bars.size()) - 1));
    return true;
}

QString StackedBars::partText(double value) const
{
    if (std::isnan(value))
        return tr("not measured");
    return axisKind(Axis::X) == AxisKind::Bytes ? QString::fromStdString(human_bytes(value))
                                                : locale().toString(value, 'g', 5);
}

QString StackedBars::readoutLabel(double) const { return {}; }

std::vector<ReadoutEntry> StackedBars::readout() const
{
    std::vector<ReadoutEntry> out;
    if (!m_current)
        return out;
    double sum = 0;
    const StackedBar& bar = m_bars[static_cast<std::size_t>(*m_current)];
    for (int part = 0; part < m_parts.size(); ++part) {
        const double value = bar.parts[static_cast<std::size_t>(part)];
        sum += std::isfinite(value) ? value : 0;
        out.push_back({m_parts[part], partText(value)});
    }
    out.push_back({tr("Together"), partText(sum)});
    return out;
}

PlotTable StackedBars::table() const
{
    PlotTable out{title(), QStringList{tr("Name")} + m_parts, {}};
    for (const StackedBar& bar : m_bars) {
        QList<QVariant> row{bar.name};
        for (const double part : bar.parts)
            row << (std::isnan(part) ? QVariant() : QVariant(part));
        out.rows << row;
    }
    return out;
}

QSize StackedBars::sizeHint() const
{
    const QFontMetrics metrics = fontMetrics();
    const int bars = std::clamp(static_cast<int>(m_bars.size()), 3, 16);
    return {metrics.averageCharWidth() * 90, metrics.height() * (5 + 2 * bars)};
}

} // namespace kvw
