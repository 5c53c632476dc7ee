// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export.h"

#include "core/base/error.h"
#include "core/report/formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

namespace kvw {
namespace {

constexpr std::array kFormats{ExportFormat::Csv, ExportFormat::Json, ExportFormat::JsonLines, ExportFormat::Markdown};
constexpr std::array kTables{ExportTable::All,        ExportTable::Runs,   ExportTable::Quality,
                             ExportTable::Throughput, ExportTable::Memory, ExportTable::Spectra};

std::string_view name(ExportFormat format) noexcept
{
    switch (format) {
    case ExportFormat::Csv:
        return "csv";
    case ExportFormat::Json:
        return "json";
    case ExportFormat::JsonLines:
        return "jsonl";
    case ExportFormat::Markdown:
        return "md";
    }
    return "?";
}

template<typename Enumeration, std::size_t N>
Enumeration parse(std::string_view word, const std::array<Enumeration, N>& all, std::string_view what)
{
    std::vector<std::string_view> words;
    for (const Enumeration value : all) {
        words.push_back(name(value));
        if (words.back() == word)
            return value;
    }
    throw Error(ErrorKind::InvalidArgument,
                fmt::format("\"{}\" is not {}; there are {}", word, what, fmt::join(words, ", ")));
}

} // namespace

ExportFormat parse_export_format(std::string_view word) { return parse(word, kFormats, "an export format"); }

ExportTable parse_export_table(std::string_view word) { return parse(word, kTables, "a table of an export"); }

std::string export_text(const ReportData& data, ExportFormat format, ExportTable table)
{
    const std::vector<Table> tables = make_tables(data, table);
    switch (format) {
    case ExportFormat::Csv:
        return write_csv(tables, table == ExportTable::All ? CsvHeads::Names : CsvHeads::None);
    case ExportFormat::Json:
        return write_json(tables);
    case ExportFormat::JsonLines:
        return write_json_lines(tables);
    case ExportFormat::Markdown:
        return write_markdown(tables);
    }
    throw Error(ErrorKind::Internal, fmt::format("{} is not an ExportFormat", static_cast<int>(format)));
}

} // namespace kvw
