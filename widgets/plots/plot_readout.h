// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_series.h"

#include <QPointF>

#include <optional>
#include <vector>

class QCPItemStraightLine;
class QCPItemText;
class QCPItemTracer;
class QCustomPlot;

namespace kvw {

/// The readout of a plot: a line across it, a text beside the line, dots on the series. It has a layer of its own, so that
/// the curves below are not painted again when it moves.
class PlotReadout
{
public:
    explicit PlotReadout(QCustomPlot* plot);

    /// The line at x and the text at its upper end, on the side that has room.
    void showAt(double x, const QString& text);
    void hide();
    void setMarks(
        const std::vector<QPointF>& marks); ///< the dots, in plot coordinates; those beyond the 32nd are left out
    void repaint();
    void setStyle(const PlotStyle& style);
    /// All of it; a figure has none.
    void setLayerVisible(bool visible);
    QCPItemText* text() const { return m_text; } ///< for a plot that puts it elsewhere

private:
    QCustomPlot* m_plot;
    QCPItemStraightLine* m_line;
    QCPItemText* m_text;
    std::vector<QCPItemTracer*> m_tracers;
    PlotStyle m_style;
};

/// The value of the series at x, which must be the x of one of its points.
std::optional<double> valueAt(const PlotSeries& series, double x);
/// The x nearest to this one that a series that is shown has a point at; x itself where there is none.
double nearestPlace(const std::vector<PlotSeries>& series, double x);
/// The place `steps` further among the points of all series that are shown; from nowhere, the first or last.
std::optional<double> steppedPlace(const std::vector<PlotSeries>& series, std::optional<double> from, int steps);
/// The points of the series that are shown at exactly this x.
std::vector<QPointF> marksAt(const std::vector<PlotSeries>& series, double x);

} // namespace kvw
