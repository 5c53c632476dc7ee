// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/perplexity.h"

#include "tests/measure/measure_support.h"
#include "tests/support/expect_close.h"

#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace kvw {
namespace {

using test::fitted;
using test::kWindow;
using test::kWindows;
using test::quiet;
using test::TinyDecoder;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Protocol, ReadsAndPrintsItsThreeWords)
{
    for (const char* text : {"all", "step", "past:1", "past:64", "past:2147483647"})
        EXPECT_EQ(format(parse_protocol(text)), text);
    EXPECT_EQ(parse_protocol("all").chunk(512), 512);
    EXPECT_EQ(parse_protocol("all").code_when(), CodeWhen::Immediately);
    EXPECT_EQ(parse_protocol("step").chunk(512), 1);
    EXPECT_EQ(parse_protocol("step").code_when(), CodeWhen::Later);
    EXPECT_EQ(parse_protocol("past:64").chunk(512), 64);
    EXPECT_EQ(parse_protocol("past:64").code_when(), CodeWhen::Later);
}

TEST(Protocol, RefusesEverythingElse)
{
    for (const char* text :
         {"", "All", "steps", "past", "past:", "past:0", "past:-1", "past:+1", "past:1.5", "past:64 ", " all",
          "past:2147483648", "past:99999999999999999999", "past:0x10", "step:1"}) {
        const auto error = test::error_of([&] { parse_protocol(text); });
        ASSERT_TRUE(error) << text;
        EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
        EXPECT_THAT(error->message(), HasSubstr(std::string("\"").append(text).append("\"")));
        EXPECT_THAT(error->hint(), HasSubstr("past:C"));
    }
}

/// A model and a text that it said itself, made once.
class PerplexityTest : public ::testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        tiny_ = new TinyDecoder;
        text_ = new std::vector<std::int32_t>(test::spoken_text(**tiny_, kWindows, kWindow));
    }
    static void TearDownTestSuite()
    {
        delete text_;
        delete tiny_;
    }

    static Decoder& decoder() { return **tiny_; }
    static std::span<const std::int32_t> text() { return *text_; }
    static std::span<const std::int32_t> window(int index)
    {
        return text().subspan(static_cast<std::size_t>(index * kWindow), kWindow);
    }
    static PerplexityMeter meter(std::string_view protocol, ReadAs read_as = ReadAs::Expanded)
    {
        PerplexityOptions options;
        options.window_tokens = kWindow;
        options.protocol = parse_protocol(protocol);
        options.read_as = read_as;
        return PerplexityMeter(decoder(), text(), options);
    }

    static TinyDecoder* tiny_;
    static std::vector<std::int32_t>* text_;
};

TinyDecoder* PerplexityTest::tiny_ = nullptr;
std::vector<std::int32_t>* PerplexityTest::text_ = nullptr;

const char* const kProtocols[] = {"all", "past:16", "past:7", "past:48", "step"};

/// fp32 logits around 5, summed over a window.
constexpr double kWindowRounding = 1e-3;

std::vector<double> nll_sums(const PerplexityResult& result)
{
    std::vector<double> out;
    for (const WindowScore& window : result.windows)
        out.push_back(window.nll_sum);
    return out;
}

TEST_F(PerplexityTest, IdentityIsThePlainNegativeLogLikelihood)
{
    const c10::InferenceMode inference;
    std::vector<double> wanted;
    for (int i = 0; i < kWindows; ++i) {
        const at::Tensor log_p = test::log_probabilities(decoder(), window(i));
        wanted.push_back(0);
        for (int t = 0; t + 1 < kWindow; ++t)
            wanted.back() -= log_p[t][window(i)[static_cast<std::size_t>(t) + 1]].item<double>();
    }
    double sum = 0;
    for (const double nll : wanted)
        sum += nll;
    for (const char* protocol : kProtocols) {
        SCOPED_TRACE(protocol);
        PerplexityMeter measured = meter(protocol);
        EXPECT_EQ(measured.windows(), kWindows);
        EXPECT_EQ(measured.tokens(), kWindows * kWindow);
        const PerplexityResult& result = measured.measure_identity(quiet);
        EXPECT_CLOSE(nll_sums(result), wanted, kWindowRounding, 0);
        EXPECT_EQ(result.scored(), kWindows * (kWindow - 1));
        EXPECT_EQ(result.tokens, kWindows * kWindow);
        EXPECT_CLOSE(result.mean_nll(), sum / (kWindows * (kWindow - 1)), kWindowRounding / kWindow, 0);
        EXPECT_CLOSE(result.perplexity(), std::exp(sum / (kWindows * (kWindow - 1))), 0, kWindowRounding / kWindow);
        EXPECT_EQ(result.coded_tokens_read, 0);
        EXPECT_EQ(result.raw_token_share, 1);
        EXPECT_GT(result.seconds, 0);
    }
}

TEST_F(PerplexityTest, IdentityAgainstItselfDiffersInNothing)
{
    for (const char* protocol : kProtocols) {
        SCOPED_TRACE(protocol);
        PerplexityMeter measured = meter(protocol);
        const std::vector<double> first = nll_sums(measured.measure_identity(quiet));
        for (int again = 0; again < 2; ++again) {
            const PerplexityResult result = measured.measure(fitted(decoder(), "identity"), quiet);
            EXPECT_EQ(nll_sums(result), first);
            ASSERT_EQ(result.kl_nats.size(), static_cast<std::size_t>(result.scored()));
            EXPECT_CLOSE(result.kl_nats, std::vector<double>(result.kl_nats.size()), 2e-6, 0);
            for (const WindowScore& window : result.windows)
                EXPECT_EQ(window.top1_equal, window.tokens);
        }
    }
}

TEST_F(PerplexityTest, NothingBeforeTheOnlyChunkIsCoded)
{
    PerplexityMeter measured = meter("past:48");
    const std::vector<double> identity = nll_sums(measured.measure_identity(quiet));
    const PerplexityResult result = measured.measure(fitted(decoder(), "k=zero v=zero"), quiet);
    EXPECT_EQ(result.coded_tokens_read, 0);
    EXPECT_CLOSE(nll_sums(result), identity, kWindowRounding, 0);
}

TEST_F(PerplexityTest, KlAndAgreementByTheirDefinition)
{
    const c10::InferenceMode inference;
    PerplexityMeter measured = meter("all");
    measured.measure_identity(quiet);
    const auto codec = fitted(decoder(), "k=int2,token v=int2,token");
    const PerplexityResult result = measured.measure(codec, quiet);
    std::vector<double> kl, nll, top1;
    for (int i = 0; i < kWindows; ++i) {
        CacheOptions options;
        options.code_when = CodeWhen::Immediately;
        CodedCache cache(decoder().attention(), codec, options);
        const at::Tensor hidden = decoder().forward(test::as_row(window(i)), 0, cache).squeeze(0);
        const at::Tensor q = at::log_softmax(decoder().logits(hidden).to(at::kDouble), 1);
        const at::Tensor p = test::log_probabilities(decoder(), window(i));
        const at::Tensor divergence = (p.exp() * (p - q)).sum(1);
        nll.push_back(0);
        top1.push_back(0);
        for (int t = 0; t + 1 < kWindow; ++t) {
            kl.push_back(divergence[t].item<double>());
            nll.back() -= q[t][window(i)[static_cast<std::size_t>(t) + 1]].item<double>();
            top1.back() += p[t].argmax().item<std::int64_t>() == q[t].argmax().item<std::int64_t>();
        }
    }
    EXPECT_CLOSE(result.kl_nats, kl, 1e-5, 1e-4);
    EXPECT_CLOSE(nll_sums(result), nll, kWindowRounding, 0);
    double kl_sum = 0, top1_sum = 0;
    for (int i = 0; i < kWindows; ++i) {
        EXPECT_EQ(result.windows[static_cast<std::size_t>(i)].top1_equal, top1[static_cast<std::size_t>(i)]);
        kl_sum += result.windows[static_cast<std::size_t>(i)].kl_sum;
        top1_sum += top1[static_cast<std::size_t>(i)];
    }
    double wanted_sum = 0;
    for (const double each : kl)
        wanted_sum += each;
    EXPECT_CLOSE(kl_sum, wanted_sum, 0, 1e-4);
    EXPECT_GT(wanted_sum, 1) << "the codec changed nothing, so this compared nothing";
    EXPECT_LT(top1_sum, static_cast<double>(result.scored()));
}

TEST_F(PerplexityTest, CodedReadsAreThoseOfTheDefinition)
{
    // Per layer and side: the tokens that each query of ten sees coded, written out.
    const auto reads = [&](const char* configuration, const char* protocol) {
        return predicted_coded_reads(*fitted(decoder(), configuration), parse_protocol(protocol), 10);
    };
    EXPECT_EQ(reads("k=int8", "all"), 2 * 55); // 1 + 2 + ... + 10
    EXPECT_EQ(reads("k=int8 v=zero", "all"), 2 * 2 * 55);
    EXPECT_EQ(reads("k=int8", "step"), 2 * 45);                // its own is raw: 0 + 1 + ... + 9
    EXPECT_EQ(reads("k=int8", "past:4"), 2 * (4 * 4 + 2 * 8)); // queries 4..7 see 4, 8 and 9 see 8
    EXPECT_EQ(reads("k=int8", "past:10"), 0);
    EXPECT_EQ(reads("k=int8 sinks=3", "all"), 2 * 28);           // 0 0 0 1 2 ... 7
    EXPECT_EQ(reads("k=int8 window=3", "all"), 2 * 28);          // the query's own and two before it are raw
    EXPECT_EQ(reads("k=int8 window=3", "step"), 2 * 28);         // the same tokens
    EXPECT_EQ(reads("k=int8 sinks=2 window=3", "step"), 2 * 15); // 0 0 0 0 0 1 ... 5
    EXPECT_EQ(reads("k=int8,channel=4", "step"), 2 * (4 * 4 + 2 * 8));
    EXPECT_EQ(reads("layers[1]{k=int8}", "all"), 55);
    EXPECT_EQ(reads("identity", "all"), 0);
}

TEST_F(PerplexityTest, CountedReadsArePredicted)
{
    const char* const configurations[] = {"k=int8,token v=int8,token",
                                          "k=int4,token sinks=4",
                                          "v=int4,group=4 window=5",
                                          "k=int8,token v=int2,token,sym sinks=3 window=9",
                                          "k=int4,channel=8 v=int4,token",
                                          "k=int4,channel=16 v=int4,channel=5 sinks=2 window=4",
                                          "k=int8,channel=32,sym sinks=40",
                                          "k=random:7,seed=1+int8 v=rotate,seed=2+int4",
                                          "layers[0]{k=int8 sinks=1} layers[1]{v=int3 window=20}",
                                          "k=int8 window=100",
                                          "v=int8 sinks=100",
                                          "k=fp32 v=fp16"};
    for (const char* protocol : kProtocols) {
        for (const ReadAs read_as : {ReadAs::Expanded, ReadAs::Compressed}) {
            PerplexityMeter measured = meter(protocol, read_as);
            measured.measure_identity(quiet);
            std::int64_t read = 0;
            for (const char* configuration : configurations) {
                SCOPED_TRACE(std::string(configuration) + " " + protocol);
                const auto codec = fitted(decoder(), configuration);
                const PerplexityResult result = measured.measure(codec, quiet);
                EXPECT_EQ(result.coded_tokens_read,
                          kWindows * predicted_coded_reads(*codec, parse_protocol(protocol), kWindow));
                read += result.coded_tokens_read;
            }
            EXPECT_EQ(read > 0, std::string_view(protocol) != "past:48");
        }
    }
}

TEST_F(PerplexityTest, BothWaysOfReadingScoreTheSame)
{
    for (const char* protocol : {"all", "past:16"}) {
        PerplexityMeter expanded = meter(protocol), compressed = meter(protocol, ReadAs::Compressed);
        expanded.measure_identity(quiet);
        compressed.measure_identity(quiet);
        const auto codec = fitted(decoder(), "k=random:12,seed=1+int8 v=random:9,seed=2 sinks=2");
        EXPECT_CLOSE(nll_sums(compressed.measure(codec, quiet)), nll_sums(expanded.measure(codec, quiet)),
                     kWindowRounding, 0);
    }
}

TEST_F(PerplexityTest, ALossyCodecIsHarshestWhenAllIsCoded)
{
    std::vector<double> change;
    for (const char* protocol : {"past:16", "step", "all"}) {
        PerplexityMeter measured = meter(protocol);
        const double identity = measured.measure_identity(quiet).mean_nll();
        change.push_back(measured.measure(fitted(decoder(), "k=int2,token v=int2,token"), quiet).mean_nll() - identity);
    }
    EXPECT_GT(change[0], 0);
    EXPECT_GT(change[1], change[0]);
    EXPECT_GT(change[2], change[1]);
}

/// Scores windows like the model, and does not read the cache that it is given.
class Bypass final : public Decoder
{
public:
    explicit Bypass(Decoder& real) : real_(real) {}
    const ModelConfig& config() const override { return real_.config(); }
    const AttentionShapes& attention() const override { return real_.attention(); }
    ComputeType compute_type() const override { return real_.compute_type(); }
    at::Tensor forward(const at::Tensor& tokens, std::int64_t position, Past& past, Observer* observer,
                       Extent extent) override
    {
        PlainPast own(real_.attention(), real_.compute_type());
        return real_.forward(tokens, position, bypass ? own : past, observer, extent);
    }
    at::Tensor logits(const at::Tensor& hidden) override { return real_.logits(hidden); }
    std::vector<double> output_gram(int layer, int head) const override { return real_.output_gram(layer, head); }
    double weight_bytes_per_step() const override { return real_.weight_bytes_per_step(); }

    bool bypass = true;

private:
    Decoder& real_;
};

TEST_F(PerplexityTest, ACacheThatIsNotReadIsNoticed)
{
    Bypass bypass(decoder());
    PerplexityOptions options;
    options.window_tokens = kWindow;
    PerplexityMeter blind(bypass, text(), options);
    auto error = test::error_of([&] { blind.measure_identity(quiet); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Internal);
    EXPECT_THAT(error->message(), AllOf(HasSubstr("canary: k=zero v=zero"), HasSubstr("not what is read")));

    bypass.bypass = false;
    PerplexityMeter seeing(bypass, text(), options);
    EXPECT_NO_THROW(seeing.measure_identity(quiet));
    bypass.bypass = true;
    error = test::error_of([&] { seeing.measure(fitted(decoder(), "k=int8"), quiet); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Internal);
    EXPECT_THAT(error->message(), AllOf(HasSubstr("canary: k=int8,token read 0 coded tokens"), HasSubstr("predicts")));
}

TEST_F(PerplexityTest, AWindowTooShortToShowAnythingIsRefused)
{
    PerplexityOptions options;
    options.window_tokens = 2;
    options.protocol = parse_protocol("step"); // the first token's prediction reads nothing coded
    PerplexityMeter measured(decoder(), text(), options);
    const auto error = test::error_of([&] { measured.measure_identity(quiet); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Internal);
    EXPECT_THAT(error->message(), HasSubstr("canary"));
    EXPECT_THAT(error->hint(), HasSubstr("longer window"));
}

TEST_F(PerplexityTest, RefusesWhatCannotBeMeasured)
{
    const auto kind = [&](std::size_t tokens, int window_tokens) {
        PerplexityOptions options;
        options.window_tokens = window_tokens;
        return test::error_of([&] { PerplexityMeter(decoder(), text().first(tokens), options); })->kind();
    };
    EXPECT_EQ(kind(0, 48), ErrorKind::BadInput);
    EXPECT_EQ(kind(1, 48), ErrorKind::BadInput);
    EXPECT_EQ(kind(100, 1), ErrorKind::InvalidArgument);
    EXPECT_EQ(kind(100, -5), ErrorKind::InvalidArgument);
    PerplexityMeter early = meter("all");
    EXPECT_EQ(test::error_of([&] { early.measure(fitted(decoder(), "k=int8"), quiet); })->kind(), ErrorKind::Internal);
}

TEST_F(PerplexityTest, AShortTextIsOneShorterWindow)
{
    PerplexityOptions options;
    options.window_tokens = 512;
    PerplexityMeter measured(decoder(), text().first(40), options);
    EXPECT_EQ(measured.windows(), 1);
    EXPECT_EQ(measured.tokens(), 40);
    EXPECT_EQ(measured.measure_identity(quiet).scored(), 39);
}

TEST_F(PerplexityTest, ReportsProgressAndCanBeCancelled)
{
    for (const char* protocol : kProtocols) {
        PerplexityMeter measured = meter(protocol);
        std::vector<std::int64_t> done;
        measured.measure_identity([&](std::int64_t so_far, std::int64_t total) {
            EXPECT_EQ(total, kWindows * kWindow);
            EXPECT_GT(so_far, done.empty() ? 0 : done.back());
            done.push_back(so_far);
        });
        ASSERT_FALSE(done.empty());
        EXPECT_EQ(done.back(), kWindows * kWindow);
        const auto error = test::error_of([&] {
            measured.measure(fitted(decoder(), "k=int8"),
                             [](std::int64_t, std::int64_t) { throw Error(ErrorKind::Cancelled, "asked for"); });
        });
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::Cancelled);
        // And what was cancelled can be measured again.
        EXPECT_EQ(measured.measure(fitted(decoder(), "k=int8"), quiet).scored(), kWindows * (kWindow - 1));
    }
}

/// What a window's cache holds when all is said, by hand. Vectors of 16; two layers, two KV heads, keys and values.
struct Held
{
    const char* configuration;
    const char* protocol;
    double payload, scales, raw; ///< bytes of one layer and KV head, keys and values together
    double raw_share;            ///< of coded sides
};

void expect_ledger(const Ledger& ledger, const Held& held, double type_bytes)
{
    constexpr double lanes = 2 * 2;
    EXPECT_DOUBLE_EQ(ledger.payload_bytes, lanes * held.payload) << held.configuration << " " << held.protocol;
    EXPECT_DOUBLE_EQ(ledger.scales_bytes, lanes * held.scales) << held.configuration << " " << held.protocol;
    EXPECT_DOUBLE_EQ(ledger.raw_bytes, lanes * held.raw) << held.configuration << " " << held.protocol;
    EXPECT_DOUBLE_EQ(ledger.values, lanes * 2 * kWindow * 16);
    EXPECT_GE(ledger.padding_bytes, 0);
    EXPECT_DOUBLE_EQ(ledger.bits_per_value(),
                     8 * (ledger.payload_bytes + ledger.scales_bytes + ledger.raw_bytes + ledger.padding_bytes)
                         / ledger.values);
    EXPECT_LE(ledger.payload_bytes, lanes * 2 * kWindow * 16 * type_bytes);
}

TEST_F(PerplexityTest, TheLedgerAtRestIsWhatTheConfigurationSays)
{
    constexpr double n = kWindow, full = 16 * 4; // a vector in fp32
    const Held cases[] = {
        {"identity", "all", 2 * n * full, 0, 0, 1},
        {"k=int8,token v=int4,token", "all", n * 16 + n * 8, 2 * n * 4, 0, 0},
        {"k=int8,token v=int4,token", "step", n * 16 + n * 8, 2 * n * 4, 0, 0},
        {"k=int3,token,sym", "all", n * 6 + n * full, n * 2, 0, 0},
        {"k=int2,group=4 v=int2,group=8,sym", "past:16", n * 4 + n * 4, n * 4 * 4 + n * 2 * 2, 0, 0},
        {"k=int8,token v=int8,token sinks=4", "all", 2 * (n - 4) * 16, 2 * (n - 4) * 4, 2 * 4 * full, 4 / n},
        {"k=int8,token v=int8,token sinks=4 window=6", "all", 2 * (n - 10) * 16, 2 * (n - 10) * 4, 2 * 10 * full,
         10 / n},
        {"k=int8,token v=int8,token sinks=4 window=6", "step", 2 * (n - 10) * 16, 2 * (n - 10) * 4, 2 * 10 * full,
         10 / n},
        {"k=int8,token v=int8,token sinks=4 window=6", "past:7", 2 * (n - 10) * 16, 2 * (n - 10) * 4, 2 * 10 * full,
         10 / n},
        {"v=random:5,seed=1", "all", n * full + n * 5 * 4, 0, 0, 0},
        {"v=random:5,seed=1+int8 sinks=1", "step", n * full + (n - 1) * 5, (n - 1) * 4, full, 1 / n},
        {"k=fp16 v=bf16", "all", 2 * n * 16 * 2, 0, 0, 0},
        // 48 - 3 - 2 = 43 old enough, of which whole blocks of 16 are coded: 32.
        {"k=int4,channel=16 v=int4,channel=16 sinks=3 window=2", "step", 2 * 32 * 8, 2 * 2 * 16 * 4, 2 * 16 * full,
         16 / n},
        {"k=int4,channel=16 v=int4,channel=16 sinks=3 window=2", "all", 2 * 32 * 8, 2 * 2 * 16 * 4, 2 * 16 * full,
         16 / n},
        // Everything is coded at once: the last block has 13 tokens.
        {"k=int4,channel=16 v=int4,channel=16 sinks=3", "all", 2 * 45 * 8, 2 * 3 * 16 * 4, 2 * 3 * full, 3 / n},
        {"k=zero window=100", "all", n * full, 0, n * full, 1},
    };
    std::map<std::string, std::unique_ptr<PerplexityMeter>> meters;
    for (const Held& held : cases) {
        auto& measured = meters[held.protocol];
        if (!measured) {
            measured = std::make_unique<PerplexityMeter>(meter(held.protocol));
            measured->measure_identity(quiet);
        }
        const PerplexityResult result = measured->measure(fitted(decoder(), held.configuration), quiet);
        expect_ledger(result.ledger, held, 4);
        EXPECT_DOUBLE_EQ(result.raw_token_share, held.raw_share) << held.configuration << " " << held.protocol;
    }
}

TEST(PerplexityInBf16, IdentityAndItsLedger)
{
    const c10::InferenceMode inference;
    const TinyDecoder tiny({}, ComputeType::Bf16);
    const auto text = test::spoken_text(*tiny, 3, kWindow);
    PerplexityOptions options;
    options.window_tokens = kWindow;
    options.protocol = parse_protocol("step");
    PerplexityMeter measured(*tiny, text, options);
    const PerplexityResult identity = measured.measure_identity(quiet);
    EXPECT_EQ(identity.ledger.payload_bytes, 2.0 * 2 * 2 * kWindow * 16 * 2);
    const PerplexityResult again = measured.measure(fitted(*tiny, "identity"), quiet);
    EXPECT_EQ(nll_sums(again), nll_sums(identity));
    EXPECT_CLOSE(again.kl_nats, std::vector<double>(again.kl_nats.size()), 2e-6, 0);
}

} // namespace
} // namespace kvw
