// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/report/table.h"
#include "tests/report/report_support.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using Json = nlohmann::ordered_json;

std::vector<std::string> keys(const Json& object)
{
    std::vector<std::string> out;
    for (const auto& [key, value] : object.items())
        out.push_back(key);
    return out;
}

std::vector<Field> columns(ExportTable table) { return make_tables({}, table).at(0).columns; }

std::vector<std::string> column_names(ExportTable table)
{
    std::vector<std::string> out;
    for (const Field& column : columns(table))
        out.emplace_back(column.name);
    return out;
}

TEST(Export, EveryFormatHasTheSameColumnsInTheSameOrder)
{
    const ReportData data = sample_data();
    for (std::size_t i = 0; i < std::size(kEachTable); ++i) {
        const ExportTable table = kEachTable[i];
        SCOPED_TRACE(kTableNames[i]);
        const std::vector<std::string> expected = column_names(table);
        ASSERT_GT(expected.size(), 10u);

        const Lines lines_of_csv = read_csv(export_text(data, ExportFormat::Csv, table));
        std::vector<std::string> csv;
        for (const std::string& head : lines_of_csv.at(0))
            csv.push_back(without_unit(head));
        EXPECT_EQ(csv, expected);

        const Json json = Json::parse(export_text(data, ExportFormat::Json, table));
        EXPECT_EQ(keys(json.at(kTableNames[i]).at(0)), expected);
        std::vector<std::string> fields;
        for (const Json& field : json.at("fields").at(kTableNames[i]))
            fields.push_back(field.at("name"));
        EXPECT_EQ(fields, expected);

        const std::string lines = export_text(data, ExportFormat::JsonLines, table);
        std::vector<std::string> with_table = expected;
        with_table.insert(with_table.begin(), "table");
        EXPECT_EQ(keys(Json::parse(lines.substr(0, lines.find('\n')))), with_table);
    }
}

TEST(Export, ColumnsHaveUniqueNamesUnitsAndMeanings)
{
    const std::set<std::string_view> units{"", "1", "s", "bytes", "tokens", "tokens/s", "GB/s", "nats", "bits"};
    for (const ExportTable table : kEachTable) {
        std::set<std::string_view> names;
        for (const Field& column : columns(table)) {
            EXPECT_TRUE(names.insert(column.name).second) << column.name;
            EXPECT_TRUE(units.contains(column.unit)) << column.name << " has unit " << column.unit;
            EXPECT_FALSE(column.meaning.empty()) << column.name;
            EXPECT_NE(column.title.words, column.name) << "a column that only the store has is exported";
            EXPECT_NE(column.name, "table") << "JSON lines has it already";
        }
    }
}

TEST(Export, EveryRowSaysWhereItComesFrom)
{
    for (const ExportTable table : kEachTable)
        EXPECT_THAT(column_names(table),
                    IsSupersetOf({"run", "model_name", "model_hash", "text_name", "text_hash", "device", "type",
                                  "window_tokens", "program_version", "status", "started_at"}));
    for (const ExportTable table : {ExportTable::Quality, ExportTable::Memory})
        EXPECT_THAT(column_names(table),
                    IsSupersetOf({"payload_bytes", "scales_bytes", "raw_bytes", "padding_bytes", "fixed_bytes",
                                  "scratch_bytes", "cache_values", "cache_bytes", "total_bytes", "bits_per_value"}));
    EXPECT_THAT(column_names(ExportTable::Spectra), Contains("eigenvalues"));
}

TEST(Export, AllIsEveryTableThatIsNotEmpty)
{
    const ReportData data = sample_data();
    EXPECT_EQ(make_tables(data, ExportTable::All).size(), 5u);
    ReportData some;
    some.quality = data.quality;
    some.spectra = data.spectra;
    const std::vector<Table> tables = make_tables(some, ExportTable::All);
    ASSERT_EQ(tables.size(), 2u);
    EXPECT_EQ(tables[0].name, "quality");
    EXPECT_EQ(tables[0].rows.size(), 2u);
    EXPECT_EQ(tables[1].name, "spectra");
    EXPECT_TRUE(make_tables({}, ExportTable::All).empty());
    const std::string text = export_text(some, ExportFormat::Markdown); // All is what is meant when nothing is said
    EXPECT_THAT(text, HasSubstr("## Quality\n"));
    EXPECT_THAT(text, HasSubstr("## Spectra\n"));
}

TEST(Export, RowsAreAsLongAsTheColumns)
{
    std::size_t rows = 0;
    for (const Table& table : make_tables(sample_data(), ExportTable::All))
        for (const std::vector<Cell>& row : table.rows) {
            EXPECT_EQ(row.size(), table.columns.size()) << table.name;
            ++rows;
        }
    EXPECT_EQ(rows, 6u);
}

TEST(Table, ChosenColumnsKeepTheirOrderAndTheirValues)
{
    const std::vector<QualityRow> rows{sample_quality(), identity_quality()};
    const Table all = make_table(std::span(rows));
    const std::string_view names[] = {"bits_per_value", "model_name", "run", "text_name", "nowhere"};
    const Table some = make_table(std::span(rows), names);
    ASSERT_EQ(some.columns.size(), 4u);
    EXPECT_EQ(some.columns[0].name, "run");
    EXPECT_EQ(some.columns[1].name, "bits_per_value");
    ASSERT_EQ(some.rows.size(), rows.size());
    for (std::size_t column = 0; column < some.columns.size(); ++column)
        for (std::size_t i = 0; i < all.columns.size(); ++i) {
            if (all.columns[i].name != some.columns[column].name)
                continue;
            for (std::size_t row = 0; row < rows.size(); ++row)
                EXPECT_EQ(some.rows[row][column], all.rows[row][i]);
        }
    EXPECT_EQ(make_table(std::span<const QualityRow>{}, names).columns.size(), 4u);
}

TEST(Export, WordsOfFormatsAndTables)
{
    EXPECT_EQ(parse_export_format("csv"), ExportFormat::Csv);
    EXPECT_EQ(parse_export_format("json"), ExportFormat::Json);
    EXPECT_EQ(parse_export_format("jsonl"), ExportFormat::JsonLines);
    EXPECT_EQ(parse_export_format("md"), ExportFormat::Markdown);
    EXPECT_EQ(parse_export_table("all"), ExportTable::All);
    for (std::size_t i = 0; i < std::size(kEachTable); ++i)
        EXPECT_EQ(parse_export_table(kTableNames[i]), kEachTable[i]);
}

TEST(Export, OtherWordsAreRefusedAndTheRightOnesNamed)
{
    for (const char* word : {"xml", "", "CSV", "csv ", "markdown"}) {
        try {
            parse_export_format(word);
            ADD_FAILURE() << word << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
            EXPECT_THAT(error.message(), HasSubstr("\"" + std::string(word) + "\""));
            EXPECT_THAT(error.message(), HasSubstr("csv, json, jsonl, md"));
        }
    }
    for (const char* word : {"run", "", "All", "speed"}) {
        try {
            parse_export_table(word);
            ADD_FAILURE() << word << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
            EXPECT_THAT(error.message(), HasSubstr("all, runs, quality, throughput, memory, spectra"));
        }
    }
}

} // namespace
} // namespace kvw::testing
