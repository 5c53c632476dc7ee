// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/reader_table.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kvw {
namespace {

/// A column with its title, and with what stands in it for every row of the table.
struct TextColumn
{
    std::string title;
    ReaderAlign align;
    ReaderStyle style;
    ReaderPlace place;
    std::vector<std::string> texts;
};
using RowNumbers = std::vector<std::size_t>;

std::size_t index_of(const Table& table, std::string_view column)
{
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].name == column)
            return i;
    throw Error(ErrorKind::Internal, fmt::format("table {} has no column \"{}\" for readers", table.name, column));
}

bool is_nothing(const Cell& cell)
{
    const auto* words = std::get_if<std::string>(&cell);
    return std::holds_alternative<std::monostate>(cell) || (words && words->empty());
}

TextColumn text_column(const Table& table, const ReaderColumn& column)
{
    std::vector<std::size_t> from;
    for (const std::string_view name : column.from)
        if (!name.empty())
            from.push_back(index_of(table, name));
    const Field& field = table.columns[from.at(0)];
    TextColumn out{column.title.empty() ? reader_title(field) + std::string(column.more) : std::string(column.title),
                   reader_align(field),
                   reader_style(field),
                   column.place,
                   {}};
    std::vector<const Cell*> cells(from.size());
    for (const std::vector<Cell>& row : table.rows) {
        std::transform(from.begin(), from.end(), cells.begin(), [&](std::size_t i) { return &row[i]; });
        out.texts.push_back(is_nothing(*cells.at(0)) ? std::string(kReaderNothing)
                                : column.maybe_text  ? column.maybe_text(cells)
                                                     : reader_text(field, *cells.at(0)));
    }
    return out;
}

/// Rows by what the columns of ReaderPlace::Group say, in the order in which each first comes.
std::vector<RowNumbers> groups(const std::vector<TextColumn>& columns, std::size_t rows)
{
    std::vector<RowNumbers> out;
    std::map<std::vector<std::string>, std::size_t> known;
    for (std::size_t row = 0; row < rows; ++row) {
        std::vector<std::string> key;
        for (const TextColumn& column : columns)
            if (column.place == ReaderPlace::Group)
                key.push_back(column.texts[row]);
        const auto [place, is_new] = known.emplace(std::move(key), out.size());
        if (is_new)
            out.emplace_back();
        out[place->second].push_back(row);
    }
    return out;
}

bool same_in_all(const TextColumn& column, const RowNumbers& rows)
{
    return std::all_of(rows.begin(), rows.end(),
                       [&](std::size_t row) { return column.texts[row] == column.texts[rows[0]]; });
}

ReaderTable table_of(const std::vector<TextColumn>& columns, const RowNumbers& rows)
{
    ReaderTable out;
    out.rows.resize(rows.size());
    for (const TextColumn& column : columns) {
        if (column.place == ReaderPlace::Column
            || (column.place == ReaderPlace::Caption && !same_in_all(column, rows))) {
            out.heads.push_back({column.title, column.align, column.style});
            for (std::size_t i = 0; i < rows.size(); ++i)
                out.rows[i].push_back(column.texts[rows[i]]);
        } else if (column.texts[rows[0]] != kReaderNothing) {
            out.common.push_back({column.title, column.texts[rows[0]], column.style});
        }
    }
    return out;
}

} // namespace

std::vector<ReaderTable> reader_tables(const Table& table)
{
    std::vector<TextColumn> columns;
    for (const ReaderColumn& column : reader_columns(table.name))
        columns.push_back(text_column(table, column));
    std::vector<ReaderTable> out;
    for (const RowNumbers& rows : groups(columns, table.rows.size()))
        out.push_back(table_of(columns, rows));
    return out;
}

} // namespace kvw
