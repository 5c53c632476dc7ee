// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/document.h"

#include "core/report/figures.h"
#include "core/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace kvw {
namespace {

/// "2025-03-01T12:34:56.789Z" -> "2025-03-01 12:34:56 UTC"; anything else as it is.
std::string time_text(const std::string& utc)
{
    if (utc.size() != 24 || utc[10] != 'T' || utc[23] != 'Z')
        return utc;
    return utc.substr(0, 10) + " " + utc.substr(11, 8) + " UTC";
}

std::string title_of(const Provenance& source)
{
    return fmt::format("Run {}, {}", source.run.id,
                       source.run.configuration.value_or(std::string(name(source.run.kind))));
}

class Builder
{
public:
    explicit Builder(const ReportContents& contents) : contents_(contents) {}

    ReportDocument build()
    {
        out_.title = contents_.title.empty() ? "KV cache report" : contents_.title;
        for (const std::string& part : {contents_.project, time_text(contents_.made_at), contents_.program})
            if (!part.empty())
                out_.subtitle += (out_.subtitle.empty() ? "" : " · ") + part;
        project_notes();
        export_table("Runs", ExportTable::Runs);
        export_table("Quality", ExportTable::Quality);
        export_table("Throughput", ExportTable::Throughput);
        export_table("Memory", ExportTable::Memory);
        spectra();
        for (const ReportTables& more : contents_.tables)
            section(more.title, more.tables);
        figures();
        run_notes();
        settings();
        return std::move(out_);
    }

private:
    void section(const std::string& title, const std::vector<ReaderTable>& tables)
    {
        if (tables.empty())
            return;
        out_.blocks.emplace_back(ReportHeading{2, title});
        out_.blocks.insert(out_.blocks.end(), tables.begin(), tables.end());
    }

    void export_table(const std::string& title, ExportTable which)
    {
        const std::vector<Table> tables = make_tables(contents_.data, which);
        section(title, reader_tables(tables.at(0)));
    }

    /// Of every calibration, quantity, positions and weighting: a row of hundreds of heads each would be no reading.
    void spectra()
    {
        using Key = std::tuple<RowId, std::string, Positions, Weighting>;
        std::map<Key, std::vector<const SpectrumRecord*>> groups;
        for (const SpectrumRow& row : contents_.data.spectra)
            groups[{row.record.run, row.record.quantity, row.record.positions, row.record.weighting}].push_back(
                &row.record);
        if (groups.empty())
            return;
        ReaderTable table;
        const auto of_field = [](std::string_view field) {
            std::string title;
            const auto take = [&](const Field& one, const auto&) {
                if (one.name == field)
                    title = reader_title(one);
            };
            const SpectrumRecord record;
            visit_fields(take, record);
            return title;
        };
        const auto figure = [](std::string title) {
            return ReaderTable::Head{std::move(title), ReaderAlign::Right, ReaderStyle::Figures};
        };
        table.heads = {figure(of_field("run")),
                       {of_field("quantity"), ReaderAlign::Left, ReaderStyle::Words},
                       {of_field("positions"), ReaderAlign::Left, ReaderStyle::Words},
                       {of_field("weighting"), ReaderAlign::Left, ReaderStyle::Words},
                       figure("Heads"),
                       figure(of_field("effective_rank") + ", mean [lowest, highest]"),
                       figure(of_field("rank_95") + ", mean [lowest, highest]"),
                       figure(of_field("coding_gain_bits") + ", mean"),
                       figure(of_field("mean_share") + ", mean")};
        for (const auto& [key, records] : groups)
            table.rows.push_back(spectrum_row(key, records));
        section("Spectra over layers and heads", {table});
    }

    template<typename Key>
    static std::vector<std::string> spectrum_row(const Key& key, const std::vector<const SpectrumRecord*>& records)
    {
        const auto mean = [&](auto member) {
            double sum = 0;
            for (const SpectrumRecord* record : records)
                sum += static_cast<double>(record->*member);
            return sum / static_cast<double>(records.size());
        };
        const auto spread = [&](auto member) {
            const auto [low, high] = std::minmax_element(
                records.begin(), records.end(),
                [&](const SpectrumRecord* a, const SpectrumRecord* b) { return a->*member < b->*member; });
            return fmt::format("{} [{}, {}]", significant(mean(member), 3),
                               significant(static_cast<double>((*low)->*member), 3),
                               significant(static_cast<double>((*high)->*member), 3));
        };
        return {fmt::format("{}", std::get<0>(key)),
                std::get<1>(key),
                std::string(name(std::get<2>(key))),
                std::string(name(std::get<3>(key))),
                fmt::format("{}", records.size()),
                spread(&SpectrumRecord::effective_rank),
                spread(&SpectrumRecord::rank_95),
                significant(mean(&SpectrumRecord::coding_gain_bits), 3),
                fmt::format("{:.2f}", 100 * mean(&SpectrumRecord::mean_share))};
    }

    void figures()
    {
        if (contents_.figures.empty())
            return;
        out_.blocks.emplace_back(ReportHeading{2, "Figures"});
        out_.blocks.insert(out_.blocks.end(), contents_.figures.begin(), contents_.figures.end());
    }

    void project_notes()
    {
        for (const Note& note : contents_.notes)
            if (!note.run)
                out_.blocks.emplace_back(ReportNote{"The project", time_text(note.created_at), note.text});
    }

    void run_notes()
    {
        bool any = false;
        for (const Note& note : contents_.notes) {
            const auto run = std::find_if(contents_.data.runs.begin(), contents_.data.runs.end(),
                                          [&](const Provenance& source) { return note.run == source.run.id; });
            if (run == contents_.data.runs.end())
                continue;
            if (!any)
                out_.blocks.emplace_back(ReportHeading{2, "Notes"});
            any = true;
            out_.blocks.emplace_back(ReportNote{title_of(*run), time_text(note.created_at), note.text});
        }
    }

    /// Every run with every field that has a value. What follows from the run before is the same text again: a report
    /// is read by searching in it.
    void settings()
    {
        if (contents_.data.runs.empty())
            return;
        out_.blocks.emplace_back(ReportHeading{2, "Settings and provenance"});
        const std::vector<Table> tables = make_tables(contents_.data, ExportTable::Runs);
        const Table& runs = tables.at(0);
        for (std::size_t i = 0; i < runs.rows.size(); ++i) {
            out_.blocks.emplace_back(ReportHeading{3, title_of(contents_.data.runs[i])});
            ReaderTable table;
            table.heads = {{"Setting", ReaderAlign::Left, ReaderStyle::Code},
                           {"Value", ReaderAlign::Left, ReaderStyle::Words},
                           {"Meaning", ReaderAlign::Left, ReaderStyle::Words}};
            for (std::size_t column = 0; column < runs.columns.size(); ++column)
                add_setting(table, runs.columns[column], runs.rows[i][column]);
            out_.blocks.emplace_back(std::move(table));
        }
    }

    static void add_setting(ReaderTable& table, const Field& field, const Cell& cell)
    {
        std::string value = cell_text(cell);
        if (value.empty())
            return;
        if (!field.unit.empty() && field.unit != "1")
            value += fmt::format(" {}", field.unit);
        table.rows.push_back({std::string(field.name), std::move(value), std::string(field.meaning)});
    }

    static std::string cell_text(const Cell& cell)
    {
        if (const auto* text = std::get_if<std::string>(&cell))
            return time_text(*text);
        if (const auto* whole = std::get_if<std::int64_t>(&cell))
            return fmt::format("{}", *whole);
        if (const auto* real = std::get_if<double>(&cell))
            return significant(*real, 6);
        return {};
    }

    const ReportContents& contents_;
    ReportDocument out_;
};

} // namespace

ReportDocument make_report(const ReportContents& contents) { return Builder(contents).build(); }

} // namespace kvw
