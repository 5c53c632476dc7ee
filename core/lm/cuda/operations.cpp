// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/operations.h"

/// What core/lm/cuda_half.h looks for.
extern "C" const kvw::kernels::cuda::Operations* kvw_cuda_operations()
{
    return &kvw::kernels::cuda::cuda_operations();
}
