// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/dense_attention.h"

#include "core/lm/prefill.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace kvw {
namespace {

/// [B, kv_heads, S, d] -> [B, heads, S, d]: every KV head repeated for its query heads.
at::Tensor repeat_heads(const at::Tensor& x, int group)
{
    if (group == 1)
        return x;
    const auto s = x.sizes();
    return x.unsqueeze(2).expand({s[0], s[1], group, s[2], s[3]}).reshape({s[0], s[1] * group, s[2], s[3]});
}

at::Tensor attention_elsewhere(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const AttentionShape& shape, ComputeType type)
{
    const std::int64_t queries = q.size(1), positions = k.size(2);
    const at::ScalarType scalar = type == ComputeType::Bf16 ? at::kBFloat16 : at::kFloat;
    const at::Tensor queries_first = q.transpose(1, 2).to(scalar);
    const at::Tensor keys = repeat_heads(k.to(scalar), shape.group());
    const at::Tensor values = repeat_heads(v.to(scalar), shape.group());
    const bool windowed = shape.attention_window > 0 && shape.attention_window < positions;
    const bool plain_causal = queries == positions && !windowed;
    std::optional<at::Tensor> mask;
    if (!plain_causal && (queries > 1 || windowed))
        mask = causal_mask(queries, positions, shape.attention_window, q.device());
    const at::Tensor out = at::scaled_dot_product_attention(
        queries_first, keys, values, mask, 0.0, plain_causal && queries > 1, static_cast<double>(shape.softmax_scale));
    return out.transpose(1, 2).to(at::kFloat).reshape({q.size(0), queries, q.size(2) * q.size(3)});
}

} // namespace

at::Tensor causal_mask(std::int64_t queries, std::int64_t positions, std::int64_t attention_window,
                       const at::Device& device)
{
    const auto options = at::TensorOptions(at::kLong).device(device);
    const at::Tensor query = at::arange(positions - queries, positions, options).unsqueeze(1);
    const at::Tensor token = at::arange(positions, options).unsqueeze(0);
    at::Tensor allowed = token.le(query);
    if (attention_window > 0)
        allowed = allowed.logical_and(token.gt(query - attention_window));
    return allowed;
}

at::Tensor dense_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionShape& shape,
                           ComputeType type)
{
    if (!q.is_cpu())
        return attention_elsewhere(q, k, v, shape, type);
    const auto rows_of = [](const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); };
    const at::Tensor queries = rows_of(q), keys = rows_of(k), values = rows_of(v);
    at::Tensor out = at::empty({q.size(0), q.size(1), q.size(2) * q.size(3)}, q.options());
    const kernels::PrefillRows key_rows = fp32_rows(keys), value_rows = fp32_rows(values);
    kernels::AttendPrefill args = prefill_arguments(queries, shape, type);
    args.keys = &key_rows;
    args.values = &value_rows;
    args.key_parts = args.value_parts = 1;
    args.out = out.data_ptr<float>();
    run_prefill(args);
    return out;
}

void PlainPast::append(int, const at::Tensor& k, const at::Tensor& v)
{
    k_ = k.transpose(1, 2);
    v_ = v.transpose(1, 2);
}

at::Tensor PlainPast::attend(int layer, const at::Tensor& q)
{
    return dense_attention(q, k_, v_, shapes_[layer], type_);
}

} // namespace kvw
