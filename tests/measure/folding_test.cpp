// SPDX-License-Identifier: GPL-3.0-or-later
// Folded values against the cache path, which lifts them: the same mathematics, computed elsewhere.
#include "core/calibration/calibrate.h"
#include "core/measure/throughput.h"
#include "tests/measure/measure_support.h"

#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using test::fitted;
using test::TinyDecoder;
using ::testing::HasSubstr;

constexpr int kTokens = 200;

class Folding : public ::testing::Test
{
protected:
    Folding()
    {
        text_ = test::random_tokens(kTokens, model_->config().vocab_size, 3);
        CalibrationOptions options;
        options.window_tokens = 50;
        calibration_ = calibrate(*model_, text_, options, [](const CalibrationProgress&) {});
    }

    /// Hidden states of the text in pieces of these sizes (the last one repeated), coded at once or when they are old.
    at::Tensor hidden(const std::string& configuration, std::initializer_list<int> pieces, CodeWhen when,
                      ReadAs read_as = ReadAs::Compressed)
    {
        const auto codec = fitted(*model_, configuration, &calibration_);
        CacheOptions options;
        options.code_when = when;
        options.read_as = read_as;
        CodedCache cache(model_->attention(), codec, options);
        Decoder& decoder = decoder_for(*codec, *model_);
        const c10::InferenceMode inference;
        std::vector<at::Tensor> out;
        const at::Tensor ids = test::as_row(text_);
        auto piece = pieces.begin();
        for (std::int64_t first = 0; first < ids.size(1);) {
            const std::int64_t count = std::min<std::int64_t>(*piece, ids.size(1) - first);
            out.push_back(decoder.forward(ids.narrow(1, first, count), first, cache).clone());
            first += count;
            if (piece + 1 != pieces.end())
                ++piece;
        }
        values_read_ = cache.coded_values_read();
        ledger_ = cache.ledger();
        return at::cat(out, 1);
    }

    TinyDecoder model_;
    std::vector<std::int32_t> text_;
    Calibration calibration_;
    std::int64_t values_read_ = 0;
    Ledger ledger_;
};

TEST_F(Folding, IsTheCachePathToRounding)
{
    // The tiny model has heads of 16 or so; every kind of basis, centred or not, of orthonormal and other columns.
    for (const char* basis : {"v=pca:6", "v=pca:6,uncentred", "v=pca:5,pooled", "v=pca:6,weighted", "v=out:4",
                              "v=random:7,seed=3", "k=kq:5 v=out:3,weighted", "layers[1]{v=pca:4}"}) {
        std::string folded = basis;
        const auto at = folded.find('}') == std::string::npos ? folded.size() : folded.find('}');
        folded.insert(at, ",fold");
        const at::Tensor lifted = hidden(basis, {kTokens}, CodeWhen::Immediately);
        const std::int64_t read = values_read_;
        const double payload = ledger_.payload_bytes;
        for (const ReadAs read_as : {ReadAs::Compressed, ReadAs::Expanded}) {
            const at::Tensor own = hidden(folded, {kTokens}, CodeWhen::Immediately, read_as);
            const double scale = lifted.abs().max().item<double>();
            EXPECT_LE(test::largest_difference(own, lifted), 2e-5 * scale) << folded;
            EXPECT_EQ(values_read_, read) << folded;
            EXPECT_EQ(ledger_.payload_bytes, payload) << folded << ": the rows are as wide";
        }
        EXPECT_GT(test::largest_difference(lifted, hidden("identity", {kTokens}, CodeWhen::Immediately)), 1e-3)
            << basis;
    }
}

TEST_F(Folding, StepByStepIsAllAtOnce)
{
    for (const char* configuration : {"v=pca:6,fold", "v=out:6,fold", "v=random:5,fold+int8"}) {
        const at::Tensor at_once = hidden(configuration, {kTokens}, CodeWhen::Immediately);
        const at::Tensor steps = hidden(configuration, {150, 7, 1}, CodeWhen::Later);
        const double scale = at_once.abs().max().item<double>();
        EXPECT_LE(test::largest_difference(steps, at_once), 2e-5 * scale) << configuration;
    }
}

TEST_F(Folding, CoordinatesAreQuantisedLikeThoseOfTheCache)
{
    const at::Tensor lifted = hidden("v=pca:6+int8", {kTokens}, CodeWhen::Immediately);
    const at::Tensor folded = hidden("v=pca:6,fold+int8", {kTokens}, CodeWhen::Immediately);
    const double scale = lifted.abs().max().item<double>();
    // A coordinate that differs in its last bit may fall on the other side of a step of its quantiser.
    EXPECT_LE(test::largest_difference(folded, lifted), 2e-2 * scale);
}

TEST_F(Folding, TheWeightsShrink)
{
    const auto codec = fitted(*model_, "v=pca:4,fold", &calibration_);
    ASSERT_TRUE(codec->maybe_decoder);
    EXPECT_LT(codec->maybe_decoder->weight_bytes_per_step(), model_->weight_bytes_per_step());
    EXPECT_EQ(codec->fixed_bytes, 0) << "no basis is held beside the weights";
    EXPECT_FALSE(fitted(*model_, "v=pca:4", &calibration_)->maybe_decoder);
}

TEST_F(Folding, PerplexityAndItsCanariesTakeIt)
{
    const std::vector<std::int32_t> text = test::spoken_text(*model_, test::kWindows, test::kWindow);
    double lifted = 0;
    for (const char* protocol : {"all", "past:16", "step"}) {
        PerplexityOptions options;
        options.window_tokens = test::kWindow;
        options.protocol = parse_protocol(protocol);
        PerplexityMeter meter(*model_, text, options);
        meter.measure_identity(test::quiet);
        if (lifted == 0)
            lifted = meter.measure(fitted(*model_, "v=pca:6", &calibration_), test::quiet).mean_nll();
        const double folded = meter.measure(fitted(*model_, "v=pca:6,fold", &calibration_), test::quiet).mean_nll();
        // Folded values are never raw, so every protocol reads what `all` reads of the cache path.
        EXPECT_NEAR(folded, lifted, 1e-5) << protocol;
    }
}

TEST_F(Folding, SpeedAndTextAreMeasuredWithIt)
{
    ThroughputOptions options;
    options.context_tokens = 64;
    options.decode_tokens = 4;
    options.rounds = 1;
    const std::vector codecs{fitted(*model_, "identity"), fitted(*model_, "v=pca:4,fold", &calibration_)};
    const auto speed = measure_throughput(*model_, codecs, text_, options, [](int, int) {});
    ASSERT_EQ(speed.size(), 2u);
    EXPECT_LT(speed[1].bytes_per_step, speed[0].bytes_per_step);
    SamplingOptions sampling;
    sampling.max_new_tokens = 5;
    const auto text = generate(*model_, codecs[1], {text_.data(), 8}, sampling, [](std::int32_t) {});
    EXPECT_EQ(text.tokens.size(), 5u);
}

TEST_F(Folding, WhatCannotBeFoldedIsSaid)
{
    const std::pair<const char*, const char*> wrong[] = {{"k=pca:4,fold", "values only"},
                                                         {"v=pca:4,fold sinks=2", "sinks=2"},
                                                         {"v=pca:4,fold window=8", "window=8"},
                                                         {"v=pca:4,fold+int4,channel=8", "token by token"}};
    for (const auto& [configuration, words] : wrong) {
        const auto error = test::error_of([&] { fitted(*model_, configuration, &calibration_); });
        ASSERT_TRUE(error) << configuration;
        EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
        EXPECT_THAT(error->message(), HasSubstr(words)) << configuration;
    }
    // A cache that is given whole vectors where coordinates were agreed on.
    const auto shape = model_->attention();
    const auto codec = std::make_shared<FittedConfiguration>(
        fit(parse_configuration("v=pca:4,fold"), shape, ComputeType::Fp32, &calibration_));
    CodedCache cache(shape, codec, {});
    const at::Tensor k = at::zeros({1, 1, shape.kv_heads, shape.head_dim});
    EXPECT_TRUE(test::error_of([&] { cache.append(0, k, k); }));
}

} // namespace
} // namespace kvw
