// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/widgets/support/patience.h"
#include "widgets/plots/plot_view.h"

#include <QApplication>
#include <QSettings>
#include <QTest>
#include <QXmlStreamReader>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace kvw::testing {

/// What an SVG file holds, read back.
struct Drawing
{
    bool wellFormed = false;
    QString width, height, viewBox, title, description;
    QStringList texts;
    int paths = 0;
};

inline Drawing readDrawing(const QByteArray& svg)
{
    Drawing out;
    QXmlStreamReader xml(svg);
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        const QString name = xml.name().toString();
        if (name == QStringLiteral("svg")) {
            out.width = xml.attributes().value(QStringLiteral("width")).toString();
            out.height = xml.attributes().value(QStringLiteral("height")).toString();
            out.viewBox = xml.attributes().value(QStringLiteral("viewBox")).toString();
        } else if (name == QStringLiteral("title") && out.title.isEmpty()) {
            out.title = xml.readElementText();
        } else if (name == QStringLiteral("desc") && out.description.isEmpty()) {
            out.description = xml.readElementText();
        } else if (name == QStringLiteral("text")) {
            out.texts << xml.readElementText().trimmed();
        } else if (name == QStringLiteral("path") || name == QStringLiteral("polyline")) {
            ++out.paths;
        }
    }
    out.wellFormed = !xml.hasError();
    return out;
}

/// The error that `work` throws.
inline std::optional<Error> errorOf(const std::function<void()>& work)
{
    try {
        work();
    } catch (const Error& error) {
        return error;
    }
    return {};
}

inline QPalette darkPalette()
{
    QPalette palette;
    palette.setColor(QPalette::Base, QColor(0x2b, 0x2b, 0x2b));
    palette.setColor(QPalette::Window, QColor(0x35, 0x35, 0x35));
    palette.setColor(QPalette::Text, QColor(0xee, 0xee, 0xee));
    palette.setColor(QPalette::WindowText, QColor(0xee, 0xee, 0xee));
    return palette;
}

} // namespace kvw::testing
