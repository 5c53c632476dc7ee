// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/basis.h"

#include "core/analysis/eigen_system.h"
#include "core/analysis/moments.h"
#include "core/analysis/random.h"
#include "core/base/error.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace kvw {

namespace {

using namespace analysis_detail;

// Smallest variance that is inverted, as a share of the largest. Its root, 1e-4, bounds the condition number of the
// inverted factor by 1e4; and a channel stored as bf16 has rounding noise of up to 2^-9 = 2e-3 of its size, so that a
// direction below the floor is noise, however strongly the calibration's queries look at it.
constexpr double kVarianceFloor = 1e-8;
// Smallest s_i that scales a latent, as a share of the largest. Singular values come as roots of eigenvalues, which
// are exact to some 1e-15 of the largest: roots below 3e-8 of the largest mean nothing.
constexpr double kScaleFloor = 1e-6;

void check_rank(int rank, int dim)
{
    if (dim < 1)
        throw Error(ErrorKind::InvalidArgument, fmt::format("a basis of dim {}, wanted at least 1", dim));
    if (rank < 1 || rank > dim)
        throw Error(ErrorKind::InvalidArgument, fmt::format("rank {} of a basis of dim {}", rank, dim),
                    fmt::format("choose a rank from 1 to {}", dim));
}

/// tails[i] = sum of energies from i on. Summed from the small end.
std::vector<double> tail_sums(const Vector& energies)
{
    std::vector<double> tails(static_cast<std::size_t>(energies.size()) + 1, 0.0);
    for (Eigen::Index i = energies.size() - 1; i >= 0; --i)
        tails[static_cast<std::size_t>(i)] = tails[static_cast<std::size_t>(i) + 1] + energies(i);
    return tails;
}

/// +1 or -1 that makes the column's largest entry positive; of several as large as rounding can tell, the first.
double sign_of(const Eigen::Ref<const Vector>& column)
{
    const double limit = column.cwiseAbs().maxCoeff() * (1.0 - 1e-6);
    for (Eigen::Index i = 0; i < column.size(); ++i)
        if (std::abs(column(i)) >= limit)
            return column(i) < 0 ? -1.0 : 1.0;
    return 1.0;
}

void fix_signs(Matrix& encoder, Matrix& decoder)
{
    for (Eigen::Index column = 0; column < encoder.cols(); ++column) {
        const double sign = sign_of(encoder.col(column));
        encoder.col(column) *= sign;
        decoder.col(column) *= sign;
    }
}

Basis make_basis(const Matrix& encoder, const Matrix& decoder, std::vector<double> mean, std::vector<double> curve)
{
    Basis basis;
    basis.dim = static_cast<int>(encoder.rows());
    basis.rank = static_cast<int>(encoder.cols());
    basis.encoder = to_row_major(encoder);
    basis.decoder = to_row_major(decoder);
    basis.mean = std::move(mean);
    basis.error_curve = std::move(curve);
    return basis;
}

/// The best rank-r map P = decoder encoder^T for the error |L^T (I - P) C^(1/2)|_F, where L L^T = `metric` is what the
/// error is seen through (the queries' raw moment, or the gram of the output projection) and C = `covariance`.
/// Both problems of docs/codecs.md, "Query-aware keys" and "Output-aware values", are one (the second is the first
/// transposed), with encoder A = F^{-T} V, decoder B = F V for F F^T = C and F^T metric F = V diag(s^2) V^T. F = U
/// diag(sqrt(lambda)) needs no Cholesky and no full rank: with lambda floored, A^T B = I holds for every C. Only V and
/// s are needed, so the eigenvalues of F^T metric F do instead of a singular value decomposition of L^T F.
Basis aware_basis(const Matrix& covariance, double scale, const Matrix& metric, std::vector<double> mean, int rank)
{
    const EigenSystem spread = eigen_system(covariance, scale, "covariance of the vectors to encode");
    const double largest = spread.values(0);
    // Vectors without any variance leave the choice to the metric alone.
    const Vector floored = largest > 0 ? Vector(spread.values.cwiseMax(kVarianceFloor * largest))
                                       : Vector(Vector::Ones(spread.values.size()));
    const Vector root = floored.cwiseSqrt();
    const Matrix factor = spread.vectors * root.asDiagonal();
    const Matrix product = factor.transpose() * metric * factor;
    const EigenSystem seen = eigen_system(product, product.trace(), "query moment or output gram");
    const Vector singular = seen.values.cwiseSqrt();

    // The floor changes the measure; the true error of leaving component i out is s_i^2 |D v_i|^2 with
    // D = sqrt(lambda / floored), because L^T F V has orthogonal columns.
    const Vector shrink = (spread.values.array() / floored.array()).sqrt();
    const Vector energies =
        seen.values.array() * (shrink.asDiagonal() * seen.vectors).colwise().squaredNorm().transpose().array();

    const Vector scales =
        singular(0) > 0 ? Vector(singular.cwiseMax(kScaleFloor * singular(0))) : Vector(Vector::Ones(singular.size()));
    Matrix encoder = spread.vectors * root.cwiseInverse().asDiagonal() * seen.vectors * scales.asDiagonal();
    Matrix decoder = factor * seen.vectors * scales.cwiseInverse().asDiagonal();
    fix_signs(encoder, decoder);
    return truncate(make_basis(encoder, decoder, std::move(mean), tail_sums(energies)), rank);
}

std::vector<double> first_columns(const std::vector<double>& matrix, int rows, int columns, int kept)
{
    std::vector<double> result;
    result.reserve(static_cast<std::size_t>(rows) * static_cast<std::size_t>(kept));
    for (int row = 0; row < rows; ++row) {
        const auto begin = matrix.begin() + static_cast<std::ptrdiff_t>(row) * columns;
        result.insert(result.end(), begin, begin + kept);
    }
    return result;
}

} // namespace

Basis pca_basis(const Moments& moments, int rank, Centring centring)
{
    check_moments(moments, "PCA basis");
    check_rank(rank, moments.dim);
    const bool centred = centring == Centring::Mean;
    const EigenSystem system =
        eigen_system(centred ? covariance_matrix(moments) : raw_moment_matrix(moments), scale_of(moments), "PCA basis");
    Matrix encoder = system.vectors, decoder = system.vectors;
    fix_signs(encoder, decoder);
    std::vector<double> mean = centred ? moments.mean : std::vector<double>(moments.mean.size(), 0.0);
    return truncate(make_basis(encoder, decoder, std::move(mean), tail_sums(system.values)), rank);
}

Basis kq_basis(const Moments& keys, const Moments& queries, int rank)
{
    check_moments(keys, "query-aware basis, keys");
    check_moments(queries, "query-aware basis, queries");
    check_rank(rank, keys.dim);
    if (queries.dim != keys.dim)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("query-aware basis: keys of dim {} and queries of dim {}", keys.dim, queries.dim));
    const Matrix metric = raw_moment_matrix(queries);
    return aware_basis(covariance_matrix(keys), scale_of(keys), metric, keys.mean, rank);
}

Basis out_basis(const Moments& values, std::span<const double> gram, int rank)
{
    check_moments(values, "output-aware basis, values");
    check_rank(rank, values.dim);
    const auto wanted = static_cast<std::size_t>(values.dim) * static_cast<std::size_t>(values.dim);
    if (gram.size() != wanted)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("output-aware basis: a gram of {} values for values of dim {}, wanted {}", gram.size(),
                                values.dim, wanted));
    const Matrix metric = to_matrix(gram, values.dim, values.dim);
    return aware_basis(covariance_matrix(values), scale_of(values), metric, values.mean, rank);
}

Basis random_basis(int dim, int rank, std::uint64_t seed)
{
    check_rank(rank, dim);
    // All columns always, so that the first ones do not depend on the rank.
    RandomGenerator generator(seed);
    Matrix gaussian(dim, dim);
    for (int column = 0; column < dim; ++column)
        for (int row = 0; row < dim; ++row)
            gaussian(row, column) = generator.normal();
    const Eigen::HouseholderQR<Matrix> factors(gaussian);
    Matrix orthogonal = factors.householderQ();
    // QR is unique, and the result Haar-distributed, only when R has a positive diagonal.
    for (int column = 0; column < dim; ++column)
        if (factors.matrixQR()(column, column) < 0)
            orthogonal.col(column) *= -1.0;
    const std::vector<double> mean(static_cast<std::size_t>(dim), 0.0);
    return truncate(make_basis(orthogonal, orthogonal, mean, {}), rank);
}

Basis rotation_basis(int dim, std::uint64_t seed) { return random_basis(dim, dim, seed); }

Basis hadamard_basis(int dim, std::uint64_t seed)
{
    if (dim < 1 || !std::has_single_bit(static_cast<unsigned>(dim)))
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("a Hadamard rotation of dim {}, wanted a power of two", dim),
                    "use rotate, which takes any size");
    RandomGenerator generator(seed);
    const double size = 1.0 / std::sqrt(static_cast<double>(dim));
    Matrix matrix(dim, dim);
    for (int row = 0; row < dim; ++row) {
        const double sign = (generator.next() >> 63) == 0 ? size : -size;
        for (int column = 0; column < dim; ++column)
            matrix(row, column) = std::popcount(static_cast<unsigned>(row & column)) % 2 == 0 ? sign : -sign;
    }
    return make_basis(matrix, matrix, std::vector<double>(static_cast<std::size_t>(dim), 0.0), {});
}

Basis truncate(const Basis& basis, int rank)
{
    check_rank(rank, basis.rank);
    if (rank == basis.rank)
        return basis;
    Basis result;
    result.dim = basis.dim;
    result.rank = rank;
    result.encoder = first_columns(basis.encoder, basis.dim, basis.rank, rank);
    result.decoder = first_columns(basis.decoder, basis.dim, basis.rank, rank);
    result.mean = basis.mean;
    result.error_curve = basis.error_curve;
    return result;
}

} // namespace kvw
