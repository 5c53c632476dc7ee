// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/formats.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace kvw {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

struct Written
{
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(std::int64_t value) const { return value; }
    Json operator()(double value) const { return number(value); }
    Json operator()(const std::string& words) const { return words; }
    Json operator()(const std::vector<double>& numbers) const
    {
        Json out = Json::array();
        for (const double value : numbers)
            out.push_back(number(value));
        return out;
    }
};

void add_cells(Json& object, const Table& table, const std::vector<Cell>& row)
{
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        object.emplace(std::string(table.columns[i].name), std::visit(Written{}, row[i]));
}

/// A list with one item a line: compact, and a program that compares texts still shows the row that differs.
template<typename Items, typename ToJson>
std::string list(const Items& items, const std::string& indent, ToJson to_json)
{
    std::string out = "[";
    for (const auto& item : items)
        out += (out.size() == 1 ? "\n" : ",\n") + indent + "  " + to_json(item).dump();
    return out.size() == 1 ? "[]" : out + "\n" + indent + "]";
}

Json row_object(const Table& table, const std::vector<Cell>& row)
{
    Json object = Json::object();
    add_cells(object, table, row);
    return object;
}

} // namespace

std::string write_json(std::span<const Table> tables)
{
    std::string fields, rows;
    for (const Table& table : tables) {
        const std::string key = Json(std::string(table.name)).dump();
        fields +=
            (fields.empty() ? "\n    " : ",\n    ") + key + ": " + list(table.columns, "    ", [](const Field& field) {
                return Json{{"name", std::string(field.name)},
                            {"title", std::string(field.title.words)},
                            {"unit", std::string(field.unit)},
                            {"meaning", std::string(field.meaning)}};
            });
        rows += ",\n  " + key + ": "
            + list(table.rows, "  ", [&](const std::vector<Cell>& row) { return row_object(table, row); });
    }
    if (!fields.empty())
        fields += "\n  ";
    return "{\n  \"format\": \"kvw-export\",\n  \"version\": 2,\n  \"fields\": {" + fields + "}" + rows + "\n}\n";
}

std::string write_json_lines(std::span<const Table> tables)
{
    std::string out;
    for (const Table& table : tables)
        for (const std::vector<Cell>& row : table.rows) {
            Json object = Json::object();
            object["table"] = std::string(table.name);
            add_cells(object, table, row);
            out += object.dump();
            out += '\n';
        }
    return out;
}

} // namespace kvw
