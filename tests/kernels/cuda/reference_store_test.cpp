// SPDX-License-Identifier: GPL-3.0-or-later
// The reference of the store on a GPU against the CPU's own codecs and against attention in plain fp64.
#include "kernels/cuda/arguments.h"
#include "kernels/rows.h"
#include "tests/kernels/cuda/store_fixture.h"
#include "tests/support/expect_close.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace kvw::kernels::cuda::test {
namespace {

class ReferenceStore : public ::testing::TestWithParam<Case>
{};

/// The codec of the CPU that a format has the codes of.
RowFormat row_format(Format format, int width)
{
    RowFormat out;
    out.width = width;
    switch (format) {
    case Format::Fp16:
        out.type = RowType::Fp16;
        break;
    case Format::Bf16:
        out.type = RowType::Bf16;
        break;
    case Format::Int8:
        out.type = RowType::Int8;
        out.symmetric = true;
        break;
    case Format::Int4:
        out.type = RowType::Int4;
        break;
    case Format::Int4Channel:
        out.type = RowType::Int4;
        out.scale_per = ScalePer::Channel;
        break;
    }
    return out;
}

/// Tokens of one head coded together and read back by the CPU's kernels.
std::vector<double> by_cpu(const RowFormat& format, const std::vector<std::vector<double>>& tokens)
{
    std::vector<float> x;
    for (const auto& token : tokens)
        x.insert(x.end(), token.begin(), token.end());
    const int count = static_cast<int>(tokens.size());
    std::vector<std::byte> codes(row_bytes(format) * tokens.size());
    std::vector<std::uint16_t> scales(scale_count(format, count)), zeros(scales.size());
    EXPECT_EQ(encode_rows(format, x.data(), format.width, count, {codes.data(), scales.data(), zeros.data()}),
              Status::Ok);
    EXPECT_EQ(decode_rows({format, count, codes.data(), scales.data(), zeros.data()}, x.data(), format.width),
              Status::Ok);
    return {x.begin(), x.end()};
}

void expect_as_cpu(const Case& c, const Stored& stored, bool keys)
{
    const Format format = keys ? c.key_format : c.value_format;
    const int width = keys ? c.head_dim : c.value_width;
    const Vectors given = keys ? stored.given_keys() : stored.given_values();
    const Vectors got = keys ? stored.stored_keys() : stored.stored_values();
    const int together = format == Format::Int4Channel ? kTileTokens : 1;
    for (std::size_t s = 0; s < given.size(); ++s)
        for (std::size_t h = 0; h < given[s].size(); ++h)
            for (std::size_t t = 0; t < given[s][h].size();) {
                const bool coded = stored.is_coded(static_cast<int>(s), static_cast<int>(t));
                const std::size_t end = coded ? t + static_cast<std::size_t>(together) : t + 1;
                ASSERT_LE(end, given[s][h].size());
                const auto first = static_cast<std::ptrdiff_t>(t), last = static_cast<std::ptrdiff_t>(end);
                std::vector<double> read;
                for (std::size_t i = t; i < end; ++i)
                    read.insert(read.end(), got[s][h][i].begin(), got[s][h][i].end());
                const std::vector<double> wanted = by_cpu(row_format(coded ? format : Format::Fp16, width),
                                                          {given[s][h].begin() + first, given[s][h].begin() + last});
                ASSERT_TRUE(testing::close(read, wanted, {1e-12, 2e-7}))
                    << (keys ? "keys" : "values") << " of sequence " << s << " head " << h << " token " << t;
                t = end;
            }
}

TEST_P(ReferenceStore, HasTheCodesOfTheCpu)
{
    const Case c = GetParam();
    SCOPED_TRACE(describe(c));
    const Stored stored(c, 12, machine());
    ASSERT_FALSE(HasFatalFailure());
    expect_as_cpu(c, stored, true);
    expect_as_cpu(c, stored, false);
}

/// softmax in base 2 of q.k, times v.
std::vector<double> attention(const std::vector<double>& query, const std::vector<std::vector<double>>& keys,
                              const std::vector<std::vector<double>>& values)
{
    std::vector<double> scores;
    for (const std::vector<double>& key : keys)
        scores.push_back(std::inner_product(key.begin(), key.end(), query.begin(), 0.0));
    const double largest = *std::max_element(scores.begin(), scores.end());
    std::vector<double> out(values.front().size());
    double sum = 0;
    for (std::size_t t = 0; t < keys.size(); ++t) {
        const double p = std::exp2(scores[t] - largest);
        sum += p;
        for (std::size_t c = 0; c < out.size(); ++c)
            out[c] += p * values[t][c];
    }
    for (double& x : out)
        x /= sum;
    return out;
}

TEST_P(ReferenceStore, IsReadByAttention)
{
    const Case c = GetParam();
    SCOPED_TRACE(describe(c));
    Stored stored(c, 11, machine());
    ASSERT_FALSE(HasFatalFailure());
    const Vectors keys = stored.stored_keys(), values = stored.stored_values();
    const Rows queries = stored.stored_queries(), out = stored.attend(), blocks = stored.last_blocks();
    for (std::size_t s = 0; s < queries.size(); ++s)
        for (std::size_t h = 0; h < queries[s].size(); ++h) {
            const std::size_t kv = h / static_cast<std::size_t>(c.group);
            const std::vector<double> expected = attention(queries[s][h], keys[s][kv], values[s][kv]);
            ASSERT_TRUE(testing::close(out[s][h], expected, {1e-9, 1e-6})) << "sequence " << s << " head " << h;
            if (!blocks.empty()) {
                ASSERT_TRUE(testing::close(blocks[s][h], out[s][h], {1e-30, 4e-3}))
                    << "sequence " << s << " head " << h;
            }
        }
}

/// By hand: two tokens of one head, a basis that swaps and halves, and a quarter turn of the rotary embedding at position 1.
TEST(ReferenceAppend, RotatesAndProjects)
{
    KvStore store;
    store.key_format = store.value_format = Format::Bf16;
    store.key_width = store.value_width = 2;
    store.sequences = store.kv_heads = store.pages_per_sequence = 1;
    const Array<std::byte> tiles(kv_store_bytes(store, 1).tiles, host());
    store.tiles = tiles.data();
    const std::vector<float> qkv{3, 1, 1, 2, 7, 8}, cosine{1, 0}, sine{0, 1};
    const std::vector<std::uint16_t> basis{to_fp16(0), to_fp16(0.5f), to_fp16(1), to_fp16(0)};
    std::vector<std::uint16_t> q(static_cast<std::size_t>(padded_key_width(2)), 0xffff);
    int length = 1;
    Append args;
    args.store = store;
    args.heads = 1;
    args.head_dim = 2;
    args.qkv = qkv.data();
    args.maybe_cosine = cosine.data();
    args.maybe_sine = sine.data();
    args.maybe_key_basis = basis.data();
    args.softmax_scale = 2;
    args.lengths = &length;
    args.q_out = q.data();
    ASSERT_EQ(host().operations().append(args, nullptr), Status::Ok);
    // k (1, 2) turns into (-2, 1), and (0 * -2 + 1 * 1, 0.5 * -2) = (1, -1); q (3, 1) into (-1, 3) and (3, -0.5).
    std::vector<std::uint16_t> key(2);
    std::memcpy(key.data(), tiles.data() + key_piece_offset(Format::Bf16, 1, 0), 4);
    EXPECT_EQ(from_bf16(key[0]), 1);
    EXPECT_EQ(from_bf16(key[1]), -1);
    EXPECT_CLOSE(from_bf16(q[0]), 3 * 2 * 1.442695, 0, 4e-3);
    EXPECT_CLOSE(from_bf16(q[1]), -0.5 * 2 * 1.442695, 0, 4e-3);
    EXPECT_EQ(q[2], 0) << "what a width is padded with takes no part";
    std::uint16_t value = 0;
    std::memcpy(&value, tiles.data() + tile_parts(store).values + value_piece_offset(Format::Bf16, 1, 1) + 2, 2);
    EXPECT_EQ(from_bf16(value), 8);
}

KvStore small_store()
{
    KvStore store;
    store.key_format = store.value_format = Format::Int8;
    store.key_width = store.value_width = 64;
    store.sequences = store.kv_heads = store.pages_per_sequence = 1;
    return store;
}

TEST(Limits, OfAStoreAreWhatItChecks)
{
    const auto status = [](auto change) {
        KvStore store = small_store();
        change(store);
        return check(store);
    };
    EXPECT_EQ(status([](KvStore&) {}), Status::Ok);
    EXPECT_EQ(status([](KvStore& s) { s.key_width = s.value_width = kMaxWidth; }), Status::Ok);
    EXPECT_EQ(status([](KvStore& s) { s.key_width = kMaxWidth + 1; }), Status::BadShape);
    EXPECT_EQ(status([](KvStore& s) { s.value_width = 0; }), Status::BadShape);
    EXPECT_EQ(status([](KvStore& s) { s.sinks = s.window = kTileTokens; }), Status::Ok);
    EXPECT_EQ(status([](KvStore& s) { s.sinks = kTileTokens - 1; }), Status::BadShape);
    EXPECT_EQ(status([](KvStore& s) { s.window = -kTileTokens; }), Status::BadShape);
    EXPECT_EQ(status([](KvStore& s) { s.sequences = 0; }), Status::BadShape);
    constexpr Format all[] = {Format::Fp16, Format::Bf16, Format::Int8, Format::Int4, Format::Int4Channel};
    for (const Format keys : all)
        for (const Format values : all)
            EXPECT_EQ(status([&](KvStore& s) {
                          s.key_format = keys;
                          s.value_format = values;
                      }),
                      is_format_pair(keys, values) ? Status::Ok : Status::Unsupported)
                << name(keys) << " with " << name(values);
    EXPECT_EQ(status([](KvStore& s) {
                  s.key_format = s.value_format = Format::Bf16;
                  s.window = kTileTokens;
              }),
              Status::BadShape);
}

TEST(Limits, OfStepsAreWhatTheyCheck)
{
    const float numbers[1] = {};
    const int lengths[1] = {};
    std::uint16_t bits[1] = {};
    Append append;
    append.store = small_store();
    append.heads = kMaxGroup;
    append.head_dim = 64;
    append.qkv = numbers;
    append.lengths = lengths;
    append.q_out = bits;
    EXPECT_EQ(check(append), Status::Ok);
    append.heads = kMaxGroup + 1;
    EXPECT_EQ(check(append), Status::BadShape);
    append.heads = 1;
    append.head_dim = 66;
    EXPECT_EQ(check(append), Status::BadShape) << "without a basis keys are as wide as heads";
    append.maybe_key_basis = bits;
    EXPECT_EQ(check(append), Status::Ok);
    append.head_dim = 65;
    EXPECT_EQ(check(append), Status::BadShape) << "a head is rotated in halves";

    Attend attend;
    attend.store = small_store();
    attend.store.sequences = kMaxSequences;
    attend.heads = 3;
    attend.q = bits;
    attend.lengths = lengths;
    attend.splits = 1;
    attend.maybe_out_blocks = bits;
    EXPECT_EQ(check(attend), Status::Ok);
    attend.store.value_width = 24;
    EXPECT_EQ(check(attend), Status::Ok) << "72 numbers: the last block is filled in part";
    attend.store.value_width = 20;
    EXPECT_EQ(check(attend), Status::BadShape);
    attend.maybe_out_blocks = nullptr;
    EXPECT_EQ(check(attend), Status::Ok);
    attend.splits = kMaxSplits + 1;
    EXPECT_EQ(check(attend), Status::BadShape);
    attend.splits = 2;
    EXPECT_EQ(check(attend), Status::BadShape) << "splits are merged in scratch memory";
}

INSTANTIATE_TEST_SUITE_P(Formats, ReferenceStore, ::testing::ValuesIn(all_cases()));

} // namespace
} // namespace kvw::kernels::cuda::test
