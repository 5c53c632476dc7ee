// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/basis.h"
#include "core/analysis/random.h"
#include "core/base/error.h"
#include "core/records/moments.h"
#include "tests/support/paths.h"

#include <fstream>
#include <string>
#include <vector>

#include <Eigen/Dense>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kvw::analysis_test {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// What numpy said; see make_vectors.py.
inline const nlohmann::json& vectors()
{
    static const nlohmann::json document =
        nlohmann::json::parse(std::ifstream(kvw::testing::source_folder() / "tests/analysis/vectors.json"));
    return document;
}

inline Matrix matrix_of(const nlohmann::json& rows)
{
    const auto columns = static_cast<Eigen::Index>(rows.at(0).size());
    Matrix result(static_cast<Eigen::Index>(rows.size()), columns);
    for (Eigen::Index i = 0; i < result.rows(); ++i)
        for (Eigen::Index j = 0; j < columns; ++j)
            result(i, j) = rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j)).get<double>();
    return result;
}

inline Matrix matrix_of(const std::vector<double>& row_major, int rows, int columns)
{
    return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(row_major.data(),
                                                                                                    rows, columns);
}

inline std::vector<double> row_major(const Matrix& matrix)
{
    std::vector<double> result;
    for (Eigen::Index i = 0; i < matrix.rows(); ++i)
        for (Eigen::Index j = 0; j < matrix.cols(); ++j)
            result.push_back(matrix(i, j));
    return result;
}

inline Matrix encoder_of(const Basis& basis) { return matrix_of(basis.encoder, basis.dim, basis.rank); }
inline Matrix decoder_of(const Basis& basis) { return matrix_of(basis.decoder, basis.dim, basis.rank); }
inline Vector mean_of(const Basis& basis) { return Eigen::Map<const Vector>(basis.mean.data(), basis.dim); }

/// Rows there and back.
inline Matrix coded(const Basis& basis, const Matrix& rows)
{
    const Matrix centred = rows.rowwise() - mean_of(basis).transpose();
    return ((centred * encoder_of(basis)) * decoder_of(basis).transpose()).rowwise() + mean_of(basis).transpose();
}

/// Two passes: the mean first, the scatter about it second.
inline Moments two_pass(const Matrix& rows, const Vector& weights)
{
    Moments result;
    result.dim = static_cast<int>(rows.cols());
    result.count = rows.rows();
    result.weight = weights.sum();
    Vector mean = Vector::Zero(rows.cols());
    for (Eigen::Index t = 0; t < rows.rows(); ++t)
        mean += weights(t) * rows.row(t).transpose();
    mean /= result.weight;
    Matrix scatter = Matrix::Zero(rows.cols(), rows.cols());
    for (Eigen::Index t = 0; t < rows.rows(); ++t) {
        const Vector delta = rows.row(t).transpose() - mean;
        scatter += weights(t) * delta * delta.transpose();
    }
    result.mean = row_major(mean);
    result.scatter = row_major(scatter);
    return result;
}

inline Moments two_pass(const Matrix& rows) { return two_pass(rows, Vector::Ones(rows.rows())); }

inline Matrix gaussian(int rows, int columns, std::uint64_t seed)
{
    RandomGenerator generator(seed);
    Matrix result(rows, columns);
    for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; ++j)
            result(i, j) = generator.normal();
    return result;
}

/// Correlated rows with a mean and standard deviations over about two decades.
inline Matrix correlated(int rows, int columns, std::uint64_t seed)
{
    Matrix mix = gaussian(columns, columns, seed + 1000);
    for (int i = 0; i < columns; ++i)
        mix.row(i) *= std::pow(10.0, -2.0 * i / columns);
    return (gaussian(rows, columns, seed) * mix).rowwise() + 3.0 * gaussian(1, columns, seed + 2000).row(0);
}

/// |found - wanted| <= limit everywhere, with the same sizes; NaN fails, and so does comparing nothing.
inline void expect_near(const Matrix& found, const Matrix& wanted, double limit)
{
    ASSERT_EQ(found.rows(), wanted.rows());
    ASSERT_EQ(found.cols(), wanted.cols());
    ASSERT_GT(found.size(), 0);
    for (Eigen::Index i = 0; i < found.rows(); ++i)
        for (Eigen::Index j = 0; j < found.cols(); ++j)
            EXPECT_NEAR(found(i, j), wanted(i, j), limit) << "row " << i << ", column " << j;
}

inline void expect_near(const std::vector<double>& found, const std::vector<double>& wanted, double limit)
{
    ASSERT_EQ(found.size(), wanted.size());
    ASSERT_FALSE(found.empty());
    for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_NEAR(found[i], wanted[i], limit) << "element " << i;
}

/// `function` throws Error of this kind with these words in message or hint.
template<typename Function>
void expect_error(ErrorKind kind, const std::string& words, Function function)
{
    try {
        function();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.message();
        EXPECT_THAT(error.message() + " | " + error.hint(), ::testing::HasSubstr(words));
        return;
    }
    ADD_FAILURE() << "nothing was thrown, wanted an error about: " << words;
}

} // namespace kvw::analysis_test
