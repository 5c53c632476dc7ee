// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of the moment sums by variant: the best of many short repetitions, since the machine may be busy.
#include "kernels/cpu/moments_variants.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace kvw::kernels;

int main()
{
    struct Shape
    {
        int heads, dim;
        std::int64_t tokens;
        bool weighted;
    };
    for (const Shape& shape :
         {Shape{3, 64, 512, false}, Shape{3, 64, 512, true}, Shape{9, 64, 512, false}, Shape{32, 64, 2048, false},
          Shape{8, 128, 512, false}, Shape{8, 128, 2048, true}, Shape{32, 128, 2048, false}}) {
        const std::int64_t values = shape.heads * shape.tokens * shape.dim;
        std::vector<float> x(static_cast<std::size_t>(values), 0.5f);
        std::vector<float> weights(static_cast<std::size_t>(shape.heads * shape.tokens), 0.25f);
        std::vector<double> shift(static_cast<std::size_t>(shape.heads * shape.dim), 0.125), sum(shift), weight(shift);
        std::vector<double> product(shift.size() * static_cast<std::size_t>(shape.dim));
        AccumulateMoments args;
        args.heads = shape.heads;
        args.tokens = shape.tokens;
        args.dim = shape.dim;
        args.x = x.data();
        args.head_stride = shape.dim;
        args.token_stride = static_cast<std::int64_t>(shape.heads) * shape.dim;
        args.maybe_weights = shape.weighted ? weights.data() : nullptr;
        args.weight_head_stride = shape.tokens;
        args.shift = shift.data();
        args.weight = weight.data();
        args.sum = sum.data();
        args.product = product.data();
        const double flop = static_cast<double>(values) * (shape.dim + 1);
        std::printf("heads %2d dim %3d tokens %4ld %-8s", shape.heads, shape.dim, shape.tokens,
                    shape.weighted ? "weighted" : "");
        const auto best = [&](const auto& call) {
            double best_s = 1e9, total = 0;
            while (total < 0.5) {
                const auto start = std::chrono::steady_clock::now();
                call();
                const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
                best_s = std::min(best_s, s);
                total += s;
            }
            return flop / best_s * 1e-9;
        };
        for (const IsaLevel level : {IsaLevel::Baseline, IsaLevel::V3, IsaLevel::V4})
            if (level <= isa_level())
                std::printf("  %6.1f", best([&] { moments_variant(level)(args, 1, 1); }));
        std::printf(" GFLOP/s on one thread (baseline, v3, v4); all threads %6.1f\n",
                    best([&] { (void)accumulate_moments(args); }));
        std::fflush(stdout);
    }
    return 0;
}
