// SPDX-License-Identifier: GPL-3.0-or-later
// kvw ppl and kvw sweep: the same measurement, of listed configurations and of a grid.
#include "app/kvw/quality.h"

#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "core/report/export.h"

#include <fmt/format.h>

namespace kvw {
namespace {

template<typename T>
nlohmann::ordered_json or_null(const std::optional<T>& value)
{
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json json_of(const Ledger& ledger)
{
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    visit_fields([&out](const Field& field, const auto& value) { out[std::string(field.name)] = value; }, ledger);
    return out;
}

nlohmann::ordered_json json_of(const QualityRow& row)
{
    const QualityRecord& record = row.record;
    return {{"config", record.config},
            {"run", record.run},
            {"ppl", record.ppl},
            {"tokens", record.tokens},
            {"protocol", record.protocol},
            {"delta_nll", or_null(record.delta_nll)},
            {"delta_nll_lo", or_null(record.delta_nll_lo)},
            {"delta_nll_hi", or_null(record.delta_nll_hi)},
            {"rel_ppl", or_null(record.rel_ppl)},
            {"rel_ppl_lo", or_null(record.rel_ppl_lo)},
            {"rel_ppl_hi", or_null(record.rel_ppl_hi)},
            {"kl_mean", or_null(record.kl_mean)},
            {"kl_median", or_null(record.kl_median)},
            {"kl_p99", or_null(record.kl_p99)},
            {"top1", or_null(record.top1)},
            {"raw_token_share", record.raw_token_share},
            {"coded_tokens_read", record.coded_tokens_read},
            {"bits_per_value", record.bits_per_value()},
            {"bytes", record.ledger.cache_bytes()},
            {"ledger", json_of(record.ledger)},
            {"tokens_per_s", record.tokens_per_s},
            {"seconds", record.seconds}};
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
