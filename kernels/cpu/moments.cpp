// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/moments.h"

#include "kernels/cpu/crew.h"
#include "kernels/cpu/moments_variants.h"
#include "kernels/threads.h"

#include <algorithm>

namespace kvw::kernels {

Status accumulate_moments(const AccumulateMoments& args) noexcept
{
    if (args.heads < 0 || args.tokens < 0 || args.dim < 1 || args.dim > 512
        || (args.tokens > 1 && args.token_stride < args.dim))
        return Status::BadShape;
    if (args.heads == 0 || args.tokens == 0)
        return Status::Ok;
    constexpr std::int64_t small_work = 64 * 1024; // multiplications; below, waking a thread costs more than it brings
    const std::int64_t work = args.heads * args.tokens * args.dim * args.dim / 2;
    const int threads = inside_piece() || work < small_work ? 1 : kernels::threads();
    // Few heads do not divide evenly over the threads: then several tasks share a head.
    const bool even = args.heads % threads == 0 || args.heads >= 8 * threads;
    const int parts = even ? 1 : std::min(threads, std::max(1, args.dim / 16));
    dispatch<MomentsVariant>().accumulate(args, parts, threads);
    return Status::Ok;
}

} // namespace kvw::kernels
