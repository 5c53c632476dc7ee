// SPDX-License-Identifier: GPL-3.0-or-later
#define KVW_ATTEND_INTEGERS 1
#include "kernels/cpu/attend_task_body.h"

namespace kvw::kernels {

KVW_VARIANT(AttendIntegers){attend_unit};

} // namespace kvw::kernels
