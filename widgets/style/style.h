// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProxyStyle>

namespace kvw {

/// Fusion, with frames that are seen on dark backgrounds: its own outlines are darker than the window, whatever that is.
class Style final : public QProxyStyle
{
public:
    Style();
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
};

} // namespace kvw
