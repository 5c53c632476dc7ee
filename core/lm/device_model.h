// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/decode_step.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace kvw {

/// All that whole decode steps of a decoder read, apart from its past: what kernels/cuda/decode_step.h describes, with its
/// matrices plain, and the memory that it points to. Of the layers' stores kv_heads and value_width are set.
struct DeviceModel
{
    kernels::cuda::DecodeModel step; ///< but for `layers`, which are here
    std::vector<kernels::cuda::DecodeLayer> layers;
    std::int64_t positions = 0; ///< of the rotary tables
    std::vector<at::Tensor> memory;

    /// Keeps a matrix or vector alive; null for an undefined one.
    const std::uint16_t* hold_bf16(const at::Tensor& maybe_matrix);
    const float* hold_fp32(const at::Tensor& maybe_vector);
};

} // namespace kvw
