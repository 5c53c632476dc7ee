// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexity, generation and throughput on a device, by the reference of its kernels: one store for all three, held against
// the CPU's cache.
#include "core/measure/throughput.h"
#include "tests/measure/device_support.h"
#include "tests/support/expect_close.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace kvw {
namespace {

using test::error_of;
using test::quiet;
using ::testing::HasSubstr;
namespace cuda = kernels::cuda;

constexpr int kWindow = 80, kWindows = 3;

/// What attention has seen of the first tokens, while the wrapped operations computed.
struct Recorded
{
    std::set<std::vector<std::byte>> first_tiles; ///< whole ones, of layers and sequences
    std::vector<cuda::StoreFormat> formats;
    int calls = 0;
};
Recorded& recorded()
{
    static Recorded one;
    return one;
}

kernels::Status recorded_attend(const cuda::Attend& args, cuda::StreamHandle stream) noexcept
{
    Recorded& record = recorded();
    ++record.calls;
    record.formats.push_back(args.store);
    if (args.lengths[0] >= cuda::kTileTokens) {
        const std::byte* from = args.store.tiles;
        record.first_tiles.insert({from, from + cuda::tile_bytes(args.store)});
    }
    return cuda::reference_operations().attend(args, stream);
}

const cuda::Operations& recording_operations()
{
    static const cuda::Operations operations = [] {
        cuda::Operations out = cuda::reference_operations();
        out.attend = recorded_attend;
        return out;
    }();
    recorded() = {};
    return operations;
}

class DeviceScores : public test::DeviceTest
{
protected:
    DeviceScores() : DeviceTest(200), spoken_(test::spoken_text(*model_, kWindows, kWindow)) {}

    PerplexityMeter meter(const cuda::Operations* maybe_kernels, std::string_view protocol = "all")
    {
        PerplexityOptions options;
        options.window_tokens = kWindow;
        options.protocol = parse_protocol(protocol);
        options.maybe_kernels = maybe_kernels;
        return PerplexityMeter(*model_, spoken_, options);
    }
    SamplingOptions greedy(const cuda::Operations* maybe_kernels) const
    {
        SamplingOptions options;
        options.max_new_tokens = 24;
        options.maybe_kernels = maybe_kernels;
        return options;
    }
    std::span<const std::int32_t> prompt() const { return std::span(spoken_).first(40); }
    GenerationResult generated(const char* configuration, const cuda::Operations* maybe_kernels) const
    {
        return generate(*model_, fit_to(configuration), prompt(), greedy(maybe_kernels), [](std::int32_t) {});
    }
    std::vector<ThroughputResult> timed(const char* configuration, const cuda::Operations* maybe_kernels,
                                        int sequences = 2)
    {
        ThroughputOptions options;
        options.context_tokens = 40;
        options.sequences = sequences;
        options.decode_tokens = 3;
        options.rounds = 2;
        options.maybe_kernels = maybe_kernels;
        const std::shared_ptr<const FittedConfiguration> codec = fit_to(configuration);
        return measure_throughput(*model_, {&codec, 1}, spoken_, options, [](int, int) {});
    }

    std::vector<std::int32_t> spoken_;
};

struct Agreeing
{
    const char* configuration;
    double nll;    ///< mean over the text, nats, that the two may be apart
    double window; ///< one window's mean
};

/// The products of either side round to bf16 or fp16, and codes that lie near the middle between two then differ; the finer
/// the codes, the less comes of it. With windows and by channel the device keeps whole tiles in fp16 that the CPU has coded.
constexpr Agreeing kAgreeing[] = {
    {"identity", 2e-3, 5e-3},
    {"v=int8,sym", 3e-3, 8e-3},
    {"k=int8,sym v=int8,sym", 3e-3, 8e-3},
    {"k=int8,sym v=int4", 2e-2, 5e-2},
    {"k=int4 v=int4", 2e-2, 5e-2},
    {"k=rotate+int8,sym v=int8,sym", 6e-3, 1.5e-2},
    {"k=int8,sym v=pca:8,weighted,fold+int8,sym", 2e-2, 5e-2},
    {"k=int8,sym v=int8,sym sinks=32", 3e-3, 8e-3},
    {"k=int8,sym v=int8,sym window=32", 3e-3, 8e-3},
    {"k=int4,channel=32 v=int4", 1e-1, 2e-1},
};

TEST_F(DeviceScores, AreThoseOfTheCpu)
{
    PerplexityMeter by_cpu = meter(nullptr), by_device = meter(&cuda::reference_operations());
    by_cpu.measure_identity(quiet);
    by_device.measure_identity(quiet);
    for (const Agreeing& c : kAgreeing) {
        SCOPED_TRACE(c.configuration);
        const auto codec = fit_to(c.configuration);
        const PerplexityResult wanted = by_cpu.measure(codec, quiet), got = by_device.measure(codec, quiet);
        EXPECT_EQ(got.note, "") << "it is the device that was measured";
        EXPECT_EQ(got.scored(), wanted.scored());
        EXPECT_CLOSE(got.mean_nll(), wanted.mean_nll(), c.nll, 0);
        RecordProperty(c.configuration, std::to_string(got.mean_nll() - wanted.mean_nll()));
        for (std::size_t i = 0; i < wanted.windows.size(); ++i)
            EXPECT_CLOSE(got.windows[i].nll_sum / kWindow, wanted.windows[i].nll_sum / kWindow, c.window, 0);
    }
}

TEST_F(DeviceScores, DoNotDependOnHowManyTokensComeAtOnce)
{
    for (const char* configuration : {"k=int4 v=int4", "k=int4,channel=32 v=int4 window=32"}) {
        SCOPED_TRACE(configuration);
        PerplexityMeter at_once = meter(&cuda::reference_operations(), "all"),
                        one_by_one = meter(&cuda::reference_operations(), "step");
        at_once.measure_identity(quiet);
        one_by_one.measure_identity(quiet);
        const PerplexityResult a = at_once.measure(fit_to(configuration), quiet),
                               b = one_by_one.measure(fit_to(configuration), quiet);
        // Products of many rows and of few add up in another order.
        EXPECT_CLOSE(a.mean_nll(), b.mean_nll(), 2e-2, 0);
        EXPECT_EQ(a.coded_tokens_read, b.coded_tokens_read);
        EXPECT_EQ(a.ledger.cache_bytes(), b.ledger.cache_bytes());
    }
}

TEST_F(DeviceScores, CountTheCodedTokensThatWereRead)
{
    PerplexityMeter meter_ = meter(&cuda::reference_operations());
    meter_.measure_identity(quiet);
    // By hand for windows of 80 tokens: query p (1..80 tokens stored) reads p coded tokens; with 32 sinks p - 32; with a
    // window of 32 the whole tiles behind it, 32 from the 64th token on. Two layers, two sides.
    const auto reads = [&](const char* configuration) {
        return meter_.measure(fit_to(configuration), quiet).coded_tokens_read / kWindows;
    };
    EXPECT_EQ(reads("k=int8,sym v=int8,sym"), 2 * 2 * (80 * 81 / 2));
    EXPECT_EQ(reads("v=int8,sym"), 2 * (80 * 81 / 2));
    EXPECT_EQ(reads("k=int8,sym v=int8,sym sinks=32"), 2 * 2 * (48 * 49 / 2));
    EXPECT_EQ(reads("k=int8,sym v=int8,sym window=32"), 2 * 2 * (80 - 63) * 32);
    EXPECT_EQ(reads("k=int4,channel=32 v=int4"), 2 * 2 * (32 * 32 + (80 - 63) * 64));
    // What is in fp16 at rest: 80 tokens, of which the two whole tiles are coded.
    EXPECT_CLOSE(meter_.measure(fit_to("k=int4,channel=32 v=int4"), quiet).raw_token_share, 16.0 / 80, 0, 1e-12);
}

TEST_F(DeviceScores, AStoreThatIsWreckedIsNoticed)
{
    PerplexityMeter wrecked = meter(&test::wrecking_operations());
    const auto error = error_of([&] { wrecked.measure_identity(quiet); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::Internal);
    EXPECT_THAT(error->message(), HasSubstr("canary: the identity codec scores"));

    const GenerationResult sound = generated("identity", &cuda::reference_operations()),
                           broken = generated("identity", &test::wrecking_operations());
    ASSERT_EQ(sound.tokens.size(), broken.tokens.size());
    EXPECT_EQ(sound.tokens.front(), broken.tokens.front()) << "the prompt itself is read uncoded";
    EXPECT_NE(sound.tokens, broken.tokens);
    const auto identity = fit_to("identity");
    const Agreement agreed =
        agreement(*model_, identity, identity, prompt(), sound, sound, &cuda::reference_operations());
    EXPECT_EQ(agreed.kl_mean_nats, 0);
}

TEST_F(DeviceScores, ADeviceThatDoesNotReadItsStoreIsNoticed)
{
    // Answers out of a copy that it keeps beside the store.
    static std::map<std::pair<const std::byte*, int>, std::vector<std::byte>> kept;
    cuda::Operations cheating = cuda::reference_operations();
    cheating.append = [](const cuda::Append& args, cuda::StreamHandle stream) noexcept {
        std::vector<std::byte>& copy = kept[{args.store.tiles, 0}];
        const auto pages = static_cast<std::size_t>(args.store.sequences * args.store.pages_per_sequence);
        copy.resize(cuda::kv_store_bytes(args.store, pages).tiles);
        cuda::Append elsewhere = args;
        elsewhere.store.tiles = copy.data();
        return cuda::reference_operations().append(elsewhere, stream);
    };
    cheating.attend = [](const cuda::Attend& args, cuda::StreamHandle stream) noexcept {
        cuda::Attend elsewhere = args;
        elsewhere.store.tiles = kept[{args.store.tiles, 0}].data();
        return cuda::reference_operations().attend(elsewhere, stream);
    };
    PerplexityMeter cheated = meter(&cheating);
    const auto error = error_of([&] { cheated.measure_identity(quiet); });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->message(), HasSubstr("canary: a store that is made zero raises the NLL"));
}

TEST_F(DeviceScores, AreOfTheStoreThatIsTimed)
{
    // Layer 0 sees the embeddings alone, so whoever has read the same tokens must have the same bytes there.
    const auto first_tile = [&](const auto& work) {
        const cuda::Operations& recording = recording_operations();
        work(&recording);
        return recorded();
    };
    const Recorded scored = first_tile([&](const cuda::Operations* kernels) {
        PerplexityOptions options;
        options.window_tokens = 40;
        options.maybe_kernels = kernels;
        PerplexityMeter(*model_, std::span(spoken_).first(40), options).measure_identity(quiet);
    });
    const Recorded generated_from = first_tile([&](const auto* kernels) { generated("identity", kernels); });
    const Recorded timed_from = first_tile([&](const auto* kernels) { timed("identity", kernels, 1); });
    EXPECT_EQ(timed_from.calls, 2 * (3 + 1) * 2) << "layers x steps, the first one not timed, x rounds";
    EXPECT_EQ(generated_from.calls, 2 * (24 - 1));
    ASSERT_EQ(timed_from.first_tiles.size(), 2u) << "the same in each round, and a layer each";
    int shared = 0;
    for (const std::vector<std::byte>& tile : timed_from.first_tiles) {
        EXPECT_NE(tile, std::vector<std::byte>(tile.size(), std::byte{0}));
        EXPECT_TRUE(generated_from.first_tiles.contains(tile));
        shared += scored.first_tiles.contains(tile);
    }
    EXPECT_GE(shared, 1) << "layer 0";
}

TEST_F(DeviceScores, FormatsAreTheSameForAllThree)
{
    const char* configuration = "k=int8,sym v=int4 sinks=32";
    const auto formats = [&](const auto& work) {
        const cuda::Operations& recording = recording_operations();
        work(&recording);
        EXPECT_GT(recorded().calls, 0);
        for (const cuda::StoreFormat& format : recorded().formats) {
            EXPECT_EQ(format.key_format, cuda::Format::Int8);
            EXPECT_EQ(format.value_format, cuda::Format::Int4);
            EXPECT_EQ(format.sinks, 32);
        }
    };
    formats([&](const auto* kernels) { generated(configuration, kernels); });
    formats([&](const auto* kernels) { EXPECT_EQ(timed(configuration, kernels).front().note, ""); });
    formats([&](const auto* kernels) {
        PerplexityMeter measured = meter(kernels);
        measured.measure_identity(quiet);
        recorded() = {};
        measured.measure(fit_to(configuration), quiet);
    });
}

TEST_F(DeviceScores, WhatTheKernelsDoNotKnowIsReadOnTheCpuAndSaidSo)
{
    const cuda::Operations& kernels = cuda::reference_operations();
    PerplexityMeter measured = meter(&kernels);
    measured.measure_identity(quiet);
    const char* sentence = "read on the CPU instead: the CUDA kernels do not store";
    EXPECT_THAT(measured.measure(fit_to("k=int2 v=int2"), quiet).note, HasSubstr(sentence));
    EXPECT_THAT(generated("k=int2 v=int2", &kernels).note, HasSubstr(sentence));
    EXPECT_THAT(timed("k=int2 v=int2", &kernels).front().note, HasSubstr(sentence));
    EXPECT_THAT(timed("identity", &kernels, 9).front().note, HasSubstr("9 were asked for"));
    PerplexityMeter chunks = meter(&kernels, "past:16");
    EXPECT_THAT(chunks.measure_identity(quiet).note, HasSubstr("protocol past:16"));
    // Nothing is said where there are no kernels to choose.
    EXPECT_EQ(generated("k=int2 v=int2", nullptr).note, "");
}

TEST_F(DeviceScores, GeneratedTextIsThatOfTheCpuWhereNothingIsCoded)
{
    EXPECT_EQ(generated("identity", &cuda::reference_operations()).tokens, generated("identity", nullptr).tokens);
}

} // namespace
} // namespace kvw
