// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/report_text.h"

#include "tests/report/xml_reader.h"

#include <QDir>
#include <QFile>
#include <QImage>
#include <QPainter>
#include <QTemporaryDir>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::HasSubstr;

ReportDocument sample()
{
    ReportDocument out;
    out.title = "A report";
    out.subtitle = "example · 2025";
    out.blocks.emplace_back(ReportHeading{2, "Figures and notes"});
    out.blocks.emplace_back(ReportNote{"Run 7", "2025-03-01", "first line\nsecond <b> line"});
    ReaderTable table;
    table.heads = {{"Configuration", ReaderAlign::Left, ReaderStyle::Code},
                   {"PPL", ReaderAlign::Right, ReaderStyle::Figures}};
    table.rows.assign(120, {"k=int8", "17.64"});
    out.blocks.emplace_back(table);
    out.blocks.emplace_back(
        ReportFigure{"energy", "Energy", "of run 7",
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 100\" width=\"200\" height=\"100\">"
                     "<rect width=\"200\" height=\"100\" fill=\"#ff0000\"/></svg>",
                     "x\r\n1\r\n"});
    return out;
}

QByteArray read(const QString& file)
{
    QFile in(file);
    EXPECT_TRUE(in.open(QIODevice::ReadOnly)) << file.toStdString();
    return in.readAll();
}

TEST(ReportText, HasTextTableAndFigure)
{
    QTextDocument text;
    fillTextDocument(text, sample(), 300);
    const QString plain = text.toPlainText();
    for (const char* words : {"A report", "second <b> line", "Configuration", "17.64", "Figure 1: Energy. of run 7"})
        EXPECT_TRUE(plain.contains(QLatin1String(words))) << words;
    EXPECT_EQ(plain.count(QChar::ObjectReplacementCharacter), 1);
    // The figure keeps its shape and is painted.
    text.setTextWidth(320);
    QImage image(320, qCeil(text.size().height()), QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    text.drawContents(&painter);
    int red = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            red += image.pixel(x, y) == qRgb(255, 0, 0);
    EXPECT_NEAR(red, 300 * 150, 1000);
}

TEST(ReportText, PdfHasPagesAndVectors)
{
    const QByteArray pdf = reportPdf(sample());
    EXPECT_TRUE(pdf.startsWith("%PDF-1."));
    EXPECT_TRUE(pdf.trimmed().endsWith("%%EOF"));
    EXPECT_GE(pdf.count("/Type /Page\n"), 2);
    EXPECT_FALSE(pdf.contains("/Subtype /Image"));
}

TEST(ReportText, EachFormatIsWrittenByItsEnding)
{
    const QTemporaryDir folder;
    const QString base = folder.filePath(QStringLiteral("my report"));
    for (const char* ending : {".html", ".pdf", ".md"})
        ASSERT_FALSE(exportReport(sample(), base + QLatin1String(ending))) << ending;
    const XmlElement html = XmlReader::read(read(base + QStringLiteral(".html")).toStdString());
    EXPECT_EQ(html.all("svg").size(), 1u);
    EXPECT_TRUE(read(base + QStringLiteral(".pdf")).startsWith("%PDF"));
    EXPECT_THAT(read(base + QStringLiteral(".md")).toStdString(), HasSubstr("(my%20report.files/energy.svg)"));
    EXPECT_TRUE(read(base + QStringLiteral(".files/energy.svg")).startsWith("<svg"));
    EXPECT_EQ(read(base + QStringLiteral(".files/energy.csv")), "x\r\n1\r\n");
    EXPECT_EQ(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 3); // no temporaries
}

TEST(ReportText, WhatCannotBeWrittenIsSaid)
{
    const QTemporaryDir folder;
    const auto problem = [&](const QString& name) {
        const std::optional<Problem> out = exportReport(sample(), name);
        EXPECT_TRUE(out) << name.toStdString();
        return out ? (out->message + QLatin1Char(' ') + out->hint).toStdString() : std::string();
    };
    EXPECT_THAT(problem(folder.filePath(QStringLiteral("a.doc"))), HasSubstr(".html, .pdf or .md"));
    EXPECT_THAT(problem(folder.filePath(QStringLiteral("no/where.html"))), HasSubstr("no"));
    QFile(folder.filePath(QStringLiteral("b.files"))).open(QIODevice::WriteOnly);
    problem(folder.filePath(QStringLiteral("b.md")));
    EXPECT_FALSE(QFile::exists(folder.filePath(QStringLiteral("b.md"))));
    ReportDocument bad = sample();
    std::get<ReportFigure>(bad.blocks.back()).svg = "no figure";
    EXPECT_TRUE(exportReport(bad, folder.filePath(QStringLiteral("c.html"))));
    EXPECT_FALSE(QFile::exists(folder.filePath(QStringLiteral("c.html"))));
}

} // namespace
} // namespace kvw::testing
