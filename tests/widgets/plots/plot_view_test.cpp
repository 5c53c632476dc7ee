// SPDX-License-Identifier: GPL-3.0-or-later
// What every plot does, seen on plots of spectra.
#include "tests/widgets/plots/plots_support.h"
#include "widgets/plots/legend_table.h"
#include "widgets/plots/spectrum_plot.h"

#include <QClipboard>
#include <QFile>
#include <QMimeData>
#include <QSignalSpy>
#include <QTemporaryDir>

namespace kvw {
namespace {

using namespace kvw::testing;

std::vector<double> falling(int count, double first, double factor)
{
    std::vector<double> out;
    for (int i = 0; i < count; ++i, first *= factor)
        out.push_back(first);
    return out;
}

class Plot : public ::testing::Test
{
protected:
    Plot() { QSettings().clear(); }
    void fill(int curves = 2, int components = 64)
    {
        std::vector<SpectrumCurve> all;
        for (int i = 0; i < curves; ++i)
            all.push_back({QStringLiteral("curve %1").arg(i), {i}, falling(components, 100.0 + i, 0.9)});
        plot.setCurves(all);
        plot.resize(600, 400);
    }
    SpectrumPlot plot{QStringLiteral("test/plot"), SpectrumPlot::Shown::Eigenvalue};
    QTemporaryDir folder;
};

TEST_F(Plot, SvgHasSizeTitleDescriptionAndTextAsText)
{
    fill();
    plot.setTitle(QStringLiteral("Spectra <of> keys & values"));
    plot.setDescription(QStringLiteral("Run 7, \"k=pca:8\""));
    FigureOptions options;
    options.size_mm = {254, 127};
    const Drawing drawing = readDrawing(plot.figure(FigureFormat::Svg, options));
    ASSERT_TRUE(drawing.wellFormed);
    EXPECT_EQ(drawing.title, plot.title());
    EXPECT_EQ(drawing.description, plot.description());
    EXPECT_EQ(drawing.viewBox, QStringLiteral("0 0 960 480"));
    EXPECT_TRUE(drawing.width.startsWith(QStringLiteral("254"))) << drawing.width.toStdString();
    EXPECT_TRUE(drawing.texts.contains(QStringLiteral("Variance")));
    EXPECT_TRUE(drawing.texts.contains(QStringLiteral("Component")));
    EXPECT_TRUE(drawing.texts.contains(QStringLiteral("curve 1")));
    EXPECT_GT(drawing.paths, 2);
}

TEST_F(Plot, FiguresAreLightAndTheScreenStaysDark)
{
    plot.setPalette(darkPalette());
    fill();
    EXPECT_TRUE(plot.plotStyle().dark);
    const QImage image = QImage::fromData(plot.figure(FigureFormat::Png), "PNG");
    ASSERT_FALSE(image.isNull());
    EXPECT_EQ(image.pixelColor(2, 2), QColor(Qt::white));
    EXPECT_TRUE(plot.plotStyle().dark);
    EXPECT_EQ(plot.grab().toImage().pixelColor(8, 8), darkPalette().color(QPalette::Base));
}

TEST_F(Plot, PngHasTheSizeAskedFor)
{
    fill();
    FigureOptions options;
    options.size_mm = {100, 50};
    options.png_scale = 2;
    const QImage image = QImage::fromData(plot.figure(FigureFormat::Png, options), "PNG");
    EXPECT_EQ(image.size(), QSize(756, 378));
    EXPECT_NEAR(image.width() / (image.dotsPerMeterX() / 1000.0), 100, 0.5);
}

TEST_F(Plot, PdfIsOnePageOfTheSize)
{
    fill();
    FigureOptions options;
    options.size_mm = {127, 63.5};
    const QByteArray pdf = plot.figure(FigureFormat::Pdf, options);
    EXPECT_TRUE(pdf.startsWith("%PDF-"));
    EXPECT_TRUE(pdf.contains("/MediaBox [0 0 360"));
    EXPECT_TRUE(pdf.trimmed().endsWith("%%EOF"));
    EXPECT_EQ(pdf.count("/Type /Page\n"), 1);
}

TEST_F(Plot, CsvReadsBackToTheSameNumbers)
{
    fill(2, 3);
    const QStringList lines = QString::fromUtf8(plot.figure(FigureFormat::Csv)).split(QStringLiteral("\r\n"));
    ASSERT_EQ(lines.size(), 5);
    EXPECT_EQ(lines[0], QStringLiteral("Component,curve 0,curve 1"));
    const QStringList cells = lines[3].split(QLatin1Char(','));
    EXPECT_EQ(cells[0].toInt(), 3);
    EXPECT_EQ(cells[1].toDouble(), falling(3, 100, 0.9)[2]);
}

TEST_F(Plot, ExportWritesWholeFilesAndSaysWhyNot)
{
    fill();
    const QString file = folder.filePath(QStringLiteral("ü b.svg"));
    plot.exportFigure(file, FigureFormat::Svg);
    QFile written(file);
    ASSERT_TRUE(written.open(QIODevice::ReadOnly));
    EXPECT_TRUE(readDrawing(written.readAll()).wellFormed);
    const auto missing =
        errorOf([&] { plot.exportFigure(folder.filePath(QStringLiteral("no/such.pdf")), FigureFormat::Pdf); });
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->kind(), ErrorKind::NotFound);
    FigureOptions flat;
    flat.size_mm = {100, std::nan("")};
    ASSERT_TRUE(errorOf([&] { (void)plot.figure(FigureFormat::Svg, flat); }));
    FigureOptions huge;
    huge.size_mm = {2000, 2000};
    huge.png_scale = 10;
    EXPECT_EQ(errorOf([&] { (void)plot.figure(FigureFormat::Png, huge); })->kind(), ErrorKind::OutOfMemory);
}

TEST_F(Plot, CopyPutsPictureAndNumbersOnTheClipboard)
{
    fill(1, 4);
    plot.copy();
    const QMimeData* data = QApplication::clipboard()->mimeData();
    ASSERT_TRUE(data);
    EXPECT_TRUE(data->hasImage());
    EXPECT_TRUE(data->hasFormat(QStringLiteral("image/svg+xml")));
    EXPECT_TRUE(data->text().startsWith(QStringLiteral("Component\tcurve 0\n1\t100\n")));
}

TEST_F(Plot, KeysMoveTheReadoutAndZoom)
{
    fill(2, 20);
    const QSignalSpy moved(&plot, &PlotView::readoutChanged);
    QTest::keyClick(&plot, Qt::Key_Right);
    EXPECT_EQ(plot.readoutAt(), 1.0);
    QTest::keyClick(&plot, Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_EQ(plot.readoutAt(), 11.0);
    QTest::keyClick(&plot, Qt::Key_Left);
    EXPECT_EQ(plot.readoutAt(), 10.0);
    QTest::keyClick(&plot, Qt::Key_End);
    EXPECT_EQ(plot.readoutAt(), 20.0);
    QTest::keyClick(&plot, Qt::Key_Home);
    EXPECT_EQ(plot.readoutAt(), 1.0);
    EXPECT_EQ(moved.count(), 5);
    const auto all = plot.range(PlotView::Axis::X);
    QTest::keyClick(&plot, Qt::Key_Plus);
    EXPECT_LT(plot.range(PlotView::Axis::X).second - plot.range(PlotView::Axis::X).first, all.second - all.first);
    QTest::keyClick(&plot, Qt::Key_0);
    EXPECT_EQ(plot.range(PlotView::Axis::X), all);
}

TEST_F(Plot, ReadoutIsInTheAccessibleDescription)
{
    fill(2, 20);
    plot.setTitle(QStringLiteral("Spectra"));
    EXPECT_EQ(plot.accessibleName(), QStringLiteral("Spectra"));
    plot.setReadoutAt(2.2);
    EXPECT_TRUE(plot.accessibleDescription().contains(QStringLiteral("Component 2")));
    EXPECT_TRUE(plot.accessibleDescription().contains(QStringLiteral("curve 0: 90")));
    EXPECT_EQ(plot.readout()[1], (ReadoutEntry{QStringLiteral("curve 1"), QStringLiteral("90.9")}));
}

TEST_F(Plot, LinkedPlotsShareRangeAndReadoutUntilUnlinked)
{
    fill(2, 20);
    SpectrumPlot other(QStringLiteral("test/other"), SpectrumPlot::Shown::Energy);
    other.setCurves(plot.curves());
    plot.linkX(&other);
    plot.setRange(PlotView::Axis::X, 3, 7);
    EXPECT_EQ(other.range(PlotView::Axis::X), std::pair(3.0, 7.0));
    other.setReadoutAt(5);
    EXPECT_EQ(plot.readoutAt(), 5.0);
    EXPECT_NE(plot.range(PlotView::Axis::Y), other.range(PlotView::Axis::Y));
    plot.unlinkX(&other);
    plot.setRange(PlotView::Axis::X, 1, 2);
    EXPECT_EQ(other.range(PlotView::Axis::X), std::pair(3.0, 7.0));
}

TEST_F(Plot, LogarithmicAxesDrawAFloorAndSayHowManyLieBelow)
{
    plot.setCurves({{QStringLiteral("tail"), {}, {100, 1, 1e-3, 1e-30, 0, 0}}});
    EXPECT_FALSE(plot.floorValue());
    plot.setScale(PlotView::Axis::Y, PlotView::Scale::Log);
    ASSERT_TRUE(plot.floorValue());
    EXPECT_DOUBLE_EQ(*plot.floorValue(), 1e-10);
    EXPECT_EQ(plot.belowFloor(), 3);
    EXPECT_GT(plot.range(PlotView::Axis::Y).first, 0);
    const Drawing drawing = readDrawing(plot.figure(FigureFormat::Svg));
    EXPECT_TRUE(drawing.texts.filter(QStringLiteral("3 value")).size() == 1)
        << drawing.texts.join(QLatin1Char('|')).toStdString();
    // The table has the values themselves.
    EXPECT_EQ(plot.table().rows[3][1].toDouble(), 1e-30);
}

TEST_F(Plot, NoAxisIsLabelledWithAnExponent)
{
    for (const double scale : {1e-9, 1.0, 1e9}) {
        std::vector<double> values = falling(30, scale, 0.5);
        plot.setCurves({{QStringLiteral("a"), {}, values}});
        for (const auto kind : {PlotView::Scale::Linear, PlotView::Scale::Log}) {
            plot.setScale(PlotView::Axis::Y, kind);
            for (const QString& text : readDrawing(plot.figure(FigureFormat::Svg)).texts)
                EXPECT_FALSE(text.contains(QRegularExpression(QStringLiteral("[0-9]e[-+]?[0-9]"))))
                    << text.toStdString();
        }
    }
}

TEST_F(Plot, MoreThanEightSeriesHaveATableForALegend)
{
    fill(8);
    auto* legend = plot.findChild<LegendTable*>();
    ASSERT_TRUE(legend);
    EXPECT_TRUE(legend->isHidden());
    plot.show();
    fill(12);
    plot.setReadoutAt(1);
    EXPECT_FALSE(legend->isHidden());
    ASSERT_EQ(legend->rowCount(), 12);
    EXPECT_EQ(legend->item(3, 0)->text(), QStringLiteral("curve 3"));
    EXPECT_EQ(legend->item(3, 1)->text(), QStringLiteral("103"));
    legend->item(3, 0)->setCheckState(Qt::Unchecked);
    EXPECT_FALSE(plot.isSeriesShown(3));
    EXPECT_EQ(legend->item(4, 1)->text(), QStringLiteral("104"));
    legend->selectRow(5);
    EXPECT_EQ(plot.emphasis(), 5);
    // On paper the legend stands beside the plot, without what is not shown.
    const QStringList texts = readDrawing(plot.figure(FigureFormat::Svg)).texts;
    EXPECT_TRUE(texts.contains(QStringLiteral("curve 11")));
    EXPECT_FALSE(texts.contains(QStringLiteral("curve 3")));
    EXPECT_FALSE(legend->isHidden());
}

TEST_F(Plot, ThePaletteIsFollowedAtOnce)
{
    fill();
    const QColor light = plot.plotStyle().curves[0];
    plot.setPalette(darkPalette());
    EXPECT_EQ(plot.plotStyle().background, darkPalette().color(QPalette::Base));
    EXPECT_NE(plot.plotStyle().curves[0], light);
}

TEST_F(Plot, TableWindowShowsNumbersOfTheLocaleAndSortsByValue)
{
    PlotTableModel model;
    model.setTable({QStringLiteral("t"), {QStringLiteral("a"), QStringLiteral("b")}, {{1, 1234.5}, {2, QVariant()}}});
    EXPECT_EQ(model.index(0, 1).data().toString(), QStringLiteral("1,234.5"));
    EXPECT_EQ(model.index(0, 1).data(Qt::EditRole).toDouble(), 1234.5);
    EXPECT_EQ(model.index(1, 1).data().toString(), QString());
    EXPECT_EQ(toCsv(model.table()), QByteArray("a,b\r\n1,1234.5\r\n2,\r\n"));
}

} // namespace
} // namespace kvw
