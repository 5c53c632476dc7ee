// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kvw::bench {

/// What the processor's own registers allow: fused bf16 pair products of all threads in GFLOP/s (2 for a product and its
/// sum), best of several runs; 0 where there is no such instruction.
double bf16_peak_gflops();
/// fp32 multiply-adds of the widest vectors that there are, or of those of AVX2, likewise.
double fp32_peak_gflops(bool without_avx512 = false);

} // namespace kvw::bench
