// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/generation.h"

#include "core/measure/throughput.h"
#include "tests/measure/measure_support.h"
#include "tests/support/expect_close.h"

#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace kvw {
namespace {

using test::fitted;
using test::TinyDecoder;
using ::testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void ignore(std::int32_t) {}

class GenerationTest : public ::testing::Test
{
protected:
    static void SetUpTestSuite() { tiny_ = new TinyDecoder; }
    static void TearDownTestSuite() { delete tiny_; }
    static Decoder& decoder() { return **tiny_; }
    static std::shared_ptr<const FittedConfiguration> codec(std::string_view text) { return fitted(decoder(), text); }
    static GenerationResult say(const SamplingOptions& options, std::string_view configuration = "identity")
    {
        return generate(decoder(), codec(configuration), prompt(), options, ignore);
    }
    static std::vector<std::int32_t> prompt() { return test::random_tokens(20, 97, 11); }

    static TinyDecoder* tiny_;
};

TinyDecoder* GenerationTest::tiny_ = nullptr;

SamplingOptions sampling(int count, double temperature, double top_p, std::uint64_t seed)
{
    SamplingOptions options;
    options.max_new_tokens = count;
    options.temperature = temperature;
    options.top_p = top_p;
    options.seed = seed;
    return options;
}

TEST_F(GenerationTest, GreedyIsTheArgMaxOfEveryStep)
{
    const c10::InferenceMode inference;
    std::vector<std::int32_t> tokens = prompt();
    for (int i = 0; i < 24; ++i) // the whole text again for every token, without a cache
        tokens.push_back(static_cast<std::int32_t>(
            test::log_probabilities(decoder(), tokens)[static_cast<std::int64_t>(tokens.size()) - 1]
                .argmax()
                .item<std::int64_t>()));
    const std::vector<std::int32_t> wanted(tokens.begin() + 20, tokens.end());
    for (int again = 0; again < 2; ++again) {
        std::vector<std::int32_t> streamed;
        const GenerationResult result =
            generate(decoder(), codec("identity"), prompt(), sampling(24, 0, 1, static_cast<std::uint64_t>(again)),
                     [&](std::int32_t token) { streamed.push_back(token); });
        EXPECT_EQ(result.tokens, wanted);
        EXPECT_EQ(streamed, wanted);
        EXPECT_FALSE(result.stopped);
        EXPECT_EQ(result.decode_steps, 23); // the last token is not fed
        EXPECT_EQ(result.ledger.values, 2.0 * 2 * 2 * (20 + 23) * 16);
        EXPECT_GT(result.prefill_seconds, 0);
        EXPECT_GT(result.decode_seconds, 0);
    }
    for (const int length : {1, 24}) { // after the prompt alone, and after steps
        const GenerationResult coded = say(sampling(length, 0, 1, 0), "k=int8,token v=int8,token sinks=2 window=5");
        EXPECT_EQ(coded.tokens.size(), static_cast<std::size_t>(length));
        EXPECT_EQ(coded.ledger.payload_bytes, 2.0 * 2 * 2 * (20 + length - 1 - 7) * 16); // all but sinks and window
        EXPECT_EQ(coded.ledger.raw_bytes, 2.0 * 2 * 2 * 7 * 64);
    }
    EXPECT_NE(say(sampling(24, 0, 1, 0), "k=zero v=zero").tokens, wanted);
}

TEST_F(GenerationTest, ASeedRepeatsItself)
{
    const auto one = say(sampling(40, 1, 1, 5)).tokens;
    EXPECT_EQ(say(sampling(40, 1, 1, 5)).tokens, one);
    EXPECT_NE(say(sampling(40, 1, 1, 6)).tokens, one);
    const auto narrow = say(sampling(40, 1, 0.5, 5)).tokens;
    EXPECT_EQ(say(sampling(40, 1, 0.5, 5)).tokens, narrow);
    EXPECT_NE(narrow, one);
    EXPECT_NE(say(sampling(40, 0.5, 1, 5)).tokens, one);
    const auto greedy = say(sampling(40, 0, 1, 5)).tokens;
    EXPECT_EQ(say(sampling(40, 1, 1e-9, 5)).tokens, greedy) << "the smallest set is the likeliest token";
    EXPECT_EQ(say(sampling(40, 1e-4, 1, 5)).tokens, greedy);
}

/// Shares of 2,000 first tokens, one seed each.
std::vector<double> shares(Decoder& decoder, const std::vector<std::int32_t>& prompt, double temperature, double top_p)
{
    constexpr int draws = 2000;
    std::vector<double> out(97);
    const auto identity = fitted(decoder, "identity");
    for (int seed = 0; seed < draws; ++seed)
        out[static_cast<std::size_t>(generate(decoder, identity, prompt,
                                              sampling(1, temperature, top_p, static_cast<std::uint64_t>(seed)), ignore)
                                         .tokens.at(0))] += 1.0 / draws;
    return out;
}

TEST_F(GenerationTest, DrawsFollowTheDistribution)
{
    const c10::InferenceMode inference;
    const std::vector<std::int32_t> short_prompt{5, 17, 60};
    const at::Tensor log_p = test::log_probabilities(decoder(), short_prompt)[2];
    for (const double temperature : {0.5, 1.0, 2.0}) {
        const at::Tensor p = at::softmax(log_p / temperature, 0);
        const std::vector<double> got = shares(decoder(), short_prompt, temperature, 1);
        for (std::size_t token = 0; token < got.size(); ++token) {
            const double wanted = p[static_cast<std::int64_t>(token)].item<double>();
            // Five standard deviations of a share of 2,000 draws, for each of 3 x 97 shares, and one draw.
            EXPECT_CLOSE(got[token], wanted, 5 * std::sqrt(wanted * (1 - wanted) / 2000) + 1.0 / 2000, 0)
                << "token " << token;
        }
    }
}

TEST_F(GenerationTest, TopPKeepsTheSmallestSetWithThatShare)
{
    const c10::InferenceMode inference;
    const std::vector<std::int32_t> short_prompt{5, 17, 60};
    const std::vector<double> p = test::as_vector(test::log_probabilities(decoder(), short_prompt)[2].exp());
    std::vector<std::size_t> order(p.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
    std::set<std::size_t> wanted;
    double mass = 0;
    for (std::size_t i = 0; mass < 0.6; ++i) {
        wanted.insert(order[i]);
        mass += p[order[i]];
    }
    ASSERT_GT(wanted.size(), 2u);
    const std::vector<double> got = shares(decoder(), short_prompt, 1, 0.6);
    for (std::size_t token = 0; token < got.size(); ++token) {
        const double share = wanted.count(token) ? p[token] / mass : 0;
        EXPECT_CLOSE(got[token], share, 5 * std::sqrt(share * (1 - share) / 2000) + (share > 0 ? 1.0 / 2000 : 0), 0)
            << "token " << token;
    }
}

TEST_F(GenerationTest, StopsAtAStopTokenOrAtTheLength)
{
    const auto greedy = say(sampling(24, 0, 1, 0)).tokens;
    SamplingOptions options = sampling(24, 0, 1, 0);
    options.stop_tokens = {96, greedy[7]};
    if (std::find(greedy.begin(), greedy.end(), 96) != greedy.end())
        options.stop_tokens = {greedy[7]};
    const auto first = std::find(greedy.begin(), greedy.end(), greedy[7]);
    const GenerationResult result = say(options);
    EXPECT_TRUE(result.stopped);
    EXPECT_EQ(result.tokens, std::vector<std::int32_t>(greedy.begin(), first));
    for (const int length : {0, 1, 5}) {
        const GenerationResult cut = say(sampling(length, 0, 1, 0));
        EXPECT_FALSE(cut.stopped);
        EXPECT_EQ(cut.tokens, std::vector<std::int32_t>(greedy.begin(), greedy.begin() + length));
    }
}

TEST_F(GenerationTest, CanBeCancelledBetweenTokens)
{
    int seen = 0;
    const auto error = test::error_of([&] {
        generate(decoder(), codec("identity"), prompt(), sampling(24, 0, 1, 0), [&](std::int32_t) {
            if (++seen == 3)
                throw Error(ErrorKind::Cancelled, "asked for");
        });
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Cancelled);
    EXPECT_EQ(seen, 3);
}

TEST_F(GenerationTest, RefusesWhatCannotBeSampled)
{
    const auto refused = [&](const std::vector<std::int32_t>& tokens, double temperature, double top_p) {
        const auto error = test::error_of(
            [&] { generate(decoder(), codec("identity"), tokens, sampling(4, temperature, top_p, 0), ignore); });
        return error && error->kind() == ErrorKind::InvalidArgument ? error->message() : "";
    };
    EXPECT_THAT(refused({}, 0, 1), HasSubstr("prompt"));
    EXPECT_THAT(refused({5}, -0.1, 1), HasSubstr("-0.1"));
    EXPECT_THAT(refused({5}, kNaN, 1), HasSubstr("nan"));
    EXPECT_THAT(refused({5}, 1, 0), HasSubstr("top_p is 0"));
    EXPECT_THAT(refused({5}, 1, 1.5), HasSubstr("top_p is 1.5"));
    EXPECT_THAT(refused({5}, 1, kNaN), HasSubstr("top_p is nan"));
    EXPECT_THAT(refused({5, 97}, 0, 1), HasSubstr("token 97"));
}

TEST_F(GenerationTest, ALongPromptIsReadInChunks)
{
    const c10::InferenceMode inference;
    const auto tokens = test::random_tokens(static_cast<int>(kPrefillChunk) + 37, 97, 3);
    CodedCache cache(decoder().attention(), codec("identity"), {});
    const at::Tensor hidden = prefill(decoder(), cache, test::as_row(tokens)).clone();
    EXPECT_EQ(cache.length(), kPrefillChunk + 37);
    const at::Tensor p = test::log_probabilities(decoder(), tokens);
    EXPECT_LE(test::largest_difference(at::log_softmax(decoder().logits(hidden).to(at::kDouble), 1),
                                       p.narrow(0, p.size(0) - 1, 1)),
              1e-4);
}

TEST_F(GenerationTest, AgreementByHand)
{
    const c10::InferenceMode inference;
    const auto identity = codec("identity");
    const auto compare = [&](const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b,
                             std::string_view configuration) {
        GenerationResult one, other;
        one.tokens = a;
        other.tokens = b;
        return agreement(decoder(), identity, codec(configuration), prompt(), one, other);
    };
    const Agreement same = compare({1, 2, 3}, {1, 2, 3}, "identity");
    EXPECT_FALSE(same.first_difference);
    EXPECT_EQ(same.equal_share, 1);
    EXPECT_CLOSE(same.kl_mean_nats, 0, 2e-6, 0);
    const Agreement middle = compare({1, 2, 3, 4}, {1, 9, 3, 8}, "identity");
    EXPECT_EQ(middle.first_difference, 1);
    EXPECT_EQ(middle.equal_share, 0.5);
    const Agreement longer = compare({1, 2, 3}, {1, 2, 3, 4}, "identity");
    EXPECT_EQ(longer.first_difference, 3);
    EXPECT_EQ(longer.equal_share, 0.75);
    const Agreement nothing = compare({}, {}, "identity");
    EXPECT_FALSE(nothing.first_difference);
    EXPECT_EQ(nothing.equal_share, 1);
    EXPECT_EQ(nothing.kl_mean_nats, 0);
    EXPECT_EQ(compare({}, {7}, "identity").equal_share, 0);
}

TEST_F(GenerationTest, AgreementHasTheDivergenceAlongTheIdentitysText)
{
    const c10::InferenceMode inference;
    const char* const configuration = "k=int2,token v=int2,token";
    const GenerationResult identity = say(sampling(12, 0, 1, 0)), other = say(sampling(12, 0, 1, 0), configuration);
    std::vector<std::int32_t> text = prompt();
    text.insert(text.end(), identity.tokens.begin(), identity.tokens.end() - 1);
    const at::Tensor p = test::log_probabilities(decoder(), text).narrow(0, 19, 12);
    // The same tokens by hand: the prompt in one piece, then one by one.
    CodedCache cache(decoder().attention(), codec(configuration), {});
    std::vector<at::Tensor> hidden{prefill(decoder(), cache, test::as_row(prompt())).clone()};
    for (std::size_t i = 20; i < text.size(); ++i)
        hidden.push_back(decoder().forward(test::as_row({&text[i], 1}), cache.length(), cache).view({1, -1}).clone());
    const at::Tensor q = at::log_softmax(decoder().logits(at::cat(hidden)).to(at::kDouble), 1);
    const double wanted = (p.exp() * (p - q)).sum(1).mean().item<double>();
    const Agreement got = agreement(decoder(), codec("identity"), codec(configuration), prompt(), identity, other);
    EXPECT_CLOSE(got.kl_mean_nats, wanted, 1e-5, 1e-4);
    EXPECT_GT(wanted, 1e-3);
}

class ThroughputTest : public GenerationTest
{
protected:
    static std::vector<std::shared_ptr<const FittedConfiguration>> two()
    {
        return {codec("identity"), codec("k=int8,token v=int8,token sinks=4 window=8")};
    }
    static ThroughputOptions small()
    {
        ThroughputOptions options;
        options.context_tokens = 60;
        options.sequences = 2;
        options.decode_tokens = 5;
        options.rounds = 3;
        return options;
    }
};

TEST_F(ThroughputTest, EveryRoundTimesEveryConfiguration)
{
    const auto tokens = test::random_tokens(80, 97, 1);
    std::vector<int> done;
    const auto results = measure_throughput(decoder(), two(), tokens, small(), [&](int so_far, int total) {
        EXPECT_EQ(total, 6);
        done.push_back(so_far);
    });
    EXPECT_THAT(done, ::testing::ElementsAre(1, 2, 3, 4, 5, 6));
    ASSERT_EQ(results.size(), 2u);
    for (const ThroughputResult& result : results) {
        ASSERT_EQ(result.prefill_seconds.size(), 3u);
        ASSERT_EQ(result.decode_seconds.size(), 3u);
        for (const auto* samples : {&result.prefill_seconds, &result.decode_seconds})
            for (const double seconds : *samples)
                EXPECT_TRUE(seconds > 0 && std::isfinite(seconds)) << seconds;
        EXPECT_EQ(result.ledger.values, 2.0 * 2 * 2 * 2 * 60 * 16);
        EXPECT_EQ(result.bytes_per_step,
                  decoder().weight_bytes_per_step() + result.ledger.payload_bytes + result.ledger.scales_bytes
                      + result.ledger.raw_bytes);
        EXPECT_GT(result.peak_rss_bytes, 1e6);
        EXPECT_TRUE(std::isfinite(result.allocator_bytes));
    }
    constexpr double lanes = 2 * 2 * 2 * 2; // layers, KV heads, keys and values, sequences
    EXPECT_EQ(results[0].ledger.payload_bytes, lanes * 60 * 64);
    EXPECT_EQ(results[1].ledger.payload_bytes, lanes * 48 * 16);
    EXPECT_EQ(results[1].ledger.raw_bytes, lanes * 12 * 64);
}

TEST_F(ThroughputTest, ALongPrefillIsTimedOnce)
{
    ThroughputOptions options = small();
    options.context_tokens = 2100;
    options.rounds = 2;
    const auto results =
        measure_throughput(decoder(), two(), test::random_tokens(2100, 97, 1), options, [](int, int) {});
    for (const ThroughputResult& result : results) {
        EXPECT_EQ(result.prefill_seconds.size(), 1u);
        EXPECT_EQ(result.decode_seconds.size(), 2u);
    }
}

TEST_F(ThroughputTest, CanBeCancelledAndRefusesAShortText)
{
    const auto tokens = test::random_tokens(80, 97, 1);
    int calls = 0;
    auto error = test::error_of([&] {
        measure_throughput(decoder(), two(), tokens, small(), [&](int, int) {
            if (++calls == 2)
                throw Error(ErrorKind::Cancelled, "asked for");
        });
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Cancelled);
    EXPECT_EQ(calls, 2);
    error = test::error_of(
        [&] { measure_throughput(decoder(), two(), std::span(tokens).first(59), small(), [](int, int) {}); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::BadInput);
    EXPECT_THAT(error->message(), ::testing::AllOf(HasSubstr("60"), HasSubstr("59")));
}

TEST(Bandwidth, IsAPlausibleNumber)
{
    const double rate = measure_read_bandwidth();
    EXPECT_TRUE(rate > 0.05 && rate < 5000) << rate << " GB/s";
}

} // namespace
} // namespace kvw
