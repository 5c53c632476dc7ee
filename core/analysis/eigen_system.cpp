// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/eigen_system.h"

#include "core/analysis/moments.h"
#include "core/base/error.h"

#include <fmt/format.h>

namespace kvw::analysis_detail {

namespace {

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// fp32 chunk sums leave some 1e-6; anything near this is a damaged file.
constexpr double kNegativeLimit = 1e-3;

} // namespace

EigenSystem eigen_system(const Matrix& symmetric, double scale, std::string_view what)
{
    if (!symmetric.allFinite())
        throw Error(ErrorKind::NotFinite,
                    fmt::format("{}: NaN, infinity or overflow in a matrix of second moments", what),
                    "calibrate again; look for NaN weights in the model");
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(0.5 * (symmetric + symmetric.transpose()));
    if (solver.info() != Eigen::Success)
        throw Error(ErrorKind::Internal, fmt::format("{}: the eigenvalue iteration did not converge", what));
    // Eigen sorts upwards.
    Vector values = solver.eigenvalues().reverse();
    const double smallest = values(values.size() - 1);
    if (!(smallest >= -kNegativeLimit * scale))
        throw Error(ErrorKind::BadInput,
                    fmt::format("{}: smallest eigenvalue {}, wanted none below 0 beyond rounding", what, smallest),
                    "calibrate again: this is not a matrix of second moments");
    return EigenSystem{values.cwiseMax(0.0), solver.eigenvectors().rowwise().reverse()};
}

Matrix to_matrix(std::span<const double> row_major, int rows, int columns)
{
    return Eigen::Map<const RowMajorMatrix>(row_major.data(), rows, columns);
}

std::vector<double> to_row_major(const Matrix& matrix)
{
    std::vector<double> result(static_cast<std::size_t>(matrix.size()));
    Eigen::Map<RowMajorMatrix>(result.data(), matrix.rows(), matrix.cols()) = matrix;
    return result;
}

Vector mean_of(const Moments& moments) { return Eigen::Map<const Vector>(moments.mean.data(), moments.dim); }

Matrix covariance_matrix(const Moments& moments) { return to_matrix(covariance(moments), moments.dim, moments.dim); }

Matrix raw_moment_matrix(const Moments& moments)
{
    return to_matrix(raw_second_moment(moments), moments.dim, moments.dim);
}

double scale_of(const Moments& moments) { return raw_moment_matrix(moments).trace(); }

} // namespace kvw::analysis_detail
