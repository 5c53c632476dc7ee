// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of the row-wise kernels: the best of many short repetitions, since the machine may be busy.
#include "kernels/cpu/elementwise_variants.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace kvw::kernels;

namespace {

template<typename Call>
void report(const char* name, IsaLevel level, double bytes, const Call& call)
{
    double best = 1e9, total = 0;
    while (total < 0.3) {
        const auto start = std::chrono::steady_clock::now();
        call();
        const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        best = std::min(best, s);
        total += s;
    }
    std::printf("%-24s variant %d  %9.1f us  %6.1f GB/s\n", name, static_cast<int>(level), best * 1e6,
                bytes / best * 1e-9);
}

} // namespace

int main()
{
    const std::int64_t rows = 512, n = 576, wide = 1536, vocab = 49152, logit_rows = 64;
    std::vector<float> x(static_cast<std::size_t>(rows * 2 * wide), 0.5f), y(x.size()), weight(n, 1.f);
    std::vector<float> p(static_cast<std::size_t>(logit_rows * vocab)), q(p.size(), 0.25f);
    for (std::size_t i = 0; i < p.size(); ++i)
        p[i] = static_cast<float>(i * 2654435761u >> 20 & 0xfff) * 0.002f;
    std::vector<double> p_lse(logit_rows), q_lse(logit_rows), kl(logit_rows);
    std::vector<std::int64_t> argmax(logit_rows);
    for (const IsaLevel level : {IsaLevel::Baseline, IsaLevel::V3, IsaLevel::V4}) {
        if (level > isa_level())
            continue;
        const ElementwiseVariant v = elementwise_variant(level);
        report("rms_norm 512x576", level, 8.0 * rows * n, [&] {
            v.rms_norm({rows, n, x.data(), n, weight.data(), 1e-5f, y.data(), n}, 2);
        });
        report("silu_mul 512x1536", level, 12.0 * rows * wide, [&] {
            v.silu_mul({rows, wide, x.data(), 2 * wide, y.data(), wide}, 2);
        });
        report("log_sum_exp 64x49152", level, 4.0 * p.size(), [&] {
            v.log_sum_exp_rows({logit_rows, vocab, p.data(), vocab, p_lse.data(), argmax.data(), nullptr, nullptr}, 2);
        });
        v.log_sum_exp_rows({logit_rows, vocab, q.data(), vocab, q_lse.data(), argmax.data(), nullptr, nullptr}, 2);
        report("kl 64x49152", level, 8.0 * p.size(), [&] {
            v.kl_rows({logit_rows, vocab, p.data(), vocab, p_lse.data(), q.data(), vocab, q_lse.data(), kl.data()}, 2);
        });
    }
    return 0;
}
