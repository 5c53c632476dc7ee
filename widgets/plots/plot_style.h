// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <Qt>

#include <array>
#include <span>

namespace kvw {

inline constexpr int kCurveColours = 8;

/// Everything that a plot is painted with. Curves come from one of two fixed sets of eight colours, for light and for dark
/// backgrounds: 3 : 1 against the background at least, and told apart with every kind of colour blindness (a test
/// computes both).
struct PlotStyle
{
    QColor background, text, axis, grid, subGrid;
    QColor highlight; ///< picked cells, focus
    QColor readout;   ///< the cursor's line and frame
    QColor noData;    ///< cells without a value
    std::array<QColor, kCurveColours> curves;
    QFont font;      ///< of ticks, legend, readout
    QFont labelFont; ///< of axes
    double penWidth = 1;
    double emphasisWidth = 2;
    double markerSize = 7;
    bool dark = false;
};

/// Follows the window; pens are 1 px wide, because wider ones cost ten times as much to paint.
PlotStyle screenStyle(const QPalette& palette, const QFont& font);
/// The light style of figures, whatever the window looks like. `points` is the size of the text on paper.
PlotStyle figureStyle(double points);

/// One way of telling a series from another: colour first, then dash and mark.
struct SeriesLook
{
    int colour = 0;    ///< any number; eight repeat
    int dash = 0;      ///< 0 solid; five repeat
    int marker = -1;   ///< -1: none; six repeat
    double ramp = -1;  ///< 0..1: a place on the magnitude scale in place of a colour of the set
    bool line = true;  ///< points are joined
    bool wide = false; ///< stands out
};
QColor colourOf(const SeriesLook& look, const PlotStyle& style);
Qt::PenStyle dashOf(const SeriesLook& look);

struct ColourStop
{
    double at; ///< 0..1
    QRgb colour;
};
/// Dark to light with even steps of lightness: more is brighter.
std::span<const ColourStop> magnitudeStops();
/// Blue through a neutral middle to orange: less and more than nothing. The middle is the background's.
std::array<ColourStop, 5> differenceStops(bool dark);
QColor colourAt(std::span<const ColourStop> stops, double at);

} // namespace kvw
