// SPDX-License-Identifier: GPL-3.0-or-later
// Row-wise arithmetic at one level of instructions; see variants.h.
#include "kernels/cpu/crew.h"
#include "kernels/cpu/elementwise_variants.h"
#include "kernels/cpu/rows_vectors.h"

namespace kvw::kernels {
namespace {

constexpr float kInfinity = __builtin_inff();

/// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2, exp(r) = 1 + r + r^2 q(r); q of degree 4 is a weighted
/// least-squares fit iterated towards equal ripple, 3.3e-9 relative, so that fp32 rounding is all of the error.
KVW_INLINE Floats exponential(Floats x)
{
    constexpr float log2_e = 1.44269504f, ln2_high = 0.693145752f, ln2_low = 1.42860677e-6f;
    constexpr float shifter = 12582912.f; // 1.5 * 2^23: adding it rounds to an integer in the low bits
    const Floats shifted = x * log2_e + shifter;
    const Floats n = shifted - shifter;
    const Floats r = (x - n * ln2_high) - n * ln2_low;
    const Floats q = (((0.0013813142f * r + 0.00836942f) * r + 0.041668456f) * r + 0.16666515f) * r + 0.49999994f;
    const Floats p = (q * r) * r + r + 1.f;
    const Words exponent = reinterpret_cast<const Words&>(shifted) << 23; // the shifter's own bits fall off
    const Words bits = reinterpret_cast<const Words&>(p) + exponent;      // may wrap where x is out of range
    Floats result = reinterpret_cast<const Floats&>(bits);
    result = x < -87.f ? Floats{} : result;
    result = x > 88.3f ? Floats{} + kInfinity : result;
    return x == x ? result : x;
}

/// sum over i of term(i, count): a vector whose lanes beyond count must be 0. Blocks in fp32, their sum in fp64.
template<typename Term>
KVW_INLINE double sum_of(Index n, Term term)
{
    constexpr Index chains = 4, block = chains * kLanes * 4;
    double total[kLanes] = {};
    Index i = 0;
    for (; i + block <= n; i += block) {
        Floats sums[chains] = {};
        for (Index at = i; at < i + block; at += chains * kLanes)
#pragma GCC unroll 4
            for (Index chain = 0; chain < chains; ++chain)
                sums[chain] += term(at + chain * kLanes, kLanes);
        const Floats sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        for (Index lane = 0; lane < kLanes; ++lane)
            total[lane] += static_cast<double>(sum[lane]);
    }
    for (; i < n; i += kLanes) {
        const Floats sum = term(i, n - i < kLanes ? n - i : kLanes);
        for (Index lane = 0; lane < kLanes; ++lane)
            total[lane] += static_cast<double>(sum[lane]);
    }
    double sum = 0;
    for (Index lane = 0; lane < kLanes; ++lane)
        sum += total[lane];
    return sum;
}

/// The first `count` <= kLanes values, `fill` beyond.
KVW_INLINE Floats load_up_to(const float* x, Index count, float fill)
{
    return count == kLanes ? load(x) : load_some(x, static_cast<int>(count), fill);
}

void rms_norm_row(const RmsNorm& args, Index row)
{
    const float* x = args.x + row * args.x_stride;
    float* y = args.y + row * args.y_stride;
    const double squares = sum_of(
        args.n, [&](Index i, Index count) __attribute__((always_inline)) {
            const Floats values = load_up_to(x + i, count, 0.f);
            return values * values;
        });
    const float scale = static_cast<float>(
        1.0 / __builtin_sqrt(squares / static_cast<double>(args.n) + static_cast<double>(args.epsilon)));
    Index i = 0;
    for (; i + kLanes <= args.n; i += kLanes)
        store(y + i, (load(x + i) * scale) * load(args.weight + i));
    for (; i < args.n; ++i)
        y[i] = (x[i] * scale) * args.weight[i];
}

void rms_norm_rows(const RmsNorm& args, int threads)
{
    for_pieces(args.rows, threads, Taking::Guided, [&](Index row, int) { rms_norm_row(args, row); });
}

KVW_INLINE Floats silu(Floats gate) { return gate / (1.f + exponential(-gate)); }

void silu_mul_row(const SiluMul& args, Index row)
{
    const float* gate = args.gate_up + row * args.gate_up_stride;
    const float* up = gate + args.n;
    float* out = args.out + row * args.out_stride;
    Index i = 0;
    for (; i + kLanes <= args.n; i += kLanes)
        store(out + i, silu(load(gate + i)) * load(up + i));
    if (const int left = static_cast<int>(args.n - i); left > 0)
        store_some(out + i, left, silu(load_some(gate + i, left, 0.f)) * load_some(up + i, left, 0.f));
}

void silu_mul_rows(const SiluMul& args, int threads)
{
    for_pieces(args.rows, threads, Taking::Guided, [&](Index row, int) { silu_mul_row(args, row); });
}

struct Largest
{
    float value;
    Index index;
    bool nan;
};

/// The largest value and the lowest index that has it.
Largest largest_of(const float* x, Index n)
{
    Floats best = Floats{} - kInfinity;
    Ints lanes{}, nan{};
    for (int lane = 0; lane < kLanes; ++lane)
        lanes[lane] = lane;
    Ints best_at = lanes, at = lanes;
    for (Index i = 0; i < n; i += kLanes) {
        const Floats values = load_up_to(x + i, n - i < kLanes ? n - i : kLanes, -kInfinity);
        const Ints better = values > best;
        best = better ? values : best;
        best_at = better ? at : best_at;
        nan |= values != values;
        at += static_cast<int>(kLanes);
    }
    Largest result{best[0], best_at[0], nan[0] != 0};
    for (int lane = 1; lane < kLanes; ++lane) {
        const bool better = best[lane] > result.value || (best[lane] == result.value && best_at[lane] < result.index);
        if (better) {
            result.value = best[lane];
            result.index = best_at[lane];
        }
        result.nan = result.nan || nan[lane] != 0;
    }
    return result;
}

bool log_sum_exp_row(const LogSumExpRows& args, Index row)
{
    const float* x = args.logits + row * args.stride;
    const Largest largest = largest_of(x, args.vocab);
    if (args.maybe_argmax != nullptr)
        args.maybe_argmax[row] = largest.index;
    if (args.maybe_at_target != nullptr)
        args.maybe_at_target[row] = x[args.maybe_target[row]];
    if (largest.nan || !(largest.value < kInfinity) || !(largest.value > -kInfinity)) {
        args.lse[row] = __builtin_nan("");
        return false;
    }
    const float shift = largest.value;
    const double sum = sum_of(
        args.vocab, [&](Index i, Index count) __attribute__((always_inline)) {
            return exponential(load_up_to(x + i, count, -kInfinity) - shift);
        });
    args.lse[row] = static_cast<double>(shift) + __builtin_log(sum);
    return true;
}

bool log_sum_exp_all(const LogSumExpRows& args, int threads)
{
    int bad = 0;
    for_pieces(args.rows, threads, Taking::Guided, [&](Index row, int) {
        if (!log_sum_exp_row(args, row))
            __atomic_store_n(&bad, 1, __ATOMIC_RELAXED);
    });
    return bad == 0;
}

bool kl_row(const KlRows& args, Index row)
{
    const float* p = args.p_logits + row * args.p_stride;
    const float* q = args.q_logits + row * args.q_stride;
    // fp64 constants in two fp32 pieces: their rounding would be as large as a small divergence.
    const float p_lse = static_cast<float>(args.p_lse[row]);
    const float p_rest = static_cast<float>(args.p_lse[row] - static_cast<double>(p_lse));
    const double difference = args.p_lse[row] - args.q_lse[row];
    const float offset = static_cast<float>(difference);
    const double sum = sum_of(
        args.vocab, [&](Index i, Index count) __attribute__((always_inline)) {
            const Floats p_values = load_up_to(p + i, count, -kInfinity), q_values = load_up_to(q + i, count, 0.f);
            const Floats probability = exponential((p_values - p_lse) - p_rest);
            // p - q without rounding error (Knuth's two-sum): it may be large where the divergence is not.
            const Floats high = p_values - q_values, back = high - p_values;
            const Floats low = (p_values - (high - back)) - (q_values + back);
            const Floats ratio = (high - offset) + (low == low ? low : Floats{}); // low is NaN beside an infinity
            return probability == 0.f ? Floats{} : probability * ratio;
        });
    const double kl = sum - (difference - static_cast<double>(offset));
    args.kl[row] = kl;
    return kl - kl == 0;
}

bool kl_all(const KlRows& args, int threads)
{
    int bad = 0;
    for_pieces(args.rows, threads, Taking::Guided, [&](Index row, int) {
        if (!kl_row(args, row))
            __atomic_store_n(&bad, 1, __ATOMIC_RELAXED);
    });
    return bad == 0;
}

void exp_all(const float* x, float* y, Index n)
{
    for (Index i = 0; i < n; i += kLanes) {
        const int count = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
        store_some(y + i, count, exponential(load_some(x + i, count, 0.f)));
    }
}

} // namespace

KVW_VARIANT(ElementwiseVariant){rms_norm_rows, silu_mul_rows, log_sum_exp_all, kl_all, exp_all};

} // namespace kvw::kernels
