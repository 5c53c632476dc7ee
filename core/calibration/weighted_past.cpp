// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibration/weighted_past.h"

#include "core/lm/prefill.h"

#include <ATen/Functions.h>

namespace kvw {

at::Tensor WeightedPast::attend(int layer, const at::Tensor& queries)
{
    const at::Tensor q = queries.to(at::kCPU), all_keys = keys().to(at::kCPU), all_values = values().to(at::kCPU);
    at::Tensor out = at::empty({q.size(0), q.size(1), q.size(2) * q.size(3)}, at::kFloat);
    at::Tensor received = at::empty({q.size(0), shape(layer).kv_heads, q.size(1)}, at::kFloat);
    const kernels::PrefillRows k = fp32_rows(all_keys), v = fp32_rows(all_values);
    kernels::AttendPrefill args = prefill_arguments(q, shape(layer), type());
    args.keys = &k;
    args.values = &v;
    args.key_parts = args.value_parts = 1;
    args.out = out.data_ptr<float>();
    args.maybe_received = received.data_ptr<float>();
    run_prefill(args);
    gatherer_.attention_received(layer, all_keys.permute({0, 2, 1, 3}), all_values.permute({0, 2, 1, 3}), received);
    return out.to(queries.device());
}

} // namespace kvw
