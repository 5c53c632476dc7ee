// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of the packed bf16 linear layer: the best of many short repetitions, since the machine may be busy.
#include "kernels/linear.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

using namespace kvw::kernels;

struct Free
{
    void operator()(std::byte* data) const { std::free(data); }
};
using Packed = std::unique_ptr<std::byte, Free>;

struct Shape
{
    const char* name;
    std::int64_t k, n;
};

double best_seconds(const LinearBf16& call, std::size_t layer_bytes, int layers, double limit_s)
{
    double best = 1e9, total = 0;
    for (int round = 0; total < limit_s || round < 3 * layers; ++round) {
        LinearBf16 layer = call;
        layer.packed += static_cast<std::size_t>(round % layers) * layer_bytes;
        const auto start = std::chrono::steady_clock::now();
        if (linear_bf16(layer) != Status::Ok)
            std::exit(1);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        best = std::min(best, seconds);
        total += seconds;
    }
    return best;
}

void measure(const Shape& shape, const std::vector<std::int64_t>& all_rows)
{
    const std::size_t bytes = packed_linear_bytes(shape.n, shape.k);
    // Enough copies that few rows read the weights from memory, not from a cache.
    const int layers = static_cast<int>(std::max<std::size_t>(1, (160u << 20) / bytes));
    std::vector<std::uint16_t> weights(static_cast<std::size_t>(shape.n * shape.k));
    for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] = static_cast<std::uint16_t>(0x3c00u + (i * 2654435761u >> 25 & 0x7f) + (i % 3 == 0 ? 0x8000u : 0));
    const Packed packed(
        static_cast<std::byte*>(std::aligned_alloc(2u << 20, (bytes * layers + (2u << 20) - 1) >> 21 << 21)));
    pack_linear(weights.data(), shape.n, shape.k, packed.get());
    for (int layer = 1; layer < layers; ++layer)
        std::memcpy(packed.get() + bytes * static_cast<std::size_t>(layer), packed.get(), bytes);
    for (const std::int64_t rows : all_rows) {
        if (rows * shape.n > (96 << 20))
            continue;
        std::vector<float> x(static_cast<std::size_t>(rows * shape.k), 0.5f),
            y(static_cast<std::size_t>(rows * shape.n));
        LinearBf16 call;
        call.rows = rows;
        call.n = shape.n;
        call.k = shape.k;
        call.x = x.data();
        call.x_stride = shape.k;
        call.packed = packed.get();
        call.y = y.data();
        call.y_stride = shape.n;
        const double seconds = best_seconds(call, bytes, layers, 1.0);
        std::printf("%-9s k %5ld n %6ld rows %5ld  %9.1f us  %7.1f GFLOP/s  %6.1f GB/s of weights\n", shape.name,
                    shape.k, shape.n, rows, seconds * 1e6, 2e-9 * rows * shape.n * shape.k / seconds,
                    1e-9 * bytes / seconds);
        std::fflush(stdout);
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (!linear_bf16_available()) {
        std::printf("this processor has no bf16 dot product\n");
        return 1;
    }
    std::vector<std::int64_t> rows{1, 2, 4, 8, 12, 16, 32, 128, 512, 1024, 2048};
    if (argc > 1) {
        rows.clear();
        for (int i = 1; i < argc; ++i)
            rows.push_back(std::atol(argv[i]));
    }
    for (const Shape& shape : {Shape{"qkv", 576, 960}, Shape{"o", 576, 576}, Shape{"gate+up", 576, 3072},
                               Shape{"down", 1536, 576}, Shape{"lm_head", 576, 49152}, Shape{"8B qkv", 4096, 6144},
                               Shape{"8B g+u", 4096, 28672}, Shape{"8B down", 14336, 4096}})
        measure(shape, rows);
    return 0;
}
