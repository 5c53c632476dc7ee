// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/report/report_support.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Lines quality_lines(const QualityRow& row)
{
    ReportData data;
    data.quality = {row};
    return read_csv(export_text(data, ExportFormat::Csv, ExportTable::Quality));
}

TEST(ExportCsv, HeaderHasUnitsInBrackets)
{
    const std::string text = export_text(sample_data(), ExportFormat::Csv, ExportTable::Quality);
    EXPECT_THAT(text, StartsWith("run,configuration,ppl,scored_tokens [tokens],protocol,delta_nll [nats],"));
    EXPECT_THAT(text, HasSubstr(",scoring_s [s],payload_bytes [bytes],"));
}

TEST(ExportCsv, CellsAreRead)
{
    const Lines lines = quality_lines(sample_quality());
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(csv_cell(lines, 0, "run"), "7");
    EXPECT_EQ(csv_cell(lines, 0, "configuration"), "k=kq:56+int8,token sinks=4");
    EXPECT_EQ(csv_cell(lines, 0, "scoring_s"), "12.5");
    EXPECT_EQ(csv_cell(lines, 0, "coded_tokens_read"), "123456");
    EXPECT_EQ(csv_cell(lines, 0, "payload_bytes"), "1000");
    EXPECT_EQ(csv_cell(lines, 0, "cache_bytes"), "1536");
    EXPECT_EQ(csv_cell(lines, 0, "total_bytes"), "3684");
    EXPECT_EQ(csv_cell(lines, 0, "bits_per_value"), "8");
    EXPECT_EQ(csv_cell(lines, 0, "model_name"), "SmolLM2");
    EXPECT_EQ(csv_cell(lines, 0, "model_hash"), kModelHash);
    EXPECT_EQ(csv_cell(lines, 0, "text_name"), "wiki.txt");
    EXPECT_EQ(csv_cell(lines, 0, "device"), "cpu");
    EXPECT_EQ(csv_cell(lines, 0, "type"), "fp32");
    EXPECT_EQ(csv_cell(lines, 0, "window_tokens"), "512");
    EXPECT_EQ(csv_cell(lines, 0, "program_version"), "0.1.0");
    EXPECT_EQ(csv_cell(lines, 0, "status"), "measured");
    EXPECT_EQ(csv_cell(lines, 0, "started_at"), "2025-03-01T12:34:56.789Z");
}

TEST(ExportCsv, DoublesReadBackToTheSameAndAreShort)
{
    for (const double value :
         {0.0, -0.0, 0.1, 0.1 + 0.2, 1.0 / 3, 1e300, 5e-324, 1.7976931348623157e308, -123456.789, 1e15, 1e16}) {
        QualityRow row = sample_quality();
        row.record.ppl = value;
        const std::string text = csv_cell(quality_lines(row), 0, "ppl");
        const double read = std::strtod(text.c_str(), nullptr);
        EXPECT_EQ(read, value) << text;
        EXPECT_EQ(std::signbit(read), std::signbit(value)) << text;
        EXPECT_LE(text.size(), 24u);
    }
    QualityRow row = sample_quality();
    row.record.ppl = 0.1;
    EXPECT_EQ(csv_cell(quality_lines(row), 0, "ppl"), "0.1");
}

TEST(ExportCsv, NothingIsEmptyAndNeverZero)
{
    const Lines lines = quality_lines(identity_quality());
    for (const char* head :
         {"delta_nll", "delta_nll_lo", "rel_ppl", "rel_ppl_hi", "kl_mean", "kl_median", "kl_p99", "top1"})
        EXPECT_EQ(csv_cell(lines, 0, head), "") << head;
    QualityRow row = sample_quality();
    row.source.text.reset();
    row.source.run.window_tokens.reset();
    row.record.ledger = {};
    const Lines without = quality_lines(row);
    for (const char* head : {"text_name", "text_hash", "window_tokens", "bits_per_value"})
        EXPECT_EQ(csv_cell(without, 0, head), "") << head;
    EXPECT_EQ(csv_cell(without, 0, "cache_bytes"), "0");
}

TEST(ExportCsv, NumbersThatAreNotFiniteAreWords)
{
    QualityRow row = sample_quality();
    row.record.ppl = kInfinity;
    row.record.kl_mean = -kNan;
    row.record.delta_nll = -kInfinity;
    const Lines lines = quality_lines(row);
    EXPECT_EQ(csv_cell(lines, 0, "ppl"), "inf");
    EXPECT_EQ(csv_cell(lines, 0, "kl_mean"), "nan");
    EXPECT_EQ(csv_cell(lines, 0, "delta_nll"), "-inf");
}

TEST(ExportCsv, QuotesWhatNeedsIt)
{
    for (const std::string name :
         {"a,b", "say \"hi\"", "\"", "two\nlines", "two\r\nlines", " blank before", "blank after ", "#1", "",
          "caf\xC3\xA9 \xE6\xA8\xA1\xE5\x9E\x8B", "pipe | and = sign", "tab\there"}) {
        QualityRow row = sample_quality();
        row.source.model.name = name;
        const Lines lines = quality_lines(row);
        ASSERT_EQ(lines.size(), 2u) << name;
        EXPECT_EQ(lines[1].size(), lines[0].size()) << name;
        EXPECT_EQ(csv_cell(lines, 0, "model_name"), name);
        EXPECT_EQ(csv_cell(lines, 0, "program_version"), "0.1.0") << name;
    }
    ReportData data;
    data.quality = {sample_quality()};
    data.quality[0].source.model.name = "say \"hi\", twice";
    EXPECT_THAT(export_text(data, ExportFormat::Csv, ExportTable::Quality), HasSubstr(",\"say \"\"hi\"\", twice\","));
}

TEST(ExportCsv, BytesThatAreNoUtf8AreReplaced)
{
    QualityRow row = sample_quality();
    row.source.model.name = "a\xFF"
                            "b\xC3";
    EXPECT_EQ(csv_cell(quality_lines(row), 0, "model_name"),
              "a\xEF\xBF\xBD"
              "b\xEF\xBF\xBD");
}

TEST(ExportCsv, EigenvaluesAreOneQuotedField)
{
    const std::string text = export_text(sample_data(), ExportFormat::Csv, ExportTable::Spectra);
    EXPECT_THAT(text, HasSubstr(",\"2.5 0.1 1e-09\","));
    const Lines lines = read_csv(text);
    EXPECT_EQ(csv_cell(lines, 0, "eigenvalues"), "2.5 0.1 1e-09");
    EXPECT_EQ(csv_cell(lines, 0, "positions"), "after_sinks");
    EXPECT_EQ(csv_cell(lines, 0, "vectors"), "16000");
}

TEST(ExportCsv, RunsKeepWholeNumbersThatNoDoubleHolds)
{
    const Lines lines = read_csv(export_text(sample_data(), ExportFormat::Csv, ExportTable::Runs));
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(csv_cell(lines, 0, "seed"), "9007199254740993");
    EXPECT_EQ(csv_cell(lines, 0, "run"), "7");
    EXPECT_EQ(csv_cell(lines, 0, "parameters"), "134515008");
    EXPECT_EQ(csv_cell(lines, 0, "settings_json"), "{}");
    EXPECT_EQ(csv_cell(lines, 0, "cpu"), "Some CPU");
    EXPECT_EQ(csv_cell(lines, 0, "parent_run"), "");
}

TEST(ExportCsv, WithoutRowsATableIsItsHeader)
{
    for (const ExportTable table : kEachTable) {
        const Lines lines = read_csv(export_text({}, ExportFormat::Csv, table));
        ASSERT_EQ(lines.size(), 1u);
        EXPECT_GT(lines[0].size(), 10u);
    }
    EXPECT_EQ(export_text({}, ExportFormat::Csv, ExportTable::All), "");
}

TEST(ExportCsv, SeveralTablesAreHeadedAndApart)
{
    const Lines lines = read_csv(export_text(sample_data(), ExportFormat::Csv, ExportTable::All));
    std::vector<std::string> heads;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].size() > 1)
            continue;
        if (lines[i][0].empty()) {
            EXPECT_GT(i, 0u);
        } else {
            EXPECT_TRUE(i == 0 || lines[i - 1] == std::vector<std::string>{""}) << lines[i][0];
            heads.push_back(lines[i][0]);
        }
    }
    EXPECT_EQ(heads, (std::vector<std::string>{"# runs", "# quality", "# throughput", "# memory", "# spectra"}));
    EXPECT_THAT(export_text(sample_data(), ExportFormat::Csv, ExportTable::Quality), Not(HasSubstr("#")));
}

} // namespace
} // namespace kvw::testing
