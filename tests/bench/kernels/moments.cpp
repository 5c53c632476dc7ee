// SPDX-License-Identifier: GPL-3.0-or-later
// The second moments that a calibration sums, in fp64 from fp32 vectors.
#include "kernels/moments.h"

#include "tests/bench/kernels/bench.h"

#include <string>
#include <vector>

namespace kvw::bench {
namespace {

using namespace kvw::kernels;

struct Shape
{
    int heads, dim;
    std::int64_t tokens;
    bool weighted;
};

void moments(benchmark::State& state, const Shape& shape)
{
    const std::int64_t values = shape.heads * shape.tokens * shape.dim;
    const std::vector<float> x(static_cast<std::size_t>(values), 0.5f);
    const std::vector<float> weights(static_cast<std::size_t>(shape.heads * shape.tokens), 0.25f);
    const std::vector<double> shift(static_cast<std::size_t>(shape.heads * shape.dim), 0.125);
    std::vector<double> sum(shift), weight(shift), product(shift.size() * static_cast<std::size_t>(shape.dim));
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
    for (auto iteration : state)
        if (accumulate_moments(args) != Status::Ok)
            std::abort();
    // Half of the matrix is summed; products of doubles, of which a register holds half as many.
    count(state, 4.0 * static_cast<double>(values), static_cast<double>(values) * (shape.dim + 1),
          bounds().fp32_flops / 2);
}

} // namespace

void register_moments()
{
    for (const Shape& shape : {Shape{3, 64, 512, false}, Shape{3, 64, 512, true}, Shape{9, 64, 512, false},
                               Shape{8, 128, 2048, true}, Shape{32, 128, 2048, false}})
        benchmark::RegisterBenchmark(("moments/" + std::to_string(shape.heads) + "x" + std::to_string(shape.dim) + "x"
                                      + std::to_string(shape.tokens) + (shape.weighted ? "/weighted" : ""))
                                         .c_str(),
                                     [shape](benchmark::State& state) { moments(state, shape); })
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
}

} // namespace kvw::bench
