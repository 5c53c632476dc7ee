// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace kvw {

/// What a subcommand does once the command line is parsed; returns the exit code. Set by the chosen subcommand's callback.
using Action = std::function<int()>;

/// Each adds one subcommand to `app` and stores what it will do into `action` when chosen.
void add_info(CLI::App& app, Action& action);
void add_calibrate(CLI::App& app, Action& action);
void add_spectra(CLI::App& app, Action& action);
void add_ppl(CLI::App& app, Action& action);
void add_sweep(CLI::App& app, Action& action);
void add_generate(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_import(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_worker(CLI::App& app, Action& action);
void add_describe(CLI::App& app, Action& action);

} // namespace kvw
