// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_LINEAR_FP32 linear_fp32_v3
#define KVW_LINEAR_BF16 linear_bf16_v3
#include "kernels/cpu/linear_body.h"
