// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "core/base/units.h"

#include <fmt/format.h>

namespace kvw {

void add_calibrate(CLI::App& app, Action& action)
{
    CLI::App* command =
        app.add_subcommand("calibrate", "gathers the moments of queries, keys and values in one pass over a text");
    auto job = std::make_shared<CalibrateSpecification>();
    auto output = std::make_shared<OutputOptions>();
    auto unweighted = std::make_shared<bool>(false);
    add_engine_options(*command, job->engine);
    command->add_option("--text", job->text, "UTF-8 text, or JSON lines (*.jsonl) with a field \"text\"")->required();
    command->add_option("--tokens", job->tokens, "how many tokens of the text (0: all)")->capture_default_str();
    command->add_option("--window", job->window, "tokens of a window; every window starts at position 0")
        ->capture_default_str();
    command->add_option("--sinks", job->sinks, "first positions left out of the second set of moments")
        ->capture_default_str();
    command->add_flag("--no-weighted", *unweighted, "without the attention-weighted moments (faster)");
    add_output_options(*command, *output, StoreNeed::Required);
    command->callback([=, &action] {
        job->weighted = !*unweighted;
        action = [=] {
            return with_store(*output, [&](const JobContext& context) {
                const CalibrateOutcome outcome = run_calibrate(*job, context);
                const double rate = outcome.seconds > 0 ? static_cast<double>(outcome.tokens) / outcome.seconds : 0;
                if (output->json)
                    print_json(nlohmann::ordered_json{{"run", outcome.run},
                                                      {"input_tokens", outcome.tokens},
                                                      {"calibration_s", outcome.seconds},
                                                      {"calibration_tokens_per_s", rate}});
                else
                    fmt::print("calibration {} in {}: {} tokens in {} ({:.0f} tokens/s)\n", outcome.run, output->store,
                               human_count(outcome.tokens), human_duration(outcome.seconds), rate);
                return 0;
            });
        };
    });
}

} // namespace kvw
