// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/coded_cache.h"

#include "core/base/error.h"
#include "core/lm/dense_attention.h"
#include "kernels/attend.h"
#include "tests/cache/cache_support.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <malloc.h>

namespace kvw {
namespace {

using test::fitted;
using test::kShape;
using test::largest_difference;
using test::random_rows;
using test::run;

// Of every kind one, at odd ranks, with sinks and windows around some; grammar_test.cpp has all combinations.
const std::vector<std::string> kConfigurations{
    "identity",
    "k=random:12,seed=3",
    "v=random:5,seed=1",
    "k=pca:9 v=pca:12",
    "k=pca:8,pooled v=pca:16,pooled sinks=4",
    "k=pca:11,uncentred v=pca:7,uncentred",
    "k=pca:10,weighted v=pca:10,weighted sinks=4",
    "k=kq:6",
    "k=kq:9,weighted sinks=4 window=5",
    "v=out:7",
    "v=out:7,weighted sinks=4",
    "k=rotate,seed=2 v=rotate,seed=5",
    "k=hadamard,seed=1 v=hadamard,seed=4",
    "k=fp32 v=fp16",
    "k=bf16 v=bf16",
    "k=int8,token v=int8,token",
    "k=int4,channel=32 v=int4,token",
    "k=int3,token v=int3,token,sym",
    "k=int2,group=8 v=int2,group=4,sym",
    "k=kq:8+int8,token v=out:8+int4,group=4 sinks=4 window=3",
    "k=hadamard,seed=1+int4,token v=rotate,seed=1+int3,token",
    "layers[0]{k=int8,token v=pca:4} sinks=2",
    "k=int8,channel=8,sym v=int8,channel=8 sinks=3 window=9",
    "v=zero",
    "sinks=40 k=int4,token",
};

class EveryCodec : public ::testing::TestWithParam<std::string>
{
protected:
    c10::InferenceMode inference_;
};

TEST_P(EveryCodec, CompressedDomainAgreesWithExpandThenAttend)
{
    for (const int chunk : {1, 7, 64}) {
        for (const int sequences : {1, 3}) {
            CacheOptions options;
            options.sequences = sequences;
            CodedCache compressed(kShape, fitted(GetParam()), options);
            options.read_as = ReadAs::Expanded;
            CodedCache expanded(kShape, fitted(GetParam()), options);
            const at::Tensor a = run(compressed, sequences, 81, chunk), b = run(expanded, sequences, 81, chunk);
            // Sums of up to 81 products of numbers below some 20 in fp32.
            EXPECT_LE(largest_difference(a, b), 2e-4) << GetParam() << " chunk " << chunk;
            EXPECT_EQ(compressed.coded_keys_read(), expanded.coded_keys_read());
            EXPECT_EQ(compressed.coded_values_read(), expanded.coded_values_read());
        }
    }
}

TEST_P(EveryCodec, ImmediateCodingAgreesBothWaysToo)
{
    CacheOptions options;
    options.code_when = CodeWhen::Immediately;
    CodedCache compressed(kShape, fitted(GetParam()), options);
    options.read_as = ReadAs::Expanded;
    CodedCache expanded(kShape, fitted(GetParam()), options);
    EXPECT_LE(largest_difference(run(compressed, 1, 70, 70), run(expanded, 1, 70, 70)), 2e-4);
}

TEST_P(EveryCodec, LedgerCountsWhatIsAllocated)
{
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "AddressSanitizer has an allocator of its own, which mallinfo2 does not see";
#endif
    const auto configuration = fitted(GetParam(), ComputeType::Bf16);
    {
        CodedCache first(kShape, configuration, CacheOptions{}); // libraries allocate at their first call
        run(first, 1, 200, 50);
    }
    const auto before = mallinfo2();
    CodedCache cache(kShape, configuration, CacheOptions{});
    run(cache, 1, 200, 50);
    cache.settle();
    const auto after = mallinfo2();
    const double allocated =
        static_cast<double>(after.uordblks + after.hblkhd) - static_cast<double>(before.uordblks + before.hblkhd);
    const Ledger ledger = cache.ledger();
    EXPECT_EQ(ledger.values, 200.0 * 2 * kShape.layers() * kShape.kv_heads * kShape.head_dim);
    EXPECT_LE(ledger.cache_bytes() + ledger.scratch_bytes, static_cast<double>(cache.bytes_allocated()) + 1);
    // malloc adds headers and alignment to every block, and the cache its own bookkeeping.
    EXPECT_GE(allocated, static_cast<double>(cache.bytes_allocated()));
    EXPECT_LE(allocated, static_cast<double>(cache.bytes_allocated()) * 1.25 + 65536);
}

TEST_P(EveryCodec, ClearedAndClonedCachesRepeatThemselves)
{
    CodedCache cache(kShape, fitted(GetParam()), CacheOptions{});
    const at::Tensor first = run(cache, 1, 40, 8);
    cache.clear();
    EXPECT_EQ(cache.length(), 0);
    EXPECT_EQ(largest_difference(first, run(cache, 1, 40, 8)), 0);
    const std::unique_ptr<CodedCache> copy = cache.clone();
    EXPECT_EQ(copy->length(), 40);
    const at::Tensor q = random_rows(1, 1, kShape.heads, 77), kv = random_rows(1, 1, kShape.kv_heads, 78);
    cache.append(0, kv, kv);
    copy->append(0, kv, kv);
    EXPECT_EQ(largest_difference(cache.attend(0, q), copy->attend(0, q)), 0);
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info)
{
    std::string out = std::to_string(info.index) + "_";
    for (const char c : info.param)
        out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return out;
}

INSTANTIATE_TEST_SUITE_P(Configurations, EveryCodec, ::testing::ValuesIn(kConfigurations), test_name);

TEST(CodedCache, IdentityEqualsAttentionWithoutACache)
{
    const c10::InferenceMode inference;
    CodedCache cache(kShape, fitted("identity"), CacheOptions{});
    PlainPast plain(kShape, ComputeType::Fp32);
    const at::Tensor k = random_rows(1, 50, kShape.kv_heads, 1), v = random_rows(1, 50, kShape.kv_heads, 2),
                     q = random_rows(1, 50, kShape.heads, 3);
    cache.append(0, k, v);
    plain.append(0, k, v);
    EXPECT_LE(largest_difference(cache.attend(0, q), plain.attend(0, q)), 1e-6);
}

TEST(CodedCache, ImmediateWindowReadsTheRecentTokensRaw)
{
    const c10::InferenceMode inference;
    CacheOptions options;
    options.code_when = CodeWhen::Immediately;
    // A window over everything is the identity, whatever the codec destroys; cut into other pieces, each of them is as exact
    // as attention promises for values of up to 10.
    constexpr double both_exact = 2 * kernels::kAttendRelError * 10;
    CodedCache windowed(kShape, fitted("k=zero v=zero window=70"), options),
        identity(kShape, fitted("identity"), options);
    EXPECT_LE(largest_difference(run(windowed, 1, 70, 70), run(identity, 1, 70, 70)), both_exact);
    // Token by token with a window equals the mask of protocol `all` with the same window.
    CodedCache all(kShape, fitted("k=int4,token v=pca:8 sinks=3 window=6"), options);
    CodedCache step(kShape, fitted("k=int4,token v=pca:8 sinks=3 window=6"), CacheOptions{});
    const at::Tensor a = run(all, 1, 40, 40).view({kShape.layers(), 40, -1}),
                     b = run(step, 1, 40, 1).view({40, kShape.layers(), -1}).transpose(0, 1);
    EXPECT_LE(largest_difference(a, b), 2e-4);
}

TEST(CodedCache, PackedSizesAreExact)
{
    const c10::InferenceMode inference;
    const auto bytes = [](const char* text) {
        CodedCache cache(kShape, fitted(text, ComputeType::Bf16), CacheOptions{});
        run(cache, 1, 64, 64);
        cache.settle();
        return cache.ledger();
    };
    const double vectors = 64.0 * kShape.layers() * kShape.kv_heads * 2;
    EXPECT_EQ(bytes("identity").payload_bytes, vectors * 16 * 2);
    EXPECT_EQ(bytes("k=int4,token v=int4,token").payload_bytes, vectors * 8);
    EXPECT_EQ(bytes("k=int4,token v=int4,token").scales_bytes, vectors * 4);
    EXPECT_EQ(bytes("k=int3,token v=int3,token").payload_bytes, vectors * 6);
    EXPECT_EQ(bytes("k=int2,token,sym v=int2,token,sym").scales_bytes, vectors * 2);
    EXPECT_EQ(bytes("k=pca:5 v=pca:5").payload_bytes, vectors * 10);
    EXPECT_EQ(bytes("k=int8,channel=32 v=int8,channel=32").scales_bytes, vectors / 32 * 16 * 4);
    EXPECT_EQ(bytes("k=int8,token v=int8,token sinks=4").raw_bytes,
              4.0 * kShape.layers() * kShape.kv_heads * 2 * 16 * 2);
}

TEST(CodedCache, NotFiniteNamesTheLayer)
{
    const c10::InferenceMode inference;
    CacheOptions options;
    options.code_when = CodeWhen::Immediately;
    CodedCache cache(kShape, fitted("k=int8,token"), options);
    at::Tensor k = random_rows(1, 3, kShape.kv_heads, 1);
    k.fill_(std::numeric_limits<double>::quiet_NaN());
    try {
        cache.append(1, k, k);
        FAIL() << "NaN was stored";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::NotFinite);
        EXPECT_NE(error.message().find("layer 1"), std::string::npos) << error.message();
    }
}

TEST(Fit, RefusesWithoutTheRightMoments)
{
    EXPECT_THROW(fit(parse_configuration("k=pca:8"), kShape, ComputeType::Bf16, nullptr), Error);
    Calibration unweighted = test::synthetic_calibration();
    std::erase_if(unweighted.entries, [](const HeadMoments& entry) { return entry.weighting == Weighting::Attention; });
    EXPECT_THROW(fit(parse_configuration("v=pca:8,weighted"), kShape, ComputeType::Bf16, &unweighted), Error);
    EXPECT_NO_THROW(fit(parse_configuration("v=pca:8"), kShape, ComputeType::Bf16, &unweighted));
    EXPECT_THROW(fit(parse_configuration("k=pca:17"), kShape, ComputeType::Bf16, &unweighted), Error);
    const AttentionShapes other(3, kShape[0]);
    EXPECT_THROW(fit(parse_configuration("v=pca:8"), other, ComputeType::Bf16, &unweighted), Error);
}

} // namespace
} // namespace kvw
