// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_ELEMENTWISE_VARIANT elementwise_baseline
#include "kernels/cpu/elementwise_body.h"
