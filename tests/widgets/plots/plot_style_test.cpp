// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_style.h"

#include <QApplication>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace kvw {
namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

// Machado, Oliveira and Fernandes (2009), severity 1: what protanopes, deuteranopes and tritanopes see of linear RGB.
constexpr Matrix kNormal{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr Matrix kProtan{
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix kDeutan{
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}};
constexpr Matrix kTritan{
    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

Triple times(const Matrix& matrix, const Triple& vector)
{
    Triple out{};
    for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t column = 0; column < 3; ++column)
            out[row] += matrix[row][column] * vector[column];
    return out;
}

Triple linear(const QColor& colour)
{
    const auto channel = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return {channel(colour.redF()), channel(colour.greenF()), channel(colour.blueF())};
}

double luminance(const QColor& colour)
{
    const Triple rgb = linear(colour);
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
}

double contrast(const QColor& a, const QColor& b)
{
    const double first = luminance(a) + 0.05, second = luminance(b) + 0.05;
    return std::max(first, second) / std::min(first, second);
}

Triple lab(Triple rgb)
{
    for (double& channel : rgb)
        channel = std::min(1.0, std::max(0.0, channel));
    constexpr Matrix kToXyz{{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}};
    constexpr Triple kWhite{0.9505, 1, 1.089};
    Triple xyz = times(kToXyz, rgb);
    for (std::size_t i = 0; i < 3; ++i) {
        const double share = xyz[i] / kWhite[i];
        xyz[i] = share > 0.008856 ? std::cbrt(share) : 7.787 * share + 16.0 / 116;
    }
    return {116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])};
}

double distance(const QColor& a, const QColor& b, const Matrix& eye)
{
    const Triple first = lab(times(eye, linear(a))), second = lab(times(eye, linear(b)));
    return std::sqrt(std::pow(first[0] - second[0], 2) + std::pow(first[1] - second[1], 2)
                     + std::pow(first[2] - second[2], 2));
}

PlotStyle dark()
{
    QPalette palette;
    palette.setColor(QPalette::Base, QColor(0x2b, 0x2b, 0x2b));
    palette.setColor(QPalette::Text, QColor(0xee, 0xee, 0xee));
    return screenStyle(palette, QApplication::font());
}

class Styles : public ::testing::TestWithParam<bool>
{
protected:
    PlotStyle style = GetParam() ? dark() : figureStyle(9);
};

TEST_P(Styles, CurvesAndTextStandOutFromTheBackground)
{
    EXPECT_EQ(style.dark, GetParam());
    for (const QColor& colour : style.curves)
        EXPECT_GE(contrast(colour, style.background), 2.95) << colour.name().toStdString();
    EXPECT_GE(contrast(style.text, style.background), 4.5);
    EXPECT_GE(contrast(style.axis, style.background), 3.0);
}

TEST_P(Styles, CurvesAreToldApartByEveryEye)
{
    for (std::size_t i = 0; i < style.curves.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            for (const Matrix& eye : {kNormal, kProtan, kDeutan, kTritan})
                EXPECT_GE(distance(style.curves[i], style.curves[j], eye), 12)
                    << style.curves[i].name().toStdString() << " and " << style.curves[j].name().toStdString();
}

TEST_P(Styles, TheRampLeavesOutWhatTheBackgroundSwallows)
{
    for (int i = 0; i <= 20; ++i) {
        SeriesLook look;
        look.ramp = i / 20.0;
        EXPECT_GE(contrast(colourOf(look, style), style.background), 1.9) << look.ramp;
    }
}

INSTANTIATE_TEST_SUITE_P(LightAndDark, Styles, ::testing::Bool());

TEST(Scales, MoreIsBrighterAllTheWay)
{
    double before = -1;
    for (int i = 0; i <= 100; ++i) {
        const double here = lab(linear(colourAt(magnitudeStops(), i / 100.0)))[0];
        EXPECT_GT(here, before) << i;
        before = here;
    }
}

TEST(Scales, DifferencesAreEvenOnBothSidesOfTheMiddle)
{
    for (const bool night : {false, true}) {
        const auto stops = differenceStops(night);
        const auto lightness = [&](double at) { return lab(linear(colourAt(stops, at)))[0]; };
        for (const double away : {0.25, 0.5})
            EXPECT_NEAR(lightness(0.5 - away), lightness(0.5 + away), 12) << night << ' ' << away;
    }
}

} // namespace
} // namespace kvw
