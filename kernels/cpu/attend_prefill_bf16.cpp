// SPDX-License-Identifier: GPL-3.0-or-later
#if defined(__AVX512BF16__)
#define KVW_PREFILL_VARIANT attend_prefill_bf16
#define KVW_PREFILL_BF16 1
#include "kernels/cpu/attend_prefill_body.h"
#else
#include "kernels/cpu/attend_prefill_variants.h"

namespace kvw::kernels {

PrefillVariant attend_prefill_bf16() { return {}; }

} // namespace kvw::kernels
#endif
