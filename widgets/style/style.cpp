// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/style/style.h"

#include "widgets/style/appearance.h"

#include <QPainter>
#include <QStyleOption>

namespace kvw {

Style::Style() : QProxyStyle(QStringLiteral("Fusion")) {}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const
{
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    const bool framed = element == PE_IndicatorCheckBox || element == PE_IndicatorItemViewItemCheck
        || element == PE_IndicatorRadioButton || element == PE_FrameLineEdit;
    if (!framed || !Appearance::isDark(option->palette))
        return;
    QColor frame = option->palette.color(QPalette::Text);
    constexpr float kFaint = 0.25F, kClear = 0.55F;
    frame.setAlphaF(element == PE_FrameLineEdit ? kFaint : kClear);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing, element == PE_IndicatorRadioButton);
    painter->setPen(frame);
    painter->setBrush(Qt::NoBrush);
    const QRect rect = option->rect.adjusted(0, 0, -1, -1);
    if (element == PE_IndicatorRadioButton)
        painter->drawEllipse(rect);
    else
        painter->drawRect(rect);
    painter->restore();
}

} // namespace kvw
