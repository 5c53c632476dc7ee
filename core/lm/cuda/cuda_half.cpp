// SPDX-License-Identifier: GPL-3.0-or-later
// libkvw_cuda.so: what the engine needs to compute on a GPU. It links LibTorch's CUDA half, which registers its
// operators when it is loaded; core/lm/cuda_half.h loads it when a CUDA device is asked for.
#include <c10/core/Device.h>

// c10/cuda/CUDAFunctions.h declares this too, and drags in headers of the CUDA toolkit, which the wheels do not carry.
namespace c10::cuda {
DeviceIndex device_count() noexcept;
} // namespace c10::cuda

/// Devices that can be used; 0 without a GPU or with a driver that is too old.
extern "C" int kvw_cuda_device_count() { return c10::cuda::device_count(); }
