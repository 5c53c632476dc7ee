// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_figure.h"

#include "core/base/error.h"
#include "widgets/models/text.h"
#include "widgets/plots/qcp.h"

#include <QBuffer>
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

PlotFigure::PlotFigure(QCustomPlot* plot, const QString& title, const QString& description)
    : m_plot(plot),
      m_title(title),
      m_description(description)
{}

void PlotFigure::check(const FigureOptions& options)
{
    for (const double side : {options.size_mm.width(), options.size_mm.height()})
        if (!(side >= kSmallest_mm && side <= kLargest_mm))
            throw Error(ErrorKind::InvalidArgument,
                        toStd(tr("A figure of %1 mm × %2 mm cannot be drawn: 20 mm to 2000 mm were wanted.")
                                  .arg(options.size_mm.width())
                                  .arg(options.size_mm.height())));
    if (!(options.font_points >= 4 && options.font_points <= 40))
        throw Error(ErrorKind::InvalidArgument,
                    toStd(tr("Text of %1 points cannot be drawn: 4 to 40 were wanted.").arg(options.font_points)));
}

QByteArray PlotFigure::drawn(FigureFormat format, const FigureOptions& options) const
{
    check(options);
    const int width = pixels(options.size_mm.width()), height = pixels(options.size_mm.height());
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
    throw Error(ErrorKind::Internal, "data are no drawing");
}

QByteArray PlotFigure::svg(int width, int height) const
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

QByteArray PlotFigure::pdf(const QSizeF& size_mm, int width, int height) const
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

QByteArray PlotFigure::png(int width, int height, double scale) const
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

} // namespace kvw
