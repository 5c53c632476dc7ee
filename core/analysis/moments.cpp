// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/moments.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace kvw {

namespace {

// Chunk sums may be fp32 products; a larger difference between the triangles is not rounding.
constexpr double kAsymmetryLimit = 1e-5;

void check_sizes(const Moments& moments, std::string_view what)
{
    const auto dim = static_cast<std::size_t>(std::max(moments.dim, 0));
    if (moments.dim < 1 || moments.mean.size() != dim || moments.scatter.size() != dim * dim)
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: moments of dim {} hold {} means and {} scatter values, wanted {} and {}", what,
                                moments.dim, moments.mean.size(), moments.scatter.size(), dim, dim * dim),
                    "calibrate again");
    if (!std::isfinite(moments.weight))
        throw Error(ErrorKind::NotFinite, fmt::format("{}: the weight of the moments is {}", what, moments.weight),
                    "calibrate again; look for NaN weights in the model");
    if (moments.weight < 0 || moments.count < 0)
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: weight {} and count {} of the moments, wanted none negative", what, moments.weight,
                                moments.count),
                    "calibrate again");
}

void check_finite(const std::vector<double>& values, int dim, std::string_view what, std::string_view array)
{
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i]))
            continue;
        const std::size_t row = i / static_cast<std::size_t>(dim), column = i % static_cast<std::size_t>(dim);
        const std::string place =
            array == "mean" ? fmt::format("channel {}", i) : fmt::format("row {}, column {}", row, column);
        throw Error(ErrorKind::NotFinite,
                    fmt::format("{}: the {} of the moments is {} at {}", what, array, values[i], place),
                    "calibrate again; look for NaN weights in the model");
    }
}

void check_symmetry(const Moments& moments, std::string_view what)
{
    const auto dim = static_cast<std::size_t>(moments.dim);
    double largest = 0;
    for (const double value : moments.scatter)
        largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < dim; ++i)
        for (std::size_t j = 0; j < i; ++j) {
            const double below = moments.scatter[i * dim + j], above = moments.scatter[j * dim + i];
            if (!(std::abs(below - above) <= kAsymmetryLimit * largest))
                throw Error(
                    ErrorKind::BadInput,
                    fmt::format("{}: the scatter of the moments is {} at row {}, column {} and {} across the diagonal, "
                                "wanted a symmetric matrix",
                                what, below, i, j, above),
                    "calibrate again");
        }
}

} // namespace

void check_moments(const Moments& moments, std::string_view what)
{
    check_sizes(moments, what);
    check_finite(moments.mean, moments.dim, what, "mean");
    check_finite(moments.scatter, moments.dim, what, "scatter");
    check_symmetry(moments, what);
}

Moments empty_moments(int dim)
{
    if (dim < 1)
        throw Error(ErrorKind::InvalidArgument, fmt::format("moments of dim {}, wanted at least 1", dim));
    const auto size = static_cast<std::size_t>(dim);
    return Moments{dim, 0, 0.0, std::vector<double>(size, 0.0), std::vector<double>(size * size, 0.0)};
}

void merge(Moments& total, const Moments& part)
{
    check_moments(part, "merging moments");
    if (total.dim == 0) {
        total = part;
        return;
    }
    if (total.dim != part.dim)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("merging moments of dim {} into those of dim {}", part.dim, total.dim));
    total.count += part.count;
    if (part.weight == 0)
        return;
    const auto dim = static_cast<std::size_t>(total.dim);
    const double weight = total.weight + part.weight;
    const double share = part.weight / weight;
    const double cross = total.weight * share;
    std::vector<double> delta(dim);
    for (std::size_t i = 0; i < dim; ++i)
        delta[i] = part.mean[i] - total.mean[i];
    for (std::size_t i = 0; i < dim; ++i)
        for (std::size_t j = 0; j < dim; ++j)
            total.scatter[i * dim + j] += part.scatter[i * dim + j] + delta[i] * delta[j] * cross;
    // From the parts, not by adding delta * share: a total of weight 0 then becomes the part to the last bit.
    for (std::size_t i = 0; i < dim; ++i)
        total.mean[i] = share == 1.0 ? part.mean[i] : total.mean[i] + delta[i] * share;
    total.weight = weight;
}

Moments pool(std::span<const Moments* const> parts)
{
    if (parts.empty())
        throw Error(ErrorKind::InvalidArgument, "pooling the moments of no heads");
    Moments total;
    for (const Moments* part : parts) {
        if (part == nullptr)
            throw Error(ErrorKind::InvalidArgument, "pooling moments of which one is missing");
        merge(total, *part);
    }
    return total;
}

std::vector<double> covariance(const Moments& moments)
{
    check_moments(moments, "covariance");
    if (!(moments.weight > 0))
        throw Error(ErrorKind::BadInput, fmt::format("moments of no vectors (weight 0, count {})", moments.count),
                    "calibrate on a longer text");
    std::vector<double> result = moments.scatter;
    for (double& value : result)
        value /= moments.weight;
    return result;
}

std::vector<double> raw_second_moment(const Moments& moments)
{
    std::vector<double> result = covariance(moments);
    const auto dim = static_cast<std::size_t>(moments.dim);
    for (std::size_t i = 0; i < dim; ++i)
        for (std::size_t j = 0; j < dim; ++j)
            result[i * dim + j] += moments.mean[i] * moments.mean[j];
    return result;
}

} // namespace kvw
