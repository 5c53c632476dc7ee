// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/console.h"
#include "app/kvw/restart.h"

#include "core/base/version.h"
#include "core/lm/cuda_half.h"
#include "kernels/cpu/cpu_features.h"
#include "kernels/cpu/cpu_level_list.h"
#include "kernels/threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <span>
#include <string_view>

namespace {

std::string version_text()
{
    const kvw::CudaState& cuda = kvw::cuda_state();
    return fmt::format("kvw {}\ninstructions: {} (this processor has {}; KVW_CPU chooses)\ncuda: {}", kvw::version(),
                       kvw::kernels::name(kvw::kernels::cpu_level()), kvw::kernels::cpu_levels_there(),
                       cuda.available ? "available" : cuda.reason);
}

/// Runs what was chosen and turns every exception into one sentence and an exit code.
int run(const kvw::Action& action)
{
    try {
        const int code = action();
        if (std::fflush(stdout) != 0 || std::ferror(stdout))
            throw kvw::Error(kvw::ErrorKind::NoSpace, "the results could not be written to standard output",
                             "is the disk full, or the pipe closed?");
        return code;
    } catch (const kvw::Error& error) {
        kvw::print_error(error);
        return kvw::exit_code_of(error);
    } catch (const std::exception& error) {
        kvw::print_error(kvw::Error(kvw::ErrorKind::Internal,
                                    fmt::format("an error that should not happen: {}", error.what()),
                                    "please report it with the command line"));
        return 1;
    }
}

/// A setting of the environment that is wrong: usage.
int refuse(const char* message, const char* hint)
{
    const kvw::Error error(kvw::ErrorKind::InvalidArgument, message, hint);
    kvw::print_error(error);
    return kvw::exit_code(error.kind());
}

bool asks_for_help(std::span<char*> arguments)
{
    return std::any_of(arguments.begin(), arguments.end(),
                       [](std::string_view argument) { return argument == "--help" || argument == "-h"; });
}

} // namespace

int main(int argc, char** argv)
{
    if (const auto problem = kvw::kernels::cpu_level_problem();
        problem && !asks_for_help({argv, static_cast<std::size_t>(argc)}))
        return refuse(problem->message, problem->hint);
    CLI::App app{"Compresses the KV cache of a language model and measures honestly what that costs and gains.", "kvw"};
    app.set_version_flag("--version", version_text);
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    kvw::Action action;
    kvw::add_info(app, action);
    kvw::add_calibrate(app, action);
    kvw::add_spectra(app, action);
    kvw::add_ppl(app, action);
    kvw::add_sweep(app, action);
    kvw::add_generate(app, action);
    kvw::add_bench(app, action);
    kvw::add_import(app, action);
    kvw::add_export(app, action);
    kvw::add_worker(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : 2; // every mistake on the command line is usage, whatever CLI11 numbers it
    }
    const std::string command = app.get_subcommands().front()->get_name();
    if (kvw::runs_engine(command)) {
        if (const char* problem = kvw::kernels::threads_problem())
            return refuse(problem,
                          "unset it, or set it to a number from 1 to the number of cores; --threads chooses too");
        kvw::let_waiting_threads_sleep(argv);
    }
    kvw::install_interrupt_handler();
    return run(action);
}
