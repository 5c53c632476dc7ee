// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/options.h"
#include "app/kvw/record_json.h"

#include <fmt/format.h>

namespace kvw {
namespace {

nlohmann::ordered_json json_of(const GenerationRecord& record, const std::string& configuration)
{
    nlohmann::ordered_json out{{"configuration", configuration}};
    visit_fields(JsonFields(out), record);
    return out;
}

void print_agreement(const GenerationOutcome& outcome)
{
    for (std::size_t i = 1; i < outcome.results.size(); ++i) {
        const GenerationRecord& record = outcome.results[i];
        const std::string difference = record.first_difference
            ? fmt::format("first differs at token {}", *record.first_difference)
            : "does not differ";
        fmt::print("\n{}: {} from the identity's text, {:.1f} % of the tokens equal, KL {:.4g} nats\n",
                   outcome.configurations[i], difference, 100 * record.equal_share.value_or(0),
                   record.kl_mean.value_or(0));
    }
}

int generate(const GenerationSpecification& job, const OutputOptions& output)
{
    return with_store(output, [&](const JobContext& context) {
        const GenerationOutcome outcome = run_generation(job, context);
        if (output.json) {
            nlohmann::ordered_json out{{"run", outcome.run}, {"results", nlohmann::ordered_json::array()}};
            for (std::size_t i = 0; i < outcome.results.size(); ++i)
                out["results"].push_back(json_of(outcome.results[i], outcome.configurations[i]));
            print_json(out);
        } else {
            print_agreement(outcome);
        }
        return 0;
    });
}

} // namespace

void add_generate(CLI::App& app, Action& action)
{
    CLI::App* command =
        app.add_subcommand("generate", "writes a text, uncompressed and under each configuration, and compares them");
    auto job = std::make_shared<GenerationSpecification>();
    auto output = std::make_shared<OutputOptions>();
    add_engine_options(*command, job->engine);
    command->add_option("--prompt", job->prompt, "what the user says")->required();
    command->add_flag("--raw", job->raw, "the prompt as it is, without the model's chat template");
    command->add_option("--max-new", job->max_new, "most tokens to write")->capture_default_str();
    command->add_option("--temperature", job->temperature, "0: always the likeliest token")->capture_default_str();
    command->add_option("--top-p", job->top_p, "draw from the likeliest tokens with this probability in all")
        ->capture_default_str();
    command->add_option("--seed", job->seed, "of the draws")->capture_default_str();
    command
        ->add_option("--stop", job->stop,
                     "a token that ends the text, beside the model's own; may be given several times")
        ->take_all()
        ->allow_extra_args(false);
    add_configurations_option(*command, job->configurations);
    add_calibration_option(*command, job->calibration);
    add_output_options(*command, *output, StoreNeed::Optional);
    command->callback([=, &action] { action = [=] { return generate(*job, *output); }; });
}

} // namespace kvw
