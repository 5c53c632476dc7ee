// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_legend.h"

#include "widgets/plots/legend_table.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plots/qcp.h"

#include <QSplitter>

#include <algorithm>
#include <array>
#include <optional>

namespace kvw {
namespace {

constexpr int kLegendInside = 8; ///< entries; more go into a table
constexpr int kSamples = 200;    ///< places of one series that are looked at

constexpr std::array<Qt::Alignment, 8> kPlaces{Qt::AlignRight | Qt::AlignTop,      Qt::AlignLeft | Qt::AlignTop,
                                               Qt::AlignRight | Qt::AlignBottom,   Qt::AlignLeft | Qt::AlignBottom,
                                               Qt::AlignRight | Qt::AlignVCenter,  Qt::AlignHCenter | Qt::AlignTop,
                                               Qt::AlignHCenter | Qt::AlignBottom, Qt::AlignLeft | Qt::AlignVCenter};

QRectF rectAt(Qt::Alignment place, const QRectF& room, const QSizeF& size)
{
    const double x = place & Qt::AlignLeft ? room.left()
        : place & Qt::AlignRight           ? room.right() - size.width()
                                           : room.center().x() - size.width() / 2;
    const double y = place & Qt::AlignTop ? room.top()
        : place & Qt::AlignBottom         ? room.bottom() - size.height()
                                          : room.center().y() - size.height() / 2;
    return {QPointF(x, y), size};
}

/// Places in pixels that a series is drawn at: its points, some between neighbours, and all along a bar.
void addInk(const QCPAbstractPlottable* plottable, std::vector<QPointF>& ink)
{
    const QCPPlottableInterface1D* points = const_cast<QCPAbstractPlottable*>(plottable)->interface1D();
    if (!points || points->dataCount() == 0)
        return;
    constexpr int kBetween = 4;
    const int count = points->dataCount(), step = std::max(1, count * kBetween / kSamples);
    const bool bars = qobject_cast<const QCPBars*>(plottable) != nullptr;
    std::optional<QPointF> before;
    for (int i = 0; i < count; i += step) {
        const QPointF at = points->dataPixelPosition(i);
        if (bars)
            before = plottable->coordsToPixels(points->dataMainKey(i), 0);
        for (int part = 1; before && part < kBetween; ++part)
            ink.push_back(*before + (at - *before) * part / kBetween);
        ink.push_back(at);
        before = at;
    }
}

} // namespace

PlotLegend::PlotLegend(PlotView* view, QCustomPlot* plot, QSplitter* beside, const std::vector<PlotSeries>& series)
    : m_plot(plot),
      m_series(series),
      m_table(new LegendTable(view, beside))
{
    m_table->hide();
}

void PlotLegend::update()
{
    const int count = static_cast<int>(m_series.size());
    const bool inside = m_wanted && count > 1 && count <= kLegendInside;
    m_plot->legend->clearItems();
    if (inside)
        for (const PlotSeries& entry : m_series)
            entry.plottable->addToLegend();
    m_plot->legend->setVisible(inside);
    m_table->setVisible(m_wanted && count > kLegendInside);
}

void PlotLegend::place()
{
    QCPLayoutInset* inset = m_plot->axisRect()->insetLayout();
    if (m_placed || !m_plot->legend->visible() || m_plot->legend->layout() != inset)
        return;
    m_placed = true;
    std::vector<QPointF> ink;
    for (const PlotSeries& entry : m_series)
        if (entry.shown)
            addInk(entry.plottable, ink);
    const QRectF room = m_plot->axisRect()->rect();
    const QSizeF size = m_plot->legend->minimumOuterSizeHint();
    std::size_t least = ink.size() + 1;
    Qt::Alignment best = kPlaces.front();
    for (const Qt::Alignment place : kPlaces) {
        const QRectF rect = rectAt(place, room, size);
        const auto hidden = static_cast<std::size_t>(
            std::count_if(ink.begin(), ink.end(), [&rect](const QPointF& point) { return rect.contains(point); }));
        if (hidden < least) {
            least = hidden;
            best = place;
        }
    }
    inset->setInsetAlignment(0, best);
    inset->update(QCPLayoutElement::upLayout);
}

void PlotLegend::setAside(bool aside)
{
    constexpr int kReadable = 40;
    const int count = static_cast<int>(m_series.size());
    m_placed = false; // the size differs
    if (!aside) {
        if (m_plot->legend->layout() == m_plot->plotLayout()) {
            m_plot->plotLayout()->take(m_plot->legend);
            m_plot->plotLayout()->simplify();
            m_plot->axisRect()->insetLayout()->addElement(m_plot->legend, Qt::AlignRight | Qt::AlignTop);
        }
        update();
        return;
    }
    if (!m_wanted || count <= kLegendInside || count > kReadable)
        return;
    for (const PlotSeries& entry : m_series)
        if (entry.shown)
            entry.plottable->addToLegend();
    m_plot->axisRect()->insetLayout()->take(m_plot->legend);
    m_plot->plotLayout()->addElement(0, m_plot->plotLayout()->columnCount(), m_plot->legend);
    m_plot->plotLayout()->setColumnStretchFactor(m_plot->plotLayout()->columnCount() - 1, 0.001);
    m_plot->legend->setVisible(true);
}

void PlotLegend::setStyle(const PlotStyle& style)
{
    const int room = QFontMetrics(style.font).height() / 2;
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
}

void PlotLegend::refreshTable() { m_table->refresh(); }

} // namespace kvw
