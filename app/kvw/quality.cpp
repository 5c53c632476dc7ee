// SPDX-License-Identifier: GPL-3.0-or-later
// kvw ppl and kvw sweep: the same measurement, of listed configurations and of a grid.
#include "app/kvw/quality.h"

#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "app/kvw/record_json.h"
#include "core/report/export.h"

#include <fmt/format.h>

namespace kvw {
namespace {

nlohmann::ordered_json json_of(const QualityRow& row)
{
    nlohmann::ordered_json out = record_json(row.record);
    visit_totals(JsonFields(out), row.record.ledger);
    out["ledger"] = record_json(row.record.ledger);
    return out;
}

void add_shared_options(CLI::App& command, QualitySpecification& job)
{
    add_engine_options(command, job.engine);
    command.add_option("--text", job.text, "UTF-8 text, or JSON lines (*.jsonl) with a field \"text\"")->required();
    command.add_option("--tokens", job.tokens, "how many tokens of the text (0: all)")->capture_default_str();
    command.add_option("--window", job.window, "tokens of a window; its first token is not scored")
        ->capture_default_str();
    command
        .add_option(
            "--protocol", job.protocol,
            "all: every token reads coded tokens, its own included; past:C: chunks of C tokens, all before a chunk is "
            "coded; step: token by token, as deployed")
        ->capture_default_str();
    add_calibration_option(command, job.calibration);
    add_attend_option(command, job.attend);
    command.add_flag("--allow-overlap", job.allow_overlap, "measure even on text that the calibration has seen");
}

int measure(RunKind kind, const QualitySpecification& job, const OutputOptions& output)
{
    return with_store(output, [&](const JobContext& context) {
        const QualityOutcome outcome = run_quality(kind, job, context);
        if (output.json) {
            print_json(json_of(outcome));
        } else {
            ReportData data;
            data.quality = outcome.results;
            fmt::print("{}", export_text(data, ExportFormat::Markdown, ExportTable::Quality));
        }
        return 0;
    });
}

} // namespace

nlohmann::ordered_json json_of(const QualityOutcome& outcome)
{
    nlohmann::ordered_json out{
        {"run", outcome.run}, {"reused", outcome.reused}, {"results", nlohmann::ordered_json::array()}};
    for (const QualityRow& row : outcome.results)
        out["results"].push_back(json_of(row));
    return out;
}

void add_ppl(CLI::App& app, Action& action)
{
    CLI::App* command =
        app.add_subcommand("ppl", "perplexity, KL divergence and agreement of configurations on a text");
    auto job = std::make_shared<QualitySpecification>();
    auto output = std::make_shared<OutputOptions>();
    add_shared_options(*command, *job);
    add_configurations_option(*command, job->configurations);
    add_output_options(*command, *output, StoreNeed::Optional);
    command->callback([=, &action] { action = [=] { return measure(RunKind::Ppl, *job, *output); }; });
}

void add_sweep(CLI::App& app, Action& action)
{
    CLI::App* command = app.add_subcommand(
        "sweep", "the same over a grid of configurations; an interrupted sweep goes on where it stopped");
    auto job = std::make_shared<QualitySpecification>();
    auto output = std::make_shared<OutputOptions>();
    add_shared_options(*command, *job);
    command->add_option("--grid", job->grid, "for example \"k=kq:(16..64..16) sinks=(0|4); v=pca:(48|60)(|,weighted)\"")
        ->required();
    command->add_flag("--again", job->again, "measure every point anew");
    add_output_options(*command, *output, StoreNeed::Required);
    command->callback([=, &action] { action = [=] { return measure(RunKind::Sweep, *job, *output); }; });
}

} // namespace kvw
