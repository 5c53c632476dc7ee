// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/document.h"
#include "core/report/formats.h"
#include "core/report/markdown_text.h"

#include <fmt/format.h>

#include <utility>

namespace kvw {
namespace {

/// For the inside of "](...)": blanks and brackets would end the address.
std::string address(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7F || c == '(' || c == ')' || c == '<' || c == '>' || c == '%' || c == '\\')
            out += fmt::format("%{:02X}", byte);
        else
            out += c;
    }
    return out;
}

class Writer
{
public:
    Writer(MarkdownReport& out, std::string_view folder) : out_(out), folder_(folder) {}

    void operator()(const ReportHeading& heading)
    {
        line(fmt::format("{} {}", std::string(static_cast<std::size_t>(heading.level), '#'),
                         markdown_words(heading.text)));
    }
    void operator()(const ReportParagraph& paragraph) { line(markdown_words(paragraph.text)); }

    void operator()(const ReportNote& note)
    {
        std::string quoted;
        std::string_view rest = note.text;
        for (;;) {
            const std::size_t end = rest.find('\n');
            // Two blanks at the end keep the line, which Markdown would join with the next.
            quoted += "> " + markdown_words(rest.substr(0, end)) + "  \n";
            if (end == std::string_view::npos)
                break;
            rest.remove_prefix(end + 1);
        }
        line(fmt::format("{}>\n> — {}, {}", quoted, markdown_words(note.about), markdown_words(note.at)));
    }

    void operator()(const ReaderTable& table)
    {
        if (!table.title.empty())
            line("### " + markdown_words(table.title));
        out_.text += '\n' + markdown_table(table);
    }

    void operator()(const ReportFigure& figure)
    {
        out_.files.push_back({figure.file + ".svg", figure.svg});
        const std::string place = address(fmt::format("{}/{}", folder_, figure.file));
        line(fmt::format("![{}]({}.svg)", markdown_words(figure.title), place));
        std::string caption = fmt::format("**Figure {}: {}.** {}", ++figures_, markdown_words(figure.title),
                                          markdown_words(figure.caption));
        if (!figure.csv.empty()) {
            out_.files.push_back({figure.file + ".csv", figure.csv});
            caption += fmt::format(" [Data]({}.csv).", place);
        }
        line(caption);
    }

private:
    void line(const std::string& text) { out_.text += '\n' + text + '\n'; }

    MarkdownReport& out_;
    std::string_view folder_;
    int figures_ = 0;
};

} // namespace

MarkdownReport write_markdown_report(const ReportDocument& document, std::string_view folder)
{
    MarkdownReport out;
    out.text = fmt::format("# {}\n", markdown_words(document.title));
    if (!document.subtitle.empty())
        out.text += fmt::format("\n{}\n", markdown_words(document.subtitle));
    Writer writer(out, folder);
    for (const ReportBlock& block : document.blocks)
        std::visit(writer, block);
    return out;
}

} // namespace kvw
