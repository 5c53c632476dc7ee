// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"
#include "core/report/markdown_text.h"
#include "core/report/reader_columns.h"
#include "tests/report/report_support.h"

#include <limits>
#include <sstream>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::string kDash = "\xE2\x80\x93";

std::string quality_text(const std::vector<QualityRow>& rows)
{
    ReportData data;
    data.quality = rows;
    return export_text(data, ExportFormat::Markdown, ExportTable::Quality);
}

/// Lines of one table take the same room, so that it can be read before it is rendered.
void expect_aligned(const std::string& text)
{
    std::istringstream stream(text);
    std::size_t width = 0, lines = 0;
    for (std::string line; std::getline(stream, line);) {
        if (!line.starts_with('|')) {
            width = 0;
            continue;
        }
        if (width == 0)
            width = utf8::display_width(line);
        EXPECT_EQ(utf8::display_width(line), width) << line;
        ++lines;
    }
    EXPECT_GE(lines, 3u) << text;
}

TEST(ExportMarkdown, QualityAsPeopleReadIt)
{
    EXPECT_EQ(quality_text({identity_quality(), sample_quality()}),
              R"(## Quality

Model: SmolLM2 (01234567) · Text: wiki.txt (fedcba98) · Protocol: all · Window [tokens]: 512 · Scored [tokens]: 4088 · Device: cpu, fp32 · Program: 0.1.0 · Status: measured

| Run | Configuration                | Perplexity | PPL change [%], 95 % interval | KL mean [nats] | KL p99 [nats] | Top-1 agreement [%] | Per value [bits] |    Cache |   In all | Raw tokens [%] |
| --: | ---------------------------- | ---------: | ----------------------------: | -------------: | ------------: | ------------------: | ---------------: | -------: | -------: | -------------: |
|   6 | `identity`                   |     17.643 |                             – |              – |             – |                   – |             8.00 | 1.50 KiB | 3.60 KiB |           0.78 |
|   7 | `k=kq:56+int8,token sinks=4` |     17.643 |       +0.038 [+0.021, +0.056] |        0.00123 |        0.0235 |               98.77 |             8.00 | 1.50 KiB | 3.60 KiB |           0.78 |
)");
}

TEST(ExportMarkdown, EveryTableIsAlignedAndNotTooWide)
{
    for (const ExportTable table : kEachTable) {
        const std::string text = export_text(sample_data(), ExportFormat::Markdown, table);
        expect_aligned(text);
        const Lines lines = read_markdown_table(text);
        ASSERT_GE(lines.size(), 3u);
        for (const auto& line : lines)
            EXPECT_EQ(line.size(), lines[0].size());
        EXPECT_LE(lines[0].size(), 12u);
        EXPECT_GE(lines[0].size(), 6u);
        EXPECT_THAT(text, Not(HasSubstr("{}")));
    }
}

TEST(ExportMarkdown, Throughput)
{
    const Lines lines =
        read_markdown_table(export_text(sample_data(), ExportFormat::Markdown, ExportTable::Throughput));
    EXPECT_EQ(markdown_cell(lines, 0, "Context [tokens]"), "2048");
    EXPECT_EQ(markdown_cell(lines, 0, "Prefill [tokens/s]"), "1235");
    EXPECT_EQ(markdown_cell(lines, 0, "Decode [tokens/s], median [p10, p90]"), "45.7 [44.1, 46.5]");
    EXPECT_EQ(markdown_cell(lines, 0, "Read a step"), "3.50 MiB");
    EXPECT_EQ(markdown_cell(lines, 0, "Of the bound [%]"), kDash) << "no bandwidth was measured";
}

TEST(ExportMarkdown, ThroughputAgainstItsBound)
{
    ReportData data = sample_data();
    ThroughputSummary& speed = data.throughput.at(0).record;
    speed.bandwidth_gb_s = 20;
    speed.bytes_per_step = 4e8; // 50 steps a second
    speed.batch = 2;
    speed.decode_tokens_per_s_median = 65;
    ASSERT_TRUE(speed.bound_tokens_per_s());
    EXPECT_EQ(*speed.bound_tokens_per_s(), 100);
    const std::string text = export_text(data, ExportFormat::Markdown, ExportTable::Throughput);
    EXPECT_EQ(markdown_cell(read_markdown_table(text), 0, "Of the bound [%]"), "65");
    EXPECT_THAT(text, HasSubstr("Bandwidth [GB/s]: 20"));
    speed.bytes_per_step.reset();
    EXPECT_FALSE(speed.bound_tokens_per_s());
    EXPECT_EQ(markdown_cell(read_markdown_table(export_text(data, ExportFormat::Markdown, ExportTable::Throughput)), 0,
                            "Of the bound [%]"),
              kDash);
}

TEST(ExportMarkdown, MemoryRunsAndSpectra)
{
    const Lines memory = read_markdown_table(export_text(sample_data(), ExportFormat::Markdown, ExportTable::Memory));
    EXPECT_EQ(markdown_cell(memory, 0, "Payload"), "0.98 KiB");
    EXPECT_EQ(markdown_cell(memory, 0, "Bases"), "2.00 KiB");
    EXPECT_EQ(markdown_cell(memory, 0, "Allocator"), kDash);
    EXPECT_EQ(markdown_cell(memory, 0, "Peak of process"), "2.79 GiB");
    const Lines runs = read_markdown_table(export_text(sample_data(), ExportFormat::Markdown, ExportTable::Runs));
    EXPECT_EQ(markdown_cell(runs, 0, "Started [UTC]"), "2025-03-01 12:34:56");
    EXPECT_EQ(markdown_cell(runs, 0, "Duration"), "2 min 05 s");
    EXPECT_EQ(markdown_cell(runs, 0, "Status"), "measured");
    const std::string text = export_text(sample_data(), ExportFormat::Markdown, ExportTable::Spectra);
    const Lines spectra = read_markdown_table(text);
    EXPECT_EQ(markdown_cell(spectra, 0, "Quantity"), "k_pre");
    EXPECT_EQ(markdown_cell(spectra, 0, "Effective rank"), "12.3");
    EXPECT_EQ(markdown_cell(spectra, 0, "Share of mean [%]"), "25.00");
    EXPECT_THAT(text, HasSubstr("Positions: after_sinks"));
    EXPECT_THAT(text, Not(HasSubstr("1e-09")));
}

TEST(ExportMarkdown, WhatDiffersIsAColumnAndWhatDoesNotStandsAbove)
{
    QualityRow other = sample_quality();
    other.record.protocol = "step";
    const std::string text = quality_text({sample_quality(), other});
    const Lines lines = read_markdown_table(text);
    EXPECT_EQ(markdown_cell(lines, 0, "Protocol"), "all");
    EXPECT_EQ(markdown_cell(lines, 1, "Protocol"), "step");
    EXPECT_THAT(text, Not(HasSubstr("Protocol: ")));
    EXPECT_THAT(text, HasSubstr("Device: cpu, fp32"));
}

TEST(ExportMarkdown, WhatNoRowHasStandsNowhere)
{
    QualityRow row = sample_quality();
    row.source.text.reset();
    row.source.run.window_tokens.reset();
    const std::string text = quality_text({row});
    EXPECT_THAT(text, Not(HasSubstr("Text")));
    EXPECT_THAT(text, Not(HasSubstr("Window")));
    ReportData failed;
    failed.runs = {sample_source(), sample_source()};
    failed.runs[1].run.status = RunStatus::Failed;
    failed.runs[1].run.error_message = "disk | full";
    const Lines runs = read_markdown_table(export_text(failed, ExportFormat::Markdown, ExportTable::Runs));
    EXPECT_EQ(markdown_cell(runs, 0, "Error"), kDash);
    EXPECT_EQ(markdown_cell(runs, 1, "Error"), "disk \\| full");
}

TEST(ExportMarkdown, ModelsAndTextsHaveTablesOfTheirOwn)
{
    QualityRow other = sample_quality();
    other.source.model.name = "Other";
    QualityRow same_name = sample_quality();
    same_name.source.text->hash = std::string(64, '7');
    const std::string text = quality_text({sample_quality(), other, sample_quality(), same_name});
    std::size_t captions = 0;
    for (std::size_t at = text.find("Model: "); at != std::string::npos; at = text.find("Model: ", at + 1))
        ++captions;
    EXPECT_EQ(captions, 3u);
    EXPECT_EQ(read_markdown_table(text).size(), 3u * 2 + 4);
    EXPECT_LT(text.find("Model: SmolLM2"), text.find("Model: Other"));
    EXPECT_THAT(text, HasSubstr("wiki.txt (77777777)"));
    expect_aligned(text);
}

TEST(ExportMarkdown, PerCentWithAsManyDecimalsAsTheIntervalHas)
{
    const auto change = [](double value, std::optional<double> low, std::optional<double> high) {
        QualityRow row = sample_quality();
        row.record.rel_ppl = value;
        row.record.rel_ppl_lo = low;
        row.record.rel_ppl_hi = high;
        return markdown_cell(read_markdown_table(quality_text({row})), 0, "PPL change [%], 95 % interval");
    };
    EXPECT_EQ(change(0.026, 0.021, 0.031), "+2.60 [+2.10, +3.10]");
    EXPECT_EQ(change(1.67, 1.1, 2.3), "+167 [+110, +230]");
    EXPECT_EQ(change(-0.0004, -0.00071, 0.0001), "-0.040 [-0.071, +0.010]");
    EXPECT_EQ(change(0, 0, 0), "0.00 [0.00, 0.00]");
    EXPECT_EQ(change(0.01234, {}, {}), "+1.23");
    EXPECT_EQ(change(0.01234, 0.01, {}), "+1.23");
    EXPECT_EQ(change(2.5e7, {}, {}), "+2.50e+09");
    EXPECT_EQ(change(kNan, kNan, kNan), "NaN [NaN, NaN]");
    EXPECT_EQ(change(kInfinity, 0.5, kInfinity), "inf [+50.00, inf]");
}

TEST(ExportMarkdown, NumbersThatAreNotFiniteAreSeen)
{
    QualityRow row = sample_quality();
    row.record.ppl = kInfinity;
    row.record.kl_mean = kNan;
    row.record.top1 = kNan;
    row.record.ledger.payload_bytes = kNan;
    const Lines lines = read_markdown_table(quality_text({row}));
    EXPECT_EQ(markdown_cell(lines, 0, "Perplexity"), "inf");
    EXPECT_EQ(markdown_cell(lines, 0, "KL mean [nats]"), "NaN");
    EXPECT_EQ(markdown_cell(lines, 0, "Top-1 agreement [%]"), "NaN");
    EXPECT_EQ(markdown_cell(lines, 0, "Cache"), "NaN");
}

TEST(ExportMarkdown, AnEmptyCacheHasNoBitsPerValue)
{
    QualityRow row = sample_quality();
    row.record.ledger = {};
    const Lines lines = read_markdown_table(quality_text({row}));
    EXPECT_EQ(markdown_cell(lines, 0, "Per value [bits]"), kDash);
    EXPECT_EQ(markdown_cell(lines, 0, "Cache"), "0 B");
}

TEST(ExportMarkdown, PipesAndUnicodeKeepTheTableWhole)
{
    QualityRow row = sample_quality(), plain = identity_quality();
    row.record.configuration = "a|b\nc";
    row.record.protocol = "caf\xC3\xA9 | \xE6\xA8\xA1\xE5\x9E\x8B \xF0\x9F\x99\x82";
    const std::string text = quality_text({row, plain});
    const Lines lines = read_markdown_table(text);
    ASSERT_EQ(lines.size(), 4u);
    for (const auto& line : lines)
        EXPECT_EQ(line.size(), lines[0].size());
    EXPECT_EQ(markdown_cell(lines, 0, "Configuration"), "`a\\|b c`");
    EXPECT_EQ(markdown_cell(lines, 0, "Protocol"), "caf\xC3\xA9 \\| \xE6\xA8\xA1\xE5\x9E\x8B \xF0\x9F\x99\x82");
    expect_aligned(text);
}

TEST(ExportMarkdown, WithoutRows)
{
    EXPECT_EQ(export_text({}, ExportFormat::Markdown, ExportTable::Quality), "## Quality\n\nNo rows.\n");
    for (const ExportTable table : kEachTable)
        EXPECT_THAT(export_text({}, ExportFormat::Markdown, table), HasSubstr("No rows."));
    EXPECT_EQ(export_text({}, ExportFormat::Markdown), "Nothing to export.\n");
}

TEST(MarkdownText, EscapesMarksOfMarkdown)
{
    EXPECT_EQ(markdown_words("a|b"), "a\\|b");
    EXPECT_EQ(markdown_words("*b* `c` [d](e) <f> & ~g~ \\"), "\\*b\\* \\`c\\` \\[d\\](e) \\<f\\> \\& \\~g\\~ \\\\");
    EXPECT_EQ(markdown_words("after_sinks"), "after_sinks");
    EXPECT_EQ(markdown_words("_x_"), "\\_x\\_");
    EXPECT_EQ(markdown_words("two\r\nlines\x7F"), "two  lines ");
    EXPECT_EQ(markdown_words(""), "");
    EXPECT_EQ(markdown_code("k=v | *"), "`k=v \\| *`");
    EXPECT_EQ(markdown_code("a`b"), "a\\`b");
}

} // namespace
} // namespace kvw::testing
