// SPDX-License-Identifier: GPL-3.0-or-later
// Every codec that the table of words can say, made from that table; and what codecs must be by their definitions.
#include "core/analysis/basis.h"
#include "core/base/error.h"
#include "core/cache/row_format.h"
#include "core/config/words.h"
#include "core/lm/dense_attention.h"
#include "tests/cache/cache_support.h"
#include "tests/support/expect_close.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace kvw {
namespace {

using config::Canary;
using config::OptionWord;
using config::Side;
using config::Word;
using config::WordClass;
using test::fitted;
using test::kShape;
using test::largest_difference;
using test::random_rows;
using test::run;

/// Every choice of the options that can stand together, in the order of the normal form; without "fold", which changes the
/// model and not the cache (tests/measure/folding_test.cpp).
std::vector<std::string> option_choices(const Word& word)
{
    std::vector<std::string> axes{""}, out{""};
    for (const Word& option : config::words()) {
        if (option.text == "fold")
            continue;
        const auto* meaning = std::get_if<OptionWord>(&option.meaning);
        if (!meaning || !word.takes_option(option.text))
            continue;
        const std::string text = std::string(",").append(option.text);
        switch (*meaning) {
        case OptionWord::Token:
            axes.push_back(text);
            break;
        case OptionWord::Channel:
            axes.push_back(text + "=8");
            break;
        case OptionWord::Group:
            axes.push_back(text + "=4");
            break;
        case OptionWord::Seed:
            for (std::string& each : out)
                each += text + "=3";
            break;
        case OptionWord::Pooled:
        case OptionWord::Uncentred:
        case OptionWord::Weighted:
        case OptionWord::Fold:
        case OptionWord::Symmetric:
            for (const std::string& without : std::vector<std::string>(out))
                out.push_back(without + text);
        }
    }
    if (axes.size() > 1)
        axes.erase(axes.begin()); // "token" when nothing is said
    std::vector<std::string> all;
    for (const std::string& axis : axes)
        for (const std::string& more : out)
            all.push_back(axis + more);
    return all;
}

/// Rank 12: no multiple of a vector register, and groups of 4 divide it.
std::vector<std::string> stages(WordClass kind, Side side)
{
    std::vector<std::string> out;
    for (const Word& word : config::words()) {
        if (word.kind != kind || !word.stands_on(side))
            continue;
        for (const std::string& options : option_choices(word))
            out.push_back(std::string(word.text).append(word.takes_number() ? ":12" : "").append(options));
    }
    return out;
}

/// Every transform with every quantiser and with none.
std::vector<std::string> codecs(Side side)
{
    std::vector<std::string> quantisers{""}, out;
    for (const std::string& quantiser : stages(WordClass::Quantiser, side))
        quantisers.push_back(std::string("+").append(quantiser));
    for (const std::string& transform : stages(WordClass::Transform, side))
        for (const std::string& quantiser : quantisers)
            out.push_back(transform + quantiser);
    return out;
}

/// Every codec of keys beside some codec of values and the other way round, under policies in turn.
std::vector<std::string> all_configurations()
{
    const std::vector<std::string> keys = codecs(Side::Keys), values = codecs(Side::Values);
    const char* const policies[] = {"",          " sinks=3",  " window=5",         " sinks=2 window=9",
                                    " window=1", " sinks=13", " sinks=1 window=30"};
    std::vector<std::string> out;
    for (std::size_t i = 0; i < std::max(keys.size(), values.size()); ++i)
        out.push_back(std::string("k=")
                          .append(keys[i % keys.size()])
                          .append(" v=")
                          .append(values[(i + 101) % values.size()])
                          .append(policies[i % std::size(policies)]));
    return out;
}

/// Logits of these rows are sums up to some 200, in fp32 off by 2^-24 of that times a few; a probability is off by as
/// large a share of itself, and a sum of values up to 20 by that much more.
constexpr double kRounding = 2e-4;

void expect_both_ways_agree(CacheOptions options, int tokens, int chunk)
{
    const c10::InferenceMode inference;
    const std::vector<std::string> all = all_configurations();
    std::set<std::string> used;
    for (const std::string& text : all) {
        SCOPED_TRACE(text);
        const auto codec = fitted(text);
        used.insert(format(codec->configuration));
        options.read_as = ReadAs::Compressed;
        CodedCache compressed(kShape, codec, options);
        options.read_as = ReadAs::Expanded;
        CodedCache expanded(kShape, codec, options);
        const at::Tensor a = run(compressed, options.sequences, tokens, chunk),
                         b = run(expanded, options.sequences, tokens, chunk);
        EXPECT_LE(largest_difference(a, b), kRounding);
        EXPECT_EQ(compressed.coded_keys_read(), expanded.coded_keys_read());
        EXPECT_EQ(compressed.coded_values_read(), expanded.coded_values_read());
        EXPECT_EQ(codec->layers[0].k.coded, compressed.coded_keys_read() > 0);
        EXPECT_EQ(codec->layers[0].v.coded, compressed.coded_values_read() > 0);
    }
    EXPECT_EQ(used.size(), all.size()) << "two texts name one configuration";
    EXPECT_GE(all.size(), 16u * 28);
}

CacheOptions of(int sequences, CodeWhen when)
{
    CacheOptions options;
    options.sequences = sequences;
    options.code_when = when;
    return options;
}

TEST(EveryCombination, StepByStepAgreesWithExpanding) { expect_both_ways_agree(of(3, CodeWhen::Later), 50, 1); }
TEST(EveryCombination, ManyQueriesAgreeWithExpanding) { expect_both_ways_agree(of(2, CodeWhen::Later), 57, 19); }
TEST(EveryCombination, CodedAtOnceAgreesWithExpanding) { expect_both_ways_agree(of(2, CodeWhen::Immediately), 43, 43); }

/// Every kind of stored row and map of keys beside every kind of values.
TEST(EveryCombination, AnyKeysBesideAnyValues)
{
    const c10::InferenceMode inference;
    const char* const keys[] = {"identity", "int8,token",        "int4,channel=8",
                                "pca:11",   "kq:7+int8,group=7", "rotate+int3,sym"};
    const char* const values[] = {"identity", "int4,token",         "int8,channel=16",
                                  "pca:5",    "out:9+int2,group=3", "hadamard+fp16"};
    for (const std::string key : keys)
        for (const std::string value : values)
            for (const char* policy : {"", " sinks=4 window=7"}) {
                SCOPED_TRACE(key + " " + value + policy);
                const auto codec = fitted(std::string("k=").append(key).append(" v=").append(value).append(policy));
                CacheOptions options = of(2, CodeWhen::Later);
                CodedCache compressed(kShape, codec, options);
                options.read_as = ReadAs::Expanded;
                CodedCache expanded(kShape, codec, options);
                EXPECT_LE(largest_difference(run(compressed, 2, 50, 1), run(expanded, 2, 50, 1)), kRounding);
            }
}

TEST(EveryCombination, ASlidingWindowOfTheModelIsKept)
{
    const c10::InferenceMode inference;
    AttentionShape layer = kShape[0];
    layer.attention_window = 11;
    const AttentionShapes shape(kShape.layers(), layer);
    for (const char* text : {"identity", "k=int8,token v=int4,group=4 sinks=3 window=5", "k=kq:9 v=pca:7",
                             "k=pca:5 window=20", "v=out:8+int8 sinks=2", "k=int4,channel=8 v=random:3"}) {
        const auto codec = fitted(text);
        for (const auto& [when, chunk] :
             {std::pair{CodeWhen::Later, 1}, std::pair{CodeWhen::Later, 14}, std::pair{CodeWhen::Immediately, 43}}) {
            SCOPED_TRACE(std::string(text) + " chunks of " + std::to_string(chunk));
            CacheOptions options = of(2, when);
            CodedCache compressed(shape, codec, options), unlimited(kShape, codec, options);
            options.read_as = ReadAs::Expanded;
            CodedCache expanded(shape, codec, options);
            const at::Tensor a = run(compressed, 2, 43, chunk);
            EXPECT_LE(largest_difference(a, run(expanded, 2, 43, chunk)), kRounding);
            EXPECT_GT(largest_difference(a, run(unlimited, 2, 43, chunk)), 0.1) << "the window cut nothing off";
            EXPECT_EQ(compressed.coded_keys_read(), expanded.coded_keys_read());
            EXPECT_LE(compressed.coded_keys_read(), unlimited.coded_keys_read());
        }
    }
    const at::Tensor k = random_rows(2, 43, kShape.kv_heads, 1), v = random_rows(2, 43, kShape.kv_heads, 2);
    const at::Tensor q = random_rows(2, 43, kShape.heads, 3);
    CodedCache cache(shape, fitted("identity"), of(2, CodeWhen::Later));
    PlainPast plain(shape, ComputeType::Fp32);
    cache.append(0, k, v);
    plain.append(0, k, v);
    EXPECT_LE(largest_difference(cache.attend(0, q), plain.attend(0, q)), kRounding);
}

/// x' = mean + B A^T (x - mean) in fp64, head by head: rows [1, T, kv_heads, d] of one layer.
at::Tensor reconstructed(const at::Tensor& x, const std::function<Basis(int)>& basis)
{
    at::Tensor out = at::empty_like(x);
    for (int head = 0; head < kShape.kv_heads; ++head) {
        const Basis b = basis(head);
        const auto matrix = [&](const std::vector<double>& values) {
            return at::from_blob(const_cast<double*>(values.data()), {b.dim, b.rank}, at::kDouble).clone();
        };
        const at::Tensor mean = at::from_blob(const_cast<double*>(b.mean.data()), {b.dim}, at::kDouble).clone();
        const at::Tensor centred = x.select(2, head).to(at::kDouble) - mean;
        out.select(2, head).copy_(at::matmul(at::matmul(centred, matrix(b.encoder)), matrix(b.decoder).t()) + mean);
    }
    return out;
}

TEST(Definition, LowRankCodecsReadTheVectorsOfTheirBasis)
{
    const c10::InferenceMode inference;
    const Calibration calibration = test::synthetic_calibration();
    const auto moments = [&](int head, Quantity quantity, Positions positions) -> const Moments& {
        return calibration.find(0, head, quantity, positions, Weighting::Uniform)->moments;
    };
    const at::Tensor k = random_rows(1, 30, kShape.kv_heads, 1), v = random_rows(1, 30, kShape.kv_heads, 2);
    const at::Tensor q = random_rows(1, 30, kShape.heads, 3);
    const auto all = Positions::All;
    const std::pair<const char*, std::function<Basis(int)>> keys[] = {
        {"k=pca:9+fp32", [&](int head) { return pca_basis(moments(head, Quantity::Key, all), 9); }},
        {"k=pca:6,uncentred+fp32",
         [&](int head) { return pca_basis(moments(head, Quantity::Key, all), 6, Centring::None); }},
        {"k=kq:5+fp32",
         [&](int head) { return kq_basis(moments(head, Quantity::Key, all), moments(head, Quantity::Query, all), 5); }},
    };
    const std::pair<const char*, std::function<Basis(int)>> values[] = {
        {" v=pca:9+fp32", [&](int head) { return pca_basis(moments(head, Quantity::Value, all), 9); }},
        {" v=pca:4,pooled+fp32",
         [&](int) {
             const Moments* both[] = {&moments(0, Quantity::Value, all), &moments(1, Quantity::Value, all)};
             return pca_basis(pool(both), 4);
         }},
        {" v=out:7+fp32",
         [&](int head) {
             return out_basis(moments(head, Quantity::Value, all), calibration.find_output_gram(0, head)->gram, 7);
         }},
    };
    for (std::size_t i = 0; i < std::size(keys); ++i) {
        SCOPED_TRACE(std::string(keys[i].first) + values[i].first);
        const auto codec = fitted(std::string(keys[i].first) + values[i].first);
        PlainPast plain(kShape, ComputeType::Fp32);
        plain.append(0, reconstructed(k, keys[i].second), reconstructed(v, values[i].second));
        const at::Tensor wanted = plain.attend(0, q);
        PlainPast raw(kShape, ComputeType::Fp32);
        raw.append(0, k, v);
        EXPECT_GT(largest_difference(raw.attend(0, q), wanted), 0.1) << "the codec changed nothing";
        for (const ReadAs read_as : {ReadAs::Compressed, ReadAs::Expanded}) {
            CacheOptions options = of(1, CodeWhen::Immediately);
            options.read_as = read_as;
            CodedCache cache(kShape, codec, options);
            cache.append(0, k, v);
            EXPECT_LE(largest_difference(cache.attend(0, q), wanted), kRounding);
        }
    }
}

TEST(Definition, FullRankIsTheIdentityToRounding)
{
    const c10::InferenceMode inference;
    ASSERT_EQ(kShape.head_dim, 16);
    for (const Word& word : config::words()) {
        if (word.kind != WordClass::Transform || word.canary != Canary::None)
            continue;
        for (const std::string& options : option_choices(word))
            for (const char* side : {"k=", "v="}) {
                if (!word.stands_on(*side == 'k' ? Side::Keys : Side::Values))
                    continue;
                const std::string text =
                    std::string(side).append(word.text).append(word.takes_number() ? ":16" : "") + options;
                SCOPED_TRACE(text);
                for (const int chunk : {1, 20}) {
                    CodedCache coded(kShape, fitted(text), {}), identity(kShape, fitted("identity"), {});
                    EXPECT_LE(largest_difference(run(coded, 1, 60, chunk), run(identity, 1, 60, chunk)), kRounding);
                    EXPECT_EQ(coded.coded_keys_read() + coded.coded_values_read() > 0, word.text != "identity");
                }
            }
    }
}

/// Bytes of one stored row of `width` numbers of so many bits: a plane of bytes for each power of two that the bits are the
/// sum of, 3 bits for example a plane of 2 and a plane of 1.
double row_bytes(int bits, int width)
{
    double bytes = 0;
    for (int plane = 1; plane <= bits; plane *= 2)
        if (bits & plane)
            bytes += std::ceil(width * plane / 8.0);
    return bytes;
}

/// Of every quantiser of the table: what the ledger counts in a cache that was filled is what the word declares.
TEST(Storage, CodesTakeTheBitsOfTheirWordAndLowRankItsNumbers)
{
    const c10::InferenceMode inference;
    constexpr int tokens = 70;
    const double vectors = static_cast<double>(tokens) * kShape.layers() * kShape.kv_heads;
    int tried = 0;
    for (const Word& word : config::words()) {
        if (word.kind != WordClass::Quantiser)
            continue;
        ++tried;
        const std::string quantiser(word.text);
        EXPECT_EQ(row_bytes(word.bits, kShape.head_dim), kShape.head_dim * word.bits / 8.0) << "not without padding";
        for (int rank = 1; rank <= kShape.head_dim; ++rank) {
            const std::string codec = std::string("random:").append(std::to_string(rank)).append("+").append(quantiser);
            SCOPED_TRACE(codec);
            CodedCache cache(kShape,
                             fitted(std::string("k=").append(codec).append(" v=").append(codec), ComputeType::Bf16),
                             of(1, CodeWhen::Immediately));
            run(cache, 1, tokens, tokens);
            cache.settle();
            const Ledger ledger = cache.ledger();
            EXPECT_EQ(ledger.payload_bytes, 2 * vectors * row_bytes(word.bits, rank));
            EXPECT_EQ(ledger.scales_bytes,
                      word.takes_option("token") ? 2 * vectors * 4 : 0); // a scale and a zero point in fp16
            EXPECT_EQ(ledger.raw_bytes, 0);
            EXPECT_EQ(ledger.values, 2 * vectors * kShape.head_dim);
            // No block is spare: what the ledger says is what was allocated, to the byte.
            EXPECT_EQ(ledger.cache_bytes() + ledger.scratch_bytes, static_cast<double>(cache.bytes_allocated()));
        }
    }
    EXPECT_GE(tried, 7);
}

TEST(Storage, BitsThatNoKernelStoresAreRefused)
{
    const QuantiserSpec five{QuantiserKind::Integer, 5, ScaleAxis::Token, 0, false};
    EXPECT_THROW(row_format(five, ComputeType::Fp32, 16), Error);
}

} // namespace
} // namespace kvw
