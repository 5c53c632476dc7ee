// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"
#include "core/report/formats.h"
#include "core/report/markdown_text.h"
#include "core/report/reader_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

std::string escaped(const std::string& text, ReaderStyle style)
{
    switch (style) {
    case ReaderStyle::Figures:
        return text;
    case ReaderStyle::Words:
        return text == kReaderNothing ? text : markdown_words(text);
    case ReaderStyle::Code:
        return text == kReaderNothing ? text : markdown_code(text);
    }
    return text;
}

void append_padded(std::string& out, std::string_view text, std::size_t width, ReaderAlign align)
{
    const std::string blanks(width - std::min(width, utf8::display_width(text)), ' ');
    out += ' ';
    if (align == ReaderAlign::Right)
        out += blanks;
    out += text;
    if (align == ReaderAlign::Left)
        out += blanks;
    out += " |";
}

void append_rows(std::string& out, const ReaderTable& table)
{
    std::string head = "|", rule = "|";
    std::vector<std::vector<std::string>> rows = table.rows;
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < table.heads.size(); ++i) {
        const auto& [title, align, style] = table.heads[i];
        std::size_t width = std::max<std::size_t>(3, utf8::display_width(title));
        for (std::vector<std::string>& row : rows) {
            row[i] = escaped(row[i], style);
            width = std::max(width, utf8::display_width(row[i]));
        }
        widths.push_back(width);
        append_padded(head, title, width, align);
        const bool right = align == ReaderAlign::Right;
        rule += ' ' + std::string(width - (right ? 1 : 0), '-') + (right ? ": |" : " |");
    }
    out += head + '\n' + rule + '\n';
    for (const std::vector<std::string>& row : rows) {
        out += '|';
        for (std::size_t i = 0; i < row.size(); ++i)
            append_padded(out, row[i], widths[i], table.heads[i].align);
        out += '\n';
    }
}

} // namespace

std::string markdown_table(const ReaderTable& table)
{
    std::string out;
    for (const auto& [title, text, style] : table.common)
        out += fmt::format("{}{}: {}", out.empty() ? "" : " · ", title, escaped(text, style));
    if (!out.empty())
        out += "\n\n";
    append_rows(out, table);
    return out;
}

std::string write_markdown(std::span<const Table> tables)
{
    if (tables.empty())
        return "Nothing to export.\n";
    std::string out;
    for (const Table& table : tables) {
        std::string title(table.name);
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
        out += fmt::format("{}## {}\n", out.empty() ? "" : "\n", title);
        for (const ReaderTable& part : reader_tables(table))
            out += '\n' + markdown_table(part);
        if (table.rows.empty())
            out += "\nNo rows.\n";
    }
    return out;
}

} // namespace kvw
