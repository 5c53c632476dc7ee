// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/decoder.h"

#include "core/lm/dense_attention.h"
#include "tests/support/expect_close.h"
#include "tests/support/tiny_decoder.h"

#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace kvw {
namespace {

using test::as_row;
using test::largest_difference;
using test::TinyDecoder;
using test::TinyModel;

/// fp32 sums of a few hundred products of numbers around 1, through a few layers.
constexpr double kRounding = 2e-5;

/// Keeps everything and attends with plain loops in fp64: what any Past must agree with.
class NaivePast final : public Past
{
public:
    explicit NaivePast(const AttentionShapes& shapes) : shapes_(shapes) {}

    void append(int layer, const at::Tensor& k, const at::Tensor& v) override
    {
        const auto add = [&](std::map<int, at::Tensor>& all, const at::Tensor& x) {
            const at::Tensor rows = x.to(at::kDouble);
            all[layer] = all.count(layer) ? at::cat({all[layer], rows}, 1) : rows.clone();
        };
        add(keys_, k);
        add(values_, v);
    }
    at::Tensor attend(int layer, const at::Tensor& q) override
    {
        const AttentionShape& shape = shapes_[layer];
        const at::Tensor k = keys_.at(layer), v = values_.at(layer), query = q.to(at::kDouble);
        const std::int64_t tokens = q.size(1), before = k.size(1) - tokens;
        at::Tensor out = at::zeros({q.size(0), tokens, q.size(2), q.size(3)}, at::kDouble);
        for (std::int64_t b = 0; b < q.size(0); ++b)
            for (std::int64_t t = 0; t < tokens; ++t)
                for (std::int64_t h = 0; h < q.size(2); ++h) {
                    const std::int64_t g = h / shape.group(), last = before + t;
                    const std::int64_t first =
                        shape.attention_window > 0 ? std::max<std::int64_t>(0, last + 1 - shape.attention_window) : 0;
                    const at::Tensor seen = k[b].select(1, g).narrow(0, first, last + 1 - first);
                    const at::Tensor p = at::softmax(at::mv(seen, query[b][t][h]) * shape.softmax_scale, 0);
                    out[b][t][h].copy_(at::mv(v[b].select(1, g).narrow(0, first, last + 1 - first).t(), p));
                }
        return out.view({q.size(0), tokens, -1}).to(at::kFloat);
    }
    std::int64_t length() const override { return keys_.empty() ? 0 : keys_.rbegin()->second.size(1); }

private:
    AttentionShapes shapes_;
    std::map<int, at::Tensor> keys_, values_;
};

at::Tensor plain(Decoder& decoder, const at::Tensor& tokens)
{
    PlainPast past(decoder.attention(), decoder.compute_type());
    return decoder.forward(tokens, 0, past).clone();
}

class DecoderTest : public ::testing::Test
{
protected:
    c10::InferenceMode inference_;
};

TEST_F(DecoderTest, SaysWhatItIs)
{
    const TinyModel model;
    const TinyDecoder tiny(model);
    const AttentionShapes& shape = tiny->attention();
    EXPECT_EQ(shape.layers(), model.layers);
    EXPECT_EQ(shape.heads, model.heads);
    EXPECT_EQ(shape.kv_heads, model.kv_heads);
    EXPECT_EQ(shape.head_dim, model.head_dim);
    EXPECT_FLOAT_EQ(shape[0].softmax_scale, 0.25f);
    EXPECT_EQ(shape[0].attention_window, 0);
    EXPECT_EQ(shape.shortest_window(), 0);
    const double layer = 32 * 64 * 2 + 32 * 32 * 2 + 32 * 48 * 3;
    EXPECT_EQ(tiny->weight_bytes_per_step(), 4 * (2 * layer + 97 * 32));
    const TinyDecoder half(model, ComputeType::Bf16);
    EXPECT_EQ(half->weight_bytes_per_step(), 2 * (2 * layer + 97 * 32));
    EXPECT_EQ(half->compute_type(), ComputeType::Bf16);
    for (const ComputeType type : {ComputeType::Fp32, ComputeType::Bf16})
        EXPECT_EQ(parse_compute_type(name(type)), type);
    EXPECT_EQ(test::error_of([] { parse_compute_type("fp8"); })->kind(), ErrorKind::InvalidArgument);
}

TEST_F(DecoderTest, AnyCutOfThePromptIsTheSame)
{
    const TinyDecoder tiny;
    const auto tokens = test::random_tokens(70, 97, 1);
    const at::Tensor row = as_row(tokens), whole = plain(*tiny, row);
    for (const std::vector<std::int64_t>& chunks : {std::vector<std::int64_t>{70},
                                                    {35, 35},
                                                    {1, 69},
                                                    {64, 1, 5},
                                                    {10, 20, 40},
                                                    std::vector<std::int64_t>(70, 1)}) {
        NaivePast past(tiny->attention());
        std::vector<at::Tensor> pieces;
        std::int64_t first = 0;
        for (const std::int64_t count : chunks) {
            EXPECT_EQ(past.length(), first);
            pieces.push_back(tiny->forward(row.narrow(1, first, count), first, past).clone());
            first += count;
        }
        ASSERT_EQ(first, 70);
        EXPECT_LE(largest_difference(at::cat(pieces, 1), whole), kRounding) << chunks.size() << " chunks";
    }
}

TEST_F(DecoderTest, TheOrderAndThePastMatter)
{
    const TinyDecoder tiny;
    auto tokens = test::random_tokens(20, 97, 1);
    const at::Tensor before = plain(*tiny, as_row(tokens));
    std::swap(tokens[3], tokens[4]);
    const at::Tensor after = plain(*tiny, as_row(tokens));
    EXPECT_EQ(largest_difference(before.narrow(1, 0, 3), after.narrow(1, 0, 3)), 0) << "a token sees its future";
    EXPECT_GT(largest_difference(before.narrow(1, 19, 1), after.narrow(1, 19, 1)), 1e-3) << "positions do not count";
}

TEST_F(DecoderTest, ABatchIsItsSequences)
{
    for (const ComputeType type : {ComputeType::Fp32, ComputeType::Bf16}) {
        const TinyDecoder tiny({}, type);
        std::vector<at::Tensor> rows, single;
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            rows.push_back(as_row(test::random_tokens(33, 97, seed)));
            single.push_back(plain(*tiny, rows.back()));
        }
        EXPECT_LE(largest_difference(plain(*tiny, at::cat(rows)), at::cat(single)), kRounding) << name(type);
        EXPECT_GT(largest_difference(single[0], single[1]), 0.1);
    }
}

TEST_F(DecoderTest, TwoPassesWithACacheAreOneWithout)
{
    const TinyDecoder tiny;
    const at::Tensor batch = at::cat({as_row(test::random_tokens(24, 97, 5)), as_row(test::random_tokens(24, 97, 6))});
    const at::Tensor whole = plain(*tiny, batch);
    NaivePast past(tiny->attention());
    const at::Tensor first = tiny->forward(batch.narrow(1, 0, 15), 0, past).clone();
    const at::Tensor second = tiny->forward(batch.narrow(1, 15, 9), 15, past).clone();
    EXPECT_LE(largest_difference(at::cat({first, second}, 1), whole), kRounding);
}

TEST_F(DecoderTest, ASlidingWindowLimitsWhatIsRead)
{
    TinyModel model;
    const testing::TemporaryFolder folder;
    model.write(folder.path());
    ModelConfig config = read_model_config(folder.path());
    for (LayerSpec& layer : config.layer_specs)
        layer.attention_window = 7;
    const auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(folder.path()));
    const auto decoder = open_decoder(config, weights, {ComputeType::Fp32, "cpu"});
    EXPECT_EQ(decoder->attention().shortest_window(), 7);
    const at::Tensor row = as_row(test::random_tokens(40, 97, 2));
    NaivePast past(decoder->attention());
    EXPECT_LE(largest_difference(plain(*decoder, row), decoder->forward(row, 0, past)), kRounding);
    EXPECT_GT(largest_difference(plain(*decoder, row), plain(*TinyDecoder(model), row)), 1e-3);
}

/// Rounding inputs of products to bf16 errs by at most 2^-9 of each; through two layers of four products and attention
/// these add up to a few times that of hidden states around 1.
TEST_F(DecoderTest, Bf16IsNearFp32)
{
    const TinyDecoder fp32, bf16({}, ComputeType::Bf16);
    const at::Tensor row = as_row(test::random_tokens(50, 97, 4));
    const at::Tensor a = plain(*fp32, row), b = plain(*bf16, row);
    const double relative = ((a - b).norm() / a.norm()).item<double>();
    EXPECT_LE(relative, 10 * std::ldexp(1.0, -9));
    EXPECT_GT(relative, 1e-5) << "bf16 was asked for, and fp32 was computed";
}

/// Writes down who was called in which order.
class Recorder final : public Observer
{
public:
    void before_rope(int layer, const at::Tensor& q, const at::Tensor& k) override
    {
        calls.push_back("before " + std::to_string(layer));
        q_before = q.clone();
        k_before = k.clone();
    }
    void after_rope(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) override
    {
        calls.push_back("after " + std::to_string(layer));
        q_after = q.clone();
        k_after = k.clone();
        v_after = v.clone();
    }
    std::vector<std::string> calls;
    at::Tensor q_before, k_before, q_after, k_after, v_after;
};

/// Pairs (i, i + d / 2) turned by position * 10000^(-2i / d), in fp64.
at::Tensor rotated(const at::Tensor& x, std::int64_t position)
{
    const std::int64_t d = x.size(3), half = d / 2;
    const at::Tensor i = at::arange(half, at::kDouble), t = at::arange(position, position + x.size(1), at::kDouble);
    const at::Tensor angle =
        (t.unsqueeze(1) * at::pow(10000.0, i * -2.0 / static_cast<double>(d))).unsqueeze(1); // [T, 1, half]
    const at::Tensor low = x.narrow(3, 0, half).to(at::kDouble), high = x.narrow(3, half, half).to(at::kDouble);
    return at::cat({low * angle.cos() - high * angle.sin(), high * angle.cos() + low * angle.sin()}, 3);
}

TEST_F(DecoderTest, AnObserverSeesBothSidesOfTheRotation)
{
    const TinyDecoder tiny;
    Recorder recorder;
    NaivePast past(tiny->attention());
    const at::Tensor batch = at::cat({as_row(test::random_tokens(9, 97, 5)), as_row(test::random_tokens(9, 97, 6))});
    tiny->forward(batch, 100, past, &recorder);
    EXPECT_THAT(recorder.calls, ::testing::ElementsAre("before 0", "after 0", "before 1", "after 1"));
    EXPECT_EQ(recorder.q_after.sizes(), at::IntArrayRef({2, 9, 4, 16}));
    EXPECT_EQ(recorder.v_after.sizes(), at::IntArrayRef({2, 9, 2, 16}));
    // The angle, up to 108, is rounded to fp32, and then the products are.
    EXPECT_LE(largest_difference(recorder.q_after, rotated(recorder.q_before, 100)), 1e-4);
    EXPECT_LE(largest_difference(recorder.k_after, rotated(recorder.k_before, 100)), 1e-4);
    EXPECT_GT(largest_difference(recorder.k_after, recorder.k_before), 0.1);
}

TEST_F(DecoderTest, CalibrationStopsAtTheLastAttention)
{
    const TinyDecoder tiny;
    Recorder recorder;
    NaivePast past(tiny->attention());
    EXPECT_FALSE(
        tiny->forward(as_row(test::random_tokens(9, 97, 5)), 0, past, &recorder, Extent::LastAttend).defined());
    EXPECT_EQ(recorder.calls.size(), 4u);
    EXPECT_EQ(past.length(), 9);
}

TEST_F(DecoderTest, ATokenOutsideTheVocabularyIsNamed)
{
    const TinyDecoder tiny;
    for (const std::int32_t bad : {97, 100000, -1}) {
        auto tokens = test::random_tokens(9, 97, 5);
        tokens[6] = bad;
        const auto error = test::error_of([&] { plain(*tiny, as_row(tokens)); });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
        EXPECT_THAT(error->message(), ::testing::HasSubstr("token " + std::to_string(bad) + " at position 6"));
        EXPECT_THAT(error->message(), ::testing::HasSubstr("97"));
    }
}

TEST_F(DecoderTest, LogitsComeInPieces)
{
    const TinyDecoder tiny;
    const at::Tensor hidden = at::ones({kLogitRows + 1, 32});
    EXPECT_EQ(tiny->logits(hidden.narrow(0, 0, kLogitRows)).sizes(), at::IntArrayRef({kLogitRows, 97}));
    EXPECT_EQ(test::error_of([&] { tiny->logits(hidden); })->kind(), ErrorKind::Internal);
}

/// A stored tensor in fp64.
at::Tensor stored(const std::filesystem::path& folder, const std::string& name, std::vector<std::int64_t> shape)
{
    const WeightFiles files = WeightFiles::open(folder);
    const WeightView view = files.get(name, shape);
    at::Tensor out = at::empty(shape, at::kFloat);
    std::memcpy(out.data_ptr<float>(), view.bytes.data(), view.bytes.size());
    return out.to(at::kDouble);
}

TEST_F(DecoderTest, TheHeadIsTheEmbeddingOrItsOwnMatrix)
{
    TinyModel model;
    const at::Tensor hidden = at::randn({5, 32});
    for (const bool tied : {true, false}) {
        model.tied = tied;
        const TinyDecoder tiny(model);
        const char* head = tied ? "model.embed_tokens.weight" : "lm_head.weight";
        const at::Tensor wanted = at::matmul(hidden.to(at::kDouble), stored(tiny.folder.path(), head, {97, 32}).t());
        EXPECT_LE(largest_difference(tiny->logits(hidden), wanted), kRounding) << head;
    }
}

TEST_F(DecoderTest, OutputGramIsTheProductOfTheGroupsColumns)
{
    const TinyDecoder tiny;
    for (int layer = 0; layer < 2; ++layer) {
        const at::Tensor w =
            stored(tiny.folder.path(), "model.layers." + std::to_string(layer) + ".self_attn.o_proj.weight", {32, 64});
        const auto element = w.accessor<double, 2>();
        for (int kv_head = 0; kv_head < 2; ++kv_head) {
            std::vector<double> wanted(16 * 16);
            for (int h = 2 * kv_head; h < 2 * kv_head + 2; ++h)
                for (int i = 0; i < 16; ++i)
                    for (int j = 0; j < 16; ++j)
                        for (int row = 0; row < 32; ++row)
                            wanted[static_cast<std::size_t>(i * 16 + j)] +=
                                element[row][h * 16 + i] * element[row][h * 16 + j];
            EXPECT_CLOSE(tiny->output_gram(layer, kv_head), wanted, 1e-12, 1e-12);
        }
    }
}

TEST_F(DecoderTest, CausalMaskByItsDefinition)
{
    for (const auto& [queries, positions, window] :
         {std::tuple{1, 1, 0}, {5, 5, 0}, {3, 9, 0}, {5, 5, 1}, {4, 9, 3}, {2, 4, 100}}) {
        const at::Tensor mask = causal_mask(queries, positions, window, at::kCPU);
        ASSERT_EQ(mask.sizes(), at::IntArrayRef({queries, positions}));
        for (int t = 0; t < queries; ++t)
            for (int s = 0; s < positions; ++s) {
                const int own = positions - queries + t;
                EXPECT_EQ(mask[t][s].item<bool>(), s <= own && (window == 0 || own - s < window));
            }
    }
}

TEST_F(DecoderTest, DenseAttentionAgreesWithPlainLoops)
{
    for (const std::int64_t window : {0, 4, 100})
        for (const std::int64_t queries : {1, 3, 12}) {
            const AttentionShape shape{{6, 2, 8}, 0.3f, window};
            const at::Tensor k = at::randn({2, 12, 2, 8}), v = at::randn({2, 12, 2, 8}),
                             q = at::randn({2, queries, 6, 8});
            NaivePast naive({1, shape});
            naive.append(0, k, v);
            const at::Tensor out = dense_attention(q, k.transpose(1, 2), v.transpose(1, 2), shape, ComputeType::Fp32);
            EXPECT_LE(largest_difference(out, naive.attend(0, q)), 1e-5) << window << " " << queries;
        }
}

} // namespace
} // namespace kvw
