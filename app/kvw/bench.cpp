// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "app/kvw/record_json.h"
#include "core/report/export.h"
#include "core/report/formats.h"

#include <fmt/format.h>

namespace kvw {
namespace {

nlohmann::ordered_json json_of(const ThroughputRow& row, const SpeedRatio& ratio)
{
    const ThroughputSummary& record = row.record;
    nlohmann::ordered_json out = record_json(record);
    out["decode_against_identity"] = {{"median", ratio.median}, {"p10", ratio.p10}, {"p90", ratio.p90}};
    out["bound_tokens_per_s"] = json_value(record.bound_tokens_per_s());
    const JsonFields add(out);
    visit_totals(add, record.ledger);
    add(kAllocatorBytes, record.allocator_bytes);
    add(kPeakRssBytes, record.peak_rss_bytes);
    return out;
}

/// The ratios as a table of configurations and contexts.
ReaderTable ratio_table(const ThroughputOutcome& outcome)
{
    ReaderTable table;
    table.heads = {{"Configuration", ReaderAlign::Left, ReaderStyle::Code},
                   {"Context [tokens]", ReaderAlign::Right, ReaderStyle::Figures},
                   {"Batch", ReaderAlign::Right, ReaderStyle::Figures},
                   {"Decoding against the identity, median [p10, p90]", ReaderAlign::Right, ReaderStyle::Figures}};
    for (std::size_t i = 0; i < outcome.results.size(); ++i) {
        const ThroughputSummary& record = outcome.results[i].record;
        const SpeedRatio& ratio = outcome.against_identity[i];
        table.rows.push_back({record.configuration, fmt::format("{}", record.context), fmt::format("{}", record.batch),
                              fmt::format("{:.2f} [{:.2f}, {:.2f}]", ratio.median, ratio.p10, ratio.p90)});
    }
    return table;
}

int measure(const ThroughputSpecification& job, const OutputOptions& output)
{
    return with_store(output, [&](const JobContext& context) {
        const ThroughputOutcome outcome = run_throughput(job, context);
        if (output.json) {
            nlohmann::ordered_json out{{"run", outcome.run}, {"results", nlohmann::ordered_json::array()}};
            for (std::size_t i = 0; i < outcome.results.size(); ++i)
                out["results"].push_back(json_of(outcome.results[i], outcome.against_identity[i]));
            print_json(out);
        } else {
            ReportData data;
            data.throughput = outcome.results;
            fmt::print("{}\n{}", export_text(data, ExportFormat::Markdown, ExportTable::Throughput),
                       markdown_table(ratio_table(outcome)));
        }
        return 0;
    });
}

} // namespace

void add_bench(CLI::App& app, Action& action)
{
    CLI::App* command = app.add_subcommand("bench", "speed of prefill and decoding, and memory, in interleaved rounds");
    auto job = std::make_shared<ThroughputSpecification>();
    auto output = std::make_shared<OutputOptions>();
    add_engine_options(*command, job->engine);
    command->add_option("--contexts", job->contexts, "tokens in the cache before decoding begins, for example 512,2048")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--batch", job->batches, "sequences side by side, for example 1,8")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--decode", job->decode, "steps of a round")->capture_default_str();
    command->add_option("--rounds", job->rounds, "rounds over all configurations")->capture_default_str();
    add_configurations_option(*command, job->configurations);
    command->add_option("--text", job->text, "text to fill the cache with (default: random tokens)");
    add_calibration_option(*command, job->calibration);
    add_attend_option(*command, job->attend);
    add_output_options(*command, *output, StoreNeed::Optional);
    command->callback([=, &action] { action = [=] { return measure(*job, *output); }; });
}

} // namespace kvw
