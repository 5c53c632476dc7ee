// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of the CPU's kernels against the bounds of this machine. Rounds of all cases are interleaved and the median, the mean
// and the spread are printed; any flag of Google Benchmark changes that, --benchmark_filter=attend chooses, --level=v3 holds
// attention to the variant of another processor (see bench.h).
#include "kernels/cpu/cpu_level_list.h"
#include "tests/bench/engine_bench_peaks.h"
#include "tests/bench/kernels/bench.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace kvw::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// All threads sum a buffer that no cache holds; the median of some passes.
double read_bytes_per_s()
{
    constexpr std::size_t bytes = std::size_t{512} << 20;
    constexpr int passes = 7;
    const std::vector<std::uint64_t, PageAllocator<std::uint64_t>> buffer(bytes / 8, 1);
    std::vector<double> rates;
    for (int pass = 0; pass < passes; ++pass) {
        std::uint64_t sum = 0;
        const auto start = Clock::now();
        for (std::size_t i = 0; i < bytes / 8; ++i)
            sum += buffer[i];
        benchmark::DoNotOptimize(sum);
        rates.push_back(static_cast<double>(bytes) / std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
}

std::optional<kernels::CpuLevel> held_level;

} // namespace

kernels::CpuLevel level() { return held_level.value_or(kernels::cpu_level()); }

const Bounds& bounds()
{
    const bool without_avx512 = !includes(level(), kernels::CpuLevel::V4);
    static const Bounds measured{read_bytes_per_s(), bf16_peak_gflops() * 1e9, fp32_peak_gflops(without_avx512) * 1e9};
    return measured;
}

void count(benchmark::State& state, double bytes, double flops, double peak_flops)
{
    using benchmark::Counter;
    const double memory_s = bytes / bounds().read_bytes_per_s;
    const double compute_s = peak_flops > 0 ? flops / peak_flops : 0;
    state.counters["of_bound"] = Counter(std::max(memory_s, compute_s), Counter::kIsIterationInvariantRate);
    state.counters["B/s"] = Counter(bytes, Counter::kIsIterationInvariantRate, Counter::kIs1000);
    if (flops > 0)
        state.counters["FLOP/s"] = Counter(flops, Counter::kIsIterationInvariantRate, Counter::kIs1000);
}

} // namespace kvw::bench

int main(int argc, char** argv)
{
    std::vector<std::string> texts{argv[0],
                                   "--benchmark_repetitions=7",
                                   "--benchmark_enable_random_interleaving=true",
                                   "--benchmark_report_aggregates_only=true",
                                   "--benchmark_min_time=0.1",
                                   "--benchmark_counters_tabular=true"};
    const std::string level_flag = "--level=";
    for (int i = 1; i < argc; ++i) { // later ones win
        const std::string text = argv[i];
        if (!text.starts_with(level_flag)) {
            texts.push_back(text);
            continue;
        }
        kvw::bench::held_level = kvw::kernels::cpu_level_named(text.substr(level_flag.size()));
        if (!kvw::bench::held_level || !cpu_has(*kvw::bench::held_level)) {
            std::fprintf(stderr, "error: %s is not a level of instructions that this processor has\n  try: %s\n",
                         text.c_str(), kvw::kernels::cpu_levels_there().c_str());
            return 2;
        }
    }
    std::vector<char*> arguments;
    for (std::string& text : texts)
        arguments.push_back(text.data());
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data()))
        return 2;
    const kvw::bench::Bounds& bounds = kvw::bench::bounds();
    const auto in_giga = [](double value) { return std::to_string(static_cast<int>(value / 1e9 + 0.5)); };
    benchmark::AddCustomContext("bound: reading, GB/s", in_giga(bounds.read_bytes_per_s));
    benchmark::AddCustomContext("bound: bf16 products, GFLOP/s", in_giga(bounds.bf16_flops));
    benchmark::AddCustomContext("bound: fp32 products, GFLOP/s", in_giga(bounds.fp32_flops));
    kvw::bench::register_attend();
    kvw::bench::register_attend_prefill();
    if (!kvw::bench::held_level) {
        kvw::bench::register_linear();
        kvw::bench::register_elementwise();
        kvw::bench::register_moments();
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
