// SPDX-License-Identifier: GPL-3.0-or-later
// The packed product in the shapes of SmolLM2-135M and of an 8B model. Copies of the weights make sure that few rows read
// them from memory.
#include "kernels/linear.h"

#include "tests/bench/kernels/bench.h"

#include <cstring>
#include <string>
#include <vector>

namespace kvw::bench {
namespace {

using namespace kvw::kernels;

struct Shape
{
    const char* name;
    std::int64_t k, n;
};

void linear(benchmark::State& state, const Shape& shape, std::int64_t rows)
{
    const LinearType type = LinearType::Bf16;
    const std::size_t bytes = packed_linear_bytes(type, shape.n, shape.k);
    const std::size_t copies = std::max<std::size_t>(1, (std::size_t{160} << 20) / bytes);
    std::vector<std::uint16_t> weights(static_cast<std::size_t>(shape.n * shape.k));
    for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] = static_cast<std::uint16_t>(0x3c00u + (i * 2654435761u >> 25 & 0x7f) + (i % 3 == 0 ? 0x8000u : 0));
    std::vector<std::byte, PageAllocator<std::byte>> packed(bytes * copies);
    pack_linear(type, weights.data(), shape.n, shape.k, packed.data());
    for (std::size_t copy = 1; copy < copies; ++copy)
        std::memcpy(packed.data() + bytes * copy, packed.data(), bytes);
    const std::vector<float> x(static_cast<std::size_t>(rows * shape.k), 0.5f);
    std::vector<float> y(static_cast<std::size_t>(rows * shape.n));
    LinearProduct args;
    args.type = type;
    args.rows = rows;
    args.n = shape.n;
    args.k = shape.k;
    args.x = x.data();
    args.x_stride = shape.k;
    args.y = y.data();
    args.y_stride = shape.n;
    std::size_t round = 0;
    for (auto iteration : state) {
        args.packed = packed.data() + bytes * (round++ % copies);
        if (kernels::linear(args) != Status::Ok)
            std::abort();
    }
    count(state, static_cast<double>(bytes), 2.0 * static_cast<double>(rows * shape.n * shape.k), bounds().bf16_flops);
}

} // namespace

void register_linear()
{
    for (const Shape& shape : {Shape{"qkv", 576, 960},
                               {"o", 576, 576},
                               {"gate+up", 576, 3072},
                               {"down", 1536, 576},
                               {"logits", 576, 49152},
                               {"8B qkv", 4096, 6144},
                               {"8B gate+up", 4096, 28672}})
        for (const std::int64_t rows : {1, 4, 8, 64, 512})
            benchmark::RegisterBenchmark(("linear/" + std::string(shape.name) + "/" + std::to_string(rows)).c_str(),
                                         [shape, rows](benchmark::State& state) { linear(state, shape, rows); })
                ->UseRealTime()
                ->Unit(benchmark::kMicrosecond);
}

} // namespace kvw::bench
