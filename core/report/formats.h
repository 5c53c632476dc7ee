// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/report/reader_table.h"
#include "core/report/table.h"

#include <span>
#include <string>

namespace kvw {

/// The forms of export.h. Each ends with a line break unless it is empty.

/// Tables are headed "# NAME" when `headed`, which is how several can be told apart.
enum class CsvHeads { None, Names };
std::string write_csv(std::span<const Table> tables, CsvHeads heads);
std::string write_json(std::span<const Table> tables);
std::string write_json_lines(std::span<const Table> tables);
/// Throws Error{Internal} for a table that it has no form for.
std::string write_markdown(std::span<const Table> tables);
/// What the rows have in common as one line, and the rest as a table; words escaped.
std::string markdown_table(const ReaderTable& table);

} // namespace kvw
