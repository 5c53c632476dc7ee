// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend.h"

namespace kvw::kernels::cuda {

/// What is asked of a compiled kernel: a launch, or how many blocks of a multiprocessor it can have at once.
struct AttendRequest
{
    cudaStream_t stream = nullptr;
    int* maybe_blocks = nullptr; ///< set: not launched; blocks of a multiprocessor
};

/// The narrowest compiled kernel that holds the widths. Defined in attend_launch.cuh and instantiated by one attend_*.cu for
/// every pair of kFormatPairs, since each takes its minutes to compile.
template<Format K, Format V>
Status attend_pair(const Attend& args, const AttendRequest& request);

} // namespace kvw::kernels::cuda
