// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw::kernels {

/// Threads that work on one call of a CPU kernel, the calling one included. At first one for each core that the process
/// may use, or as many as OMP_NUM_THREADS says where that is a number from 1 to 1024.
int threads() noexcept;
/// From the next call on; values below 1 count as 1. Threads are made when they are first needed and sleep while there is
/// nothing to do.
void set_threads(int count) noexcept;

/// Cores that this process may run on.
int usable_cores() noexcept;

/// What is wrong with OMP_NUM_THREADS, or null: it must be a number of threads, 1 or more, and no more than there are
/// cores. The text is kept for as long as the process lives.
const char* threads_problem() noexcept;

} // namespace kvw::kernels
