// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/worker.h"

#include "app/kvw/commands.h"
#include "app/kvw/console.h"

namespace kvw {

void add_worker(CLI::App& app, Action& action)
{
    CLI::App* command = app.add_subcommand("worker", "runs one job of a store for the window, speaking JSON lines");
    auto options = std::make_shared<WorkerOptions>();
    command->add_option("--store", options->store, "project file (*.kvw)")->required();
    command->add_option("--job", options->job, "number of the job in it")->required();
    command->callback([=, &action] { action = [=] { return run_worker(*options, interrupt_flag()); }; });
}

} // namespace kvw
