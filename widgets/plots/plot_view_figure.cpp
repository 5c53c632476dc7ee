// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a PlotView: SVG, PDF and PNG in the light style, its data as CSV.
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "widgets/plots/figure_dialog.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plots/qcp.h"

#include <QBuffer>
#include <QFileDialog>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <cmath>

namespace kvw {
namespace {

constexpr double kPixelsPerInch = 96, kMillimetresPerInch = 25.4;
constexpr double kSmallest_mm = 20, kLargest_mm = 2000;
constexpr double kMostPixels = 1e8; ///< of a PNG

int pixels(double millimetres)
{
    return static_cast<int>(std::lround(millimetres / kMillimetresPerInch * kPixelsPerInch));
}

void check(const FigureOptions& options)
{
    for (const double side : {options.size_mm.width(), options.size_mm.height()})
        if (!(side >= kSmallest_mm && side <= kLargest_mm))
            throw Error(ErrorKind::InvalidArgument,
                        toStd(PlotView::tr("A figure of %1 mm × %2 mm cannot be drawn: 20 mm to 2000 mm were wanted.")
                                  .arg(options.size_mm.width())
                                  .arg(options.size_mm.height())));
    if (!(options.font_points >= 4 && options.font_points <= 40))
        throw Error(
            ErrorKind::InvalidArgument,
            toStd(PlotView::tr("Text of %1 points cannot be drawn: 4 to 40 were wanted.").arg(options.font_points)));
}

/// Title and description as elements at the head of the drawing. Not by the generator, which writes them as they are.
QByteArray described(QByteArray svg, const QString& title, const QString& description)
{
    const auto opening = svg.indexOf("<svg");
    const auto end = svg.indexOf('>', opening);
    if (opening < 0 || end < 0)
        throw Error(ErrorKind::Internal, "the drawing has no root element");
    const QString head =
        QStringLiteral("\n<title>%1</title>\n<desc>%2</desc>").arg(title.toHtmlEscaped(), description.toHtmlEscaped());
    return svg.insert(end + 1, head.toUtf8());
}

} // namespace

/// The plot in the light style without readout and emphasis, until it is destroyed.
class PlotView::FigureGuard
{
public:
    FigureGuard(PlotView& view, double points) : m_view(view), m_screen(view.m_style), m_emphasis(view.m_emphasis)
    {
        QCustomPlot* plot = m_view.m_plot;
        plot->layer(QStringLiteral("readout"))->setVisible(false);
        m_view.m_emphasis = -1;
        m_view.applyStyle(figureStyle(points));
        m_view.setLegendAside(true);
        for (int i = 0; i < plot->graphCount(); ++i)
            plot->graph(i)->setAdaptiveSampling(false);
    }
    ~FigureGuard()
    {
        QCustomPlot* plot = m_view.m_plot;
        for (int i = 0; i < plot->graphCount(); ++i)
            plot->graph(i)->setAdaptiveSampling(true);
        m_view.setLegendAside(false);
        m_view.m_emphasis = m_emphasis;
        m_view.applyStyle(m_screen);
        plot->layer(QStringLiteral("readout"))->setVisible(true);
    }
    Q_DISABLE_COPY_MOVE(FigureGuard)

private:
    PlotView& m_view;
    PlotStyle m_screen;
    int m_emphasis;
};

QByteArray PlotView::figure(FigureFormat format, const FigureOptions& options)
{
    check(options);
    const int width = pixels(options.size_mm.width()), height = pixels(options.size_mm.height());
    const FigureGuard guard(*this, options.font_points);
    switch (format) {
    case FigureFormat::Svg:
        return svg(width, height);
    case FigureFormat::Pdf:
        return pdf(options.size_mm, width, height);
    case FigureFormat::Png:
        return png(width, height, options.png_scale);
    case FigureFormat::Csv:
        break;
    }
    return toCsv(table());
}

QByteArray PlotView::svg(int width, int height)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(static_cast<int>(kPixelsPerInch)); // else the size in mm is wrong
    generator.setSize({width, height});
    generator.setViewBox(QRect(0, 0, width, height));
    QCPPainter painter;
    if (!painter.begin(&generator))
        throw Error(ErrorKind::Internal, "the SVG could not be begun");
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.setMode(QCPPainter::pmNonCosmetic);
    m_plot->toPainter(&painter, width, height);
    painter.end();
    return described(buffer.data(), m_title, m_description);
}

QByteArray PlotView::pdf(const QSizeF& size_mm, int width, int height)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setResolution(static_cast<int>(kPixelsPerInch));
    writer.setPageSize(QPageSize(size_mm, QPageSize::Millimeter, {}, QPageSize::ExactMatch));
    writer.setPageMargins({});
    writer.setTitle(m_title);
    writer.setCreator(QStringLiteral("KV Workbench"));
    QCPPainter painter;
    if (!painter.begin(&writer))
        throw Error(ErrorKind::Internal, "the PDF could not be begun");
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.setMode(QCPPainter::pmNonCosmetic); // else lines are hairlines in print
    m_plot->toPainter(&painter, width, height);
    painter.end();
    return buffer.data();
}

QByteArray PlotView::png(int width, int height, double scale)
{
    if (!(scale >= 0.5 && scale <= 10 && width * height * scale * scale <= kMostPixels))
        throw Error(ErrorKind::OutOfMemory,
                    toStd(tr("A PNG of %1 × %2 pixels is too large.").arg(width * scale).arg(height * scale)),
                    toStd(tr("Choose a smaller scale, or SVG.")));
    QImage image = m_plot->toPixmap(width, height, scale).toImage();
    const int perMetre = static_cast<int>(std::lround(kPixelsPerInch * scale / kMillimetresPerInch * 1000));
    image.setDevicePixelRatio(1);
    image.setDotsPerMeterX(perMetre);
    image.setDotsPerMeterY(perMetre);
    image.setText(QStringLiteral("Title"), m_title);
    image.setText(QStringLiteral("Description"), m_description);
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (image.isNull() || !image.save(&buffer, "PNG"))
        throw Error(ErrorKind::OutOfMemory, toStd(tr("The PNG could not be made.")));
    return buffer.data();
}

void PlotView::exportFigure(const QString& file, FigureFormat format, const FigureOptions& options)
{
    const QByteArray bytes = format == FigureFormat::Csv ? toCsv(table()) : figure(format, options);
    write_file_atomically(std::filesystem::path(file.toStdU16String()),
                          {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

void PlotView::exportDialog()
{
    auto* dialog = new FigureDialog(QString(m_id).replace(QLatin1Char('/'), QLatin1Char('-')), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &FigureDialog::chosen, this,
            [this](const QString& file, FigureFormat format, const FigureOptions& options) {
                try {
                    exportFigure(file, format, options);
                } catch (const Error& error) {
                    Q_EMIT problem(toProblem(error));
                }
            });
    dialog->open();
}

} // namespace kvw
