// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw::kernels {

/// What a kernel answers; kernels never throw.
enum class Status {
    Ok,
    BadShape,     ///< sizes or strides that contradict each other
    Unsupported,  ///< this machine or build has no such path; the caller chose it explicitly
    NotFinite,    ///< NaN or infinity in the input, or a value beyond the storage type
    LaunchFailed, ///< a call of the CUDA runtime failed; cudaGetLastError() says how
};

} // namespace kvw::kernels
