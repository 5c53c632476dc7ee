// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace kvw {

/// Whether a subcommand computes with a model.
bool runs_engine(std::string_view subcommand) noexcept;

/// The kernels have threads of their own, which sleep after a bounded time; those of LibTorch's OpenMP pool spin for long
/// after each of its operations, on cores that the kernels or other programs want. The pool reads how it is to wait before
/// main() begins, so unless the user has said so in the environment, this bounds it there (GOMP_SPINCOUNT) and starts the
/// program anew in the same process. Goes on as it is where that fails.
void let_waiting_threads_sleep(char** argv) noexcept;

} // namespace kvw
