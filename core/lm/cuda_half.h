// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace kvw::kernels::cuda {
struct Operations;
}

namespace kvw {

/// The CUDA half of the engine: libkvw_cuda.so beside the program, linked with torch_cuda and loaded on demand, so that one
/// program serves machines with and without a GPU.
struct CudaState
{
    bool available = false;
    std::string reason; ///< why not, in words; empty when available
};
/// Loads the library on the first call and asks for devices; cheap afterwards.
const CudaState& cuda_state();
/// Throws Error{Unsupported} with the reason.
void require_cuda();
/// The GPU's kernels. Throws like require_cuda(), and Error{Unsupported} when the library was built without nvcc.
const kernels::cuda::Operations& cuda_kernels();

} // namespace kvw
