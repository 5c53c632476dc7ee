// SPDX-License-Identifier: GPL-3.0-or-later
// The exponential of attention's softmax, for the files of one instruction set each; see rows_vectors.h.
#pragma once

#include "kernels/cpu/rows_vectors.h"

namespace kvw::kernels {
namespace {

constexpr float kInfinity = __builtin_inff();
constexpr float kLog2E = 1.44269504f;

/// 2^f for |f| <= 1/2: a polynomial of degree 6, fitted towards equal ripple with the constant held at 1, 1.4e-8 relative.
KVW_INLINE Floats power_of_fraction(Floats f)
{
    Floats p = all(0.00015353357f);
    p = p * f + 0.0013398879f;
    p = p * f + 0.009618438f;
    p = p * f + 0.055503324f;
    p = p * f + 0.24022648f;
    p = p * f + 0.69314718f;
    return p * f + 1.0f;
}

/// 2^t = 2^n 2^f, n = round(t); 0 for t below -125, or below the smallest number where the processor scales itself.
KVW_INLINE Floats power_of_two(Floats t)
{
#if defined(KVW_ROWS_AVX512)
    const __m512 n = _mm512_roundscale_ps((__m512)t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    // -infinity less itself would be NaN; a fraction of NaN stays one.
    const auto f = (Floats)_mm512_reduce_ps((__m512)t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return (Floats)_mm512_scalef_ps((__m512)power_of_fraction(f), n);
#else
    constexpr float shifter = 12582912.0f; // 1.5 * 2^23: adding it rounds to an integer
    const Floats shifted = t + shifter;
    const Floats f = t - (shifted - shifter);
    const Floats p = power_of_fraction(f);
    // The shifter's own bits fall off; where t is out of range the sum may wrap, and is not used.
    const Words bits = reinterpret_cast<const Words&>(p) + (reinterpret_cast<const Words&>(shifted) << 23);
    const Floats result = reinterpret_cast<const Floats&>(bits);
    const Floats cut = t < -125.0f ? Floats{} : result;
    return t == t ? cut : t;
#endif
}

/// exp(x). The rounding of x / ln 2 adds |x| 6e-8, little where exp(x) counts beside exp(0).
KVW_INLINE Floats exponential(Floats x) { return power_of_two(x * kLog2E); }

KVW_INLINE float exponential(float x) { return exponential(all(x))[0]; }

} // namespace
} // namespace kvw::kernels
