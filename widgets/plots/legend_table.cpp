// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/legend_table.h"

#include "widgets/plots/plot_view.h"

#include <QHeaderView>
#include <QPainter>

#include <algorithm>

namespace kvw {
namespace {

/// The shapes of series_style.cpp in their order.
void drawMarker(QPainter& painter, int marker, const QPointF& at, double radius, const QColor& colour,
                const QColor& background)
{
    constexpr int kShapes = 6;
    const double x = at.x(), y = at.y();
    painter.setBrush(marker % kShapes == 5 ? background : colour);
    switch (marker % kShapes) {
    case 1:
        painter.drawRect(QRectF(x - radius, y - radius, 2 * radius, 2 * radius));
        break;
    case 2:
        painter.drawPolygon(QPolygonF{{x - radius, y + radius}, {x + radius, y + radius}, {x, y - radius}});
        break;
    case 3:
        painter.drawPolygon(QPolygonF{{x - radius, y}, {x, y - radius}, {x + radius, y}, {x, y + radius}});
        break;
    case 4:
        painter.drawPolygon(QPolygonF{{x - radius, y - radius}, {x + radius, y - radius}, {x, y + radius}});
        break;
    default:
        painter.drawEllipse(at, radius, radius);
    }
}

QIcon swatch(const SeriesLook& look, const PlotStyle& style, const QSize& size, double ratio)
{
    QPixmap pixmap(size * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    const QColor colour = colourOf(look, style);
    const QPointF middle(size.width() / 2.0, size.height() / 2.0);
    if (look.line) {
        painter.setPen(QPen(colour, 2, dashOf(look)));
        painter.drawLine(QPointF(0, middle.y()), QPointF(size.width(), middle.y()));
    }
    if (look.marker >= 0) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(colour, 1));
        drawMarker(painter, look.marker, middle, style.markerSize / 2, colour, style.background);
    }
    return QIcon(pixmap);
}

} // namespace

LegendTable::LegendTable(PlotView* plot, QWidget* parent) : QTableWidget(0, 2, parent), m_plot(plot)
{
    setAccessibleName(tr("Legend"));
    setHorizontalHeaderLabels({tr("Series"), tr("At the cursor")});
    verticalHeader()->hide();
    horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setShowGrid(false);
    setTabKeyNavigation(false);
    setFrameShape(NoFrame);
    const int height = fontMetrics().height();
    verticalHeader()->setDefaultSectionSize(height + 4);
    setIconSize({2 * height, height});
    connect(m_plot, &PlotView::legendChanged, this, &LegendTable::refresh);
    connect(m_plot, &PlotView::readoutChanged, this, &LegendTable::refreshValues);
    connect(this, &QTableWidget::itemChanged, this, [this](QTableWidgetItem* item) {
        if (!m_filling && item->column() == 0)
            m_plot->setSeriesShown(item->row(), item->checkState() == Qt::Checked);
    });
    connect(this, &QTableWidget::itemSelectionChanged, this, [this] {
        if (!m_filling)
            m_plot->setEmphasis(selectedItems().isEmpty() ? -1 : selectedItems().front()->row());
    });
}

QSize LegendTable::sizeHint() const
{
    constexpr int kLeast = 30, kMost = 60; // characters
    const QFontMetrics metrics = fontMetrics();
    int width = 0;
    for (int i = 0; i < m_plot->seriesCount(); ++i)
        width = std::max(width, metrics.horizontalAdvance(m_plot->seriesName(i)));
    const int values = m_plot->readsEverySeries() ? metrics.averageCharWidth() * 14 : 0;
    const int marks = iconSize().width() + 3 * metrics.height(); // check box and margins
    return {std::clamp(width + marks + values, metrics.averageCharWidth() * kLeast, metrics.averageCharWidth() * kMost),
            metrics.height() * 10};
}

void LegendTable::showEvent(QShowEvent* event)
{
    QTableWidget::showEvent(event);
    refresh();
}

void LegendTable::refresh()
{
    if (isHidden())
        return;
    m_filling = true;
    setColumnHidden(1, !m_plot->readsEverySeries());
    setRowCount(m_plot->seriesCount());
    for (int row = 0; row < rowCount(); ++row) {
        if (!item(row, 0)) {
            setItem(row, 0, new QTableWidgetItem);
            setItem(row, 1, new QTableWidgetItem);
            item(row, 0)->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
            item(row, 1)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        }
        item(row, 0)->setText(m_plot->seriesName(row));
        item(row, 0)->setToolTip(m_plot->seriesName(row));
        item(row, 0)->setIcon(swatch(m_plot->seriesLook(row), m_plot->plotStyle(), iconSize(), devicePixelRatioF()));
        item(row, 0)->setCheckState(m_plot->isSeriesShown(row) ? Qt::Checked : Qt::Unchecked);
    }
    m_filling = false;
    refreshValues();
}

void LegendTable::refreshValues()
{
    if (isHidden() || rowCount() != m_plot->seriesCount() || !m_plot->readsEverySeries())
        return;
    m_filling = true;
    const std::vector<ReadoutEntry> entries = m_plot->readout();
    std::size_t next = 0;
    for (int row = 0; row < rowCount(); ++row) {
        const bool shown = m_plot->isSeriesShown(row) && next < entries.size();
        item(row, 1)->setText(shown ? entries[next++].value : QString());
    }
    m_filling = false;
}

} // namespace kvw
