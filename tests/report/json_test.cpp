// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/report/report_support.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using Json = nlohmann::json;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Json quality_object(const QualityRow& row)
{
    ReportData data;
    data.quality = {row};
    return Json::parse(export_text(data, ExportFormat::Json, ExportTable::Quality)).at("quality").at(0);
}

std::vector<Json> read_lines(const std::string& text)
{
    std::istringstream stream(text);
    std::vector<Json> out;
    for (std::string line; std::getline(stream, line);)
        out.push_back(Json::parse(line));
    return out;
}

TEST(ExportJson, SaysWhatItIs)
{
    const Json json = Json::parse(export_text(sample_data(), ExportFormat::Json));
    EXPECT_EQ(json.at("format"), "kvw-export");
    EXPECT_EQ(json.at("version"), 2);
    EXPECT_EQ(json.at("fields").size(), 5u);
    EXPECT_EQ(json.at("quality").size(), 2u);
    const Json& fields = json.at("fields").at("quality");
    const auto seconds =
        std::find_if(fields.begin(), fields.end(), [](const Json& field) { return field.at("name") == "scoring_s"; });
    ASSERT_NE(seconds, fields.end());
    EXPECT_EQ(
        *seconds,
        (Json{
            {"name", "scoring_s"}, {"title", "Scoring time"}, {"unit", "s"}, {"meaning", "time of the measurement"}}));
}

TEST(ExportJson, CellsHaveTheirTypesAndExactValues)
{
    const Json row = quality_object(sample_quality());
    EXPECT_TRUE(row.at("run").is_number_integer());
    EXPECT_EQ(row.at("run"), 7);
    EXPECT_TRUE(row.at("scoring_s").is_number_float());
    EXPECT_EQ(row.at("scoring_tokens_per_s").get<double>(), 0.1 + 0.2);
    EXPECT_EQ(row.at("ppl").get<double>(), 17.6429876);
    EXPECT_EQ(row.at("bits_per_value").get<double>(), 8);
    EXPECT_EQ(row.at("configuration"), "k=kq:56+int8,token sinks=4");
    EXPECT_EQ(row.at("status"), "measured");
    const Json run = Json::parse(export_text(sample_data(), ExportFormat::Json, ExportTable::Runs)).at("runs").at(0);
    EXPECT_EQ(run.at("seed").get<std::int64_t>(), 9007199254740993);
    EXPECT_EQ(run.at("kind"), "ppl");
}

TEST(ExportJson, NothingIsNullAndNeverZero)
{
    const Json row = quality_object(identity_quality());
    for (const char* key :
         {"delta_nll", "rel_ppl", "rel_ppl_lo", "rel_ppl_hi", "kl_mean", "kl_median", "kl_p99", "top1"})
        EXPECT_TRUE(row.at(key).is_null()) << key;
    EXPECT_EQ(row.size(), quality_object(sample_quality()).size());
}

TEST(ExportJson, NumbersThatAreNotFiniteAreNull)
{
    for (const double bad : {kNan, kInfinity, -kInfinity}) {
        QualityRow row = sample_quality();
        row.record.ppl = bad;
        row.record.kl_mean = bad;
        EXPECT_TRUE(quality_object(row).at("ppl").is_null());
        EXPECT_TRUE(quality_object(row).at("kl_mean").is_null());
        ReportData data;
        data.spectra = {sample_spectrum()};
        data.spectra[0].record.eigenvalues = {2, bad};
        data.spectra[0].record.spread = bad;
        for (const ExportFormat format : {ExportFormat::Json, ExportFormat::JsonLines}) {
            const Json all = Json::parse(export_text(data, format, ExportTable::Spectra));
            const Json spectrum = format == ExportFormat::Json ? all.at("spectra").at(0) : all;
            EXPECT_EQ(spectrum.at("eigenvalues"), Json::parse("[2.0, null]"));
            EXPECT_TRUE(spectrum.at("spread").is_null());
        }
    }
}

TEST(ExportJson, EigenvaluesAreAnArray)
{
    const Json json = Json::parse(export_text(sample_data(), ExportFormat::Json, ExportTable::Spectra));
    EXPECT_EQ(json.at("spectra").at(0).at("eigenvalues").get<std::vector<double>>(),
              (std::vector<double>{2.5, 0.1, 1e-9}));
}

TEST(ExportJson, WordsComeBackAsTheyWere)
{
    for (const std::string name :
         {"caf\xC3\xA9", "\xF0\x9F\x99\x82", "quote \" back \\ slash", "line\nbreak\t", "\x01\x1F", ""}) {
        QualityRow row = sample_quality();
        row.source.model.name = name;
        EXPECT_EQ(quality_object(row).at("model_name"), name);
    }
    QualityRow row = sample_quality();
    row.source.model.name = "bad \xE2\x82 bytes";
    EXPECT_EQ(quality_object(row).at("model_name"), "bad \xEF\xBF\xBD bytes");
}

TEST(ExportJson, WithoutRows)
{
    for (std::size_t i = 0; i < std::size(kEachTable); ++i) {
        const Json json = Json::parse(export_text({}, ExportFormat::Json, kEachTable[i]));
        EXPECT_EQ(json.at(kTableNames[i]), Json::array());
        EXPECT_GT(json.at("fields").at(kTableNames[i]).size(), 10u);
        EXPECT_EQ(export_text({}, ExportFormat::JsonLines, kEachTable[i]), "");
    }
    EXPECT_EQ(Json::parse(export_text({}, ExportFormat::Json)),
              (Json{{"format", "kvw-export"}, {"version", 2}, {"fields", Json::object()}}));
    EXPECT_EQ(export_text({}, ExportFormat::JsonLines), "");
}

TEST(ExportJson, OneRowIsOneLine)
{
    const std::string text = export_text(sample_data(), ExportFormat::Json, ExportTable::Quality);
    std::istringstream stream(text);
    std::size_t rows = 0;
    for (std::string line; std::getline(stream, line);)
        rows += line.find("\"ppl\":") != std::string::npos;
    EXPECT_EQ(rows, 2u);
    EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(ExportJsonLines, AreTheRowsOfJsonWithTheTableFirst)
{
    const std::string text = export_text(sample_data(), ExportFormat::JsonLines);
    const Json json = Json::parse(export_text(sample_data(), ExportFormat::Json));
    std::vector<Json> expected;
    for (const std::string& table : kTableNames)
        for (Json row : json.at(table)) {
            row["table"] = table;
            expected.push_back(std::move(row));
        }
    EXPECT_EQ(read_lines(text), expected);
    EXPECT_EQ(expected.size(), 6u);
    EXPECT_TRUE(text.starts_with("{\"table\":\"runs\",\"run\":7,"));
    EXPECT_TRUE(text.ends_with("}\n"));
}

} // namespace
} // namespace kvw::testing
