// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QCoreApplication>
#include <QSizeF>
#include <QString>

class QCustomPlot;

namespace kvw {

enum class FigureFormat { Svg, Pdf, Png, Csv };

/// How a figure is drawn on paper.
struct FigureOptions
{
    QSizeF size_mm{160, 100};
    double font_points = 9;
    double png_scale = 3; ///< pixels of a PNG for one of 1/96 inch
};

/// Draws a plot, as it is styled, on paper of a size.
class PlotFigure
{
    Q_DECLARE_TR_FUNCTIONS(kvw::PlotFigure)
public:
    /// Title and description go into the file.
    PlotFigure(QCustomPlot* plot, const QString& title, const QString& description);

    /// Throws Error{InvalidArgument} for a size that is no size.
    static void check(const FigureOptions& options);
    /// Any format but Csv. Throws Error{OutOfMemory} for a PNG that is too large.
    QByteArray drawn(FigureFormat format, const FigureOptions& options) const;

private:
    QByteArray svg(int width, int height) const;
    QByteArray pdf(const QSizeF& size_mm, int width, int height) const;
    QByteArray png(int width, int height, double scale) const;

    QCustomPlot* m_plot;
    QString m_title, m_description;
};

} // namespace kvw
