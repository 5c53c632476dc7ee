// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/attend_task_body.h"

namespace kvw::kernels {

KVW_VARIANT(AttendFloats){attend_unit};

} // namespace kvw::kernels
