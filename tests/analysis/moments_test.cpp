// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/moments.h"
#include "tests/analysis/analysis_support.h"

#include <limits>

namespace kvw {
namespace {

using namespace analysis_test;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void expect_same(const Moments& found, const Moments& wanted, double relative)
{
    EXPECT_EQ(found.dim, wanted.dim);
    EXPECT_EQ(found.count, wanted.count);
    EXPECT_NEAR(found.weight, wanted.weight, relative * wanted.weight);
    const double mean = matrix_of(wanted.mean, wanted.dim, 1).norm();
    const double scatter = matrix_of(wanted.scatter, wanted.dim, wanted.dim).norm();
    expect_near(found.mean, wanted.mean, relative * mean);
    expect_near(found.scatter, wanted.scatter, relative * scatter);
}

Moments merged(const Matrix& rows, const Vector& weights, const std::vector<int>& ends)
{
    Moments total;
    int begin = 0;
    for (const int end : ends) {
        if (end > begin)
            merge(total, two_pass(rows.middleRows(begin, end - begin), weights.segment(begin, end - begin)));
        else
            merge(total, empty_moments(static_cast<int>(rows.cols())));
        begin = end;
    }
    return total;
}

TEST(Moments, TwoPassEqualsNumpy)
{
    const Matrix keys = matrix_of(vectors().at("keys"));
    const auto weights = vectors().at("weights").get<std::vector<double>>();
    const Moments weighted = two_pass(keys, Eigen::Map<const Vector>(weights.data(), keys.rows()));
    EXPECT_NEAR(weighted.weight, vectors().at("weighted").at("weight").get<double>(), 1e-12);
    expect_near(weighted.mean, vectors().at("weighted").at("mean").get<std::vector<double>>(), 1e-12);
    expect_near(matrix_of(weighted.scatter, 6, 6), matrix_of(vectors().at("weighted").at("scatter")), 1e-9);
}

TEST(Moments, AnySplitMergedEqualsTheWhole)
{
    const int rows = 37, dim = 5;
    const Matrix data = correlated(rows, dim, 11);
    const Vector weights = gaussian(rows, 1, 12).cwiseAbs2();
    const Moments whole = two_pass(data, weights);
    std::vector<std::vector<int>> splits{{37}, {0, 37}, {37, 37}, {1, 2, 3, 37}, {5, 5, 20, 37}};
    std::vector<int> singles;
    for (int t = 1; t <= rows; ++t)
        singles.push_back(t);
    splits.push_back(singles);
    for (int cut = 1; cut < rows; ++cut)
        splits.push_back({cut, rows});
    for (const auto& split : splits)
        expect_same(merged(data, weights, split), whole, 1e-13);
}

TEST(Moments, OrderOfMergingDoesNotMatter)
{
    const Matrix data = correlated(30, 4, 21);
    const Moments a = two_pass(data.topRows(7)), b = two_pass(data.middleRows(7, 13)),
                  c = two_pass(data.bottomRows(10));
    Moments forward = a, backward = c;
    merge(forward, b);
    merge(forward, c);
    merge(backward, b);
    merge(backward, a);
    expect_same(forward, two_pass(data), 1e-13);
    expect_same(backward, two_pass(data), 1e-13);
}

TEST(Moments, AMeanOfAMillionCostsTheScatterNothing)
{
    const Matrix data = gaussian(200, 4, 31);
    const Matrix shifted = data.array() + 1e6;
    const Vector weights = Vector::Ones(200);
    const Moments total = merged(shifted, weights, {1, 2, 50, 130, 200});
    // The shift itself rounds every value to 1e6 * 2^-53, so that is what can be asked for.
    expect_near(covariance(total), covariance(two_pass(data)), 1e-8);
    expect_near(total.scatter, two_pass(shifted).scatter, 1e-6);
}

TEST(Moments, MergingIntoNothingCopies)
{
    const Moments part = two_pass(correlated(9, 3, 41));
    Moments fresh, empty = empty_moments(3);
    merge(fresh, part);
    merge(empty, part);
    for (const Moments& total : {fresh, empty}) {
        EXPECT_EQ(total.count, 9);
        EXPECT_EQ(total.weight, part.weight);
        EXPECT_EQ(total.mean, part.mean);
        EXPECT_EQ(total.scatter, part.scatter);
    }
}

TEST(Moments, APartWithoutWeightOnlyCounts)
{
    const Moments before = two_pass(correlated(9, 3, 42));
    Moments unattended = empty_moments(3), total = before;
    unattended.count = 4;
    merge(total, unattended);
    EXPECT_EQ(total.count, 13);
    EXPECT_EQ(total.weight, before.weight);
    EXPECT_EQ(total.mean, before.mean);
    EXPECT_EQ(total.scatter, before.scatter);
}

TEST(Moments, PoolIsTheMomentsOfAllRows)
{
    const Matrix data = correlated(24, 4, 51);
    const Moments a = two_pass(data.topRows(10)), b = two_pass(data.bottomRows(14));
    const std::vector<const Moments*> parts{&a, &b};
    expect_same(pool(parts), two_pass(data), 1e-13);
    expect_error(ErrorKind::InvalidArgument, "no heads", [] { pool({}); });
    const std::vector<const Moments*> missing{&a, nullptr};
    expect_error(ErrorKind::InvalidArgument, "missing", [&] { pool(missing); });
}

TEST(Moments, CovarianceAndRawMomentAreMeansOfProducts)
{
    const Matrix data = correlated(17, 4, 61);
    const Vector mean = data.colwise().mean();
    const Matrix raw = data.transpose() * data / 17.0;
    expect_near(raw_second_moment(two_pass(data)), row_major(raw), 1e-10);
    expect_near(covariance(two_pass(data)), row_major(raw - mean * mean.transpose()), 1e-10);
}

TEST(Moments, DamagedOnesAreRefusedWithThePlace)
{
    const Moments good = two_pass(correlated(9, 3, 71));
    Moments total = good;
    const auto broken = [&](ErrorKind kind, const std::string& words, auto damage) {
        Moments part = good;
        damage(part);
        expect_error(kind, words, [&] { merge(total, part); });
        EXPECT_EQ(total.scatter, good.scatter) << words;
        EXPECT_EQ(total.count, good.count) << words;
    };
    broken(ErrorKind::NotFinite, "row 1, column 2", [](Moments& m) { m.scatter[5] = kNan; });
    broken(ErrorKind::NotFinite, "channel 2", [](Moments& m) { m.mean[2] = kInfinity; });
    broken(ErrorKind::NotFinite, "weight", [](Moments& m) { m.weight = kNan; });
    broken(ErrorKind::BadInput, "negative", [](Moments& m) { m.weight = -1; });
    broken(ErrorKind::BadInput, "hold 2 means", [](Moments& m) { m.mean.pop_back(); });
    broken(ErrorKind::BadInput, "symmetric", [](Moments& m) { m.scatter[1] += 1.0; });
    broken(ErrorKind::InvalidArgument, "dim 2", [](Moments& m) { m = two_pass(correlated(9, 2, 1)); });
    expect_error(ErrorKind::BadInput, "weight 0", [] { covariance(empty_moments(3)); });
    expect_error(ErrorKind::InvalidArgument, "dim 0", [] { empty_moments(0); });
}

} // namespace
} // namespace kvw
