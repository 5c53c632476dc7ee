// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibration/calibrate.h"
#include "core/calibration/gatherer.h"
#include "core/calibration/weighted_past.h"

#include "core/analysis/random.h"
#include "core/base/error.h"
#include "tests/support/expect_close.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

constexpr AttentionShape kShape{1, 4, 2, 8, 0.35f, 0};

/// Rows with a mean far from zero: raw second moments in fp32 would lose every digit.
at::Tensor rows(std::int64_t tokens, std::int64_t heads, double mean, std::uint64_t seed)
{
    RandomGenerator random(seed);
    at::Tensor out = at::empty({1, tokens, heads, kShape.head_dim}, at::kFloat);
    for (std::int64_t i = 0; i < out.numel(); ++i)
        out.data_ptr<float>()[i] = static_cast<float>(mean + random.normal() * static_cast<double>(1 + i % 3));
    return out;
}

struct Reference
{
    at::Tensor mean, scatter;
    double weight;
};

/// Two passes in fp64: the mean first, then the centred products.
Reference two_pass(const at::Tensor& x, const at::Tensor& w)
{
    const at::Tensor values = x.to(at::kDouble), weights = w.to(at::kDouble).unsqueeze(1);
    const double weight = weights.sum().item<double>();
    const at::Tensor mean = (values * weights).sum(0) / weight, centred = values - mean;
    return {mean, at::matmul((centred * weights).t(), centred), weight};
}

void expect_equal(const Moments& moments, const Reference& reference, double tolerance)
{
    const auto as_vector = [](const at::Tensor& x) {
        const at::Tensor flat = x.contiguous();
        return std::vector<double>(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
    };
    EXPECT_NEAR(moments.weight, reference.weight, tolerance * reference.weight);
    test::expect_close(moments.mean, as_vector(reference.mean), tolerance, tolerance);
    const double largest = reference.scatter.abs().max().item<double>();
    test::expect_close(moments.scatter, as_vector(reference.scatter), tolerance * largest, 0);
}

Calibration gather(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& weights, const std::vector<std::int64_t>& windows)
{
    Gatherer gatherer(kShape, 2, Gatherer::Weighted::Yes);
    std::int64_t first = 0;
    for (const std::int64_t count : windows) {
        const auto cut = [&](const at::Tensor& x) { return x.narrow(1, first, count); };
        gatherer.before_rope(0, cut(q), cut(k));
        gatherer.after_rope(0, cut(q), cut(k), cut(v));
        gatherer.attention_received(0, cut(k), cut(v), weights.narrow(2, first, count).contiguous());
        first += count;
    }
    return gatherer.finish();
}

TEST(Gatherer, EqualsTheTwoPassReferenceForAnyCut)
{
    const c10::InferenceMode inference;
    const at::Tensor q = rows(600, 4, 50, 1), k = rows(600, 2, -1000, 2), v = rows(600, 2, 0, 3);
    const at::Tensor weights = at::rand({1, 2, 600});
    const at::Tensor ones = at::ones({600});
    for (const std::vector<std::int64_t>& windows : {std::vector<std::int64_t>{600}, {1, 599}, {512, 88}, {100, 100, 100, 100, 100, 100}}) {
        const Calibration calibration = gather(q, k, v, weights, windows);
        EXPECT_EQ(calibration.tokens, 600);
        for (int head = 0; head < 2; ++head) {
            const auto moments = [&](Quantity quantity, Weighting weighting) -> const Moments& {
                return calibration.find(0, head, quantity, Positions::All, weighting)->moments;
            };
            const auto of = [&](const at::Tensor& x) { return x.select(2, head).squeeze(0); };
            expect_equal(moments(Quantity::Key, Weighting::Uniform), two_pass(of(k), ones), 1e-9);
            expect_equal(moments(Quantity::Value, Weighting::Uniform), two_pass(of(v), ones), 1e-9);
            expect_equal(moments(Quantity::Value, Weighting::Attention), two_pass(of(v), weights.select(1, head).squeeze(0)), 1e-9);
            const at::Tensor stacked = q.narrow(2, 2 * head, 2).reshape({1200, kShape.head_dim});
            expect_equal(moments(Quantity::Query, Weighting::Uniform), two_pass(stacked, at::ones({1200})), 1e-9);
        }
    }
}

TEST(Gatherer, LeavesTheSinksOfEveryWindowOut)
{
    const c10::InferenceMode inference;
    const at::Tensor q = rows(300, 4, 0, 1), k = rows(300, 2, 3, 2), v = rows(300, 2, 0, 3);
    const Calibration calibration = gather(q, k, v, at::ones({1, 2, 300}), {100, 200});
    at::Tensor kept = at::ones({300});
    for (const std::int64_t position : {0, 1, 100, 101})
        kept[position] = 0;
    const HeadMoments* entry = calibration.find(0, 1, Quantity::Key, Positions::AfterSinks, Weighting::Uniform);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->moments.count, 296);
    expect_equal(entry->moments, two_pass(k.select(2, 1).squeeze(0), kept), 1e-9);
    const at::Tensor largest = (k.select(2, 1).squeeze(0) * kept.unsqueeze(1)).abs().amax(0).to(at::kDouble).contiguous();
    test::expect_close(entry->absolute_maximum, {largest.data_ptr<double>(), largest.data_ptr<double>() + largest.numel()}, 0, 0);
}

TEST(WeightedPast, HandsOverTheSquaredAttention)
{
    const c10::InferenceMode inference;
    const std::int64_t tokens = 200; // more than one block of queries
    const at::Tensor q = rows(tokens, 4, 0, 5), k = rows(tokens, 2, 0, 6), v = rows(tokens, 2, 0, 7);
    Gatherer gatherer(kShape, 0, Gatherer::Weighted::Yes);
    WeightedPast past(kShape, ComputeType::Fp32, gatherer);
    past.append(0, k, v);
    const at::Tensor out = past.attend(0, q);
    PlainPast plain(kShape, ComputeType::Fp32);
    plain.append(0, k, v);
    EXPECT_LE((out - plain.attend(0, q)).abs().max().item<double>(), 1e-4);
    const Calibration calibration = gatherer.finish();
    const at::Tensor mask = causal_mask(tokens, tokens, 0, at::kCPU).logical_not();
    for (int head = 0; head < 2; ++head) {
        at::Tensor received = at::zeros({tokens}, at::kDouble);
        for (int h = 2 * head; h < 2 * head + 2; ++h) {
            const at::Tensor logits = at::matmul(q.select(2, h).squeeze(0), k.select(2, head).squeeze(0).t()).to(at::kDouble) * kShape.softmax_scale;
            received += at::softmax(logits.masked_fill(mask, -1e300), 1).square().sum(0);
        }
        const Moments& moments = calibration.find(0, head, Quantity::Value, Positions::All, Weighting::Attention)->moments;
        expect_equal(moments, two_pass(v.select(2, head).squeeze(0), received), 1e-4);
    }
}

TEST(Calibrate, DoesNotDependOnTheWindowsOrder)
{
    test::TemporaryFolder folder;
    test::TinyModel{}.write(folder.path());
    const auto decoder = open_decoder(read_model_config(folder.path()), std::make_shared<const WeightFiles>(WeightFiles::open(folder.path())),
                                      {ComputeType::Fp32, "cpu"});
    std::vector<std::int32_t> tokens;
    RandomGenerator random(3);
    for (int i = 0; i < 96; ++i)
        tokens.push_back(static_cast<std::int32_t>(random.below(97)));
    std::vector<std::int32_t> swapped(tokens.begin() + 32, tokens.end());
    swapped.insert(swapped.end(), tokens.begin(), tokens.begin() + 32);
    CalibrationOptions options;
    options.window_tokens = 32;
    int reports = 0;
    const auto count = [&](const CalibrationProgress& progress) {
        ++reports;
        EXPECT_EQ(progress.tokens_total, 96);
    };
    const Calibration a = calibrate(*decoder, tokens, options, count), b = calibrate(*decoder, swapped, options, count);
    EXPECT_EQ(reports, 6);
    ASSERT_EQ(a.entries.size(), b.entries.size());
    ASSERT_EQ(a.entries.size(), 2u * 2 * (5 + 2) * 2);
    for (std::size_t i = 0; i < a.entries.size(); ++i) {
        const Moments &x = a.entries[i].moments, &y = b.entries[i].moments;
        EXPECT_EQ(x.count, y.count);
        double largest = 0;
        for (const double value : x.scatter)
            largest = std::max(largest, std::fabs(value));
        test::expect_close(x.scatter, y.scatter, 1e-9 * largest, 0);
    }
    EXPECT_EQ(a.output_grams.size(), 4u);
    EXPECT_THROW(calibrate(*decoder, std::span(tokens).first(1), options, count), Error);
}

} // namespace
} // namespace kvw
