// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/elementwise.h"

#include "kernels/cpu/elementwise_variants.h"
#include "tests/kernels/levels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace kvw::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr std::int64_t kWidths[] = {1,  2,  3,  4,  7,   8,   9,   15,  16,  17,   31,
                                    33, 63, 64, 65, 127, 255, 256, 257, 576, 1000, 1537};

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// Rows with gaps of NaN, which show when a gap is read.
std::vector<float> random_rows(std::int64_t rows, std::int64_t width, std::int64_t stride, float scale, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(size(rows * stride), kNan);
    for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t i = 0; i < width; ++i)
            values[size(r * stride + i)] = scale * normal(random);
    return values;
}

double exact_lse(const float* x, std::int64_t n)
{
    double largest = x[0], sum = 0;
    for (std::int64_t i = 0; i < n; ++i)
        largest = std::max(largest, static_cast<double>(x[i]));
    for (std::int64_t i = 0; i < n; ++i)
        sum += std::exp(x[i] - largest);
    return largest + std::log(sum);
}

class Elementwise : public test::AtLevel
{
protected:
    const ElementwiseVariant& variant_ = variant_at<ElementwiseVariant>(GetParam());
};

TEST_P(Elementwise, ExponentialStaysWithinItsBound)
{
    std::vector<float> x, y;
    for (double value = -87; value <= 88.3; value += 0.000213)
        x.push_back(static_cast<float>(value));
    for (const float value : {0.f, -0.f, 1e-30f, -1e-30f, 1e-8f, 0.34657359f, -0.34657359f})
        x.push_back(value);
    y.resize(x.size());
    variant_.exp_all(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    double worst = 0;
    int beyond = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double exact = std::exp(static_cast<double>(x[i]));
        const double error = std::abs(y[i] - exact) / exact;
        beyond += error <= kExpRelError ? 0 : 1;
        worst = std::max(worst, error);
    }
    EXPECT_EQ(beyond, 0) << "worst " << worst;
    EXPECT_GT(x.size(), 800000u);
}

TEST_P(Elementwise, ExponentialAtTheEnds)
{
    const std::vector<float> x{-kInf, -1e30f, -200.f, -88.f, 89.f, 1e30f, kInf, kNan, 0.f};
    std::vector<float> y(x.size(), -1.f);
    variant_.exp_all(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(y[size(i)], 0.f) << x[size(i)];
    for (int i = 4; i < 7; ++i)
        EXPECT_EQ(y[size(i)], kInf) << x[size(i)];
    EXPECT_TRUE(std::isnan(y[7]));
    EXPECT_EQ(y[8], 1.f);
}

TEST_P(Elementwise, RmsNormEqualsTheFormula)
{
    for (const std::int64_t n : kWidths) {
        const std::int64_t rows = 3, stride = n + 3;
        const std::vector<float> x = random_rows(rows, n, stride, 2, 1), weight = random_rows(1, n, n, 1, 2);
        std::vector<float> y(size(rows * stride), -7.f);
        variant_.rms_norm({rows, n, x.data(), stride, weight.data(), 1e-5f, y.data(), stride}, 2);
        for (std::int64_t r = 0; r < rows; ++r) {
            double squares = 0;
            for (std::int64_t i = 0; i < n; ++i)
                squares += static_cast<double>(x[size(r * stride + i)]) * x[size(r * stride + i)];
            for (std::int64_t i = 0; i < n; ++i) {
                const double exact = x[size(r * stride + i)] / std::sqrt(squares / n + 1e-5f) * weight[size(i)];
                EXPECT_TRUE(std::abs(y[size(r * stride + i)] - exact) <= 4e-7 * std::abs(exact)) << n << ", " << i;
            }
            for (std::int64_t i = n; i < stride; ++i)
                EXPECT_EQ(y[size(r * stride + i)], -7.f);
        }
    }
}

TEST_P(Elementwise, SiluMulEqualsTheFormulaAlsoInPlace)
{
    for (const std::int64_t n : kWidths) {
        const std::int64_t rows = 3, stride = 2 * n + 1, out_stride = n + 2;
        const std::vector<float> x = random_rows(rows, 2 * n, stride, 8, 3);
        std::vector<float> out(size(rows * out_stride), -7.f), in_place = x;
        variant_.silu_mul({rows, n, x.data(), stride, out.data(), out_stride}, 2);
        variant_.silu_mul({rows, n, in_place.data(), stride, in_place.data(), stride}, 1);
        for (std::int64_t r = 0; r < rows; ++r) {
            for (std::int64_t i = 0; i < n; ++i) {
                const double gate = x[size(r * stride + i)];
                const double exact = gate / (1 + std::exp(-gate)) * x[size(r * stride + n + i)];
                const float got = out[size(r * out_stride + i)];
                EXPECT_TRUE(std::abs(got - exact) <= (kSiluRelError + 1.2e-7) * std::abs(exact)) << gate;
                EXPECT_EQ(got, in_place[size(r * stride + i)]);
            }
            for (std::int64_t i = n; i < out_stride; ++i)
                EXPECT_EQ(out[size(r * out_stride + i)], -7.f);
        }
    }
}

TEST_P(Elementwise, SiluOverItsRange)
{
    std::vector<float> gate_up;
    for (double value = -80; value <= 80; value += 0.003)
        gate_up.push_back(static_cast<float>(value));
    const std::int64_t n = static_cast<std::int64_t>(gate_up.size());
    gate_up.resize(size(2 * n), 1.f);
    std::vector<float> out(size(n));
    variant_.silu_mul({1, n, gate_up.data(), 2 * n, out.data(), n}, 1);
    for (std::int64_t i = 0; i < n; ++i) {
        const double gate = gate_up[size(i)], exact = gate / (1 + std::exp(-gate));
        ASSERT_TRUE(std::abs(out[size(i)] - exact) <= kSiluRelError * std::abs(exact)) << gate;
    }
    gate_up = {1000.f, -1000.f, kNan, 1.f, 1.f, 1.f};
    variant_.silu_mul({1, 3, gate_up.data(), 6, out.data(), 3}, 1);
    EXPECT_EQ(out[0], 1000.f);
    EXPECT_EQ(out[1], 0.f);
    EXPECT_TRUE(std::isnan(out[2]));
}

TEST_P(Elementwise, LogSumExpArgmaxAndTarget)
{
    for (const std::int64_t vocab : kWidths)
        for (const float scale : {0.f, 0.01f, 3.f, 30.f}) {
            const std::int64_t rows = 4, stride = vocab + 1;
            const std::vector<float> x = random_rows(rows, vocab, stride, scale, 5);
            std::vector<double> lse(rows, -1);
            std::vector<std::int64_t> argmax(rows, -1), target{0, vocab - 1, vocab / 2, vocab / 3};
            std::vector<float> at_target(rows, -1);
            const LogSumExpRows args{rows,       vocab,         x.data(),      stride,
                                     lse.data(), argmax.data(), target.data(), at_target.data()};
            EXPECT_TRUE(variant_.log_sum_exp_rows(args, 2));
            for (std::int64_t r = 0; r < rows; ++r) {
                const float* row = x.data() + r * stride;
                EXPECT_TRUE(std::abs(lse[size(r)] - exact_lse(row, vocab)) <= kLogSumExpError)
                    << vocab << ", " << scale;
                EXPECT_EQ(argmax[size(r)], std::max_element(row, row + vocab) - row);
                EXPECT_EQ(at_target[size(r)], row[target[size(r)]]);
            }
        }
}

TEST_P(Elementwise, LogSumExpOfAWholeVocabulary)
{
    const std::int64_t vocab = 49152;
    std::vector<float> x = random_rows(1, vocab, vocab, 4, 6);
    x[777] = x[40000] = 25.f; // the lowest of equal indices wins
    x[5] = -kInf;             // a forbidden token
    double lse = 0;
    std::int64_t argmax = 0;
    EXPECT_TRUE(variant_.log_sum_exp_rows({1, vocab, x.data(), vocab, &lse, &argmax, nullptr, nullptr}, 1));
    EXPECT_TRUE(std::abs(lse - exact_lse(x.data(), vocab)) <= kLogSumExpError);
    EXPECT_EQ(argmax, 777);
}

TEST_P(Elementwise, LogSumExpRefusesWhatIsNotFinite)
{
    for (const std::int64_t vocab : {1, 5, 40, 300})
        for (const float bad : {kNan, kInf}) {
            std::vector<float> x = random_rows(3, vocab, vocab, 1, 7);
            x[size(2 * vocab - 1)] = bad; // second row
            std::vector<double> lse(3, -1);
            EXPECT_FALSE(
                variant_.log_sum_exp_rows({3, vocab, x.data(), vocab, lse.data(), nullptr, nullptr, nullptr}, 1));
            EXPECT_TRUE(std::isnan(lse[1]));
            EXPECT_TRUE(std::abs(lse[2] - exact_lse(x.data() + 2 * vocab, vocab)) <= kLogSumExpError);
        }
    const std::vector<float> nothing(20, -kInf);
    double lse = 0;
    EXPECT_FALSE(variant_.log_sum_exp_rows({1, 20, nothing.data(), 20, &lse, nullptr, nullptr, nullptr}, 1));
}

TEST_P(Elementwise, KullbackLeiblerOfCloseAndDistantRows)
{
    for (const std::int64_t vocab : {1, 2, 16, 17, 255, 1000, 49152})
        for (const float distance : {0.f, 1e-4f, 0.01f, 1.f, 20.f}) {
            std::vector<float> p = random_rows(1, vocab, vocab, 4, 8), q = p;
            const std::vector<float> noise = random_rows(1, vocab, vocab, distance, 9);
            for (std::int64_t i = 0; i < vocab; ++i)
                q[size(i)] += noise[size(i)] + 3.f; // a constant must cancel
            const double p_lse = exact_lse(p.data(), vocab), q_lse = exact_lse(q.data(), vocab);
            double exact = 0, kl = -1;
            for (std::int64_t i = 0; i < vocab; ++i) {
                const double log_p = p[size(i)] - p_lse;
                exact += std::exp(log_p) * (log_p - (q[size(i)] - q_lse));
            }
            EXPECT_TRUE(variant_.kl_rows({1, vocab, p.data(), vocab, &p_lse, q.data(), vocab, &q_lse, &kl}, 1));
            EXPECT_TRUE(std::abs(kl - exact) <= kKlError * (1 + exact))
                << vocab << ", " << distance << ": " << kl << " " << exact;
        }
}

TEST_P(Elementwise, KullbackLeiblerOfForbiddenTokens)
{
    std::vector<float> p{1.f, -kInf, 2.f}, q{1.f, -kInf, 2.f};
    const double lse = std::log(std::exp(1.0) + std::exp(2.0));
    double kl = -1;
    EXPECT_TRUE(variant_.kl_rows({1, 3, p.data(), 3, &lse, q.data(), 3, &lse, &kl}, 1));
    EXPECT_TRUE(std::abs(kl) <= 1e-6);
    q[0] = -kInf; // p > 0 where q = 0
    EXPECT_FALSE(variant_.kl_rows({1, 3, p.data(), 3, &lse, q.data(), 3, &lse, &kl}, 1));
    EXPECT_EQ(kl, std::numeric_limits<double>::infinity());
    p[0] = kNan;
    q[0] = 1.f;
    EXPECT_FALSE(variant_.kl_rows({1, 3, p.data(), 3, &lse, q.data(), 3, &lse, &kl}, 1));
}

INSTANTIATE_TEST_SUITE_P(Levels, Elementwise, ::testing::ValuesIn(test::levels_of<ElementwiseVariant>()),
                         test::level_name);

TEST(ElementwiseCall, PublicFunctionsAnswer)
{
    std::vector<float> x(64, 1.f), y(64, 0.f);
    EXPECT_EQ(rms_norm({2, 32, x.data(), 32, x.data(), 0.f, y.data(), 32}), Status::Ok);
    EXPECT_EQ(y, x);
    EXPECT_EQ(silu_mul({2, 16, x.data(), 32, y.data(), 16}), Status::Ok);
    EXPECT_TRUE(std::abs(y[31] - 0.7310586f) <= 1e-6f);
    std::vector<double> lse(2), kl(2, -1);
    EXPECT_EQ(log_sum_exp_rows({2, 32, x.data(), 32, lse.data(), nullptr, nullptr, nullptr}), Status::Ok);
    EXPECT_TRUE(std::abs(lse[1] - (1 + std::log(32.0))) <= kLogSumExpError);
    EXPECT_EQ(kl_rows({2, 32, x.data(), 32, lse.data(), x.data(), 32, lse.data(), kl.data()}), Status::Ok);
    EXPECT_TRUE(std::abs(kl[1]) <= 1e-6);
    x[0] = kNan;
    EXPECT_EQ(log_sum_exp_rows({2, 32, x.data(), 32, lse.data(), nullptr, nullptr, nullptr}), Status::NotFinite);
}

TEST(ElementwiseCall, ContradictionsAreRefused)
{
    std::vector<float> x(64, 1.f), y(64, 0.f);
    std::vector<double> lse(2);
    EXPECT_EQ(rms_norm({2, 0, x.data(), 32, x.data(), 0.f, y.data(), 32}), Status::BadShape);
    EXPECT_EQ(rms_norm({2, 32, x.data(), 31, x.data(), 0.f, y.data(), 32}), Status::BadShape);
    EXPECT_EQ(silu_mul({2, 16, x.data(), 31, y.data(), 16}), Status::BadShape);
    EXPECT_EQ(kl_rows({-1, 32, x.data(), 32, lse.data(), x.data(), 32, lse.data(), lse.data()}), Status::BadShape);
    for (const std::int64_t target : {-1, 32}) {
        const std::vector<std::int64_t> targets{0, target};
        EXPECT_EQ(log_sum_exp_rows({2, 32, x.data(), 32, lse.data(), nullptr, targets.data(), y.data()}),
                  Status::BadShape);
    }
    EXPECT_EQ(log_sum_exp_rows({2, 32, x.data(), 32, lse.data(), nullptr, nullptr, y.data()}), Status::BadShape);
    EXPECT_EQ(rms_norm({0, 32, x.data(), 32, x.data(), 0.f, y.data(), 32}), Status::Ok);
}

} // namespace
} // namespace kvw::kernels
