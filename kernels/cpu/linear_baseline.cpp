// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_LINEAR_FP32 linear_fp32_baseline
#define KVW_LINEAR_BF16 linear_bf16_baseline
#include "kernels/cpu/linear_body.h"
