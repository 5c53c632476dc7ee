// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace kvw::kernels {

/// Reads x [count] once with all threads and returns its sum, so that no read can be left out: the time that it takes, with
/// a buffer larger than the caches, is what memory needs.
double read_all(const float* x, std::int64_t count) noexcept;

} // namespace kvw::kernels
