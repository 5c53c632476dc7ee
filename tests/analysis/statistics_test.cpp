// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/moments.h"
#include "core/analysis/statistics.h"
#include "tests/analysis/analysis_support.h"

#include <cmath>
#include <limits>

namespace kvw {
namespace {

using namespace analysis_test;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Quantile, EqualsNumpy)
{
    const auto values = vectors().at("quantile_values").get<std::vector<double>>();
    ASSERT_EQ(vectors().at("quantiles").size(), 7u);
    for (const auto& pair : vectors().at("quantiles"))
        EXPECT_NEAR(quantile(values, pair.at(0).get<double>()), pair.at(1).get<double>(), 1e-12);
}

TEST(Quantile, SmallCases)
{
    EXPECT_EQ(median(std::vector<double>{3.0}), 3.0);
    EXPECT_EQ(median(std::vector<double>{4.0, 1.0}), 2.5);
    EXPECT_EQ(median(std::vector<double>{9.0, 1.0, 2.0}), 2.0);
    EXPECT_EQ(quantile(std::vector<double>{4.0, 1.0}, 1.0), 4.0);
    EXPECT_EQ(quantile(std::vector<double>{4.0, 1.0}, 0.0), 1.0);
    expect_error(ErrorKind::InvalidArgument, "no values", [] { median({}); });
    expect_error(ErrorKind::InvalidArgument, "1.5", [] { quantile(std::vector<double>{1.0}, 1.5); });
    expect_error(ErrorKind::InvalidArgument, "nan", [] { quantile(std::vector<double>{1.0}, kNan); });
    expect_error(ErrorKind::NotFinite, "value 1", [] { median(std::vector<double>{1.0, kNan}); });
}

std::vector<WindowDifference> stored_windows()
{
    const auto differences = vectors().at("differences").get<std::vector<double>>();
    const auto tokens = vectors().at("tokens").get<std::vector<std::int64_t>>();
    std::vector<WindowDifference> windows;
    for (std::size_t i = 0; i < differences.size(); ++i)
        windows.push_back({differences[i], tokens[i]});
    return windows;
}

TEST(PairedDifference, KnownAnswer)
{
    const std::vector<WindowDifference> windows = stored_windows();
    const PairedDifference found = paired_difference(windows);
    double sum = 0;
    std::int64_t tokens = 0;
    for (const WindowDifference& window : windows) {
        sum += window.nll_difference;
        tokens += window.tokens;
    }
    EXPECT_EQ(found.windows, 24);
    EXPECT_EQ(found.tokens, tokens);
    EXPECT_NEAR(found.mean_dnll, sum / static_cast<double>(tokens), 1e-15);
    EXPECT_NEAR(found.relative_perplexity, std::exp(sum / static_cast<double>(tokens)) - 1, 1e-14);
    ASSERT_TRUE(found.mean_dnll_95 && found.relative_perplexity_95);
    EXPECT_NEAR(found.mean_dnll_95->low, vectors().at("bootstrap_95").at(0).get<double>(), 1e-14);
    EXPECT_NEAR(found.mean_dnll_95->high, vectors().at("bootstrap_95").at(1).get<double>(), 1e-14);
    EXPECT_NEAR(found.relative_perplexity_95->low, std::expm1(found.mean_dnll_95->low), 1e-15);
    EXPECT_NEAR(found.relative_perplexity_95->high, std::expm1(found.mean_dnll_95->high), 1e-15);
    EXPECT_FALSE(found.identical);
}

// 300 texts of 60 windows with a known mean: percentile intervals should hold it in about 95 of 100.
TEST(PairedDifference, IntervalCoversTheTruth)
{
    constexpr int texts = 300, tokens = 100;
    constexpr double truth = 0.02;
    RandomGenerator generator(8);
    int covered = 0;
    for (int text = 0; text < texts; ++text) {
        std::vector<WindowDifference> windows;
        for (int i = 0; i < 60; ++i)
            windows.push_back({tokens * (truth + 0.05 * generator.normal()), tokens});
        const Interval interval = *paired_difference(windows, 500, static_cast<std::uint64_t>(text)).mean_dnll_95;
        covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
    }
    // Binomial(300, 0.94): 4 standard deviations are 16.5.
    EXPECT_GT(covered, 264);
    EXPECT_LT(covered, 299);
}

TEST(PairedDifference, WidthIsThatOfTheMean)
{
    RandomGenerator generator(5);
    std::vector<WindowDifference> windows;
    for (int i = 0; i < 400; ++i)
        windows.push_back({10 * generator.normal(), 10});
    const Interval interval = *paired_difference(windows).mean_dnll_95;
    EXPECT_NEAR(interval.high - interval.low, 2 * 1.96 / std::sqrt(400.0), 0.03);
}

TEST(PairedDifference, LongWindowsCountMore)
{
    const std::vector<WindowDifference> windows{{1.0, 1}, {0.0, 99}};
    EXPECT_NEAR(paired_difference(windows).mean_dnll, 0.01, 1e-16);
}

TEST(PairedDifference, OneWindowHasNoInterval)
{
    const std::vector<WindowDifference> one{{0.5, 10}};
    const PairedDifference found = paired_difference(one);
    EXPECT_NEAR(found.mean_dnll, 0.05, 1e-16);
    EXPECT_FALSE(found.mean_dnll_95.has_value());
    EXPECT_FALSE(found.relative_perplexity_95.has_value());
}

TEST(PairedDifference, IdenticalRunsAreFlagged)
{
    const std::vector<WindowDifference> same{{0.0, 10}, {-0.0, 10}}, near{{0.0, 10}, {1e-300, 10}};
    EXPECT_TRUE(paired_difference(same).identical);
    EXPECT_EQ(paired_difference(same).mean_dnll_95->high, 0.0);
    EXPECT_FALSE(paired_difference(near).identical);
}

TEST(PairedDifference, RefusesWhatItCannotMean)
{
    expect_error(ErrorKind::InvalidArgument, "no windows", [] { paired_difference({}); });
    const std::vector<WindowDifference> empty{{0.1, 5}, {0.0, 0}}, broken{{0.1, 5}, {kNan, 5}};
    expect_error(ErrorKind::InvalidArgument, "window 1", [&] { paired_difference(empty); });
    expect_error(ErrorKind::NotFinite, "window 1", [&] { paired_difference(broken); });
    expect_error(ErrorKind::InvalidArgument, "resamples", [&] { paired_difference(stored_windows(), 0); });
}

TEST(IdenticalRuns, ComparesBits)
{
    const std::vector<double> run{1.5, kNan, 0.0}, same{1.5, kNan, 0.0}, other{1.5, kNan, -0.0}, shorter{1.5};
    EXPECT_TRUE(identical_runs(run, same));
    EXPECT_FALSE(identical_runs(run, other));
    expect_error(ErrorKind::InvalidArgument, "3 and 1", [&] { identical_runs(run, shorter); });
    expect_error(ErrorKind::InvalidArgument, "0 and 0", [] { identical_runs({}, {}); });
}

Basis with_decoder(const Matrix& decoder)
{
    Basis basis;
    basis.dim = static_cast<int>(decoder.rows());
    basis.rank = static_cast<int>(decoder.cols());
    basis.encoder = basis.decoder = row_major(decoder);
    basis.mean.assign(static_cast<std::size_t>(basis.dim), 0.0);
    return basis;
}

TEST(SubspaceChange, EqualsNumpyAndTheClosedForms)
{
    const Basis first = with_decoder(matrix_of(vectors().at("subspaces").at(0)));
    const Basis second = with_decoder(matrix_of(vectors().at("subspaces").at(1)));
    EXPECT_NEAR(subspace_change(first, second), vectors().at("subspace_change").get<double>(), 1e-13);
    EXPECT_NEAR(subspace_change(second, first), vectors().at("subspace_change").get<double>(), 1e-13);
    EXPECT_NEAR(subspace_change(first, first), 0.0, 1e-30);
    const Matrix unit = Matrix::Identity(6, 6);
    EXPECT_NEAR(subspace_change(with_decoder(unit.leftCols(3)), with_decoder(unit.rightCols(3))), 1.0, 1e-15);
    EXPECT_NEAR(subspace_change(with_decoder(unit.leftCols(4)), with_decoder(unit.rightCols(4))), 0.5, 1e-15);
}

TEST(SubspaceChange, SeesTheSpaceNotItsBasis)
{
    const Matrix decoder = gaussian(6, 3, 1), mixed = decoder * gaussian(3, 3, 2);
    EXPECT_NEAR(subspace_change(with_decoder(decoder), with_decoder(mixed)), 0.0, 1e-25);
    // A turn of 1e-9 in one of three directions: the first form of the formula would say 0.
    Matrix turned = Matrix::Identity(6, 3);
    turned(5, 0) = 1e-9;
    EXPECT_NEAR(subspace_change(with_decoder(Matrix::Identity(6, 3)), with_decoder(turned)), 1e-18 / 3, 1e-24);
}

TEST(SubspaceChange, ConvergesWithMoreTokens)
{
    const Matrix data = correlated(4000, 8, 4);
    const Basis all = pca_basis(two_pass(data), 3);
    const double few = subspace_change(pca_basis(two_pass(data.topRows(30)), 3), all);
    const double many = subspace_change(pca_basis(two_pass(data.topRows(3000)), 3), all);
    EXPECT_GT(few, 5 * many);
    EXPECT_GT(many, 0.0);
    expect_error(ErrorKind::InvalidArgument, "rank 2", [&] { subspace_change(truncate(all, 2), all); });
}

} // namespace
} // namespace kvw
