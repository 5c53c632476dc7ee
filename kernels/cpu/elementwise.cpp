// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/elementwise.h"

#include "kernels/cpu/crew.h"
#include "kernels/cpu/elementwise_variants.h"
#include "kernels/threads.h"

#include <algorithm>

namespace kvw::kernels {
namespace {

int threads_for(std::int64_t rows, std::int64_t width) noexcept
{
    constexpr std::int64_t small = 16 * 1024; // values; below, waking a thread costs more than it brings
    if (inside_piece() || rows * width < small)
        return 1;
    return static_cast<int>(std::min<std::int64_t>(rows, threads()));
}

bool bad_sizes(std::int64_t rows, std::int64_t width) noexcept { return rows < 0 || width < 1; }

bool bad_stride(std::int64_t rows, std::int64_t stride, std::int64_t width) noexcept
{
    return rows > 1 && stride < width;
}

} // namespace

Status rms_norm(const RmsNorm& args) noexcept
{
    if (bad_sizes(args.rows, args.n) || bad_stride(args.rows, args.x_stride, args.n)
        || bad_stride(args.rows, args.y_stride, args.n))
        return Status::BadShape;
    dispatch<ElementwiseVariant>().rms_norm(args, threads_for(args.rows, args.n));
    return Status::Ok;
}

Status silu_mul(const SiluMul& args) noexcept
{
    if (bad_sizes(args.rows, args.n) || bad_stride(args.rows, args.gate_up_stride, 2 * args.n)
        || bad_stride(args.rows, args.out_stride, args.n))
        return Status::BadShape;
    dispatch<ElementwiseVariant>().silu_mul(args, threads_for(args.rows, 4 * args.n));
    return Status::Ok;
}

Status log_sum_exp_rows(const LogSumExpRows& args) noexcept
{
    if (bad_sizes(args.rows, args.vocab) || bad_stride(args.rows, args.stride, args.vocab)
        || args.vocab > 0x7fffffff - 64 || (args.maybe_at_target != nullptr && args.maybe_target == nullptr))
        return Status::BadShape;
    for (std::int64_t row = 0; args.maybe_target != nullptr && row < args.rows; ++row)
        if (args.maybe_target[row] < 0 || args.maybe_target[row] >= args.vocab)
            return Status::BadShape;
    return dispatch<ElementwiseVariant>().log_sum_exp_rows(args, threads_for(args.rows, 4 * args.vocab))
        ? Status::Ok
        : Status::NotFinite;
}

Status kl_rows(const KlRows& args) noexcept
{
    if (bad_sizes(args.rows, args.vocab) || bad_stride(args.rows, args.p_stride, args.vocab)
        || bad_stride(args.rows, args.q_stride, args.vocab))
        return Status::BadShape;
    return dispatch<ElementwiseVariant>().kl_rows(args, threads_for(args.rows, 4 * args.vocab)) ? Status::Ok
                                                                                                : Status::NotFinite;
}

} // namespace kvw::kernels
