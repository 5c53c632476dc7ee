// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cpu/cpu_features.h"
#include "kernels/moments.h"

namespace kvw::kernels {

/// The work of accumulate_moments, compiled once per instruction set. `parts` is the number of tasks that share one
/// head's rows of `product`; every element is one sum over ascending tokens, so it does not change bits.
using MomentsVariant = void (*)(const AccumulateMoments& args, int parts, int threads);

void moments_baseline(const AccumulateMoments& args, int parts, int threads);
void moments_v3(const AccumulateMoments& args, int parts, int threads);
void moments_v4(const AccumulateMoments& args, int parts, int threads);

MomentsVariant moments_variant(IsaLevel level) noexcept;

} // namespace kvw::kernels
