// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/engine_bench_peaks.h"

#include "kernels/cpu/cpu_features.h"
#include "kernels/cpu/crew.h"
#include "kernels/threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kvw::bench {
namespace {

constexpr long kSteps = 2'000'000;
constexpr int kChains = 24, kRuns = 9;

#if defined(__x86_64__)

[[gnu::target("avx512f,avx512bf16"), gnu::noinline]] float bf16_chains()
{
    __m512 sum[kChains];
#pragma GCC unroll 24
    for (int chain = 0; chain < kChains; ++chain) { // told apart, or the compiler would keep one of them
        sum[chain] = _mm512_setzero_ps();
        asm volatile("" : "+v"(sum[chain]));
    }
    __m512bh x = (__m512bh)_mm512_set1_epi32(0x3f803f80), y = (__m512bh)_mm512_set1_epi32(0x3f003f00);
    for (long step = 0; step < kSteps; ++step) {
        asm volatile("" : "+v"(x), "+v"(y));
#pragma GCC unroll 24
        for (int chain = 0; chain < kChains; ++chain)
            sum[chain] = _mm512_dpbf16_ps(sum[chain], x, y);
    }
    __m512 total = sum[0];
    for (int chain = 1; chain < kChains; ++chain)
        total = _mm512_add_ps(total, sum[chain]);
    return _mm512_cvtss_f32(total);
}

[[gnu::target("avx512f"), gnu::noinline]] float fp32_chains_512()
{
    __m512 sum[kChains];
#pragma GCC unroll 24
    for (int chain = 0; chain < kChains; ++chain) {
        sum[chain] = _mm512_setzero_ps();
        asm volatile("" : "+v"(sum[chain]));
    }
    __m512 x = _mm512_set1_ps(1.0f), y = _mm512_set1_ps(0.5f);
    for (long step = 0; step < kSteps; ++step) {
        asm volatile("" : "+v"(x), "+v"(y));
#pragma GCC unroll 24
        for (int chain = 0; chain < kChains; ++chain)
            sum[chain] = _mm512_fmadd_ps(x, y, sum[chain]);
    }
    __m512 total = sum[0];
    for (int chain = 1; chain < kChains; ++chain)
        total = _mm512_add_ps(total, sum[chain]);
    return _mm512_cvtss_f32(total);
}

[[gnu::target("avx2,fma"), gnu::noinline]] float fp32_chains_256()
{
    constexpr int chains = kChains / 2; // beside their operands in 16 registers
    __m256 sum[chains];
#pragma GCC unroll 24
    for (int chain = 0; chain < chains; ++chain) {
        sum[chain] = _mm256_setzero_ps();
        asm volatile("" : "+x"(sum[chain]));
    }
    __m256 x = _mm256_set1_ps(1.0f), y = _mm256_set1_ps(0.5f);
    for (long step = 0; step < kSteps; ++step) {
        asm volatile("" : "+x"(x), "+x"(y));
#pragma GCC unroll 24
        for (int chain = 0; chain < chains; ++chain)
            sum[chain] = _mm256_fmadd_ps(x, y, sum[chain]);
    }
    __m256 total = sum[0];
    for (int chain = 1; chain < chains; ++chain)
        total = _mm256_add_ps(total, sum[chain]);
    return _mm256_cvtss_f32(total);
}

#endif

double best_gflops(float (*chains)(), double flops_per_step)
{
    double best = 0;
    for (int run = 0; run < kRuns; ++run) {
        const int threads = kernels::threads();
        std::atomic<float> sum{0};
        const auto start = std::chrono::steady_clock::now();
        kernels::for_pieces(threads, threads, kernels::Taking::One,
                            [&](std::int64_t, int) { sum.fetch_add(chains()); });
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (sum > 0)
            best = std::max(best, threads * flops_per_step * static_cast<double>(kSteps) / seconds / 1e9);
    }
    return best;
}

} // namespace

double bf16_peak_gflops()
{
#if defined(__x86_64__)
    if (includes(kernels::cpu_level(), kernels::CpuLevel::Bf16))
        return best_gflops(bf16_chains, kChains * 16 * 2 * 2.0);
#endif
    return 0;
}

double fp32_peak_gflops(bool without_avx512)
{
#if defined(__x86_64__)
    if (includes(kernels::cpu_level(), kernels::CpuLevel::V4) && !without_avx512)
        return best_gflops(fp32_chains_512, kChains * 16 * 2.0);
    if (includes(kernels::cpu_level(), kernels::CpuLevel::V3))
        return best_gflops(fp32_chains_256, kChains / 2 * 8 * 2.0);
#endif
    return 0;
}

} // namespace kvw::bench
