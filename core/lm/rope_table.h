// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/layer_spec.h"

#include <cstdint>
#include <vector>

namespace kvw {

/// Cosines and sines of the rotary angles, grown as positions are asked for.
///     angle(position, i) = position * f_i,  f_i = theta^(-2i / head_dim), scaled as the description says
/// Frequencies and angles are rounded to fp32 as the reference implementation does, so that long positions agree.
/// Source of the Llama 3 scaling: the model's published configuration (wavelengths above original/low are divided by
/// `factor`, those below original/high are kept, a linear blend between).
class RopeTable
{
public:
    RopeTable(const RotarySpec& rotary, int head_dim);

    /// [positions..., head_dim / 2] starting at `position`; valid until the next call.
    struct View
    {
        const float* cosine;
        const float* sine;
    };
    View at(std::int64_t position, std::int64_t tokens);

private:
    std::vector<float> frequencies_;
    std::vector<float> cosine_, sine_;
    std::int64_t filled_ = 0; ///< positions
};

} // namespace kvw
