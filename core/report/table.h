// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/report_data.h"
#include "core/report/export.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvw {

/// A value of a row. Words are valid UTF-8: what was not has U+FFFD in its place, so that no format has to care.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string, std::vector<double>>;

/// One table of an export, before it has a form. Every format writes from this, so a column is added in one place.
struct Table
{
    std::string_view name;               ///< "runs", "quality", ...
    std::vector<Field> columns;          ///< names are unique
    std::vector<std::vector<Cell>> rows; ///< each as long as columns
};

/// Names of the columns that are wanted; empty: all of them. A name that a table does not have is passed over.
using ColumnChoice = std::span<const std::string_view>;

/// The table of some records; it may have no rows and still has its columns. `only` leaves out columns, not their order.
/// Throws Error{Internal} when two columns have the same name.
Table make_table(std::span<const Provenance> runs, ColumnChoice only = {});
Table make_table(std::span<const QualityRow> rows, ColumnChoice only = {});
Table make_table(std::span<const ThroughputRow> rows, ColumnChoice only = {});
Table make_table(std::span<const MemoryRow> rows, ColumnChoice only = {});
Table make_table(std::span<const SpectrumRow> rows, ColumnChoice only = {});

/// The word of a table, as on the command line; "all" for All.
std::string_view name(ExportTable table) noexcept;

/// One table, which may have no rows and still has its columns; for All those that have rows, in the order of the
/// enumeration. Throws Error{Internal} when two columns of a table have the same name.
std::vector<Table> make_tables(const ReportData& data, ExportTable table);

} // namespace kvw
