// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/svg_text_object.h"

#include <QPainter>
#include <QRegularExpression>
#include <QSvgRenderer>

namespace kvw {
namespace {

enum Property { Bytes = QTextFormat::UserProperty + 1, Width };

/// QSvgGenerator writes hatched brushes as patterns, which QSvgRenderer of Qt 6.4 cannot read: it would leave the areas
/// empty. They get their pattern's colour, which its name ends with.
QByteArray withoutPatterns(const QByteArray& svg)
{
    static const QRegularExpression pattern(QStringLiteral("url\\(#fillpattern\\d+_([0-9a-f]{6})\\)"));
    return QString::fromUtf8(svg).replace(pattern, QStringLiteral("#\\1")).toUtf8();
}

} // namespace

QTextCharFormat SvgTextObject::format(const QByteArray& svg, double width)
{
    QTextCharFormat out;
    out.setObjectType(kType);
    out.setProperty(Bytes, withoutPatterns(svg));
    out.setProperty(Width, width);
    return out;
}

QSizeF SvgTextObject::intrinsicSize(QTextDocument*, int, const QTextFormat& format)
{
    const QSvgRenderer svg(format.property(Bytes).toByteArray());
    const QSizeF size = svg.viewBoxF().isEmpty() ? QSizeF(svg.defaultSize()) : svg.viewBoxF().size();
    const double width = format.property(Width).toDouble();
    return size.isEmpty() ? QSizeF(width, 0) : QSizeF(width, width * size.height() / size.width());
}

void SvgTextObject::drawObject(QPainter* painter, const QRectF& rect, QTextDocument*, int, const QTextFormat& format)
{
    painter->fillRect(rect, Qt::white); // figures are drawn for paper
    QSvgRenderer(format.property(Bytes).toByteArray()).render(painter, rect);
}

} // namespace kvw
