// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/options.h"

#include <fmt/format.h>

namespace kvw {

void add_import(CLI::App& app, Action& action)
{
    CLI::App* command =
        app.add_subcommand("import", "takes the bases of a calibration file of the seed project (a torch pickle)");
    auto job = std::make_shared<ImportSpecification>();
    auto output = std::make_shared<OutputOptions>();
    command->add_option("FILE", job->file, "the pickle: {\"layers\": [{\"K\": {\"U\", \"mean\"}, \"V\": {...}}, ...]}")
        ->required();
    command->add_option("--model", job->engine.model, "the model folder that it was made from")->required();
    add_output_options(*command, *output, StoreNeed::Required);
    command->callback([=, &action] {
        action = [=] {
            return with_store(*output, [&](const JobContext& context) {
                const RowId run = run_import(*job, context);
                if (output->json)
                    print_json(nlohmann::ordered_json{{"run", run}});
                else
                    fmt::print("calibration {} in {}; use it with --calibration {}\n", run, output->store, run);
                return 0;
            });
        };
    });
}

} // namespace kvw
