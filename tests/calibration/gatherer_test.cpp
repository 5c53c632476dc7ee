// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibration/calibrate.h"
#include "core/calibration/gatherer.h"
#include "core/calibration/weighted_past.h"

#include "core/analysis/random.h"
#include "core/base/error.h"
#include "tests/support/expect_close.h"
#include "tests/support/tiny_decoder.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

const AttentionShapes kShape{1, AttentionShape{{4, 2, 8}, 0.35f, 0}};

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
    EXPECT_CLOSE(moments.weight, reference.weight, 0, tolerance);
    EXPECT_CLOSE(moments.mean, test::as_vector(reference.mean), tolerance, tolerance);
    const double largest = reference.scatter.abs().max().item<double>();
    EXPECT_CLOSE(moments.scatter, test::as_vector(reference.scatter), tolerance * largest, 0);
}

Calibration gather(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& weights,
                   const std::vector<std::int64_t>& windows)
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
    for (const std::vector<std::int64_t>& windows :
         {std::vector<std::int64_t>{600}, {1, 599}, {512, 88}, {100, 100, 100, 100, 100, 100}}) {
        const Calibration calibration = gather(q, k, v, weights, windows);
        EXPECT_EQ(calibration.tokens, 600);
        for (int head = 0; head < 2; ++head) {
            const auto moments = [&](Quantity quantity, Weighting weighting) -> const Moments& {
                return calibration.find(0, head, quantity, Positions::All, weighting)->moments;
            };
            const auto of = [&](const at::Tensor& x) { return x.select(2, head).squeeze(0); };
            expect_equal(moments(Quantity::Key, Weighting::Uniform), two_pass(of(k), ones), 1e-9);
            expect_equal(moments(Quantity::Value, Weighting::Uniform), two_pass(of(v), ones), 1e-9);
            expect_equal(moments(Quantity::Value, Weighting::Attention),
                         two_pass(of(v), weights.select(1, head).squeeze(0)), 1e-9);
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
    const at::Tensor largest = (k.select(2, 1).squeeze(0) * kept.unsqueeze(1)).abs().amax(0);
    EXPECT_EQ(entry->absolute_maximum, test::as_vector(largest));
}

/// The squared attention that every token of one sequence receives from the queries of its group, from explicit
/// probabilities in fp64: q [T, heads, d], k [T, kv_heads, d] -> [T] for one KV head.
at::Tensor received_by(const at::Tensor& q, const at::Tensor& k, int kv_head, const AttentionShape& shape)
{
    const at::Tensor mask = causal_mask(q.size(0), q.size(0), shape.attention_window, at::kCPU).logical_not();
    at::Tensor received = at::zeros({q.size(0)}, at::kDouble);
    for (int h = kv_head * shape.group(); h < (kv_head + 1) * shape.group(); ++h) {
        const at::Tensor logits =
            at::matmul(q.select(1, h).to(at::kDouble), k.select(1, kv_head).to(at::kDouble).t()) * shape.softmax_scale;
        received += at::softmax(logits.masked_fill(mask, -1e300), 1).square().sum(0);
    }
    return received;
}

TEST(WeightedPast, HandsOverTheSquaredAttention)
{
    const c10::InferenceMode inference;
    const std::int64_t tokens = 300; // more than two blocks of queries
    for (const std::int64_t window : {0, 50}) {
        AttentionShape layer = kShape[0];
        layer.attention_window = window;
        const AttentionShapes shape(1, layer);
        const at::Tensor q = rows(tokens, 4, 0, 5), k = rows(tokens, 2, 0, 6), v = rows(tokens, 2, 0, 7);
        Gatherer gatherer(shape, 0, Gatherer::Weighted::Yes);
        WeightedPast past(shape, ComputeType::Fp32, gatherer);
        past.append(0, k, v);
        const at::Tensor out = past.attend(0, q);
        PlainPast plain(shape, ComputeType::Fp32);
        plain.append(0, k, v);
        EXPECT_LE(test::largest_difference(out, plain.attend(0, q)), 1e-4);
        const Calibration calibration = gatherer.finish();
        for (int head = 0; head < 2; ++head) {
            const at::Tensor received = received_by(q.squeeze(0), k.squeeze(0), head, layer);
            for (const auto& [quantity, x] : {std::pair{Quantity::Value, v}, std::pair{Quantity::Key, k}}) {
                const Moments& moments =
                    calibration.find(0, head, quantity, Positions::All, Weighting::Attention)->moments;
                expect_equal(moments, two_pass(x.select(2, head).squeeze(0), received), 1e-6);
            }
        }
    }
}

/// Keeps all that a calibration sees, window by window.
class Keeper final : public Observer
{
public:
    struct Seen
    {
        at::Tensor q_pre, k_pre, q, k, v; ///< [T, heads, d]
    };
    void before_rope(int layer, const at::Tensor& q, const at::Tensor& k) override
    {
        seen.resize(std::max(seen.size(), static_cast<std::size_t>(layer) + 1));
        seen[static_cast<std::size_t>(layer)].push_back({q.squeeze(0).clone(), k.squeeze(0).clone(), {}, {}, {}});
    }
    void after_rope(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) override
    {
        Seen& now = seen[static_cast<std::size_t>(layer)].back();
        now.q = q.squeeze(0).clone();
        now.k = k.squeeze(0).clone();
        now.v = v.squeeze(0).clone();
    }
    std::vector<std::vector<Seen>> seen; ///< [layer][window]
};

/// The rows of one entry with their weights, of all windows: what two_pass() takes.
std::pair<at::Tensor, at::Tensor> rows_of(const HeadMoments& entry, const std::vector<Keeper::Seen>& windows, int sinks,
                                          const AttentionShape& shape)
{
    std::vector<at::Tensor> all, weights;
    const bool query = entry.quantity == Quantity::Query || entry.quantity == Quantity::QueryPreRope;
    for (const Keeper::Seen& seen : windows) {
        const at::Tensor x = entry.quantity == Quantity::QueryPreRope ? seen.q_pre
            : entry.quantity == Quantity::Query                       ? seen.q
            : entry.quantity == Quantity::KeyPreRope                  ? seen.k_pre
            : entry.quantity == Quantity::Key                         ? seen.k
                                                                      : seen.v;
        const std::int64_t first = entry.positions == Positions::All ? 0 : sinks, count = x.size(0) - first;
        const int heads = query ? shape.group() : 1;
        const at::Tensor weight = entry.weighting == Weighting::Uniform
            ? at::ones({x.size(0)}, at::kDouble)
            : received_by(seen.q, seen.k, entry.kv_head, shape);
        for (int h = entry.kv_head * heads; h < (entry.kv_head + 1) * heads; ++h) {
            all.push_back(x.select(1, h).narrow(0, first, count));
            weights.push_back(weight.narrow(0, first, count));
        }
    }
    return {at::cat(all), at::cat(weights)};
}

TEST(Calibrate, EqualsATwoPassReferenceOfWhatTheModelShows)
{
    const c10::InferenceMode inference;
    const test::TinyDecoder tiny;
    const AttentionShapes& shape = tiny->attention();
    const auto tokens = test::random_tokens(150, 97, 3);
    CalibrationOptions options;
    options.window_tokens = 64; // 64, 64, 22
    options.sinks = 3;
    const Calibration calibration = calibrate(*tiny, tokens, options, [](const CalibrationProgress&) {});
    Keeper keeper;
    for (std::size_t first = 0; first < tokens.size(); first += 64) {
        Gatherer ignored(shape, 0, Gatherer::Weighted::Yes);
        WeightedPast past(shape, ComputeType::Fp32,
                          ignored); // the same attention, so that later layers see the same bits
        const std::size_t count = std::min<std::size_t>(64, tokens.size() - first);
        tiny->forward(test::as_row(std::span(tokens).subspan(first, count)), 0, past, &keeper);
    }
    EXPECT_EQ(calibration.tokens, 150);
    ASSERT_EQ(calibration.entries.size(), 2u * 2 * (5 + 2) * 2);
    for (const HeadMoments& entry : calibration.entries) {
        SCOPED_TRACE(std::string(name(entry.quantity)) + " " + std::string(name(entry.positions)) + " "
                     + std::string(name(entry.weighting)));
        const auto [x, weights] =
            rows_of(entry, keeper.seen[static_cast<std::size_t>(entry.layer)], 3, shape[entry.layer]);
        EXPECT_EQ(entry.moments.count, x.size(0));
        // Weights come from probabilities in fp32.
        expect_equal(entry.moments, two_pass(x, weights), 1e-6);
        EXPECT_EQ(entry.absolute_maximum,
                  entry.weighting == Weighting::Uniform ? test::as_vector(x.abs().amax(0)) : std::vector<double>{});
    }
}

TEST(Calibrate, DoesNotDependOnTheWindowsOrder)
{
    const test::TinyDecoder tiny;
    const auto tokens = test::random_tokens(96, 97, 3);
    std::vector<std::int32_t> swapped(tokens.begin() + 32, tokens.end());
    swapped.insert(swapped.end(), tokens.begin(), tokens.begin() + 32);
    CalibrationOptions options;
    options.window_tokens = 32;
    std::vector<CalibrationProgress> reports;
    const auto keep = [&](const CalibrationProgress& progress) { reports.push_back(progress); };
    const Calibration a = calibrate(*tiny, tokens, options, keep), b = calibrate(*tiny, swapped, options, keep);
    ASSERT_EQ(reports.size(), 6u);
    for (std::size_t i = 0; i < reports.size(); ++i) {
        EXPECT_EQ(reports[i].tokens_total, 96);
        EXPECT_EQ(reports[i].tokens_done, static_cast<std::int64_t>(32 * (i % 3 + 1)));
        EXPECT_EQ(reports[i].subspace_change.has_value(), i % 3 > 0) << i;
    }
    ASSERT_EQ(a.entries.size(), b.entries.size());
    ASSERT_EQ(a.entries.size(), 2u * 2 * (5 + 2) * 2);
    for (std::size_t i = 0; i < a.entries.size(); ++i) {
        const Moments &x = a.entries[i].moments, &y = b.entries[i].moments;
        EXPECT_EQ(x.count, y.count);
        EXPECT_CLOSE(x.weight, y.weight, 0, 1e-9);
        EXPECT_CLOSE(x.mean, y.mean, 1e-9, 1e-9);
        double largest = 0;
        for (const double value : x.scatter)
            largest = std::max(largest, std::fabs(value));
        EXPECT_CLOSE(x.scatter, y.scatter, 1e-9 * largest, 0);
        EXPECT_EQ(a.entries[i].absolute_maximum, b.entries[i].absolute_maximum);
    }
}

TEST(Calibrate, HasTheOutputGramsAndLeavesWeightedOut)
{
    const test::TinyDecoder tiny;
    const auto tokens = test::random_tokens(96, 97, 3);
    CalibrationOptions options;
    options.window_tokens = 32;
    options.weighted = false;
    const auto ignore = [](const CalibrationProgress&) {};
    const Calibration plain = calibrate(*tiny, tokens, options, ignore);
    EXPECT_FALSE(plain.weighted);
    ASSERT_EQ(plain.entries.size(), 2u * 2 * 5 * 2);
    ASSERT_EQ(plain.output_grams.size(), 4u);
    for (int layer = 0; layer < 2; ++layer)
        for (int head = 0; head < 2; ++head)
            EXPECT_EQ(plain.find_output_gram(layer, head)->gram, tiny->output_gram(layer, head));
    options.weighted = true;
    const Calibration both = calibrate(*tiny, tokens, options, ignore);
    EXPECT_TRUE(both.weighted);
    for (const HeadMoments& entry : plain.entries) {
        const HeadMoments* other =
            both.find(entry.layer, entry.kv_head, entry.quantity, entry.positions, Weighting::Uniform);
        ASSERT_NE(other, nullptr);
        // The attention that feeds the second layer is computed in another order.
        double largest = 0;
        for (const double value : entry.moments.scatter)
            largest = std::max(largest, std::fabs(value));
        EXPECT_CLOSE(other->moments.scatter, entry.moments.scatter, 1e-5 * largest, 0);
    }
}

TEST(Calibrate, RefusesAndCanBeCancelled)
{
    const test::TinyDecoder tiny;
    const auto tokens = test::random_tokens(96, 97, 3);
    const auto kind = [&](std::size_t count, int window, int sinks,
                          const std::function<void(const CalibrationProgress&)>& report) {
        CalibrationOptions options;
        options.window_tokens = window;
        options.sinks = sinks;
        return test::error_of([&] { calibrate(*tiny, std::span(tokens).first(count), options, report); })->kind();
    };
    const auto ignore = [](const CalibrationProgress&) {};
    EXPECT_EQ(kind(0, 32, 4, ignore), ErrorKind::BadInput);
    EXPECT_EQ(kind(1, 32, 4, ignore), ErrorKind::BadInput);
    EXPECT_EQ(kind(96, 1, 4, ignore), ErrorKind::InvalidArgument);
    EXPECT_EQ(kind(96, 32, -1, ignore), ErrorKind::InvalidArgument);
    int windows = 0;
    EXPECT_EQ(kind(96, 32, 4,
                   [&](const CalibrationProgress&) {
                       if (++windows == 2)
                           throw Error(ErrorKind::Cancelled, "asked for");
                   }),
              ErrorKind::Cancelled);
    EXPECT_EQ(windows, 2);
}

} // namespace
} // namespace kvw
