// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/commands.h"
#include "app/kvw/console.h"

#include "core/base/version.h"
#include "core/lm/cuda_half.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace {

std::string version_text()
{
    const kvw::CudaState& cuda = kvw::cuda_state();
    return fmt::format("kvw {}\ncuda: {}", kvw::version(), cuda.available ? "available" : cuda.reason);
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

} // namespace

int main(int argc, char** argv)
{
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
    kvw::install_interrupt_handler();
    return run(action);
}
