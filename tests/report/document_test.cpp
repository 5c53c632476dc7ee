// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/document.h"

#include "core/base/error.h"
#include "core/report/svg.h"
#include "tests/report/report_support.h"
#include "tests/report/xml_reader.h"

#include <set>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kSvg =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD\">\n"
    "<svg width=\"100mm\" viewBox=\"0 0 100 50\" xmlns=\"http://www.w3.org/2000/svg\">"
    "<defs><clipPath id=\"c1\"><rect width=\"9\" height=\"9\"/></clipPath></defs>"
    "<g clip-path=\"url(#c1)\"><use href=\"#c1\"/><text>1 &lt; 2 on \u00e4 line</text></g></svg>\n";
const std::string kNasty = "<b>&amp; \"quoted\" | `code` *x* \x01 \xFF </b>\nsecond line";

ReportContents sample_contents()
{
    ReportContents contents;
    contents.title = "Keys & <values>";
    contents.project = "example";
    contents.made_at = "2025-03-01T12:34:56.789Z";
    contents.program = "KV Workbench 0.1.0";
    contents.data = sample_data();
    contents.notes = {{1, {}, "2025-03-01T12:00:00.000Z", "about the project"},
                      {2, RowId{7}, "2025-03-02T12:00:00.000Z", kNasty},
                      {3, RowId{99}, "2025-03-02T12:00:00.000Z", "about a run that is not in the report"}};
    contents.figures = {{"spectra-energy", "Energy", "Run 7 & others", kSvg, "x,y\r\n1,2\r\n"},
                        {"pareto", "Trade", "", kSvg, ""}};
    contents.tables = {{"Comparison", {{"", {}, {{"A", ReaderAlign::Left, ReaderStyle::Words}}, {{"<x>"}}}}}};
    return contents;
}

std::vector<std::string> texts(const XmlElement& root, std::string_view name)
{
    std::vector<std::string> out;
    for (const XmlElement* element : root.all(name))
        out.push_back(element->whole_text());
    return out;
}

TEST(ReportDocument, HtmlIsWellFormedAndHasEverySection)
{
    const XmlElement root = XmlReader::read(write_html(make_report(sample_contents())));
    EXPECT_EQ(root.name, "html");
    EXPECT_THAT(texts(root, "h1"), ElementsAre("Keys & <values>"));
    EXPECT_THAT(texts(root, "title"), ElementsAre("Keys & <values>"));
    EXPECT_THAT(texts(root, "h2"),
                ElementsAre("Runs", "Quality", "Throughput", "Memory", "Spectra over layers and heads", "Comparison",
                            "Figures", "Notes", "Settings and provenance"));
    std::set<std::string> ids;
    for (const char* name : {"h2", "figure", "clipPath"})
        for (const XmlElement* element : root.all(name))
            EXPECT_TRUE(ids.insert(element->attributes.at("id")).second) << element->attributes.at("id");
    for (const XmlElement* link : root.all("a"))
        EXPECT_TRUE(ids.contains(link->attributes.at("href").substr(1))) << link->attributes.at("href");
}

TEST(ReportDocument, HtmlFetchesAndRunsNothing)
{
    const std::string html = write_html(make_report(sample_contents()));
    EXPECT_THAT(html, HasSubstr("default-src 'none'"));
    for (const char* word : {"<script", "src=", "@import", "<link", "javascript:"})
        EXPECT_THAT(html, Not(HasSubstr(word)));
    std::string rest = html;
    for (std::size_t at; (at = rest.find("http")) != std::string::npos; rest = rest.substr(at + 4))
        EXPECT_TRUE(rest.substr(at).starts_with("http-equiv") || rest.substr(at).starts_with("http://www.w3.org/"))
            << rest.substr(at, 40);
}

TEST(ReportDocument, HtmlTablesHaveAsManyCellsAsHeads)
{
    const XmlElement root = XmlReader::read(write_html(make_report(sample_contents())));
    int rows = 0;
    for (const XmlElement* table : root.all("table")) {
        const std::size_t heads = table->all("th").size();
        for (const XmlElement* body : table->all("tbody"))
            for (const XmlElement* row : body->all("tr")) {
                ++rows;
                EXPECT_EQ(row->all("td").size(), heads);
            }
    }
    EXPECT_GT(rows, 30);
    EXPECT_THAT(write_html(make_report(sample_contents())), HasSubstr("<code>k=kq:56+int8,token sinks=4</code>"));
}

TEST(ReportDocument, NotesKeepTheirWordsAndLines)
{
    const XmlElement root = XmlReader::read(write_html(make_report(sample_contents())));
    const std::vector<std::string> notes = texts(root, "blockquote");
    ASSERT_THAT(notes, SizeIs(2));
    EXPECT_THAT(notes[0], HasSubstr("about the project"));
    EXPECT_THAT(notes[1], HasSubstr("<b>&amp; \"quoted\" | `code` *x*   \xEF\xBF\xBD </b>\nsecond line"));
    EXPECT_THAT(notes[1], HasSubstr("Run 7, k=kq:56+int8,token sinks=4 · 2025-03-02 12:00:00 UTC"));
}

TEST(ReportDocument, FiguresAreInlineWithNamesOfTheirOwn)
{
    const XmlElement root = XmlReader::read(write_html(make_report(sample_contents())));
    const std::vector<const XmlElement*> figures = root.all("figure");
    ASSERT_THAT(figures, SizeIs(2));
    for (const XmlElement* figure : figures) {
        ASSERT_THAT(figure->all("svg"), SizeIs(1));
        const std::string id = figure->all("clipPath")[0]->attributes.at("id");
        EXPECT_EQ(figure->all("g")[0]->attributes.at("clip-path"), "url(#" + id + ")");
        EXPECT_EQ(figure->all("use")[0]->attributes.at("href"), "#" + id);
    }
    EXPECT_THAT(figures[0]->whole_text(), HasSubstr("Figure 1: Energy."));
    EXPECT_THAT(figures[0]->whole_text(), HasSubstr("Run 7 & others"));
}

TEST(ReportDocument, EverySettingOfARunIsThere)
{
    const std::string html = write_html(make_report(sample_contents()));
    const std::vector<Table> tables = make_tables(sample_data(), ExportTable::Runs);
    int seen = 0;
    for (std::size_t i = 0; i < tables[0].columns.size(); ++i)
        if (const auto* words = std::get_if<std::string>(&tables[0].rows[0][i]); words && !words->empty()) {
            ++seen;
            EXPECT_THAT(html, HasSubstr("<code>" + std::string(tables[0].columns[i].name) + "</code>"));
        }
    EXPECT_GT(seen, 15);
    EXPECT_THAT(html, HasSubstr(kModelHash));
    EXPECT_THAT(html, HasSubstr("9007199254740993"));
    EXPECT_THAT(html, HasSubstr("2025-03-01 12:34:56 UTC"));
}

TEST(ReportDocument, SectionsWithoutContentAreLeftOut)
{
    const ReportDocument document = make_report({});
    EXPECT_EQ(document.title, "KV cache report");
    EXPECT_TRUE(document.blocks.empty());
    EXPECT_THAT(texts(XmlReader::read(write_html(document)), "h1"), ElementsAre("KV cache report"));
    EXPECT_EQ(write_markdown_report(document, "f").text, "# KV cache report\n");
}

TEST(ReportDocument, MarkdownPointsToTheFilesBesideIt)
{
    const MarkdownReport report = write_markdown_report(make_report(sample_contents()), "my report (1).files");
    ASSERT_THAT(report.files, SizeIs(3));
    EXPECT_EQ(report.files[0].name, "spectra-energy.svg");
    EXPECT_EQ(report.files[0].bytes, kSvg);
    EXPECT_EQ(report.files[1].name, "spectra-energy.csv");
    EXPECT_EQ(report.files[2].name, "pareto.svg");
    EXPECT_THAT(report.text, HasSubstr("![Energy](my%20report%20%281%29.files/spectra-energy.svg)"));
    EXPECT_THAT(report.text, HasSubstr("[Data](my%20report%20%281%29.files/spectra-energy.csv)."));
    EXPECT_THAT(report.text, HasSubstr("# Keys \\& \\<values\\>"));
    EXPECT_THAT(report.text, HasSubstr("> second line"));
    EXPECT_THAT(report.text, HasSubstr("| `k=kq:56+int8,token sinks=4` |"));
    EXPECT_THAT(report.text, HasSubstr("| \\<x\\> |"));
    EXPECT_THAT(report.text, Not(HasSubstr("not in the report")));
}

TEST(InlineSvg, RefusesWhatCouldDoSomething)
{
    const auto refusal = [](const std::string& svg) -> std::string {
        try {
            return inline_svg(svg, "p-");
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
            return error.message();
        }
    };
    EXPECT_THAT(refusal("hello"), HasSubstr("not an SVG document"));
    EXPECT_THAT(refusal(""), HasSubstr("not an SVG document"));
    EXPECT_THAT(refusal("<?xml version=\"1.0\""), HasSubstr("cut off"));
    EXPECT_THAT(refusal("<svg><path"), HasSubstr("not an SVG document"));
    EXPECT_THAT(refusal("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg></svg>"), HasSubstr("declarations"));
    EXPECT_THAT(refusal("<svg><Script>1</Script></svg>"), HasSubstr("<script"));
    EXPECT_THAT(refusal("<svg onload=\"x()\"></svg>"), HasSubstr("\"onload\""));
    EXPECT_THAT(refusal("<svg><image href=\"https://a/b.png\"/></svg>"), HasSubstr("outside itself"));
    EXPECT_THAT(refusal("<svg><a xlink:href=\"javascript:1\"></a></svg>"), HasSubstr("javascript:"));
    EXPECT_EQ(refusal("<svg><text>drawn on paper</text><image href=\"data:image/png;base64,AA\"/></svg>"),
              "<svg><text>drawn on paper</text><image href=\"data:image/png;base64,AA\"/></svg>");
}

} // namespace
} // namespace kvw::testing
