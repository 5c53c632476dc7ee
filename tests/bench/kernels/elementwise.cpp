// SPDX-License-Identifier: GPL-3.0-or-later
// The row-wise kernels, as they run while a window of 512 tokens is scored.
#include "kernels/elementwise.h"

#include "tests/bench/kernels/bench.h"

#include <functional>
#include <vector>

namespace kvw::bench {
namespace {

using namespace kvw::kernels;

constexpr std::int64_t kRows = 512, kHidden = 576, kWide = 1536, kVocab = 49152, kLogitRows = 64;

std::vector<float> some_numbers(std::int64_t count)
{
    std::vector<float> out(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<float>(i * 2654435761u >> 20 & 0xfff) * 0.002f;
    return out;
}

void run(benchmark::State& state, double bytes, const std::function<Status()>& call)
{
    for (auto iteration : state)
        if (call() != Status::Ok)
            std::abort();
    count(state, bytes, 0, 0);
}

void norms(benchmark::State& state)
{
    const std::vector<float> x = some_numbers(kRows * kHidden), weight(kHidden, 1.0f);
    std::vector<float> y(x.size());
    run(state, 8.0 * kRows * kHidden, [&] {
        return rms_norm({kRows, kHidden, x.data(), kHidden, weight.data(), 1e-5f, y.data(), kHidden});
    });
}

void gates(benchmark::State& state)
{
    const std::vector<float> x = some_numbers(kRows * 2 * kWide);
    std::vector<float> y(kRows * kWide);
    run(state, 12.0 * kRows * kWide, [&] { return silu_mul({kRows, kWide, x.data(), 2 * kWide, y.data(), kWide}); });
}

void log_sums(benchmark::State& state)
{
    const std::vector<float> p = some_numbers(kLogitRows * kVocab);
    std::vector<double> lse(kLogitRows);
    std::vector<std::int64_t> argmax(kLogitRows);
    run(state, 4.0 * kLogitRows * kVocab, [&] {
        return log_sum_exp_rows({kLogitRows, kVocab, p.data(), kVocab, lse.data(), argmax.data(), nullptr, nullptr});
    });
}

} // namespace

void register_elementwise()
{
    const auto add = [](const char* name, void (*call)(benchmark::State&)) {
        benchmark::RegisterBenchmark(name, call)->UseRealTime()->Unit(benchmark::kMicrosecond);
    };
    add("elementwise/rms_norm/512x576", norms);
    add("elementwise/silu_mul/512x1536", gates);
    add("elementwise/log_sum_exp/64x49152", log_sums);
}

} // namespace kvw::bench
