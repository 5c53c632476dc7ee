// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/moments.h"
#include "core/analysis/spectrum.h"
#include "tests/analysis/analysis_support.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace kvw {
namespace {

using namespace analysis_test;

void expect_spectrum(const SpectrumStatistics& found, const nlohmann::json& wanted)
{
    const auto eigenvalues = wanted.at("eigenvalues").get<std::vector<double>>();
    expect_near(found.eigenvalues, eigenvalues, 1e-12 * eigenvalues[0]);
    expect_near(found.cumulative_energy, wanted.at("cumulative_energy").get<std::vector<double>>(), 1e-12);
    EXPECT_NEAR(found.effective_rank, wanted.at("effective_rank").get<double>(), 1e-9);
    EXPECT_EQ(found.rank_90, wanted.at("rank_90").get<int>());
    EXPECT_EQ(found.rank_95, wanted.at("rank_95").get<int>());
    EXPECT_EQ(found.rank_99, wanted.at("rank_99").get<int>());
    EXPECT_NEAR(found.spread / wanted.at("spread").get<double>(), 1.0, 1e-7);
    EXPECT_NEAR(found.mean_share, wanted.at("mean_share").get<double>(), 1e-12);
    EXPECT_NEAR(found.coding_gain_bits, wanted.at("coding_gain_bits").get<double>(), 1e-7);
}

TEST(Spectrum, EqualsNumpy)
{
    const Moments keys = two_pass(matrix_of(vectors().at("keys"))),
                  queries = two_pass(matrix_of(vectors().at("queries")));
    expect_spectrum(spectrum(keys), vectors().at("key_spectrum"));
    expect_spectrum(query_key_spectrum(keys, queries), vectors().at("query_key_spectrum"));
}

TEST(Spectrum, ClosedForms)
{
    const SpectrumStatistics two = spectrum_statistics({1.0, 4.0}, 5.0);
    EXPECT_EQ(two.eigenvalues, (std::vector<double>{4.0, 1.0}));
    EXPECT_NEAR(two.effective_rank, std::exp(-(0.8 * std::log(0.8) + 0.2 * std::log(0.2))), 1e-14);
    EXPECT_NEAR(two.spread, 2.0, 1e-14);
    EXPECT_NEAR(two.mean_share, 0.5, 1e-14);
    EXPECT_NEAR(two.coding_gain_bits, 0.5 * std::log2(2.5 / 2.0), 1e-14);
    EXPECT_NEAR(two.cumulative_energy[0], 0.8, 1e-14);
    EXPECT_EQ(two.rank_90, 2);

    const SpectrumStatistics equal = spectrum_statistics(std::vector<double>(10, 0.3), 0.0);
    EXPECT_NEAR(equal.effective_rank, 10.0, 1e-12);
    EXPECT_EQ(equal.rank_90, 9);
    EXPECT_EQ(equal.rank_95, 10);
    EXPECT_NEAR(equal.spread, 1.0, 1e-14);
    EXPECT_NEAR(equal.coding_gain_bits, 0.0, 1e-14);
    EXPECT_EQ(equal.mean_share, 0.0);
}

TEST(Spectrum, ScaleAndRotationOnlyScaleTheEigenvalues)
{
    const Matrix data = correlated(60, 8, 3);
    const Matrix rotation = encoder_of(rotation_basis(8, 4));
    const SpectrumStatistics plain = spectrum(two_pass(data)), other = spectrum(two_pass(100.0 * data * rotation));
    EXPECT_NEAR(other.effective_rank, plain.effective_rank, 1e-9);
    EXPECT_NEAR(other.coding_gain_bits, plain.coding_gain_bits, 1e-9);
    EXPECT_NEAR(other.mean_share, plain.mean_share, 1e-12);
    EXPECT_NEAR(other.spread / plain.spread, 1.0, 1e-9);
    EXPECT_NEAR(other.eigenvalues[0] / plain.eigenvalues[0], 1e4, 1e-6);
}

TEST(Spectrum, QueryKeyIsWhatTheLogitsHave)
{
    const Matrix keys = correlated(40, 6, 5), queries = correlated(50, 6, 6);
    const SpectrumStatistics found = query_key_spectrum(two_pass(keys), two_pass(queries));
    const Matrix centred = keys.rowwise() - keys.colwise().mean();
    const Matrix logits = queries * centred.transpose() / std::sqrt(40.0 * 50.0);
    const Eigen::JacobiSVD<Matrix> svd(logits);
    for (Eigen::Index i = 0; i < 6; ++i)
        EXPECT_NEAR(found.eigenvalues[static_cast<std::size_t>(i)], std::pow(svd.singularValues()(i), 2),
                    1e-12 * found.eigenvalues[0]);
    const Matrix raw_logits = queries * keys.transpose() / std::sqrt(40.0 * 50.0);
    EXPECT_NEAR(found.mean_share, 1.0 - logits.squaredNorm() / raw_logits.squaredNorm(), 1e-12);
    const std::vector<double> curve = kq_basis(two_pass(keys), two_pass(queries), 6).error_curve;
    EXPECT_NEAR(std::accumulate(found.eigenvalues.begin(), found.eigenvalues.end(), 0.0), curve[0], 1e-11 * curve[0]);
}

TEST(Spectrum, WithoutVariance)
{
    const SpectrumStatistics still = spectrum(two_pass(Matrix::Constant(5, 3, 2.0)));
    EXPECT_EQ(still.effective_rank, 0.0);
    EXPECT_EQ(still.rank_90, 0);
    EXPECT_EQ(still.spread, 1.0);
    EXPECT_EQ(still.coding_gain_bits, 0.0);
    EXPECT_EQ(still.mean_share, 1.0);
    EXPECT_EQ(still.cumulative_energy, std::vector<double>(3, 1.0));
    EXPECT_EQ(spectrum(two_pass(Matrix::Zero(5, 3))).mean_share, 0.0);
    EXPECT_EQ(spectrum(two_pass(Matrix::Ones(1, 3))).rank_99, 0);
}

TEST(Spectrum, RankDeficientStopsAtTheFloor)
{
    const SpectrumStatistics flat = spectrum_statistics({1.0, 1.0, 0.0, -1e-18}, 0.0);
    EXPECT_NEAR(flat.spread, 1e6, 1e-3);
    EXPECT_NEAR(flat.effective_rank, 2.0, 1e-12);
    EXPECT_EQ(flat.rank_99, 2);
    EXPECT_NEAR(flat.coding_gain_bits, 0.5 * (std::log2(0.5) - 0.5 * std::log2(1e-12)), 1e-9);
    EXPECT_EQ(flat.eigenvalues.back(), 0.0);
    EXPECT_GT(spectrum(two_pass(correlated(3, 8, 7))).spread, 9e5);
}

TEST(Spectrum, DamagedInputIsRefused)
{
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    expect_error(ErrorKind::InvalidArgument, "no eigenvalues", [] { spectrum_statistics({}, 0.0); });
    expect_error(ErrorKind::NotFinite, "eigenvalue", [] { spectrum_statistics({1.0, nan}, 0.0); });
    expect_error(ErrorKind::NotFinite, "mean", [] { spectrum_statistics({1.0}, nan); });
    expect_error(ErrorKind::BadInput, "weight 0", [] { spectrum(empty_moments(2)); });
    expect_error(ErrorKind::InvalidArgument, "dim 3",
                 [] { query_key_spectrum(two_pass(gaussian(9, 3, 1)), two_pass(gaussian(9, 2, 1))); });
}

TEST(Spectra, EveryEntryAndTheProducts)
{
    Calibration calibration;
    calibration.layers = 1;
    calibration.kv_heads = 1;
    calibration.head_dim = 4;
    const auto add = [&](Quantity quantity, Positions positions, Weighting weighting, std::uint64_t seed) {
        calibration.entries.push_back({0, 0, quantity, positions, weighting, two_pass(correlated(30, 4, seed)), {}});
    };
    add(Quantity::Query, Positions::All, Weighting::Uniform, 1);
    add(Quantity::Key, Positions::All, Weighting::Uniform, 2);
    add(Quantity::Key, Positions::All, Weighting::Attention, 3);
    add(Quantity::Key, Positions::AfterSinks, Weighting::Uniform, 4);
    add(Quantity::Value, Positions::All, Weighting::Uniform, 5);
    const std::vector<HeadSpectrum> rows = spectra(calibration);
    std::vector<std::string> names;
    for (const HeadSpectrum& row : rows)
        names.push_back(row.quantity);
    EXPECT_EQ(names, (std::vector<std::string>{"q", "k", "qk", "k", "qk", "k", "v"}));
    EXPECT_EQ(rows[4].weighting, Weighting::Attention);
    const Moments queries = calibration.entries[0].moments;
    EXPECT_EQ(rows[2].statistics.eigenvalues, query_key_spectrum(calibration.entries[1].moments, queries).eigenvalues);
    EXPECT_EQ(rows[6].statistics.eigenvalues, spectrum(calibration.entries[4].moments).eigenvalues);

    calibration.entries[4].moments.mean[0] = std::numeric_limits<double>::quiet_NaN();
    expect_error(ErrorKind::NotFinite, "spectrum of v (all, uniform), layer 0, kv head 0",
                 [&] { spectra(calibration); });
}

} // namespace
} // namespace kvw
