// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_ATTEND_VARIANT attend_integers_v3
#define KVW_ATTEND_INTEGERS 1
#include "kernels/cpu/attend_body.h"
