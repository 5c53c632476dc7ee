// SPDX-License-Identifier: GPL-3.0-or-later
// What single kinds of plots do with their data.
#include "tests/widgets/plots/plots_support.h"
#include "widgets/plots/convergence_plot.h"
#include "widgets/plots/heat_map.h"
#include "widgets/plots/rank_quality_plot.h"
#include "widgets/plots/spectrum_plot.h"
#include "widgets/plots/stacked_bars.h"
#include "widgets/plots/throughput_plot.h"

#include <QSignalSpy>

#include <cmath>

namespace kvw {
namespace {

using namespace kvw::testing;
using ::testing::DoubleEq;
using ::testing::ElementsAre;

TEST(SpectrumPlot, ShowsSharesOfTheEnergy)
{
    const std::vector<double> values{6, 3, 1, 0};
    EXPECT_THAT(SpectrumPlot::values(values, SpectrumPlot::Shown::Share), ElementsAre(0.6, 0.3, 0.1, 0));
    EXPECT_THAT(SpectrumPlot::values(values, SpectrumPlot::Shown::Energy), ElementsAre(0.6, 0.9, 1, 1));
    EXPECT_THAT(SpectrumPlot::values(values, SpectrumPlot::Shown::LeftOut),
                ElementsAre(DoubleEq(0.4), DoubleEq(0.1), 0, 0));
    // No variance at all: nothing is missing.
    EXPECT_THAT(SpectrumPlot::values({0, 0}, SpectrumPlot::Shown::Energy), ElementsAre(1, 1));
    EXPECT_THAT(SpectrumPlot::values({0, 0}, SpectrumPlot::Shown::LeftOut), ElementsAre(0, 0));
    EXPECT_TRUE(SpectrumPlot::values({}, SpectrumPlot::Shown::Energy).empty());
}

TEST(SpectrumPlot, WhatIsLeftOutKeepsItsDigits)
{
    const auto left = SpectrumPlot::values({1, 1e-20, 1e-21}, SpectrumPlot::Shown::LeftOut);
    EXPECT_NEAR(left[0], 1.1e-20, 1e-30);
    EXPECT_NEAR(left[1], 1e-21, 1e-30);
}

HeatMapData numbered(int layers, int heads)
{
    HeatMapData data{layers, heads, {}};
    for (int i = 0; i < layers * heads; ++i)
        data.values.push_back(i);
    return data;
}

class Map : public ::testing::Test
{
protected:
    Map()
    {
        map.resize(800, 300);
        map.setData(numbered(6, 3), QStringLiteral("Rank"), AxisKind::Number);
    }
    HeatMap map{QStringLiteral("test/map")};
};

TEST_F(Map, ArrowKeysPickAndShiftAndSpaceExtend)
{
    const QSignalSpy picked(&map, &HeatMap::picksChanged);
    QTest::keyClick(&map, Qt::Key_Right);
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{1, 0}));
    QTest::keyClick(&map, Qt::Key_Down);
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{1, 1}));
    QTest::keyClick(&map, Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{1, 1}, HeadId{2, 1}));
    QTest::keyClick(&map, Qt::Key_Space);
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{1, 1}));
    QTest::keyClick(&map, Qt::Key_Up);
    QTest::keyClick(&map, Qt::Key_Up);
    QTest::keyClick(&map, Qt::Key_Up); // the edge
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{2, 0}));
    QTest::keyClick(&map, Qt::Key_End);
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{5, 0}));
    EXPECT_EQ(map.current(), (HeadId{5, 0}));
    EXPECT_EQ(picked.count(), 6);
}

TEST_F(Map, SaysWhatTheCellHolds)
{
    EXPECT_EQ(map.cellText({2, 1}), QStringLiteral("Layer 2, head 1: 7"));
    map.setCurrent({2, 1});
    EXPECT_TRUE(map.accessibleDescription().contains(QStringLiteral("Layer 2, head 1: 7")));
    EXPECT_EQ(map.table().rows.size(), 18);
    EXPECT_EQ(map.table().rows[7], (QList<QVariant>{2, 1, 7.0}));
}

TEST_F(Map, MissingValuesHaveAColourOfTheirOwn)
{
    HeatMapData data = numbered(2, 2);
    data.values[3] = std::nan("");
    map.setData(data, QStringLiteral("Rank"), AxisKind::Number);
    EXPECT_EQ(map.colourOfCell({1, 1}), map.plotStyle().noData);
    EXPECT_EQ(map.colourRange(), std::pair(0.0, 2.0));
    EXPECT_EQ(map.table().rows[3][2], QVariant());
    EXPECT_EQ(map.cellText({1, 1}), QStringLiteral("Layer 1, head 1: no data"));
}

TEST_F(Map, DifferencesAreSymmetricAndComparedMapsHaveOneRange)
{
    HeatMapData data{2, 1, {-1, 3}};
    map.setData(data, QStringLiteral("Change"), AxisKind::Number, HeatMap::Colours::Difference);
    EXPECT_EQ(map.colourRange(), std::pair(-3.0, 3.0));
    map.setData(data, QStringLiteral("Rank"), AxisKind::Number, HeatMap::Colours::Magnitude, std::pair(0.0, 10.0));
    EXPECT_EQ(map.colourRange(), std::pair(0.0, 10.0));
}

TEST_F(Map, OddSizesAreDrawn)
{
    for (const auto& data :
         {HeatMapData{}, numbered(1, 1), numbered(1, 8), numbered(80, 1), HeatMapData{2, 1, {5, 5}}}) {
        map.setData(data, QStringLiteral("Rank"), AxisKind::Number);
        EXPECT_TRUE(readDrawing(map.figure(FigureFormat::Svg)).wellFormed);
        EXPECT_LT(map.colourRange().first, map.colourRange().second);
        for (int key : {Qt::Key_Right, Qt::Key_Down, Qt::Key_End})
            QTest::keyClick(&map, static_cast<Qt::Key>(key));
        EXPECT_TRUE(map.picks().size() <= 1);
    }
}

TEST_F(Map, PicksOutsideAreLeftOut)
{
    map.setPicks({{9, 9}, {0, 2}, {-1, 0}});
    EXPECT_THAT(map.picks(), ElementsAre(HeadId{0, 2}));
}

QualityPoint point(RowId run, double rank, double change)
{
    QualityPoint out;
    out.run = run;
    out.config = QStringLiteral("k=kq:%1").arg(rank);
    out.values.fill(std::nan(""));
    out.values[static_cast<std::size_t>(QualityMeasure::RankK)] = rank;
    out.values[static_cast<std::size_t>(QualityMeasure::RelativePpl)] = change;
    out.relative_ppl_low = change - 0.01;
    out.relative_ppl_high = change + 0.01;
    return out;
}

class Quality : public ::testing::Test
{
protected:
    Quality()
    {
        plot.resize(700, 500);
        plot.setCurves({{QStringLiteral("kq"), {0}, {point(1, 32, 0.4), point(2, 48, 0.05), point(3, 64, -0.001)}},
                        {QStringLiteral("alone"), {1, 0, 1, -1, false}, {point(4, 48, 0.2)}}});
    }
    RankQualityPlot plot{QStringLiteral("test/quality")};
};

TEST_F(Quality, KeysGoAlongACurveAndToTheNext)
{
    QTest::keyClick(&plot, Qt::Key_Right);
    EXPECT_EQ(plot.currentRun(), 1);
    QTest::keyClick(&plot, Qt::Key_Right);
    EXPECT_EQ(plot.currentRun(), 2);
    QTest::keyClick(&plot, Qt::Key_Down);
    EXPECT_EQ(plot.currentRun(), 4);
    QTest::keyClick(&plot, Qt::Key_Up);
    EXPECT_EQ(plot.currentRun(), 1);
    QTest::keyClick(&plot, Qt::Key_End);
    EXPECT_EQ(plot.currentRun(), 3);
    const QSignalSpy activated(&plot, &RankQualityPlot::runActivated);
    QTest::keyClick(&plot, Qt::Key_Return);
    ASSERT_EQ(activated.count(), 1);
    EXPECT_EQ(activated[0][0].value<RowId>(), 3);
}

TEST_F(Quality, ReadoutNamesTheConfigurationWithItsInterval)
{
    plot.setCurrentRun(2);
    const auto readout = plot.readout();
    ASSERT_GE(readout.size(), 2U);
    EXPECT_EQ(readout[0].value, QStringLiteral("k=kq:48"));
    EXPECT_EQ(readout[1].value, QStringLiteral("+5 % [+4 %, +6 %]"));
    EXPECT_TRUE(plot.accessibleDescription().contains(QStringLiteral("k=kq:48")));
}

TEST_F(Quality, WhatNoLogarithmShowsStandsOnTheFloor)
{
    plot.setScale(PlotView::Axis::Y, PlotView::Scale::Log);
    EXPECT_EQ(plot.belowFloor(), 1);
    ASSERT_TRUE(plot.floorValue());
    EXPECT_LE(plot.range(PlotView::Axis::Y).first, *plot.floorValue());
    plot.setMeasures(QualityMeasure::RelativePpl, QualityMeasure::RankK);
    EXPECT_EQ(plot.belowFloor(), 0);
}

TEST_F(Quality, PointsWithoutAValueAreNotDrawn)
{
    plot.setMeasures(QualityMeasure::KlMean, QualityMeasure::RelativePpl);
    QTest::keyClick(&plot, Qt::Key_Right);
    EXPECT_EQ(plot.currentRun(), std::nullopt);
    EXPECT_TRUE(readDrawing(plot.figure(FigureFormat::Svg)).wellFormed);
}

TEST_F(Quality, TableHasEveryMeasure)
{
    const PlotTable table = plot.table();
    EXPECT_EQ(table.rows.size(), 4);
    EXPECT_EQ(table.header.size(), 3 + static_cast<int>(kQualityMeasures.size()) + 2);
    for (const auto& row : table.rows)
        EXPECT_EQ(row.size(), table.header.size());
}

TEST(ConvergencePlot, GrowsAndKeepsGaps)
{
    ConvergencePlot plot(QStringLiteral("test/convergence"));
    plot.resize(500, 300);
    plot.show();
    for (int i = 0; i < 50; ++i)
        plot.addPoint(QStringLiteral("key"), i * 100, i == 7 ? std::nan("") : 1.0 / (1 + i));
    plot.addPoint(QStringLiteral("value"), 0, 3);
    EXPECT_EQ(plot.pointCount(QStringLiteral("key")), 50);
    EXPECT_TRUE(QTest::qWaitFor([&] { return plot.range(PlotView::Axis::X).second > 4900; }, kWait_ms));
    EXPECT_LE(plot.range(PlotView::Axis::Y).first, 0);
    EXPECT_EQ(plot.table().rows[7][2], QVariant());
    plot.clear();
    EXPECT_EQ(plot.pointCount(QStringLiteral("key")), 0);
}

TEST(StackedBars, NamePartsAndSum)
{
    StackedBars bars(QStringLiteral("test/bars"));
    bars.resize(600, 300);
    bars.setBars({{QStringLiteral("k=int8,token v=int8,token sinks=4 window=64 and more"), {1024, 512}},
                  {QStringLiteral("identity"), {4096, std::nan("")}}},
                 {QStringLiteral("Payload"), QStringLiteral("Scales")}, QStringLiteral("Bytes"), AxisKind::Bytes);
    EXPECT_GE(bars.range(PlotView::Axis::X).second, 4096);
    QTest::keyClick(&bars, Qt::Key_Down);
    ASSERT_EQ(bars.currentBar(), 0);
    EXPECT_EQ(bars.readout().back(), (ReadoutEntry{QStringLiteral("Together"), QStringLiteral("1.50 KiB")}));
    QTest::keyClick(&bars, Qt::Key_Down);
    EXPECT_EQ(bars.readout()[1].value, QStringLiteral("not measured"));
    EXPECT_EQ(bars.table().rows[1][2], QVariant());
    EXPECT_TRUE(readDrawing(bars.figure(FigureFormat::Svg)).texts.contains(QStringLiteral("identity")));
}

TEST(ThroughputPlot, HasMediansPercentilesAndTheBound)
{
    ThroughputPlot plot(QStringLiteral("test/throughput"));
    plot.setCurves({{QStringLiteral("identity"), {{512, 30, 28, 31, 50.0}, {4096, 20, 19, 22, 25.0}}},
                    {QStringLiteral("k=int4"), {{512, 40, 39, 41, {}}}}});
    EXPECT_EQ(plot.seriesCount(), 2);
    EXPECT_GE(plot.range(PlotView::Axis::Y).second, 50);
    EXPECT_EQ(plot.range(PlotView::Axis::Y).first, 0);
    const PlotTable table = plot.table();
    EXPECT_EQ(table.rows[0], (QList<QVariant>{QStringLiteral("identity"), 512.0, 30.0, 28.0, 31.0, 50.0}));
    EXPECT_EQ(table.rows[2][5], QVariant());
    // Contexts double: their axis has powers of two.
    EXPECT_TRUE(readDrawing(plot.figure(FigureFormat::Svg)).texts.contains(QStringLiteral("1,024")));
}

} // namespace
} // namespace kvw
