// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/svg_text_object.h"

#include <QPainter>
#include <QSvgRenderer>

namespace kvw {
namespace {

enum Property { Bytes = QTextFormat::UserProperty + 1, Width };

} // namespace

QTextCharFormat SvgTextObject::format(const QByteArray& svg, double width)
{
    QTextCharFormat out;
    out.setObjectType(kType);
    out.setProperty(Bytes, svg);
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
