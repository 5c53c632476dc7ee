// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/formats.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace kvw {
namespace {

constexpr std::string_view kLineBreak = "\r\n"; // RFC 4180, 2.1

/// The shortest digits that read back to the same double; "nan", "inf", "-inf".
std::string number(double value)
{
    if (std::isnan(value))
        return "nan"; // a NaN's sign means nothing
    std::array<char, 32> digits{};
    const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), result.ptr};
}

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"')
            out += '"';
        out += c;
    }
    return out + '"';
}

/// In quotes where a reader would otherwise stop early, or might trim.
std::string field(std::string_view text)
{
    const bool needs_quotes =
        text.find_first_of(",\"\r\n") != std::string_view::npos || text.starts_with(' ') || text.ends_with(' ');
    return needs_quotes ? quoted(text) : std::string(text);
}

struct Written
{
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return number(value); }
    std::string operator()(const std::string& words) const { return field(words); }
    std::string operator()(const std::vector<double>& numbers) const
    {
        std::string out;
        for (const double value : numbers) {
            if (!out.empty())
                out += ' ';
            out += number(value);
        }
        return quoted(out);
    }
};

void append_table(std::string& out, const Table& table)
{
    std::string_view separator;
    for (const Field& column : table.columns) {
        out += separator;
        separator = ",";
        const bool with_unit = !column.unit.empty() && column.unit != "1";
        out += field(with_unit ? fmt::format("{} [{}]", column.name, column.unit) : std::string(column.name));
    }
    out += kLineBreak;
    for (const std::vector<Cell>& row : table.rows) {
        separator = {};
        for (const Cell& cell : row) {
            out += separator;
            separator = ",";
            out += std::visit(Written{}, cell);
        }
        out += kLineBreak;
    }
}

} // namespace

std::string write_csv(std::span<const Table> tables, CsvHeads heads)
{
    std::string out;
    for (const Table& table : tables) {
        if (!out.empty())
            out += kLineBreak;
        if (heads == CsvHeads::Names) {
            out += fmt::format("# {}", table.name);
            out += kLineBreak;
        }
        append_table(out, table);
    }
    return out;
}

} // namespace kvw
