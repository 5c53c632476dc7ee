// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_ROWS_VARIANT rows_v4
#include "kernels/cpu/rows_body.h"
