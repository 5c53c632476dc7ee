// SPDX-License-Identifier: GPL-3.0-or-later
// The language models against the Python package `transformers`.
#include "core/cache/coded_cache.h"
#include "core/lm/dense_attention.h"
#include "core/measure/generation.h"
#include "core/measure/perplexity.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/conformance/reference_runner.h"
#include "tests/support/expect_close.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace kvw {
namespace {

using namespace conformance;

constexpr int kWindow = 512;
constexpr int kWindows = 8;

std::unique_ptr<Decoder> load(const std::filesystem::path& folder, ComputeType type)
{
    return open_decoder(read_model_config(folder), std::make_shared<const WeightFiles>(WeightFiles::open(folder)),
                        {type, "cpu"});
}

std::shared_ptr<const FittedConfiguration> identity_of(const Decoder& decoder)
{
    return std::make_shared<FittedConfiguration>(
        fit(parse_configuration("identity"), decoder.attention_shape(), decoder.compute_type(), nullptr));
}

at::Tensor as_row(std::span<const std::int32_t> ids)
{
    return at::from_blob(const_cast<std::int32_t*>(ids.data()), {1, static_cast<std::int64_t>(ids.size())}, at::kInt)
        .to(at::kLong);
}

/// Logits of all rows, kLogitRows at a time.
at::Tensor all_logits(Decoder& decoder, const at::Tensor& hidden)
{
    std::vector<at::Tensor> pieces;
    for (std::int64_t first = 0; first < hidden.size(0); first += kLogitRows)
        pieces.push_back(decoder.logits(hidden.narrow(0, first, std::min(kLogitRows, hidden.size(0) - first))));
    return at::cat(pieces);
}

at::Tensor logits_without_cache(Decoder& decoder, std::span<const std::int32_t> ids)
{
    PlainPast past(decoder.attention_shape(), decoder.compute_type());
    return all_logits(decoder, decoder.forward(as_row(ids), 0, past).squeeze(0));
}

/// The same through the identity cache, `chunk` tokens at a time.
at::Tensor logits_with_cache(Decoder& decoder, std::span<const std::int32_t> ids, std::int64_t chunk)
{
    CodedCache cache(decoder.attention_shape(), identity_of(decoder), {});
    const at::Tensor row = as_row(ids);
    std::vector<at::Tensor> hidden;
    for (std::int64_t first = 0; first < row.size(1); first += chunk) {
        const std::int64_t count = std::min(chunk, row.size(1) - first);
        hidden.push_back(decoder.forward(row.narrow(1, first, count), first, cache).squeeze(0).clone());
    }
    return all_logits(decoder, at::cat(hidden));
}

/// Raw fp32 [tokens, vocab] with the sizes from the JSON beside it.
at::Tensor read_logits(const std::filesystem::path& folder, const std::string& sizes)
{
    const auto json = nlohmann::json::parse(read_bytes(folder / sizes));
    const std::string bytes = read_bytes(folder / "logits.f32");
    at::Tensor out = at::empty({json.at("tokens").get<std::int64_t>(), json.at("vocab").get<std::int64_t>()});
    if (bytes.size() != out.nbytes())
        throw std::runtime_error("logits.f32 has " + std::to_string(bytes.size()) + " bytes");
    std::memcpy(out.data_ptr<float>(), bytes.data(), bytes.size());
    return out;
}

/// NaN where there is one, so that a comparison fails.
double largest_difference(const at::Tensor& a, const at::Tensor& b)
{
    return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : std::nan("");
}

std::vector<std::int32_t> first_ids(const Reference& reference, const std::filesystem::path& text, std::size_t count)
{
    std::vector<TokenId> ids = Tokenizer::load(reference.model() / "tokenizer.json").encode(read_bytes(text));
    if (ids.size() < count)
        throw std::runtime_error("the text has only " + std::to_string(ids.size()) + " tokens");
    return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(ModelConformance, LogitsOfTheSampleModel)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    KVW_REQUIRE(missing_data());
    const auto text = data_file("wikitext2/wiki.test.raw");
    reference.run({"logits", reference.model(), text, reference.folder(), "--tokens", std::to_string(kWindow)});
    const std::vector<std::int32_t> ids = first_ids(reference, text, kWindow);
    ASSERT_EQ(ids, read_ids(reference.folder() / "ids.i32"));
    const at::Tensor wanted = read_logits(reference.folder(), "logits.json");
    ASSERT_EQ(wanted.size(0), kWindow);

    const c10::InferenceMode inference;
    const auto decoder = load(reference.model(), ComputeType::Fp32);
    for (const auto& [path, got] : {std::pair{"without a cache", logits_without_cache(*decoder, ids)},
                                    std::pair{"in chunks of 100", logits_with_cache(*decoder, ids, 100)}}) {
        SCOPED_TRACE(path);
        const double difference = largest_difference(got, wanted);
        RecordProperty("largest_difference", std::to_string(difference));
        EXPECT_LE(difference, 2e-3);
        EXPECT_EQ(got.argmax(1).eq(wanted.argmax(1)).sum().item<std::int64_t>(), kWindow);
    }
}

/// What `transformers` says of the first windows of the text.
struct ReferencePerplexity
{
    double mean_nll = 0;
    std::vector<double> windows; ///< mean NLL of each, nats
};

ReferencePerplexity reference_perplexity(const Reference& reference, const char* type)
{
    const auto out = reference.folder() / "ppl.json";
    reference.run({"ppl", reference.model(), data_file("wikitext2/wiki.test.raw"), out, "--windows",
                   std::to_string(kWindows), "--window", std::to_string(kWindow), "--type", type});
    const auto json = nlohmann::json::parse(read_bytes(out));
    ReferencePerplexity result;
    result.mean_nll = json.at("nll").get<double>() / json.at("tokens").get<double>();
    for (const double nll : json.at("window_nll"))
        result.windows.push_back(nll / (kWindow - 1));
    return result;
}

ReferencePerplexity own_perplexity(const Reference& reference, ComputeType type)
{
    const auto decoder = load(reference.model(), type);
    const auto ids = first_ids(reference, data_file("wikitext2/wiki.test.raw"), kWindows * kWindow);
    PerplexityOptions options;
    options.window_tokens = kWindow;
    PerplexityMeter meter(*decoder, ids, options);
    const PerplexityResult& result = meter.measure_identity([](std::int64_t, std::int64_t) {});
    EXPECT_EQ(result.scored(), kWindows * (kWindow - 1));
    ReferencePerplexity own{result.mean_nll(), {}};
    for (const WindowScore& window : result.windows)
        own.windows.push_back(window.nll_sum / window.tokens);
    return own;
}

std::vector<double> perplexities(const std::vector<double>& mean_nll)
{
    std::vector<double> out;
    for (const double nll : mean_nll)
        out.push_back(std::exp(nll));
    return out;
}

TEST(ModelConformance, PerplexityInFp32)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    KVW_REQUIRE(missing_data());
    const ReferencePerplexity wanted = reference_perplexity(reference, "fp32");
    const ReferencePerplexity got = own_perplexity(reference, ComputeType::Fp32);
    RecordProperty("perplexity", std::to_string(std::exp(got.mean_nll)));
    RecordProperty("relative_difference", std::to_string(std::expm1(got.mean_nll - wanted.mean_nll)));
    EXPECT_CLOSE(std::exp(got.mean_nll), std::exp(wanted.mean_nll), 0, 1e-4);
    EXPECT_CLOSE(perplexities(got.windows), perplexities(wanted.windows), 0, 1e-4);
}

/// How far rounding to bf16 may move a mean NLL of `tokens` positions, in nats.
///
/// One rounding errs by at most u = 2^-9 of the number, u / sqrt(3) in root mean square. `roundings` of them in a
/// layer, independent of each other and none counted as more than the whole residual stream, leave the last hidden
/// state with a relative error e = u sqrt(roundings layers / 3), spread over all directions; a logit then errs by e
/// times the spread of the logits over the vocabulary. Of a token's NLL, the target's logit less the expected one, that
/// is sigma to first order, and sigma^2 / 2 in its mean to second order. Three standard deviations of the mean of
/// `tokens` such errors:
double bf16_nll_bound(double roundings, int layers, double spread, double tokens)
{
    const double error = std::ldexp(1.0, -9) * std::sqrt(roundings * layers / 3);
    const double sigma = error * spread;
    return 3 * sigma / std::sqrt(tokens) + sigma * sigma / 2;
}

/// Ours rounds what enters the four products of a layer, and queries, keys, values and probabilities.
constexpr double kOwnRoundings = 8;
/// `transformers` in bf16 rounds every result: two norms, q, k, v, two rotations, probabilities, their sum, the output
/// product, gate, SiLU, up, their product, down, and the residual stream twice.
constexpr double kReferenceRoundings = 17;

TEST(ModelConformance, PerplexityInBf16)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    KVW_REQUIRE(missing_data());
    const ReferencePerplexity other = reference_perplexity(reference, "bf16");
    const ReferencePerplexity bf16 = own_perplexity(reference, ComputeType::Bf16);
    const ReferencePerplexity fp32 = own_perplexity(reference, ComputeType::Fp32);
    RecordProperty("against_transformers", std::to_string(std::expm1(bf16.mean_nll - other.mean_nll)));
    RecordProperty("against_fp32", std::to_string(std::expm1(bf16.mean_nll - fp32.mean_nll)));

    const c10::InferenceMode inference;
    const auto decoder = load(reference.model(), ComputeType::Fp32);
    const auto ids = first_ids(reference, data_file("wikitext2/wiki.test.raw"), kLogitRows);
    const double spread = logits_without_cache(*decoder, ids).std(1, true).mean().item<double>();
    RecordProperty("logit_spread", std::to_string(spread));
    const int layers = decoder->config().layers;
    const auto bound = [&](double roundings, double tokens) {
        return bf16_nll_bound(roundings, layers, spread, tokens);
    };
    constexpr double one = kWindow - 1, all = one * kWindows;
    EXPECT_CLOSE(bf16.mean_nll, fp32.mean_nll, bound(kOwnRoundings, all), 0);
    EXPECT_CLOSE(bf16.windows, fp32.windows, bound(kOwnRoundings, one), 0);
    EXPECT_CLOSE(bf16.mean_nll, other.mean_nll, bound(kOwnRoundings + kReferenceRoundings, all), 0);
    EXPECT_CLOSE(bf16.windows, other.windows, bound(kOwnRoundings + kReferenceRoundings, one), 0);
    EXPECT_NE(bf16.mean_nll, fp32.mean_nll) << "bf16 was asked for, and fp32 was computed";
}

TEST(ModelConformance, GreedyContinuation)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_model());
    KVW_REQUIRE(missing_data());
    const auto decoder = load(reference.model(), ComputeType::Fp32);
    constexpr int fresh = 32;
    for (const auto& [name, length] :
         {std::pair{"wikitext2/wiki.test.raw", 64}, std::pair{"wikitext2/wiki.valid.raw", 300}}) {
        SCOPED_TRACE(name);
        const auto out = reference.folder() / "greedy.i32";
        reference.run({"greedy", reference.model(), data_file(name), out, "--tokens", std::to_string(length), "--new",
                       std::to_string(fresh)});
        const std::vector<std::int32_t> wanted = read_ids(out);
        ASSERT_EQ(wanted.size(), static_cast<std::size_t>(fresh));
        SamplingOptions options;
        options.max_new_tokens = fresh;
        const auto prompt = first_ids(reference, data_file(name), static_cast<std::size_t>(length));
        EXPECT_EQ(generate(*decoder, identity_of(*decoder), prompt, options, [](std::int32_t) {}).tokens, wanted);
    }
}

/// Whatever a small model's configuration says beyond the plain, taken away again: the logits must then be others, or
/// the comparison would have tested nothing.
std::vector<std::pair<std::string, ModelConfig>> without_each_feature(const ModelConfig& config)
{
    std::vector<std::pair<std::string, ModelConfig>> out;
    const auto add = [&](bool present, const char* feature, auto change) {
        if (!present)
            return;
        out.emplace_back(feature, config);
        change(out.back().second);
    };
    add(config.rope_scaling.has_value(), "RoPE scaling", [](ModelConfig& c) { c.rope_scaling.reset(); });
    add(config.rope_theta != 10000, "theta", [](ModelConfig& c) { c.rope_theta = 10000; });
    add(config.sliding_window.has_value(), "sliding window", [](ModelConfig& c) { c.sliding_window.reset(); });
    add(config.sliding_window.has_value(), "sliding window's size", [](ModelConfig& c) { ++*c.sliding_window; });
    add(config.attention_bias, "attention bias", [](ModelConfig& c) { c.attention_bias = false; });
    add(config.mlp_bias, "MLP bias", [](ModelConfig& c) { c.mlp_bias = false; });
    add(!config.tied_embeddings, "untied head", [](ModelConfig& c) { c.tied_embeddings = true; });
    add(config.rms_norm_eps > 1e-3, "epsilon", [](ModelConfig& c) { c.rms_norm_eps = 1e-6; });
    return out;
}

/// The smallest change that a feature must make.
constexpr double kFeatureMatters = 1e-2;

void compare_small_model(const std::filesystem::path& folder)
{
    SCOPED_TRACE(folder.filename());
    const at::Tensor wanted = read_logits(folder, "reference.json");
    const std::vector<std::int32_t> ids = read_ids(folder / "ids.i32");
    const auto decoder = load(folder, ComputeType::Fp32);
    EXPECT_LE(largest_difference(logits_without_cache(*decoder, ids), wanted), 1e-4);
    for (const int chunk : {1, 37, 1000})
        EXPECT_LE(largest_difference(logits_with_cache(*decoder, ids, chunk), wanted), 1e-4) << "chunks of " << chunk;
    const auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(folder));
    for (const auto& [feature, config] : without_each_feature(decoder->config())) {
        const auto other = open_decoder(config, weights, {ComputeType::Fp32, "cpu"});
        EXPECT_GT(largest_difference(logits_without_cache(*other, ids), wanted), kFeatureMatters) << feature;
    }
}

TEST(ModelConformance, SmallModelsOfManyKinds)
{
    const Reference reference;
    KVW_REQUIRE(reference.missing_python());
    reference.run({reference.folder() / "made"}, "make_models.py");
    const c10::InferenceMode inference;
    std::vector<std::string> names;
    for (const auto& folder : std::filesystem::directory_iterator(reference.folder() / "made")) {
        compare_small_model(folder.path());
        names.push_back(folder.path().filename());
    }
    EXPECT_GE(names.size(), 14u);
    EXPECT_GE(WeightFiles::open(reference.folder() / "made" / "llama-64-group4-bf16-sharded").files().size(), 3u);
}

} // namespace
} // namespace kvw
