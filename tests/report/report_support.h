// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/export.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace kvw::testing {

inline const std::string kModelHash = std::string("0123456789abcdef") + std::string(48, '0');
inline const std::string kTextHash = std::string("fedcba9876543210") + std::string(48, 'f');

inline Provenance sample_source()
{
    Provenance source;
    source.run.id = 7;
    source.run.kind = RunKind::Ppl;
    source.run.status = RunStatus::Measured;
    source.run.started_at = "2025-03-01T12:34:56.789Z";
    source.run.duration_s = 125.0;
    source.run.model_hash = kModelHash;
    source.run.text_hash = kTextHash;
    source.run.environment = 3;
    source.run.configuration = "k=kq:56+int8,token sinks=4";
    source.run.protocol = "all";
    source.run.window_tokens = 512;
    source.run.seed = 9007199254740993; // no double
    source.model = {kModelHash, "SmolLM2", "/models/smol", "llama", 30, 9, 3, 64, 576, 49152, 134515008};
    source.text = TextRecord{kTextHash, "wiki.txt", 1000, 990};
    source.environment = {"Some CPU", 8, 2, 16LL << 30, "cpu", "fp32", "Linux", "g++ 12", "2.11.0", "0.1.0", {}, {}};
    return source;
}

inline Ledger sample_ledger()
{
    return {.payload_bytes = 1000,
            .scales_bytes = 24,
            .raw_bytes = 512,
            .padding_bytes = 0,
            .fixed_bytes = 2048,
            .scratch_bytes = 100,
            .values = 1536};
}

inline QualityRow sample_quality()
{
    QualityRecord record;
    record.run = 7;
    record.configuration = "k=kq:56+int8,token sinks=4";
    record.ppl = 17.6429876;
    record.scored_tokens = 4088;
    record.protocol = "all";
    record.delta_nll = 0.000384;
    record.delta_nll_lo = 0.0002;
    record.delta_nll_hi = 0.0006;
    record.rel_ppl = 0.000384;
    record.rel_ppl_lo = 0.00021;
    record.rel_ppl_hi = 0.00056;
    record.kl_mean = 0.00123456;
    record.kl_median = 0.001;
    record.kl_p99 = 0.0234567;
    record.top1 = 0.98765;
    record.raw_token_share = 0.0078125;
    record.coded_tokens_read = 123456;
    record.scoring_tokens_per_s = 0.1 + 0.2; // needs 17 digits
    record.scoring_s = 12.5;
    record.ledger = sample_ledger();
    return {record, sample_source()};
}

/// The identity run: nothing to be compared with.
inline QualityRow identity_quality()
{
    QualityRow row = sample_quality();
    row.record.run = row.source.run.id = 6;
    row.record.configuration = "identity";
    row.record.delta_nll = row.record.delta_nll_lo = row.record.delta_nll_hi = {};
    row.record.rel_ppl = row.record.rel_ppl_lo = row.record.rel_ppl_hi = {};
    row.record.kl_mean = row.record.kl_median = row.record.kl_p99 = row.record.top1 = {};
    return row;
}

inline ThroughputRow sample_throughput()
{
    ThroughputSummary record;
    record.run = 8;
    record.configuration = "identity";
    record.context = 2048;
    record.prefill_tokens_per_s = 1234.56;
    record.decode_tokens_per_s_median = 45.678;
    record.decode_tokens_per_s_p10 = 44.1234;
    record.decode_tokens_per_s_p90 = 46.5;
    record.bytes_per_step = 3.5 * 1024 * 1024;
    record.ledger = sample_ledger();
    return {record, sample_source()};
}

inline MemoryRow sample_memory()
{
    MemoryRecord record;
    record.run = 8;
    record.configuration = "identity";
    record.context = 2048;
    record.ledger = sample_ledger();
    record.peak_rss_bytes = 3e9;
    return {record, sample_source()};
}

inline SpectrumRow sample_spectrum()
{
    SpectrumRecord record;
    record.run = 5;
    record.layer = 2;
    record.kv_head = 1;
    record.quantity = "k_pre";
    record.positions = Positions::AfterSinks;
    record.weighting = Weighting::Attention;
    record.vectors = 16000;
    record.eigenvalues = {2.5, 0.1, 1e-9};
    record.effective_rank = 12.345;
    record.rank_90 = 10;
    record.rank_95 = 20;
    record.rank_99 = 30;
    record.spread = 456.7;
    record.mean_share = 0.25;
    record.coding_gain_bits = 1.5;
    return {record, sample_source()};
}

inline ReportData sample_data()
{
    return {{sample_source()},
            {identity_quality(), sample_quality()},
            {sample_throughput()},
            {sample_memory()},
            {sample_spectrum()}};
}

using Lines = std::vector<std::vector<std::string>>;

/// RFC 4180, strictly: throws where a quote stands in a field without quotes, text follows a closing quote, a line does
/// not end with CR LF, or the last one does not end. An empty line is one empty field.
inline Lines read_csv(std::string_view text)
{
    Lines lines;
    std::size_t at = 0;
    const auto next_is = [&](std::string_view wanted) { return text.substr(at).starts_with(wanted); };
    while (at < text.size()) {
        lines.emplace_back();
        for (;;) {
            std::string field;
            if (next_is("\"")) {
                for (++at; !next_is("\"") || next_is("\"\"");) {
                    at += next_is("\"\"") ? 1 : 0;
                    field += text.at(at++);
                }
                ++at;
            } else {
                for (; at < text.size() && text[at] != ',' && text[at] != '\r'; ++at) {
                    if (text[at] == '"' || text[at] == '\n')
                        throw std::runtime_error("a stray quote or line feed");
                    field += text[at];
                }
            }
            lines.back().push_back(field);
            if (next_is(",")) {
                ++at;
                continue;
            }
            if (!next_is("\r\n"))
                throw std::runtime_error("no comma and no line break behind a field");
            at += 2;
            break;
        }
    }
    return lines;
}

/// "scoring_s [s]" -> "scoring_s"
inline std::string without_unit(const std::string& head) { return head.substr(0, head.find(" [")); }

/// Cells of the lines that begin with '|', blanks around removed, "\|" left as it is; the rule below the header is the
/// second line. Throws where a line does not end with '|'.
inline Lines read_markdown_table(std::string_view text)
{
    Lines lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.starts_with('|'))
            continue;
        lines.emplace_back();
        std::string cell;
        bool escaped = false;
        for (const char c : line.substr(1)) {
            if (c == '|' && !escaped) {
                const std::size_t first = cell.find_first_not_of(' ');
                lines.back().push_back(
                    first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
                cell.clear();
            } else {
                cell += c;
            }
            escaped = c == '\\' && !escaped;
        }
        if (!cell.empty())
            throw std::runtime_error("a line of a table does not end with |");
    }
    return lines;
}

/// The cell below a header in row 0, 1, ...; a failure of the test and "?" where there is none.
inline std::string cell(const Lines& table, std::size_t row, std::string_view head, std::size_t first_row)
{
    for (std::size_t i = 0; !table.empty() && i < table[0].size(); ++i)
        if (table[0][i] == head || without_unit(table[0][i]) == head)
            return row + first_row < table.size() ? table[row + first_row].at(i) : "?";
    ADD_FAILURE() << "no column " << head;
    return "?";
}
inline std::string csv_cell(const Lines& table, std::size_t row, std::string_view head)
{
    return cell(table, row, head, 1);
}
inline std::string markdown_cell(const Lines& table, std::size_t row, std::string_view head)
{
    return cell(table, row, head, 2);
}

inline constexpr ExportTable kEachTable[] = {ExportTable::Runs, ExportTable::Quality, ExportTable::Throughput,
                                             ExportTable::Memory, ExportTable::Spectra};
inline const std::vector<std::string> kTableNames{"runs", "quality", "throughput", "memory", "spectra"};

} // namespace kvw::testing
