// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_ELEMENTWISE_VARIANT elementwise_v4
#include "kernels/cpu/elementwise_body.h"
