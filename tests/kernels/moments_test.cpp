// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/moments.h"

#include "kernels/cpu/moments_variants.h"
#include "tests/kernels/levels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace kvw::kernels {
namespace {

constexpr double kUntouched = -12345.0;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

struct Problem
{
    int heads, dim;
    std::int64_t tokens, token_stride, head_stride;
    std::vector<float> x, weights;
    std::vector<double> shift;

    Problem(int heads_, std::int64_t tokens_, int dim_, bool weighted)
        : heads(heads_),
          dim(dim_),
          tokens(tokens_),
          token_stride(heads_ * (dim_ + 1) + 2),
          head_stride(dim_ + 1)
    {
        std::mt19937 random(static_cast<unsigned>(heads * 7919 + tokens * 31 + dim));
        std::normal_distribution<float> normal;
        x.assign(size(tokens * token_stride), std::numeric_limits<float>::quiet_NaN()); // gaps must not be read as data
        for (std::int64_t t = 0; t < tokens; ++t)
            for (int h = 0; h < heads; ++h)
                for (int i = 0; i < dim; ++i)
                    x[size(t * token_stride + h * head_stride + i)] = 4.f * (i % 3) + normal(random);
        for (std::int64_t i = 0; weighted && i < heads * (tokens + 3); ++i)
            weights.push_back(std::abs(normal(random)));
        for (int i = 0; i < heads * dim; ++i)
            shift.push_back(normal(random));
    }
};

struct Sums
{
    std::vector<double> weight, sum, product;

    explicit Sums(const Problem& problem)
        : weight(size(problem.heads), 0.5),
          sum(size(problem.heads * problem.dim), 0.25),
          product(size(problem.heads * problem.dim * problem.dim), kUntouched)
    {
        for (int h = 0; h < problem.heads; ++h)
            for (int i = 0; i < problem.dim; ++i)
                for (int j = i; j < problem.dim; ++j)
                    product[size((h * problem.dim + i) * problem.dim + j)] = 0.125;
    }
};

AccumulateMoments call(const Problem& problem, Sums& sums, std::int64_t from, std::int64_t to)
{
    AccumulateMoments args;
    args.heads = problem.heads;
    args.tokens = to - from;
    args.dim = problem.dim;
    args.x = problem.x.data() + from * problem.token_stride;
    args.head_stride = problem.head_stride;
    args.token_stride = problem.token_stride;
    args.maybe_weights = problem.weights.empty() ? nullptr : problem.weights.data() + from;
    args.weight_head_stride = problem.tokens + 3;
    args.shift = problem.shift.data();
    args.weight = sums.weight.data();
    args.sum = sums.sum.data();
    args.product = sums.product.data();
    return args;
}

Sums plain_loop(const Problem& problem)
{
    Sums sums(problem);
    for (int h = 0; h < problem.heads; ++h)
        for (std::int64_t t = 0; t < problem.tokens; ++t) {
            const double w = problem.weights.empty() ? 1.0 : problem.weights[size(h * (problem.tokens + 3) + t)];
            const auto centred = [&](int i) {
                return problem.x[size(t * problem.token_stride + h * problem.head_stride + i)]
                    - problem.shift[size(h * problem.dim + i)];
            };
            sums.weight[size(h)] += w;
            for (int i = 0; i < problem.dim; ++i) {
                sums.sum[size(h * problem.dim + i)] += w * centred(i);
                for (int j = i; j < problem.dim; ++j)
                    sums.product[size((h * problem.dim + i) * problem.dim + j)] += w * centred(i) * centred(j);
            }
        }
    return sums;
}

double norm(const std::vector<double>& values)
{
    double squares = 0;
    for (const double value : values)
        squares += value == kUntouched ? 0 : value * value;
    return std::sqrt(squares);
}

/// Elements further apart than 1e-12 of the norm, or untouched in one only.
int differing(const std::vector<double>& a, const std::vector<double>& b)
{
    int count = a.size() == b.size() ? 0 : 1000000;
    const double limit = 1e-12 * norm(b);
    for (std::size_t i = 0; i < b.size() && count < 1000000; ++i)
        count += std::abs(a[i] - b[i]) <= limit && (a[i] == kUntouched) == (b[i] == kUntouched) ? 0 : 1;
    return count;
}

int differing(const Sums& a, const Sums& b)
{
    return differing(a.weight, b.weight) + differing(a.sum, b.sum) + differing(a.product, b.product);
}

class Moments : public test::AtLevel
{
protected:
    void accumulate(const AccumulateMoments& args, int parts, int threads) const
    {
        variant_at<MomentsVariant>(GetParam()).accumulate(args, parts, threads);
    }
};

TEST_P(Moments, EqualThePlainLoop)
{
    int cases = 0;
    for (const int dim : {1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 33, 40, 64, 65, 128})
        for (const std::int64_t tokens : {1, 2, 31, 64, 65, 200})
            for (const bool weighted : {false, true})
                for (const int parts : {1, 2, 3}) {
                    const Problem problem(3, tokens, dim, weighted);
                    Sums sums(problem);
                    accumulate(call(problem, sums, 0, tokens), parts, 2);
                    EXPECT_EQ(differing(sums, plain_loop(problem)), 0)
                        << "dim " << dim << ", tokens " << tokens << ", weighted " << weighted << ", parts " << parts;
                    ++cases;
                }
    EXPECT_EQ(cases, 15 * 6 * 2 * 3);
}

TEST_P(Moments, LargestDim)
{
    for (const int dim : {509, 512}) {
        const Problem problem(1, 20, dim, true);
        Sums sums(problem);
        accumulate(call(problem, sums, 0, problem.tokens), 2, 2);
        EXPECT_EQ(differing(sums, plain_loop(problem)), 0) << dim;
    }
}

TEST_P(Moments, PartsAndThreadsChangeNoBit)
{
    const Problem problem(3, 300, 64, true);
    Sums one(problem);
    accumulate(call(problem, one, 0, problem.tokens), 1, 1);
    for (const int parts : {2, 4}) {
        Sums many(problem);
        accumulate(call(problem, many, 0, problem.tokens), parts, 3);
        EXPECT_EQ(many.product, one.product);
        EXPECT_EQ(many.sum, one.sum);
        EXPECT_EQ(many.weight, one.weight);
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, Moments, ::testing::ValuesIn(test::levels_of<MomentsVariant>()), test::level_name);

TEST(MomentsCall, SplitsMergedEqualTheWhole)
{
    const Problem problem(5, 700, 64, true);
    Sums whole(problem), split(problem);
    ASSERT_EQ(accumulate_moments(call(problem, whole, 0, 700)), Status::Ok);
    std::int64_t from = 0;
    for (const std::int64_t to : {1, 33, 33, 512, 700}) {
        ASSERT_EQ(accumulate_moments(call(problem, split, from, to)), Status::Ok);
        from = to;
    }
    EXPECT_EQ(differing(split, whole), 0);
    EXPECT_EQ(differing(whole, plain_loop(problem)), 0);
}

TEST(MomentsCall, NothingLeavesTheSums)
{
    const Problem problem(2, 0, 16, false);
    Sums sums(problem);
    ASSERT_EQ(accumulate_moments(call(problem, sums, 0, 0)), Status::Ok);
    EXPECT_EQ(differing(sums, Sums(problem)), 0);
}

TEST(MomentsCall, ContradictionsAreRefused)
{
    const Problem problem(2, 4, 16, false);
    Sums sums(problem);
    const AccumulateMoments good = call(problem, sums, 0, 4);
    AccumulateMoments args = good;
    args.dim = 0;
    EXPECT_EQ(accumulate_moments(args), Status::BadShape);
    args.dim = 513;
    EXPECT_EQ(accumulate_moments(args), Status::BadShape);
    args = good;
    args.token_stride = 15;
    EXPECT_EQ(accumulate_moments(args), Status::BadShape);
    args = good;
    args.tokens = -1;
    EXPECT_EQ(accumulate_moments(args), Status::BadShape);
    EXPECT_EQ(differing(sums, Sums(problem)), 0);
}

} // namespace
} // namespace kvw::kernels
