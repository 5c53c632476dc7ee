// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cpu/variants.h"
#include "kernels/moments.h"

namespace kvw::kernels {

/// The work of accumulate_moments.
struct MomentsVariant
{
    /// `parts` is the number of tasks that share one head's rows of `product`; every element is one sum over ascending
    /// tokens, so it does not change bits.
    void (*accumulate)(const AccumulateMoments& args, int parts, int threads);
};
KVW_VARIANTS(MomentsVariant, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);

} // namespace kvw::kernels
