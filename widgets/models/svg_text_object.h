// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTextObjectInterface>

namespace kvw {

/// A figure in a text document, drawn as SVG wherever the document is painted: on the screen as pixels, in a PDF as lines
/// and text.
class SvgTextObject final : public QObject, public QTextObjectInterface
{
    Q_OBJECT
    Q_INTERFACES(QTextObjectInterface)
public:
    static constexpr int kType = QTextFormat::UserObject + 1;
    using QObject::QObject;

    /// The format of the replacement character that stands for the figure; `width` in the document's units.
    static QTextCharFormat format(const QByteArray& svg, double width);

    QSizeF intrinsicSize(QTextDocument* text, int position, const QTextFormat& format) override;
    void drawObject(QPainter* painter, const QRectF& rect, QTextDocument* text, int position,
                    const QTextFormat& format) override;
};

} // namespace kvw
