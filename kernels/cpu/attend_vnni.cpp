// SPDX-License-Identifier: GPL-3.0-or-later
#if defined(__AVX512VNNI__)
#define KVW_ATTEND_VARIANT attend_vnni
#define KVW_ATTEND_INTEGERS 1
#include "kernels/cpu/attend_body.h"
#else
#include "kernels/cpu/attend_variants.h"

namespace kvw::kernels {

void attend_vnni(const AttendDecode& args, const AttendUnit& unit) { attend_v4(args, unit); }

} // namespace kvw::kernels
#endif
