// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/kvw/console.h"
#include "core/jobs/job.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>
#include <string>

namespace kvw {

/// Options that several subcommands share, with the same words and help everywhere.

/// MODEL, --type, --device, --threads.
void add_engine_options(CLI::App& command, EngineOptions& engine);
void add_calibration_option(CLI::App& command, std::optional<std::int64_t>& calibration);
void add_attend_option(CLI::App& command, std::string& attend);
void add_configurations_option(CLI::App& command, std::vector<std::string>& configurations);

/// Where results go and what is printed.
struct OutputOptions
{
    std::string store; ///< empty: a store that is thrown away
    bool json = false;
    bool quiet = false;
};
enum class StoreNeed { Required, Optional };
void add_output_options(CLI::App& command, OutputOptions& output, StoreNeed need);

/// Opens the store (or a temporary one, saying that nothing is kept), installs the interrupt handler and calls `job`
/// with them; returns what it returns.
int with_store(const OutputOptions& output, const std::function<int(const JobContext&)>& job);
/// An existing store, to read from. Throws Error{NotFound} when there is none.
Store open_to_read(const std::string& file);

/// One JSON value and a newline on stdout, indented.
void print_json(const nlohmann::json& json);
void print_json(const nlohmann::ordered_json& json);

} // namespace kvw
