// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/ops.h"

#include "core/base/error.h"
#include "kernels/rope.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace kvw::ops {
namespace {

void rope_elsewhere(at::Tensor& x, std::int64_t sequences, std::int64_t tokens, int heads, int head_dim, const RopeTable::View& table)
{
    const std::int64_t half = head_dim / 2;
    const auto on_device = [&](const float* values) {
        return at::from_blob(const_cast<float*>(values), {1, tokens, 1, half}, at::kFloat).to(x.device());
    };
    const at::Tensor cosine = on_device(table.cosine), sine = on_device(table.sine);
    at::Tensor rows = x.narrow(1, 0, static_cast<std::int64_t>(heads) * head_dim).view({sequences, tokens, heads, head_dim});
    at::Tensor low = rows.narrow(3, 0, half), high = rows.narrow(3, half, half);
    const at::Tensor rotated_low = low * cosine - high * sine;
    high.copy_(high * cosine + low * sine);
    low.copy_(rotated_low);
}

} // namespace

void rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::Tensor& out)
{
    const at::Tensor scale = x.square().mean(1, true).add_(epsilon).rsqrt_();
    at::mul_out(out, x, scale).mul_(weight);
}

void silu_mul(const at::Tensor& gate_up, at::Tensor& out)
{
    const std::int64_t width = gate_up.size(1) / 2;
    at::silu_out(out, gate_up.narrow(1, 0, width)).mul_(gate_up.narrow(1, width, width));
}

void rope(at::Tensor& x, std::int64_t sequences, std::int64_t tokens, int heads, int head_dim, const RopeTable::View& table)
{
    if (!x.is_cpu()) {
        rope_elsewhere(x, sequences, tokens, heads, head_dim, table);
        return;
    }
    kernels::Rope args;
    args.sequences = sequences;
    args.tokens = tokens;
    args.heads = heads;
    args.dim = head_dim;
    args.x = x.data_ptr<float>();
    args.row_stride = x.stride(0);
    args.cosine = table.cosine;
    args.sine = table.sine;
    if (kernels::rope(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal, "the rotary embedding refused its shapes");
}

} // namespace kvw::ops
