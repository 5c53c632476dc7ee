// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/table.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>

namespace kvw {
namespace {

template<std::integral Number>
Cell make_cell(Number value)
{
    return static_cast<std::int64_t>(value);
}
Cell make_cell(double value) { return value; }
Cell make_cell(const std::string& words) { return utf8::lossy(words); }
Cell make_cell(const std::vector<double>& numbers) { return numbers; }
template<typename Enumeration>
requires std::is_enum_v<Enumeration> Cell make_cell(Enumeration value) { return std::string(name(value)); }
template<typename Value>
Cell make_cell(const std::optional<Value>& value)
{
    return value ? make_cell(*value) : Cell{};
}

/// Collects what a row visits: its cells always, the columns' fields once for a table.
struct Collector
{
    std::vector<Field>* maybe_columns = nullptr;
    std::vector<Cell>* maybe_cells = nullptr;
    const std::vector<char>* maybe_wanted = nullptr; ///< by the number of the visit; null: all
    std::size_t* maybe_visit = nullptr;              ///< there with maybe_wanted

    template<typename Value>
    void operator()(const Field& field, const Value& value) const
    {
        if (maybe_wanted && !(*maybe_wanted)[(*maybe_visit)++])
            return;
        if (maybe_columns)
            maybe_columns->push_back(field);
        if (maybe_cells)
            maybe_cells->push_back(make_cell(value));
    }
};

/// Passes on the fields with these names only; with `present` false their values as nothing.
template<std::size_t N>
struct Choice
{
    const Collector& visit;
    std::array<std::string_view, N> names;
    bool present = true;

    template<typename Value>
    void operator()(const Field& field, const Value& value) const
    {
        if (std::find(names.begin(), names.end(), field.name) == names.end())
            return;
        if (present)
            visit(field, value);
        else
            visit(field, std::optional<Value>{});
    }
};

template<std::size_t N>
Choice<N> choose(const Collector& visit, const std::string_view (&names)[N], bool present = true)
{
    return {visit, std::to_array(names), present};
}

const TextRecord& text_or_empty(const Provenance& source)
{
    static const TextRecord none;
    return source.text ? *source.text : none;
}

/// What a number depends on, behind the numbers of every table but that of runs.
void visit_source(const Collector& visit, const Provenance& source)
{
    visit_fields(choose(visit, {"model_hash", "model_name"}), source.model);
    visit_fields(choose(visit, {"text_hash", "text_name"}, source.text.has_value()), text_or_empty(source));
    visit_fields(choose(visit, {"device", "type", "program_version"}), source.environment);
    visit_fields(choose(visit, {"status", "started_at", "window_tokens"}), source.run);
}

void visit_bytes(const Collector& visit, const Ledger& ledger)
{
    visit_fields(visit, ledger);
    visit_totals(visit, ledger);
}

void visit_row(const Collector& visit, const Provenance& row)
{
    visit(kRunField, row.run.id);
    visit_fields(visit, row.run);
    visit_fields(choose(visit,
                        {"model_name", "model_folder", "architecture", "layers", "heads", "kv_heads", "head_dim",
                         "hidden_size", "vocab_size", "parameters"}),
                 row.model);
    visit_fields(choose(visit, {"text_name", "text_bytes", "text_characters"}, row.text.has_value()),
                 text_or_empty(row));
    visit_fields(visit, row.environment);
}

void visit_row(const Collector& visit, const QualityRow& row)
{
    visit_fields(visit, row.record);
    visit_bytes(visit, row.record.ledger);
    visit_source(visit, row.source);
}

void visit_row(const Collector& visit, const ThroughputRow& row)
{
    visit_fields(visit, row.record);
    visit_source(visit, row.source);
}

void visit_row(const Collector& visit, const MemoryRow& row)
{
    visit_fields(visit, row.record);
    visit_bytes(visit, row.record.ledger);
    visit_source(visit, row.source);
}

void visit_row(const Collector& visit, const SpectrumRow& row)
{
    visit_fields(visit, row.record);
    visit_source(visit, row.source);
}

void require_unique_names(const Table& table)
{
    std::vector<std::string_view> names;
    for (const Field& column : table.columns)
        names.push_back(column.name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
        throw Error(ErrorKind::Internal, fmt::format("two columns of table {} are called \"{}\"", table.name, *twice));
}

template<typename Row>
Table table_of(ExportTable table, std::span<const Row> rows, ColumnChoice only)
{
    Table all{name(table), {}, {}};
    visit_row(Collector{&all.columns}, Row{});
    require_unique_names(all);
    std::vector<char> wanted;
    for (const Field& column : all.columns)
        wanted.push_back(only.empty() || std::find(only.begin(), only.end(), column.name) != only.end());
    Table out{all.name, {}, {}};
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (wanted[i])
            out.columns.push_back(all.columns[i]);
    out.rows.reserve(rows.size());
    for (const Row& row : rows) {
        std::vector<Cell>& cells = out.rows.emplace_back();
        cells.reserve(out.columns.size());
        std::size_t visit = 0;
        visit_row(Collector{nullptr, &cells, &wanted, &visit}, row);
    }
    return out;
}

} // namespace

std::string_view name(ExportTable table) noexcept
{
    switch (table) {
    case ExportTable::All:
        return "all";
    case ExportTable::Runs:
        return "runs";
    case ExportTable::Quality:
        return "quality";
    case ExportTable::Throughput:
        return "throughput";
    case ExportTable::Memory:
        return "memory";
    case ExportTable::Spectra:
        return "spectra";
    }
    return "?";
}

Table make_table(std::span<const Provenance> runs, ColumnChoice only)
{
    return table_of(ExportTable::Runs, runs, only);
}
Table make_table(std::span<const QualityRow> rows, ColumnChoice only)
{
    return table_of(ExportTable::Quality, rows, only);
}
Table make_table(std::span<const ThroughputRow> rows, ColumnChoice only)
{
    return table_of(ExportTable::Throughput, rows, only);
}
Table make_table(std::span<const MemoryRow> rows, ColumnChoice only)
{
    return table_of(ExportTable::Memory, rows, only);
}
Table make_table(std::span<const SpectrumRow> rows, ColumnChoice only)
{
    return table_of(ExportTable::Spectra, rows, only);
}

std::vector<Table> make_tables(const ReportData& data, ExportTable table)
{
    std::vector<Table> tables;
    const auto add = [&](ExportTable one, const auto& rows) {
        if (table == one || (table == ExportTable::All && !rows.empty()))
            tables.push_back(make_table(std::span(rows)));
    };
    add(ExportTable::Runs, data.runs);
    add(ExportTable::Quality, data.quality);
    add(ExportTable::Throughput, data.throughput);
    add(ExportTable::Memory, data.memory);
    add(ExportTable::Spectra, data.spectra);
    return tables;
}

} // namespace kvw
