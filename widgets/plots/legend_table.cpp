// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/legend_table.h"

#include "widgets/plots/plot_view.h"

#include <QHeaderView>
#include <QPainter>

namespace kvw {
namespace {

QIcon swatch(const SeriesLook& look, const PlotStyle& style, const QSize& size, double ratio)
{
    QPixmap pixmap(size * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setPen(QPen(colourOf(look, style), 2, dashOf(look)));
    painter.drawLine(QPointF(0, size.height() / 2.0), QPointF(size.width(), size.height() / 2.0));
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

QSize LegendTable::sizeHint() const { return {fontMetrics().averageCharWidth() * 34, fontMetrics().height() * 10}; }

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
    if (isHidden() || rowCount() != m_plot->seriesCount())
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
