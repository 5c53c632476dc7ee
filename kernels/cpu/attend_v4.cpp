// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_ATTEND_VARIANT attend_v4
#include "kernels/cpu/attend_body.h"
