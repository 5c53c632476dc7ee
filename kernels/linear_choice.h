// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/linear.h"

#include <array>

namespace kvw::kernels {

/// A way to multiply weights of one type, and how fast it was here.
struct LinearCandidate
{
    const char* name = "";
    double gflops = 0; ///< many rows, one thread: 1e9 products and as many additions count 2
};

/// What linear() takes for one type of weights.
struct LinearChoice
{
    std::array<LinearCandidate, 2> candidates;
    int count = 0;
    int chosen = 0; ///< index

    const LinearCandidate& taken() const { return candidates[static_cast<std::size_t>(chosen)]; }
};

/// Measured at the first call, in some milliseconds, and the same for the whole process: processors with the bf16 dot
/// product differ in whether it is faster than widening the weights to fp32 (on some it has half the throughput).
const LinearChoice& linear_choice(LinearType type) noexcept;

} // namespace kvw::kernels
