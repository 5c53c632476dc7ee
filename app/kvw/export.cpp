// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/export.h"

#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "core/base/atomic_file.h"

#include <fmt/format.h>

#include <cstdio>

namespace kvw {
namespace {

struct ExportOptions
{
    std::string store, format = "md", table = "all", output;
    std::vector<RowId> runs;
};

int export_store(const ExportOptions& options)
{
    const ExportFormat format = parse_export_format(options.format);
    const ExportTable table = parse_export_table(options.table);
    const Store store = open_to_read(options.store);
    for (const RowId run : options.runs)
        if (!store.run(run))
            throw Error(ErrorKind::InvalidArgument, fmt::format("{}: there is no run {}", options.store, run),
                        "kvw export --table runs --format md lists them");
    const std::string text = export_text(store.report_data(options.runs), format, table);
    if (options.output.empty())
        std::fwrite(text.data(), 1, text.size(), stdout);
    else
        write_file_atomically(options.output, text);
    return 0;
}

} // namespace

void add_export(CLI::App& app, Action& action)
{
    CLI::App* command = app.add_subcommand("export", "a store's results as CSV, JSON, JSON lines or Markdown");
    auto options = std::make_shared<ExportOptions>();
    command->add_option("--store", options->store, "project file (*.kvw)")->required();
    command->add_option("--format", options->format, "csv, json, jsonl or md")->capture_default_str();
    command->add_option("--table", options->table, "all, runs, quality, throughput, memory or spectra")
        ->capture_default_str();
    command->add_option("--run", options->runs, "only this run and its children; may be given several times")
        ->take_all()
        ->allow_extra_args(false);
    command->add_option("--output", options->output, "file to write (default: standard output)");
    command->callback([=, &action] { action = [=] { return export_store(*options); }; });
}

} // namespace kvw
