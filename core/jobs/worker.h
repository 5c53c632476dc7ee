// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/jobs/progress_sink.h"
#include "core/records/run.h"

#include <filesystem>

namespace kvw {

struct WorkerOptions
{
    std::filesystem::path store;
    RowId job = 0;
    int input = 0;  ///< file descriptor that "cancel" comes from; its end means that the window is gone
    int output = 1; ///< file descriptor of the protocol's lines
};

/// Runs one job of the store's job table and speaks the worker protocol (core/protocol/message.h): hello, then what the
/// job says and a heartbeat every two seconds, then exactly one result. The job's row and its run hold the same verdict.
/// Returns the process' exit code: 0, 1, 2, or CancelFlag::exit_code(). Throws nothing.
int run_worker(const WorkerOptions& options, CancelFlag& cancel) noexcept;

} // namespace kvw
