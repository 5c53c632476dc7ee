// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"

#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Dense>

namespace kvw::analysis_detail {

// Inside this room only: the public headers stay free of Eigen, which is slow to compile.

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// symmetric = vectors diag(values) vectors^T; values descend and none is negative; columns of `vectors` orthonormal.
struct EigenSystem
{
    Vector values;
    Matrix vectors;
};

/// Uses (symmetric + symmetric^T) / 2. Small negative eigenvalues are rounding and become 0; one below
/// -1e-3 `scale` (what the entries were computed from, at least the trace) is Error{BadInput}: no matrix of
/// second moments. Throws Error{NotFinite} for entries that are not finite.
EigenSystem eigen_system(const Matrix& symmetric, double scale, std::string_view what);

Matrix to_matrix(std::span<const double> row_major, int rows, int columns);
std::vector<double> to_row_major(const Matrix& matrix);
Vector mean_of(const Moments& moments);
/// Of moments that pass check_moments and have weight; throws as covariance() in core/analysis/moments.h.
Matrix covariance_matrix(const Moments& moments);
Matrix raw_moment_matrix(const Moments& moments);
/// trace of the raw second moment: the `scale` for everything made from these moments.
double scale_of(const Moments& moments);

} // namespace kvw::analysis_detail
