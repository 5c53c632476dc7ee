// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/report_text.h"

#include "core/base/atomic_file.h"
#include "core/report/svg.h"
#include "widgets/models/svg_text_object.h"

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QCoreApplication>
#include <QFileInfo>
#include <QFontDatabase>
#include <QPainter>
#include <QPdfWriter>
#include <QTextCursor>
#include <QTextTable>

#include <filesystem>

namespace kvw {
namespace {

constexpr int kPdfResolution = 96; ///< layout units a inch; what is drawn are vectors
constexpr double kMargin_mm = 18;
constexpr double kPoints = 9;
constexpr std::size_t kNaturalColumns = 6;

QString translated(const char* text) { return QCoreApplication::translate("kvw::ReportText", text); }

/// Writes blocks one after the other at the document's end.
class TextWriter
{
public:
    TextWriter(QTextDocument& text, double width) : m_text(text), m_cursor(&text), m_width(width)
    {
        m_size = text.defaultFont().pointSizeF() > 0 ? text.defaultFont().pointSizeF() : kPoints;
    }

    void begin() { m_cursor.beginEditBlock(); }
    void end() { m_cursor.endEditBlock(); }

    void heading(const QString& words, int level)
    {
        QTextBlockFormat block;
        block.setHeadingLevel(level);
        block.setTopMargin(level == 1 ? 0 : m_size * (level == 2 ? 2.2 : 1.4));
        block.setBottomMargin(m_size * 0.6);
        QTextCharFormat characters;
        characters.setFontWeight(QFont::DemiBold);
        characters.setFontPointSize(m_size * (level == 1 ? 2.0 : level == 2 ? 1.45 : 1.1));
        paragraph(words, block, characters);
    }

    void plain(const QString& words, bool soft = false)
    {
        QTextBlockFormat block;
        block.setBottomMargin(m_size * 0.6);
        QTextCharFormat characters;
        if (soft)
            characters.setFontPointSize(m_size * 0.9);
        paragraph(words, block, characters);
    }

    void operator()(const ReportHeading& heading) { this->heading(toQt(heading.text), heading.level); }
    void operator()(const ReportParagraph& paragraph) { plain(toQt(paragraph.text)); }

    void operator()(const ReportNote& note)
    {
        QTextBlockFormat block;
        block.setLeftMargin(m_size * 2);
        for (const QString& line : toQt(note.text).split(QLatin1Char('\n')))
            paragraph(line, block, {});
        QTextCharFormat small;
        small.setFontItalic(true);
        block.setBottomMargin(m_size);
        paragraph(QStringLiteral("— %1, %2").arg(toQt(note.about), toQt(note.at)), block, small);
    }

    void operator()(const ReaderTable& table)
    {
        if (!table.title.empty())
            heading(toQt(table.title), 3);
        QStringList common;
        for (const ReaderTable::Common& one : table.common)
            common.append(QStringLiteral("%1: %2").arg(toQt(one.title), toQt(one.text)));
        if (!common.isEmpty())
            plain(common.join(QStringLiteral(" · ")), true);
        if (table.heads.empty())
            return;
        QTextTableFormat format;
        format.setBorderCollapse(true);
        format.setBorder(0.5);
        format.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
        format.setBorderBrush(QColor(0xb8, 0xc0, 0xc8));
        format.setCellPadding(m_size * 0.25);
        format.setHeaderRowCount(1);
        if (table.heads.size() > kNaturalColumns)
            format.setWidth(QTextLength(QTextLength::PercentageLength, 100)); // wrapped rather than cut off
        newBlock({});
        QTextTable* out =
            m_cursor.insertTable(static_cast<int>(table.rows.size()) + 1, static_cast<int>(table.heads.size()), format);
        for (std::size_t column = 0; column < table.heads.size(); ++column) {
            cell(*out, 0, column, table.heads[column], toQt(table.heads[column].title), true);
            for (std::size_t row = 0; row < table.rows.size(); ++row)
                cell(*out, static_cast<int>(row) + 1, column, table.heads[column], toQt(table.rows[row][column]),
                     false);
        }
        m_cursor.movePosition(QTextCursor::End);
        m_fresh = true; // the block behind a table is there already
    }

    void operator()(const ReportFigure& figure)
    {
        if (!m_text.documentLayout()->handlerForObject(SvgTextObject::kType))
            m_text.documentLayout()->registerHandler(SvgTextObject::kType, new SvgTextObject(&m_text));
        const std::string svg = inline_svg(figure.svg, "");
        QTextBlockFormat block;
        block.setTopMargin(m_size);
        newBlock(block);
        m_cursor.insertText(QString(QChar::ObjectReplacementCharacter),
                            SvgTextObject::format({svg.data(), static_cast<qsizetype>(svg.size())}, m_width));
        QTextBlockFormat caption;
        caption.setBottomMargin(m_size * 1.5);
        newBlock(caption);
        QTextCharFormat bold;
        bold.setFontWeight(QFont::DemiBold);
        m_cursor.insertText(
            translated(QT_TRANSLATE_NOOP("kvw::ReportText", "Figure %1: %2.")).arg(++m_figures).arg(toQt(figure.title)),
            bold);
        m_cursor.insertText(QStringLiteral(" ") + toQt(figure.caption), QTextCharFormat());
    }

private:
    void newBlock(const QTextBlockFormat& format)
    {
        if (m_fresh)
            m_cursor.setBlockFormat(format);
        else
            m_cursor.insertBlock(format, QTextCharFormat());
        m_fresh = false;
    }

    void paragraph(const QString& words, const QTextBlockFormat& block, const QTextCharFormat& characters)
    {
        newBlock(block);
        m_cursor.insertText(words, characters);
    }

    void cell(QTextTable& table, int row, std::size_t column, const ReaderTable::Head& head, const QString& words,
              bool bold)
    {
        QTextTableCell cell = table.cellAt(row, static_cast<int>(column));
        QTextCursor cursor = cell.firstCursorPosition();
        QTextBlockFormat block;
        block.setAlignment(head.align == ReaderAlign::Right ? Qt::AlignRight : Qt::AlignLeft);
        cursor.setBlockFormat(block);
        QTextCharFormat characters;
        // Many columns on one page are read better small than cut off.
        characters.setFontPointSize(m_size * (table.columns() > 10 ? 0.62 : table.columns() > 7 ? 0.72 : 0.85));
        if (bold)
            characters.setFontWeight(QFont::DemiBold);
        else if (head.style == ReaderStyle::Code)
            characters.setFontFamilies({QFontDatabase::systemFont(QFontDatabase::FixedFont).family()});
        cursor.insertText(words, characters);
    }

    QTextDocument& m_text;
    QTextCursor m_cursor;
    double m_width, m_size;
    int m_figures = 0;
    bool m_fresh = true;
};

std::string_view view(const QByteArray& bytes) { return {bytes.constData(), static_cast<std::size_t>(bytes.size())}; }

void writeMarkdown(const ReportDocument& report, const std::filesystem::path& file)
{
    std::filesystem::path folder = file;
    folder.replace_extension(".files");
    const MarkdownReport markdown = write_markdown_report(report, folder.filename().string());
    if (!markdown.files.empty()) {
        std::error_code error;
        std::filesystem::create_directory(folder, error);
        if (error)
            throw Error(error == std::errc::no_space_on_device ? ErrorKind::NoSpace : ErrorKind::InvalidArgument,
                        folder.string() + ": the folder for the figures cannot be made: " + error.message(),
                        "choose another folder");
    }
    for (const ReportFile& one : markdown.files)
        write_file_atomically(folder / one.name, one.bytes);
    write_file_atomically(file, markdown.text);
}

} // namespace

void fillTextDocument(QTextDocument& text, const ReportDocument& report, double width)
{
    text.clear();
    text.setUndoRedoEnabled(false);
    TextWriter writer(text, width);
    writer.begin(); // one layout at the end, not one a cell
    writer.heading(toQt(report.title), 1);
    if (!report.subtitle.empty())
        writer.plain(toQt(report.subtitle), true);
    for (const ReportBlock& block : report.blocks)
        std::visit(writer, block);
    writer.end();
}

QByteArray reportPdf(const ReportDocument& report)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    {
        QPdfWriter writer(&buffer);
        writer.setResolution(kPdfResolution);
        writer.setPageSize(QPageSize(QPageSize::A4));
        writer.setPageMargins(QMarginsF(kMargin_mm, kMargin_mm, kMargin_mm, kMargin_mm), QPageLayout::Millimeter);
        writer.setTitle(toQt(report.title));
        writer.setCreator(QCoreApplication::applicationName());
        const QSizeF page = writer.pageLayout().paintRectPixels(kPdfResolution).size();
        const double footer = 28;
        QTextDocument text;
        QFont font(QStringLiteral("DejaVu Sans"));
        font.setStyleHint(QFont::SansSerif);
        font.setPointSizeF(kPoints);
        text.documentLayout()->setPaintDevice(&writer);
        text.setDefaultFont(font);
        text.setDocumentMargin(0);
        text.setPageSize({page.width(), page.height() - footer});
        fillTextDocument(text, report, page.width());
        QPainter painter(&writer);
        const int pages = text.pageCount();
        for (int number = 0; number < pages; ++number) {
            if (number > 0)
                writer.newPage();
            painter.save();
            painter.translate(0, -number * text.pageSize().height());
            const QRectF clip(0, number * text.pageSize().height(), page.width(), text.pageSize().height());
            QAbstractTextDocumentLayout::PaintContext context;
            context.clip = clip;
            context.palette.setColor(QPalette::Text, Qt::black); // paper is white, whatever the window is
            painter.setClipRect(clip);
            text.documentLayout()->draw(&painter, context);
            painter.restore();
            painter.setFont(font);
            painter.drawText(QRectF(0, page.height() - footer, page.width(), footer),
                             Qt::AlignBottom | Qt::AlignHCenter, QStringLiteral("%1 / %2").arg(number + 1).arg(pages));
        }
    }
    return bytes;
}

std::optional<Problem> exportReport(const ReportDocument& report, const QString& file)
{
    try {
        const std::filesystem::path path(file.toStdU16String());
        if (file.endsWith(QLatin1String(".html"), Qt::CaseInsensitive))
            write_file_atomically(path, write_html(report));
        else if (file.endsWith(QLatin1String(".pdf"), Qt::CaseInsensitive))
            write_file_atomically(path, view(reportPdf(report)));
        else if (file.endsWith(QLatin1String(".md"), Qt::CaseInsensitive))
            writeMarkdown(report, path);
        else
            return Problem{
                translated(QT_TRANSLATE_NOOP("kvw::ReportText", "%1 has no ending that says what it should be."))
                    .arg(QFileInfo(file).fileName()),
                translated(QT_TRANSLATE_NOOP("kvw::ReportText", "Use .html, .pdf or .md."))};
    } catch (const Error& error) {
        return toProblem(error);
    }
    return std::nullopt;
}

} // namespace kvw
