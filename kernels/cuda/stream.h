// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

struct CUstream_st; // what CUDA's cudaStream_t points to

namespace kvw::kernels::cuda {

/// A cudaStream_t, without the toolkit's headers; null: the default stream, which LibTorch uses as well. Kernels over host
/// memory take none.
using StreamHandle = CUstream_st*;

} // namespace kvw::kernels::cuda
