// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/device_model.h"

namespace kvw {

const std::uint16_t* DeviceModel::hold_bf16(const at::Tensor& maybe_matrix)
{
    if (!maybe_matrix.defined())
        return nullptr;
    memory.push_back(maybe_matrix.to(at::kBFloat16).contiguous());
    return static_cast<const std::uint16_t*>(memory.back().const_data_ptr());
}

const float* DeviceModel::hold_fp32(const at::Tensor& maybe_vector)
{
    if (!maybe_vector.defined())
        return nullptr;
    memory.push_back(maybe_vector.to(at::kFloat).contiguous());
    return memory.back().const_data_ptr<float>();
}

} // namespace kvw
