// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/basis.h"

#include <cstdint>
#include <optional>
#include <span>

namespace kvw {

/// Linear interpolation at position share * (n - 1) of the sorted values (numpy's default, Hyndman and Fan's type 7);
/// share in 0..1. Throws Error{InvalidArgument} for no values or another share, Error{NotFinite}.
double quantile(std::span<const double> values, double share);
double median(std::span<const double> values);

/// One window of a text under a configuration and under the identity (docs/measurement.md, "Difference").
struct WindowDifference
{
    double nll_difference = 0; ///< nats: sum over the window's scored tokens, configuration minus identity
    std::int64_t tokens = 0;   ///< scored tokens, at least 1
};

struct Interval
{
    double low = 0, high = 0;
};

struct PairedDifference
{
    std::int64_t windows = 0;
    std::int64_t tokens = 0;
    double mean_dnll = 0;                 ///< nats per token: sum of differences / sum of tokens
    double relative_perplexity = 0;       ///< exp(mean_dnll) - 1
    std::optional<Interval> mean_dnll_95; ///< empty with fewer than two windows: there is nothing to resample
    std::optional<Interval> relative_perplexity_95;
    bool identical = false; ///< every window's difference is exactly 0: flag it, unless both runs are the identity
};

inline constexpr int kBootstrapResamples = 2000;
inline constexpr std::uint64_t kBootstrapSeed = 20250601;

/// 95 % percentile interval by bootstrap with windows as blocks: each resample draws as many windows as there are, with
/// replacement, keeping a window's tokens together (they are correlated), and takes sum of differences / sum of tokens;
/// the interval is from the 2.5 % to the 97.5 % quantile() of those. The same input gives the same interval everywhere.
/// Below some 20 windows percentile intervals are too short.
/// Throws Error{InvalidArgument} for no windows, a window without tokens or resamples < 1, Error{NotFinite} naming the
/// window.
PairedDifference paired_difference(std::span<const WindowDifference> windows, int resamples = kBootstrapResamples,
                                   std::uint64_t seed = kBootstrapSeed);

/// Whether two runs agree to the last bit in every window: with different configurations this is flagged, because it
/// mostly means that one of them did not do what its text says. Throws Error{InvalidArgument} for different lengths or
/// none at all.
bool identical_runs(std::span<const double> first, std::span<const double> second);

/// Mean squared sine of the principal angles between the spaces that the decoders span: 0 for the same space, 1 for
/// orthogonal ones. U = orthonormal decoder columns, r = rank:
///     1 - |U1^T U2|_F^2 / r = |U1 - U2 U2^T U1|_F^2 / r
/// computed in the second form, which keeps small changes. Throws Error{InvalidArgument} for different dim or rank.
double subspace_change(const Basis& first, const Basis& second);

} // namespace kvw
