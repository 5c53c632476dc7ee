// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/store_fixture.h"
#include "tests/support/expect_close.h"

#include <algorithm>
#include <cmath>

namespace kvw::kernels::cuda::test {
namespace {

class AttendTest : public OnDevice, public ::testing::WithParamInterface<Case>
{};

std::vector<double> flat(const Stored::Vectors& vectors)
{
    std::vector<double> out;
    for (const auto& sequence : vectors)
        for (const auto& head : sequence)
            for (const auto& token : head)
                out.insert(out.end(), token.begin(), token.end());
    return out;
}

/// Products round q, p and codes to 11 (fp16) or 8 (bf16) bits; the oracle has q and the codes as stored, so what is left is
/// p's rounding and the score's fp32 sum, which the exponential turns into a relative error of p.
double tolerance(const Case& c)
{
    const double p = c.key_format == Format::Bf16 ? 8e-3 : 1.5e-3;
    return c.outlier_keys ? 4 * p : p;
}

TEST_P(AttendTest, IsTheAttentionOfTheStoredTokens)
{
    const Case c = GetParam();
    SCOPED_TRACE(describe(c));
    Stored stored(c, 11);
    ASSERT_FALSE(HasFatalFailure());
    const Stored::Vectors keys = stored.stored_keys(), values = stored.stored_values();
    const auto queries = stored.stored_queries();
    const auto out = stored.attend();
    double largest = 0;
    for (const double x : flat(values))
        largest = std::max(largest, std::abs(x));
    const auto blocks = stored.last_blocks();
    for (std::size_t s = 0; s < queries.size(); ++s)
        for (std::size_t h = 0; h < queries[s].size(); ++h) {
            const std::size_t kv = h / static_cast<std::size_t>(c.group);
            const std::vector<double> expected = attention_oracle(queries[s][h], keys[s][kv], values[s][kv]);
            EXPECT_TRUE(testing::close(out[s][h], expected, {tolerance(c) * largest, 0}))
                << "sequence " << s << " head " << h;
            if (!blocks.empty()) {
                EXPECT_TRUE(testing::close(blocks[s][h], out[s][h], {1e-30, 4e-3}))
                    << "blocks, sequence " << s << " head " << h;
            }
        }
}

TEST_P(AttendTest, TokensAreStoredAsTheFormatSays)
{
    const Case c = GetParam();
    SCOPED_TRACE(describe(c));
    Stored stored(c, 12);
    ASSERT_FALSE(HasFatalFailure());
    // Bit for bit the numbers that the format defines; doubles hold code * scale exactly.
    EXPECT_TRUE(testing::close(flat(stored.stored_keys()), flat(stored.expected_keys()), {1e-12, 1e-7})) << "keys";
    EXPECT_TRUE(testing::close(flat(stored.stored_values()), flat(stored.expected_values()), {1e-12, 1e-7}))
        << "values";
}

std::vector<Case> cases()
{
    const std::pair<Format, Format> pairs[] = {{Format::Fp16, Format::Fp16},       {Format::Bf16, Format::Bf16},
                                               {Format::Fp16, Format::Int8},       {Format::Int8, Format::Int8},
                                               {Format::Int8, Format::Int4},       {Format::Int4, Format::Int4},
                                               {Format::Int4Channel, Format::Int4}};
    std::vector<Case> all;
    for (const auto& [k, v] : pairs) {
        Case base;
        base.key_format = k;
        base.value_format = v;
        const bool coded = !is_16_bit(k) || !is_16_bit(v);
        for (const int d : {64, 80, 96, 128, 256}) { // head sizes
            Case c = base;
            c.head_dim = c.value_width = d;
            c.lengths = {1, 37, 300};
            c.appended = 1;
            all.push_back(c);
        }
        for (const int group : {1, 2, 7, 8, 9, 16}) { // query heads of a KV head
            Case c = base;
            c.head_dim = c.value_width = 128;
            c.group = group;
            c.lengths = {515};
            all.push_back(c);
        }
        for (const int rank : {2, 8, 20, 40, 56, 100, 120}) { // ranks that are no multiple of anything
            Case c = base;
            c.head_dim = rank;
            c.value_width = 128 - rank + 1;
            c.lengths = {161};
            all.push_back(c);
        }
        for (const int length : {1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 4096}) { // edges of tiles and pages
            Case c = base;
            c.lengths = {length};
            c.appended = std::min(length, 3);
            c.kv_heads = 1;
            all.push_back(c);
        }
        for (const int splits : {1, 2, 7, 64, 256}) { // empty splits among them
            Case c = base;
            c.lengths = {700, 5};
            c.splits = splits;
            all.push_back(c);
        }
        Case paged = base;
        paged.paged = true;
        paged.lengths = {200, 64, 1, 130};
        paged.appended = 1;
        all.push_back(paged);
        Case eight = base;
        eight.lengths = {90, 91, 92, 93, 94, 95, 96, 97};
        eight.appended = 40; // across a tile's edge
        all.push_back(eight);
        Case extreme = base; // scores of thousands
        extreme.outlier_keys = true;
        extreme.lengths = {333};
        all.push_back(extreme);
        Case tiny = base;
        tiny.value_scale = 1e-3f;
        all.push_back(tiny);
        Case long_one = base;
        long_one.kv_heads = 1;
        long_one.group = 2;
        long_one.lengths = {33000};
        all.push_back(long_one);
        if (!coded)
            continue;
        for (const int window : {0, 32, 64})
            for (const int sinks : {0, 32}) {
                Case c = base;
                c.window = window;
                c.sinks = sinks;
                c.lengths = {20, 32, 50, 140, 500};
                c.appended = 20;
                all.push_back(c);
                c.appended = 0; // filled only; attend() needs a query, so one is appended
                c.appended = 1;
                c.lengths = {129, 161, 1};
                c.paged = true;
                all.push_back(c);
            }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(Formats, AttendTest, ::testing::ValuesIn(cases()));

} // namespace
} // namespace kvw::kernels::cuda::test
