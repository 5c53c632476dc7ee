// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstdint>

namespace kvw::kernels {

/// Row-wise arithmetic around the matrix products. Strides are in elements between rows and at least the width (0 rows
/// are allowed). Work is split by rows over threads and the sums of a row have one fixed order, so a rerun gives
/// the same bits on the same processor.

/// y[r, i] = x[r, i] * weight[i] / sqrt(mean_i(x[r, i]^2) + epsilon). y may be x.
struct RmsNorm
{
    std::int64_t rows = 0, n = 0;
    const float* x = nullptr;
    std::int64_t x_stride = 0;
    const float* weight = nullptr; ///< [n]
    float epsilon = 0;
    float* y = nullptr;
    std::int64_t y_stride = 0;
};
[[nodiscard]] Status rms_norm(const RmsNorm& args) noexcept;

/// out[r, i] = silu(gate_up[r, i]) * gate_up[r, n + i], silu(g) = g / (1 + exp(-g)). out may be gate_up.
struct SiluMul
{
    std::int64_t rows = 0, n = 0;
    const float* gate_up = nullptr; ///< [rows, 2 n]
    std::int64_t gate_up_stride = 0;
    float* out = nullptr; ///< [rows, n]
    std::int64_t out_stride = 0;
};
/// Largest error of silu against fp64, relative, for |g| <= 80.
inline constexpr float kSiluRelError = 5e-7f;
[[nodiscard]] Status silu_mul(const SiluMul& args) noexcept;

/// Per row of logits: lse[r] = ln sum_v exp(logits[r, v]) in nats, the index of the largest logit (the lowest of equal
/// ones) and the logit of a target, so that nll = lse[r] - at_target[r].
struct LogSumExpRows
{
    std::int64_t rows = 0, vocab = 0;
    const float* logits = nullptr;
    std::int64_t stride = 0;
    double* lse = nullptr;                      ///< [rows]
    std::int64_t* maybe_argmax = nullptr;       ///< [rows]
    const std::int64_t* maybe_target = nullptr; ///< [rows], each in 0..vocab-1
    float* maybe_at_target = nullptr;           ///< [rows]; needs maybe_target
};
/// Largest absolute error of lse against fp64, in nats.
inline constexpr double kLogSumExpError = 1e-6;
/// NotFinite when a row holds NaN, +infinity or nothing above -infinity; the other rows are still written.
/// BadShape for a target outside the vocabulary.
[[nodiscard]] Status log_sum_exp_rows(const LogSumExpRows& args) noexcept;

/// Kullback-Leibler divergence of every row in nats, one pass over both logits:
///     kl[r] = sum_v p_v ((p_logits_v - p_lse) - (q_logits_v - q_lse)),   p_v = exp(p_logits_v - p_lse)
/// Tokens with p_v = 0 count nothing; q_v = 0 beside p_v > 0 gives infinity. Rounding may leave it slightly below 0.
struct KlRows
{
    std::int64_t rows = 0, vocab = 0;
    const float* p_logits = nullptr;
    std::int64_t p_stride = 0;
    const double* p_lse = nullptr; ///< [rows], as log_sum_exp_rows gives it
    const float* q_logits = nullptr;
    std::int64_t q_stride = 0;
    const double* q_lse = nullptr; ///< [rows]
    double* kl = nullptr;          ///< [rows]
};
/// Largest error against fp64, as a share of 1 + the divergence, given exact p_lse and q_lse (their errors add to it).
inline constexpr double kKlError = 5e-7;
/// NotFinite when a divergence is NaN or infinite; the other rows are still written.
[[nodiscard]] Status kl_rows(const KlRows& args) noexcept;

} // namespace kvw::kernels
