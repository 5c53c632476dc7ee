// SPDX-License-Identifier: GPL-3.0-or-later
#if defined(__AVXVNNI__)
#define KVW_ATTEND_VARIANT attend_v3_vnni
#define KVW_ATTEND_INTEGERS 1
#include "kernels/cpu/attend_body.h"
#else
#include "kernels/cpu/attend_variants.h"

namespace kvw::kernels {

void attend_v3_vnni(const AttendDecode& args, const AttendUnit& unit) { attend_integers_v3(args, unit); }

} // namespace kvw::kernels
#endif
