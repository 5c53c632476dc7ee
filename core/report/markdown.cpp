// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/report/formats.h"
#include "core/report/markdown_columns.h"
#include "core/report/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kvw {
namespace {

constexpr std::string_view kNothing = "–";

/// A column with its title, and with what stands in it for every row of the table.
struct TextColumn
{
    std::string title;
    MarkdownAlign align;
    MarkdownPlace place;
    std::vector<std::string> texts;
};
using RowNumbers = std::vector<std::size_t>;

std::size_t index_of(const Table& table, std::string_view column)
{
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].name == column)
            return i;
    throw Error(ErrorKind::Internal, fmt::format("table {} has no column \"{}\" for Markdown", table.name, column));
}

bool is_nothing(const Cell& cell)
{
    const auto* words = std::get_if<std::string>(&cell);
    return std::holds_alternative<std::monostate>(cell) || (words && words->empty());
}

TextColumn text_column(const Table& table, const MarkdownColumn& column)
{
    std::vector<std::size_t> from;
    for (const std::string_view name : column.from)
        if (!name.empty())
            from.push_back(index_of(table, name));
    TextColumn out{std::string(column.title), column.align, column.place, {}};
    if (const std::size_t at = out.title.find("{}"); at != std::string::npos)
        out.title.replace(at, 2, table.columns[from.at(0)].unit);
    std::vector<const Cell*> cells(from.size());
    for (const std::vector<Cell>& row : table.rows) {
        std::transform(from.begin(), from.end(), cells.begin(), [&](std::size_t i) { return &row[i]; });
        out.texts.push_back(is_nothing(*cells.at(0)) ? std::string(kNothing) : column.text(cells));
    }
    return out;
}

/// Rows by what the columns of MarkdownPlace::Group say, in the order in which each first comes.
std::vector<RowNumbers> groups(const std::vector<TextColumn>& columns, std::size_t rows)
{
    std::vector<RowNumbers> out;
    std::map<std::vector<std::string>, std::size_t> known;
    for (std::size_t row = 0; row < rows; ++row) {
        std::vector<std::string> key;
        for (const TextColumn& column : columns)
            if (column.place == MarkdownPlace::Group)
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

void append_padded(std::string& out, std::string_view text, std::size_t width, MarkdownAlign align)
{
    const std::string blanks(width - std::min(width, display_width(text)), ' ');
    out += ' ';
    if (align == MarkdownAlign::Right)
        out += blanks;
    out += text;
    if (align == MarkdownAlign::Left)
        out += blanks;
    out += " |";
}

void append_table(std::string& out, const std::vector<const TextColumn*>& columns, const RowNumbers& rows)
{
    std::string head = "|", rule = "|";
    std::vector<std::size_t> widths;
    for (const TextColumn* column : columns) {
        std::size_t width = std::max<std::size_t>(3, display_width(column->title));
        for (const std::size_t row : rows)
            width = std::max(width, display_width(column->texts[row]));
        widths.push_back(width);
        append_padded(head, column->title, width, column->align);
        const bool right = column->align == MarkdownAlign::Right;
        rule += ' ' + std::string(width - (right ? 1 : 0), '-') + (right ? ": |" : " |");
    }
    out += head + '\n' + rule + '\n';
    for (const std::size_t row : rows) {
        out += '|';
        for (std::size_t i = 0; i < columns.size(); ++i)
            append_padded(out, columns[i]->texts[row], widths[i], columns[i]->align);
        out += '\n';
    }
}

/// What all rows have in common, as one line, and the rest as a table.
void append_group(std::string& out, const std::vector<TextColumn>& columns, const RowNumbers& rows)
{
    std::vector<const TextColumn*> in_table, in_caption;
    for (const TextColumn& column : columns) {
        if (column.place == MarkdownPlace::Column
            || (column.place == MarkdownPlace::Caption && !same_in_all(column, rows)))
            in_table.push_back(&column);
        else if (column.texts[rows[0]] != kNothing)
            in_caption.push_back(&column);
    }
    std::string caption;
    for (const TextColumn* column : in_caption)
        caption += fmt::format("{}{}: {}", caption.empty() ? "" : " · ", column->title, column->texts[rows[0]]);
    if (!caption.empty())
        out += caption + "\n\n";
    append_table(out, in_table, rows);
}

} // namespace

std::string write_markdown(std::span<const Table> tables)
{
    if (tables.empty())
        return "Nothing to export.\n";
    std::string out;
    for (const Table& table : tables) {
        std::string title(table.name);
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
        out += fmt::format("{}## {}\n", out.empty() ? "" : "\n", title);
        std::vector<TextColumn> columns;
        for (const MarkdownColumn& column : markdown_columns(table.name))
            columns.push_back(text_column(table, column));
        for (const RowNumbers& rows : groups(columns, table.rows.size())) {
            out += '\n';
            append_group(out, columns, rows);
        }
        if (table.rows.empty())
            out += "\nNo rows.\n";
    }
    return out;
}

} // namespace kvw
