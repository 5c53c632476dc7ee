// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_series.h"

#include <vector>

class QCustomPlot;
class QSplitter;

namespace kvw {

class LegendTable;
class PlotView;

/// The legend of a plot: inside where least is hidden by it, or a table beside the plot when it has more than eight entries.
class PlotLegend
{
public:
    /// `series` are those of `view`, whose canvas is `plot`; the table goes into `beside`.
    PlotLegend(PlotView* view, QCustomPlot* plot, QSplitter* beside, const std::vector<PlotSeries>& series);

    void setWanted(bool wanted) { m_wanted = wanted; }
    void update();                       ///< after series came or went
    void unplace() { m_placed = false; } ///< the next place() looks for a place again
    void place();                        ///< where it hides least, once for each set of series and each fit
    /// For a figure: a long legend stands at the right of the drawing, as there is no table.
    void setAside(bool aside);
    void setStyle(const PlotStyle& style);
    void refreshTable();

private:
    QCustomPlot* m_plot;
    const std::vector<PlotSeries>& m_series;
    LegendTable* m_table;
    bool m_wanted = true;
    bool m_placed = false;
};

} // namespace kvw
