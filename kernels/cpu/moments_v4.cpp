// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_MOMENTS_VARIANT moments_v4
#include "kernels/cpu/moments_body.h"
