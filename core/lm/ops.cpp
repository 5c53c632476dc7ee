// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/ops.h"

#include "core/base/error.h"
#include "kernels/elementwise.h"
#include "kernels/rope.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

namespace kvw::ops {
namespace {

void rope_elsewhere(at::Tensor& x, std::int64_t sequences, std::int64_t tokens, int heads, int head_dim,
                    const RopeTable::View& table)
{
    const std::int64_t half = head_dim / 2;
    const auto on_device = [&](const float* values) {
        return at::from_blob(const_cast<float*>(values), {1, tokens, 1, half}, at::kFloat).to(x.device());
    };
    const at::Tensor cosine = on_device(table.cosine), sine = on_device(table.sine);
    at::Tensor rows =
        x.narrow(1, 0, static_cast<std::int64_t>(heads) * head_dim).view({sequences, tokens, heads, head_dim});
    at::Tensor low = rows.narrow(3, 0, half), high = rows.narrow(3, half, half);
    const at::Tensor rotated_low = low * cosine - high * sine;
    high.copy_(high * cosine + low * sine);
    low.copy_(rotated_low);
}

} // namespace

void rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::Tensor& out)
{
    if (!x.is_cpu()) {
        const at::Tensor scale = x.square().mean(1, true).add_(epsilon).rsqrt_();
        at::mul_out(out, x, scale).mul_(weight);
        return;
    }
    kernels::RmsNorm args;
    args.rows = x.size(0);
    args.n = x.size(1);
    args.x = x.data_ptr<float>();
    args.x_stride = x.stride(0);
    args.weight = weight.data_ptr<float>();
    args.epsilon = static_cast<float>(epsilon);
    args.y = out.data_ptr<float>();
    args.y_stride = out.stride(0);
    if (kernels::rms_norm(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal, "the norm refused its shapes");
}

void silu_mul(const at::Tensor& gate_up, at::Tensor& out)
{
    const std::int64_t width = gate_up.size(1) / 2;
    if (!gate_up.is_cpu()) {
        at::silu_out(out, gate_up.narrow(1, 0, width)).mul_(gate_up.narrow(1, width, width));
        return;
    }
    kernels::SiluMul args;
    args.rows = gate_up.size(0);
    args.n = width;
    args.gate_up = gate_up.data_ptr<float>();
    args.gate_up_stride = gate_up.stride(0);
    args.out = out.data_ptr<float>();
    args.out_stride = out.stride(0);
    if (kernels::silu_mul(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal, "the product with SiLU refused its shapes");
}

void rope(at::Tensor& x, std::int64_t sequences, std::int64_t tokens, int heads, int head_dim,
          const RopeTable::View& table)
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
