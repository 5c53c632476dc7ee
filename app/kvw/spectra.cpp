// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "core/analysis/statistics.h"
#include "core/report/export.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

struct SpectraOptions
{
    std::string store;
    std::optional<std::int64_t> calibration;
    bool json = false;
    bool by_layer = false;
};

/// Medians over the heads (and layers) that `rows` hold.
void print_line(const std::string& label, const std::vector<const SpectrumRecord*>& rows)
{
    const auto middle = [&rows](auto&& of) {
        std::vector<double> values;
        for (const SpectrumRecord* row : rows)
            values.push_back(static_cast<double>(of(*row)));
        return median(values);
    };
    fmt::print("{:<24} {:>6} {:>9.1f} {:>6.0f} {:>6.0f} {:>6.0f} {:>9.1f} {:>8.1f} {:>9.2f}\n", label, rows.size(),
               middle([](const SpectrumRecord& row) { return row.effective_rank; }),
               middle([](const SpectrumRecord& row) { return row.rank_90; }),
               middle([](const SpectrumRecord& row) { return row.rank_95; }),
               middle([](const SpectrumRecord& row) { return row.rank_99; }),
               middle([](const SpectrumRecord& row) { return row.spread; }),
               middle([](const SpectrumRecord& row) { return 100 * row.mean_share; }),
               middle([](const SpectrumRecord& row) { return row.coding_gain_bits; }));
}

void print_table(const std::vector<SpectrumRow>& spectra, const SpectraOptions& options)
{
    fmt::print("Calibration {}; medians over heads{}\n\n", spectra.front().record.run,
               options.by_layer ? "" : " and layers");
    fmt::print("{:<24} {:>6} {:>9} {:>6} {:>6} {:>6} {:>9} {:>8} {:>9}\n", "", "heads", "eff. rank", "90 %", "95 %",
               "99 %", "spread", "mean %", "gain bits");
    std::vector<std::pair<std::string, std::vector<const SpectrumRecord*>>> groups;
    for (const SpectrumRow& row : spectra) {
        const SpectrumRecord& record = row.record;
        std::string label = fmt::format("{}, {}{}", record.quantity, name(record.positions),
                                        record.weighting == Weighting::Attention ? ", weighted" : "");
        if (options.by_layer)
            label = fmt::format("{:2} {}", record.layer, label);
        const auto found =
            std::find_if(groups.begin(), groups.end(), [&label](const auto& group) { return group.first == label; });
        if (found == groups.end())
            groups.push_back({label, {&record}});
        else
            found->second.push_back(&record);
    }
    for (const auto& [label, rows] : groups)
        print_line(label, rows);
}

int show(const SpectraOptions& options)
{
    const Store store = open_to_read(options.store);
    std::vector<SpectrumRow> rows = store.spectra(options.calibration);
    if (!options.calibration && !rows.empty()) {
        const RowId newest = std::max_element(rows.begin(), rows.end(), [](const SpectrumRow& a, const SpectrumRow& b) {
                                 return a.record.run < b.record.run;
                             })->record.run;
        std::erase_if(rows, [newest](const SpectrumRow& row) { return row.record.run != newest; });
    }
    if (rows.empty())
        throw Error(ErrorKind::NotFound,
                    options.calibration ? fmt::format("{}: run {} has no spectra", options.store, *options.calibration)
                                        : fmt::format("{}: there are no spectra yet", options.store),
                    "run kvw calibrate MODEL --text FILE --store " + options.store);
    if (options.json) {
        ReportData data;
        data.spectra = std::move(rows);
        fmt::print("{}", export_text(data, ExportFormat::Json, ExportTable::Spectra));
    } else {
        print_table(rows, options);
    }
    return 0;
}

} // namespace

void add_spectra(CLI::App& app, Action& action)
{
    CLI::App* command =
        app.add_subcommand("spectra", "how far keys and values compress: ranks, spread, coding gain, eigenvalues");
    auto options = std::make_shared<SpectraOptions>();
    command->add_option("--store", options->store, "project file (*.kvw)")->required();
    add_calibration_option(*command, options->calibration);
    command->add_flag("--by-layer", options->by_layer, "a line for each layer");
    command->add_flag("--json", options->json, "every layer and head with its eigenvalues, as JSON");
    command->callback([=, &action] { action = [=] { return show(*options); }; });
}

} // namespace kvw
