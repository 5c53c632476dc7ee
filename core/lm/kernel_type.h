// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "kernels/linear.h"

namespace kvw {

/// The kernels' word for the type that a decoder computes in.
inline kernels::LinearType kernel_type(ComputeType type)
{
    return type == ComputeType::Bf16 ? kernels::LinearType::Bf16 : kernels::LinearType::Fp32;
}

} // namespace kvw
