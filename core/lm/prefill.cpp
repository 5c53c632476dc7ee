// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/prefill.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <memory>

namespace kvw {
namespace {

/// Grows and never shrinks; what it holds is left as it is.
struct Scratch
{
    std::unique_ptr<float[]> floats;
    std::size_t count = 0;

    float* at_least(std::size_t wanted)
    {
        if (wanted > count) {
            floats.reset(); // before the larger one
            count = 0;
            floats = std::make_unique_for_overwrite<float[]>(wanted);
            count = wanted;
        }
        return floats.get();
    }
};

} // namespace

kernels::AttendPrefill prefill_arguments(const at::Tensor& q, const AttentionShape& shape, ComputeType type)
{
    if (q.stride(3) != 1)
        throw Error(ErrorKind::Internal, fmt::format("queries with a stride of {} within a head", q.stride(3)));
    kernels::AttendPrefill args;
    args.sequences = static_cast<int>(q.size(0));
    args.kv_heads = shape.kv_heads;
    args.group = shape.group();
    args.head_dim = shape.head_dim;
    args.queries = q.size(1);
    args.attention_window = shape.attention_window;
    args.softmax_scale = shape.softmax_scale;
    args.products = type == ComputeType::Bf16 ? kernels::Products::Bf16 : kernels::Products::Fp32;
    args.q = q.data_ptr<float>();
    args.q_sequence_stride = q.stride(0);
    args.q_token_stride = q.stride(1);
    args.q_head_stride = q.stride(2);
    return args;
}

kernels::PrefillRows fp32_rows(const at::Tensor& x, bool coded)
{
    if (x.stride(3) != 1)
        throw Error(ErrorKind::Internal, fmt::format("keys or values with a stride of {} within a row", x.stride(3)));
    kernels::PrefillRows rows;
    rows.maybe_fp32 = x.data_ptr<float>();
    rows.sequence_stride = x.stride(0);
    rows.head_stride = x.stride(1);
    rows.token_stride = x.stride(2);
    rows.fp32_tokens = static_cast<int>(x.size(2));
    rows.fp32_coded = coded;
    return rows;
}

void run_prefill(kernels::AttendPrefill& args)
{
    thread_local Scratch scratch;
    args.scratch = scratch.at_least(kernels::attend_prefill_scratch_floats(args));
    if (kernels::attend_prefill(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal,
                    fmt::format("attention of {} queries over {} and {} parts was refused", args.queries,
                                args.key_parts, args.value_parts));
}

} // namespace kvw
