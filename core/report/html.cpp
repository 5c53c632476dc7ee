// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"
#include "core/report/document.h"
#include "core/report/svg.h"

#include <fmt/format.h>

namespace kvw {
namespace {

/// Colours follow the reader's system; figures keep their light ground, for which they were drawn.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --ground: #ffffff; --line: #d1d9e0; --tint: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9da7b1; --ground: #15191e; --line: #3a424b; --tint: #1f252c; }
}
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 72rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "Noto Sans", "Segoe UI", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p.subtitle, p.common, figcaption, blockquote footer { color: var(--soft); }
p.common { font-size: .9rem; margin: .75rem 0 .4rem; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; }
div.table { overflow-x: auto; margin: 0 0 1.25rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { background: var(--tint); font-weight: 600; vertical-align: bottom; overflow-wrap: normal; }
th.right, td.right { text-align: right; white-space: nowrap; }
figure { margin: 1.5rem 0; padding: 1rem; background: #ffffff; color: #1b1f24; border: 1px solid var(--line); }
figure svg { display: block; width: 100%; height: auto; }
figure figcaption { color: #59636e; font-size: .9rem; margin-top: .5rem; }
figcaption strong { color: #1b1f24; }
blockquote { margin: 1rem 0; padding: .5rem 1rem; border-left: 4px solid var(--line); background: var(--tint); }
blockquote p { margin: 0; white-space: pre-wrap; }
blockquote footer { font-size: .85rem; margin-top: .3rem; }
nav ol { columns: 2; margin: .5rem 0 0; }
@media print { body { max-width: none; padding: 0; } h2, h3 { break-after: avoid; } figure, tr { break-inside: avoid; } }
)";

std::string escaped(std::string_view words)
{
    std::string out;
    for (const char c : utf8::lossy(words)) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            // Control characters may not stand in XML, not even as references.
            out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
        }
    }
    return out;
}

std::string text_in(const std::string& text, ReaderStyle style)
{
    return style == ReaderStyle::Code && text != kReaderNothing ? "<code>" + escaped(text) + "</code>" : escaped(text);
}

/// Writes one block; counts headings and figures for their anchors.
class Writer
{
public:
    explicit Writer(std::string& out) : out_(out) {}

    void operator()(const ReportHeading& heading)
    {
        const std::string anchor = heading.level == 2 ? fmt::format(" id=\"section-{}\"", ++sections_) : "";
        out_ += fmt::format("<h{0}{1}>{2}</h{0}>\n", heading.level, anchor, escaped(heading.text));
    }

    void operator()(const ReportParagraph& paragraph) { out_ += fmt::format("<p>{}</p>\n", escaped(paragraph.text)); }

    void operator()(const ReportNote& note)
    {
        out_ += fmt::format("<blockquote><p>{}</p><footer>{} · {}</footer></blockquote>\n", escaped(note.text),
                            escaped(note.about), escaped(note.at));
    }

    void operator()(const ReaderTable& table)
    {
        if (!table.title.empty())
            out_ += fmt::format("<h3>{}</h3>\n", escaped(table.title));
        if (!table.common.empty()) {
            out_ += "<p class=\"common\">";
            for (std::size_t i = 0; i < table.common.size(); ++i)
                out_ += fmt::format("{}{}: {}", i > 0 ? " · " : "", escaped(table.common[i].title),
                                    text_in(table.common[i].text, table.common[i].style));
            out_ += "</p>\n";
        }
        out_ += "<div class=\"table\"><table>\n<thead><tr>";
        for (const ReaderTable::Head& head : table.heads)
            out_ += fmt::format("<th scope=\"col\"{}>{}</th>", side(head), escaped(head.title));
        out_ += "</tr></thead>\n<tbody>\n";
        for (const std::vector<std::string>& row : table.rows) {
            out_ += "<tr>";
            for (std::size_t i = 0; i < row.size(); ++i)
                out_ += fmt::format("<td{}>{}</td>", side(table.heads[i]), text_in(row[i], table.heads[i].style));
            out_ += "</tr>\n";
        }
        out_ += "</tbody></table></div>\n";
    }

    void operator()(const ReportFigure& figure)
    {
        out_ += fmt::format("<figure id=\"figure-{}\" role=\"figure\" aria-label=\"{}\">\n", ++figures_,
                            escaped(figure.title));
        out_ += inline_svg(figure.svg, fmt::format("f{}-", figures_));
        out_ += fmt::format("\n<figcaption><strong>Figure {}: {}.</strong> {}</figcaption>\n</figure>\n", figures_,
                            escaped(figure.title), escaped(figure.caption));
    }

private:
    static const char* side(const ReaderTable::Head& head)
    {
        return head.align == ReaderAlign::Right ? " class=\"right\"" : "";
    }

    std::string& out_;
    int sections_ = 0, figures_ = 0;
};

std::string contents_list(const ReportDocument& document)
{
    std::string items;
    int sections = 0;
    for (const ReportBlock& block : document.blocks)
        if (const auto* heading = std::get_if<ReportHeading>(&block); heading && heading->level == 2)
            items += fmt::format("<li><a href=\"#section-{}\">{}</a></li>\n", ++sections, escaped(heading->text));
    return sections > 1 ? "<nav aria-label=\"Contents\"><ol>\n" + items + "</ol></nav>\n" : "";
}

} // namespace

std::string write_html(const ReportDocument& document)
{
    std::string out = "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
                      "<meta charset=\"utf-8\" />\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'; img-src data:\" />\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n";
    out += fmt::format("<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n",
                       escaped(document.title), kStyle, escaped(document.title));
    if (!document.subtitle.empty())
        out += fmt::format("<p class=\"subtitle\">{}</p>\n", escaped(document.subtitle));
    out += contents_list(document);
    Writer writer(out);
    for (const ReportBlock& block : document.blocks)
        std::visit(writer, block);
    return out + "</main>\n</body>\n</html>\n";
}

} // namespace kvw
