// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_style.h"

#include <QApplication>
#include <QFontInfo>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr double kPixelsPerInch = 96, kPointsPerInch = 72;
constexpr double kDarkBelow = 0.5; ///< lightness of a background

constexpr std::array<QRgb, kCurveColours> kOnLight{0xff0071b1, 0xffd55e00, 0xff009b6f, 0xffb4558a,
                                                   0xff735500, 0xff4398ed, 0xff222222, 0xff642583};
constexpr std::array<QRgb, kCurveColours> kOnDark{0xff89d1ff, 0xffff8a4c, 0xff0db37d, 0xffe68ac0,
                                                  0xfff0e442, 0xff4e7afb, 0xfff0f0f0, 0xffb990ff};

/// Places of the viridis scale (public domain, CC0, by S. van der Walt and N. Smith).
constexpr std::array<ColourStop, 9> kMagnitude{{{0.0, 0xff440154},
                                                {0.125, 0xff472d7b},
                                                {0.25, 0xff3b528b},
                                                {0.375, 0xff2c728e},
                                                {0.5, 0xff21918c},
                                                {0.625, 0xff28ae80},
                                                {0.75, 0xff5ec962},
                                                {0.875, 0xffaddc30},
                                                {1.0, 0xfffde725}}};

QColor mixed(const QColor& a, const QColor& b, double share)
{
    const auto mix = [share](int from, int to) { return static_cast<int>(std::lround(from + share * (to - from))); };
    return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

void setColours(PlotStyle& style)
{
    const auto& curves = style.dark ? kOnDark : kOnLight;
    std::transform(curves.begin(), curves.end(), style.curves.begin(), [](QRgb rgb) { return QColor(rgb); });
    style.axis = mixed(style.background, style.text, 0.65);
    style.grid = mixed(style.background, style.text, 0.16);
    style.subGrid = mixed(style.background, style.text, 0.08);
    style.readout = mixed(style.background, style.text, 0.7);
    style.noData = mixed(style.background, style.text, 0.3);
}

} // namespace

PlotStyle screenStyle(const QPalette& palette, const QFont& font)
{
    PlotStyle style;
    style.background = palette.color(QPalette::Base);
    style.text = palette.color(QPalette::Text);
    style.highlight = palette.color(QPalette::Highlight);
    style.dark = style.background.lightnessF() < kDarkBelow;
    style.font = font;
    style.labelFont = font;
    setColours(style);
    return style;
}

PlotStyle figureStyle(double points)
{
    PlotStyle style;
    style.background = Qt::white;
    style.text = Qt::black;
    style.highlight = QColor(kOnLight[1]);
    // A named font: the family that a drawing names is looked up again where the drawing is opened. In pixels, which
    // are the same on every paint device.
    QFont font(QFontInfo(QApplication::font()).family());
    font.setPixelSize(std::max(1, static_cast<int>(std::lround(points * kPixelsPerInch / kPointsPerInch))));
    style.font = font;
    style.labelFont = font;
    style.penWidth = 1.5;
    style.emphasisWidth = 2.5;
    setColours(style);
    return style;
}

QColor colourOf(const SeriesLook& look, const PlotStyle& style)
{
    if (look.ramp >= 0) {
        // Without the end that the background would swallow.
        const double at = std::min(look.ramp, 1.0);
        return colourAt(kMagnitude, style.dark ? 0.35 + 0.65 * at : 0.75 * at);
    }
    return style.curves[static_cast<std::size_t>(look.colour % kCurveColours)];
}

Qt::PenStyle dashOf(const SeriesLook& look)
{
    constexpr std::array kDashes{Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine, Qt::DashDotDotLine};
    return kDashes[static_cast<std::size_t>(look.dash) % kDashes.size()];
}

std::span<const ColourStop> magnitudeStops() { return kMagnitude; }

std::array<ColourStop, 5> differenceStops(bool dark)
{
    const QRgb middle = dark ? 0xff3a3a3a : 0xfff4f4f4;
    return dark ? std::array<ColourStop, 5>{{{0, 0xff9fd0ff},
                                             {0.25, 0xff3f86c9},
                                             {0.5, middle},
                                             {0.75, 0xffc76a1e},
                                             {1, 0xffffb877}}}
                : std::array<ColourStop, 5>{
                    {{0, 0xff08407e}, {0.25, 0xff6aa6d6}, {0.5, middle}, {0.75, 0xffe8934a}, {1, 0xff8a3a00}}};
}

QColor colourAt(std::span<const ColourStop> stops, double at)
{
    const auto above = std::find_if(stops.begin(), stops.end(), [at](const ColourStop& stop) { return stop.at >= at; });
    if (above == stops.begin())
        return QColor(stops.front().colour);
    if (above == stops.end())
        return QColor(stops.back().colour);
    const ColourStop& below = *(above - 1);
    return mixed(QColor(below.colour), QColor(above->colour), (at - below.at) / (above->at - below.at));
}

} // namespace kvw
