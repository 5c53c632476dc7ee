// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_PREFILL_VARIANT attend_prefill_baseline
#include "kernels/cpu/attend_prefill_body.h"
