// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/statistics.h"

#include "core/analysis/eigen_system.h"
#include "core/analysis/random.h"
#include "core/base/error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace kvw {

namespace {

using namespace analysis_detail;

void check_windows(std::span<const WindowDifference> windows)
{
    if (windows.empty())
        throw Error(ErrorKind::InvalidArgument, "a paired difference of no windows");
    for (std::size_t i = 0; i < windows.size(); ++i) {
        if (windows[i].tokens < 1)
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("window {} has {} scored tokens, wanted at least 1", i, windows[i].tokens));
        if (!std::isfinite(windows[i].nll_difference))
            throw Error(ErrorKind::NotFinite,
                        fmt::format("the difference of window {} is {}", i, windows[i].nll_difference),
                        "look at the logits of that window under both configurations");
    }
}

double resampled_mean(std::span<const WindowDifference> windows, RandomGenerator& generator)
{
    double difference = 0;
    std::int64_t tokens = 0;
    for (std::size_t draw = 0; draw < windows.size(); ++draw) {
        const WindowDifference& window = windows[generator.below(windows.size())];
        difference += window.nll_difference;
        tokens += window.tokens;
    }
    return difference / static_cast<double>(tokens);
}

Interval bootstrap_interval(std::span<const WindowDifference> windows, int resamples, std::uint64_t seed)
{
    RandomGenerator generator(seed);
    std::vector<double> means(static_cast<std::size_t>(resamples));
    for (double& mean : means)
        mean = resampled_mean(windows, generator);
    return Interval{quantile(means, 0.025), quantile(means, 0.975)};
}

Matrix orthonormal_decoder(const Basis& basis)
{
    const Matrix decoder = to_matrix(basis.decoder, basis.dim, basis.rank);
    if (!decoder.allFinite())
        throw Error(ErrorKind::NotFinite, "a basis with NaN or infinity in its decoder");
    const Eigen::HouseholderQR<Matrix> factors(decoder);
    return factors.householderQ() * Matrix::Identity(basis.dim, basis.rank);
}

} // namespace

double quantile(std::span<const double> values, double share)
{
    if (values.empty())
        throw Error(ErrorKind::InvalidArgument, "a quantile of no values");
    if (!(share >= 0 && share <= 1))
        throw Error(ErrorKind::InvalidArgument, fmt::format("quantile {}, wanted 0 to 1", share));
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            throw Error(ErrorKind::NotFinite, fmt::format("value {} of a quantile is {}", i, values[i]));
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const double position = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

PairedDifference paired_difference(std::span<const WindowDifference> windows, int resamples, std::uint64_t seed)
{
    check_windows(windows);
    if (resamples < 1)
        throw Error(ErrorKind::InvalidArgument, fmt::format("{} bootstrap resamples, wanted at least 1", resamples));
    PairedDifference result;
    result.windows = static_cast<std::int64_t>(windows.size());
    result.identical = true;
    double difference = 0;
    for (const WindowDifference& window : windows) {
        difference += window.nll_difference;
        result.tokens += window.tokens;
        result.identical = result.identical && window.nll_difference == 0;
    }
    result.mean_dnll = difference / static_cast<double>(result.tokens);
    result.relative_perplexity = std::expm1(result.mean_dnll);
    if (windows.size() >= 2) {
        const Interval interval = bootstrap_interval(windows, resamples, seed);
        result.mean_dnll_95 = interval;
        result.relative_perplexity_95 = Interval{std::expm1(interval.low), std::expm1(interval.high)};
    }
    return result;
}

bool identical_runs(std::span<const double> first, std::span<const double> second)
{
    if (first.empty() || first.size() != second.size())
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("comparing runs of {} and {} windows, wanted the same number and at least one",
                                first.size(), second.size()));
    // Bits, not values: two NaN of one bug are as suspicious as two equal numbers.
    return std::equal(first.begin(), first.end(), second.begin(), [](double a, double b) {
        return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
    });
}

double subspace_change(const Basis& first, const Basis& second)
{
    if (first.dim != second.dim || first.rank != second.rank || first.rank < 1)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("comparing a basis of dim {} and rank {} with one of dim {} and rank {}", first.dim,
                                first.rank, second.dim, second.rank));
    const Matrix one = orthonormal_decoder(first), other = orthonormal_decoder(second);
    const Matrix outside = one - other * (other.transpose() * one);
    return std::min(1.0, outside.squaredNorm() / static_cast<double>(first.rank));
}

} // namespace kvw
