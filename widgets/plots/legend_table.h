// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableWidget>

namespace kvw {

class PlotView;

/// The legend of a plot with more series than fit into it: colour and dash, name, a check box, the value at the readout.
/// The row that is picked stands out in the plot.
class LegendTable final : public QTableWidget
{
    Q_OBJECT
public:
    LegendTable(PlotView* plot, QWidget* parent);

    void refresh(); ///< all of it
    QSize sizeHint() const override;

private:
    void refreshValues();
    void showEvent(QShowEvent* event) override;

    PlotView* m_plot;
    bool m_filling = false;
};

} // namespace kvw
