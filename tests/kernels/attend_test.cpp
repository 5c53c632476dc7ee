// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/attend.h"

#include "kernels/cpu/attend_variants.h"
#include "tests/kernels/attend_support.h"
#include "tests/kernels/levels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace kvw::kernels {
namespace {

using namespace test;

struct Path
{
    CpuLevel level;
    Products products;
};

std::vector<Path> all_paths()
{
    std::vector<Path> paths;
    for (const CpuLevel level : levels_of<AttendFloats>())
        paths.push_back({level, Products::Fp32});
    for (const CpuLevel level : levels_of<AttendIntegers>())
        paths.push_back({level, Products::Bf16});
    return paths;
}

class Attend : public ::testing::TestWithParam<Path>
{
protected:
    void SetUp() override
    {
        const auto& [level, products] = GetParam();
        if (!cpu_has(level))
            GTEST_SKIP() << "this processor does not have " << name(level);
        variant_ = attend_variant(level, products);
        limit_ = static_cast<double>(products == Products::Bf16 ? kAttendRoundedError : kAttendRelError);
    }

    void expect_exact(const Problem& p)
    {
        const Outputs out = p.run(variant_);
        const Comparison result = compare(p, out);
        ASSERT_TRUE(result.largest_logit <= 32) << "the promise covers |s| <= 32 only";
        ASSERT_TRUE(result.error <= limit_) << "error " << result.error;
        worst_ = std::max(worst_, result.error);
        compared_ += result.compared;
    }

    AttendVariant variant_ = nullptr;
    double limit_ = 0, worst_ = 0;
    std::int64_t compared_ = 0;
};

TEST_P(Attend, EverySizeIsExact)
{
    unsigned cases = 0;
    for (const int width : {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 56, 60, 64, 120, 128}) {
        const std::vector<RowFormat> formats = formats_of(width);
        for (const int tokens : {0, 1, 63, 64, 65, 127, 130, 1000}) {
            for (const int group : {1, 3, 7, 8}) {
                for (const int lanes : {1, 3, 6}) {
                    if (tokens == 1000 && (lanes == 6) != (group == 3)) // the reference takes its time
                        continue;
                    const RowFormat& key = formats[cases * 7 % formats.size()];
                    const RowFormat& value = formats[cases * 5 % formats.size()];
                    SCOPED_TRACE("width " + std::to_string(width) + " tokens " + std::to_string(tokens) + " group "
                                 + std::to_string(group) + " lanes " + std::to_string(lanes));
                    const Problem p({lanes, group, width, width, width}, blocks_of(tokens, 1000, key, cases % 2 == 0),
                                    blocks_of(tokens, 64, value, cases % 3 == 0), cases);
                    expect_exact(p);
                    ASSERT_FALSE(HasFatalFailure());
                    ++cases;
                }
            }
        }
    }
    EXPECT_GT(cases, 1500u);
    EXPECT_GT(compared_, 1000000);
    RecordProperty("worst_error", ::testing::PrintToString(worst_));
}

TEST_P(Attend, EveryPairOfFormatsIsExact)
{
    unsigned cases = 0;
    for (const int width : {12, 36, 64, 72}) {
        for (const RowFormat& key : formats_of(width)) {
            for (const RowFormat& value : formats_of(width)) {
                SCOPED_TRACE("width " + std::to_string(width) + " types " + std::to_string(static_cast<int>(key.type))
                             + " " + std::to_string(static_cast<int>(value.type)) + " per "
                             + std::to_string(static_cast<int>(key.scale_per)) + " "
                             + std::to_string(static_cast<int>(value.scale_per)));
                const Problem p({1, 3, 5, width, width}, blocks_of(83, 32, key, true), blocks_of(83, 48, value, true),
                                ++cases);
                expect_exact(p);
                ASSERT_FALSE(HasFatalFailure());
            }
        }
    }
    EXPECT_GE(formats_of(64).size(), 27u);
    EXPECT_EQ(cases, 4 * formats_of(64).size() * formats_of(64).size());
}

/// Raw sinks, coded tokens, a raw window: the cache's layout, with keys and values cut at different places.
Problem mixed_problem(int tokens, const RowFormat& key, const RowFormat& value, const Shape& shape, unsigned seed,
                      float logits = 2)
{
    const RowFormat raw{RowType::Bf16, shape.head_dim};
    const int sinks = 4, window = 21;
    const std::vector<Cut> keys =
        joined(joined(blocks_of(sinks, 4, raw, false), blocks_of(tokens - sinks - window, 32, key, true)),
               blocks_of(window, 21, raw, false));
    const std::vector<Cut> values =
        joined(joined(blocks_of(9, 5, raw, false), blocks_of(tokens - 9 - 50, 77, value, true)),
               blocks_of(50, 16, raw, false));
    return Problem(shape, keys, values, seed, logits);
}

TEST_P(Attend, RawAndCodedSegmentsMix)
{
    unsigned cases = 0;
    for (const RowFormat& key : formats_of(56)) {
        for (const RowFormat& value : formats_of(32)) {
            const int tokens = 100 + static_cast<int>(cases % 700);
            SCOPED_TRACE("case " + std::to_string(cases));
            expect_exact(mixed_problem(tokens, key, value, {2, 3, 64, 56, 32}, ++cases));
            ASSERT_FALSE(HasFatalFailure());
        }
    }
    EXPECT_EQ(cases, formats_of(56).size() * formats_of(32).size());
}

TEST_P(Attend, LongContextsWithSharpAndFlatAttentionAreExact)
{
    for (const float logits : {0.001f, 0.5f, 4.5f}) {
        for (const RowType type : {RowType::Bf16, RowType::Int8, RowType::Int4}) {
            const RowFormat format{type, 64};
            const Problem p({1, 3, 64, 64, 64}, blocks_of(32768, 16384, format, true),
                            blocks_of(32768, 16384, format, true), 9, logits);
            expect_exact(p);
            ASSERT_FALSE(HasFatalFailure()) << logits;
        }
    }
}

/// One of the models' head sizes, 1 to 16 query heads, ranks and lengths at random and next to the edges of blocks,
/// formats and cuts at random; segments without tokens lie between others.
Problem random_problem(std::mt19937& random, unsigned seed)
{
    const auto below = [&random](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
    constexpr int head_dims[] = {64, 80, 96, 128, 256};
    constexpr int edges[] = {1, 15, 16, 17, 64, 255, 256, 257, 1024, 4096, 32768};
    const int head_dim = head_dims[below(5)];
    const Shape shape{1 + below(3), 1 + below(16), head_dim, 1 + below(head_dim), 1 + below(head_dim)};
    int tokens = edges[below(11)] + below(3);
    if (below(2) == 0)
        tokens = 1 + static_cast<int>(std::exp2(below(1504) / 100.0)); // 1..33,000, small ones as often as large ones
    const auto side = [&](int rank) {
        const auto formats = formats_of(rank);
        const RowFormat coded = formats[size(below(static_cast<int>(formats.size())))], raw{RowType::Bf16, head_dim};
        const int sinks = std::min(below(20), tokens), window = std::min(below(70), tokens - sinks);
        const std::vector<Cut> first = joined(blocks_of(sinks, 7, raw, false), {{0, raw, false}, {0, coded, true}});
        const std::vector<Cut> middle = blocks_of(tokens - sinks - window, 16 << below(7), coded, true);
        return joined(joined(first, middle), joined({{0, raw, false}}, blocks_of(window, 33, raw, false)));
    };
    const std::vector<Cut> keys = side(shape.rank_k), values = side(shape.rank_v);
    return Problem(shape, keys, values, seed);
}

TEST_P(Attend, RandomShapesOfModelsAreExact)
{
    std::mt19937 random(2026);
    for (unsigned seed = 0; seed < 150; ++seed) {
        const Problem p = random_problem(random, seed);
        SCOPED_TRACE("seed " + std::to_string(seed) + " head_dim " + std::to_string(p.shape.head_dim) + " group "
                     + std::to_string(p.shape.group) + " ranks " + std::to_string(p.shape.rank_k) + " "
                     + std::to_string(p.shape.rank_v) + " tokens " + std::to_string(p.keys.tokens()));
        expect_exact(p);
        ASSERT_FALSE(HasFatalFailure());
    }
}

TEST_P(Attend, EveryHeadSizeAndGroupIsExact)
{
    unsigned seed = 0;
    for (const int head_dim : {64, 80, 96, 128, 256}) {
        for (int group = 1; group <= 16; ++group) {
            const RowType type = std::array{RowType::Bf16, RowType::Int8, RowType::Int4}[seed % 3];
            const RowFormat format{type, head_dim};
            SCOPED_TRACE("head_dim " + std::to_string(head_dim) + " group " + std::to_string(group));
            expect_exact(Problem({1, group, head_dim, head_dim, head_dim}, blocks_of(300, 64, format, true),
                                 blocks_of(300, 64, format, true), ++seed));
            ASSERT_FALSE(HasFatalFailure());
        }
    }
}

TEST_P(Attend, ScalesByGroupAreExact)
{
    unsigned seed = 0;
    for (const int width : {32, 48, 64, 80, 96, 128, 192, 256}) {
        for (const int group : {8, 16, 32, 48, 64, 96, 128, 256}) {
            if (width % group != 0)
                continue;
            for (const RowType type : integer_row_types()) {
                for (const bool symmetric : {false, true}) {
                    const RowFormat format{type, width, ScalePer::Group, group, symmetric};
                    const int heads = 1 + static_cast<int>(seed % 9), tokens = 70 + static_cast<int>(seed * 37 % 300);
                    SCOPED_TRACE("width " + std::to_string(width) + " group " + std::to_string(group) + " type "
                                 + std::to_string(static_cast<int>(type)) + " heads " + std::to_string(heads)
                                 + " tokens " + std::to_string(tokens));
                    expect_exact(Problem({2, heads, width, width, width}, blocks_of(tokens, 64, format, true),
                                         blocks_of(tokens, 51, format, true), ++seed));
                    ASSERT_FALSE(HasFatalFailure());
                }
            }
        }
    }
}

/// The keys of some models have a bias of norm 900 (docs/codecs.md, "What the rotary embedding does to a spectrum"):
/// scores are large, and nearly the same for all tokens. Their rounding is a share of the score, so of exp(s).
TEST_P(Attend, KeysWithALargeBiasAreExact)
{
    for (const RowType type : {RowType::Fp32, RowType::Bf16, RowType::Int8, RowType::Int4}) {
        for (const ScalePer per : {ScalePer::Row, ScalePer::Channel}) {
            const RowFormat format{type, 128, per};
            const Problem p({2, 4, 128, 128, 128}, blocks_of(700, 32, format, true),
                            blocks_of(700, 64, {RowType::Bf16, 128}, true), 31, 2.0f, 900.0f);
            const Comparison result = compare(p, p.run(variant_));
            EXPECT_TRUE(result.largest_logit > 100) << "the bias must be felt";
            EXPECT_TRUE(result.error <= limit_ * result.largest_logit / 32) << "error " << result.error;
        }
    }
}

/// Products of integers add up 16 bits times 8 in 32: here every factor is the largest one, and so is every code, or
/// none.
TEST_P(Attend, LargestFactorsAndCodesDoNotOverflow)
{
    unsigned seed = 0;
    for (const int width : {64, 256}) {
        for (const RowType type : integer_row_types()) {
            for (const ScalePer per : {ScalePer::Row, ScalePer::Channel, ScalePer::Group}) {
                for (const std::byte byte : {std::byte{0x00}, std::byte{0xff}}) {
                    const RowFormat format{type, width, per, per == ScalePer::Group ? 16 : 0, seed % 2 == 0};
                    Problem p({1, 3, width, width, width}, blocks_of(600, 300, format, true),
                              blocks_of(600, 300, format, true), ++seed);
                    p.keys.overwrite_codes(byte, 1);
                    p.values.overwrite_codes(byte, 1);
                    std::fill(p.q_coded.begin(), p.q_coded.end(), seed % 3 == 0 ? -0.02f : 0.02f);
                    SCOPED_TRACE("width " + std::to_string(width) + " type " + std::to_string(static_cast<int>(type))
                                 + " per " + std::to_string(static_cast<int>(per)));
                    expect_exact(p);
                    ASSERT_FALSE(HasFatalFailure());
                }
            }
        }
    }
}

/// Runs of odd lengths across the borders of chunks, and as many query heads as there may be.
TEST_P(Attend, RaggedRunsOfManyHeadsAreExact)
{
    unsigned seed = 0;
    for (const int width : {24, 56, 64, 100}) {
        for (const RowFormat& format : formats_of(width)) {
            std::vector<Cut> keys, values;
            for (int left = 531, next = 1; left > 0; left -= next, next = next % 13 + 2)
                keys.push_back({std::min(left, next), format, true});
            for (int left = 531, next = 3; left > 0; left -= next, next = next % 29 + 4)
                values.push_back({std::min(left, next), format, true});
            SCOPED_TRACE("width " + std::to_string(width) + " type " + std::to_string(static_cast<int>(format.type))
                         + " per " + std::to_string(static_cast<int>(format.scale_per)));
            expect_exact(Problem({2, seed % 3 == 0 ? 32 : 5, width, width, width}, keys, values, ++seed));
            ASSERT_FALSE(HasFatalFailure());
        }
    }
}

TEST_P(Attend, RerunGivesTheSameBits)
{
    const Problem p = mixed_problem(3000, {RowType::Int8, 56}, {RowType::Int4, 32}, {3, 3, 64, 56, 32}, 4);
    const Outputs first = p.run(variant_);
    for (int round = 0; round < 20; ++round)
        ASSERT_TRUE(p.run(variant_) == first);
}

TEST_P(Attend, OneTokenGivesItsValue)
{
    for (const RowFormat& format : formats_of(64)) {
        const Problem p({3, 3, 64, 64, 64}, {{1, {RowType::Bf16, 64}, false}}, {{1, format, true}}, 8);
        const Outputs out = p.run(variant_);
        for (int head = 0; head < 9; ++head) {
            EXPECT_EQ(out.mass[size(head)], 1.0f);
            for (int c = 0; c < 64; ++c) {
                EXPECT_EQ(out.raw[size(head * 64 + c)], 0.0f);
                const float wanted = p.values.row(head / 3, 0)[c];
                EXPECT_TRUE(std::fabs(out.coded[size(head * 64 + c)] - wanted) <= 4e-7 * p.values.largest());
            }
        }
    }
}

TEST_P(Attend, HugeLogitsPickTheLargest)
{
    for (const float logits : {1e3f, 1e8f, 1e30f}) {
        const Problem p = mixed_problem(500, {RowType::Bf16, 64}, {RowType::Fp32, 64}, {2, 3, 64, 64, 64}, 21, logits);
        const Comparison result = compare(p, p.run(variant_));
        EXPECT_TRUE(result.largest_logit > 100);
        // One token takes all, unless the two largest logits are equal to rounding.
        EXPECT_TRUE(result.error <= (logits > 1e3f ? 1e-6 : 1e-3)) << logits << ": " << result.error;
    }
}

TEST_P(Attend, NotANumberIsNotHidden)
{
    for (const RowFormat& format : formats_of(64)) {
        Problem p = mixed_problem(300, format, format, {1, 2, 64, 64, 64}, 2);
        p.q_coded[64 + 5] = kNan; // the second head
        const Outputs out = p.run(variant_);
        for (int c = 0; c < 64; ++c) {
            ASSERT_TRUE(std::isfinite(out.raw[size(c)]) && std::isfinite(out.coded[size(c)]));
            ASSERT_TRUE(std::isnan(out.raw[size(64 + c)]) && std::isnan(out.coded[size(64 + c)]));
        }
    }
}

TEST_P(Attend, RawOnlyNeedsNoCodedOutputs)
{
    const RowFormat raw{RowType::Bf16, 64};
    const Problem p({3, 3, 64, 0, 0}, blocks_of(333, 64, raw, false), blocks_of(333, 100, raw, false), 6);
    const Comparison result = compare(p, p.run(variant_, false));
    EXPECT_TRUE(result.error <= static_cast<double>(kAttendRelError));
    EXPECT_EQ(result.compared, 9 * 64);
}

INSTANTIATE_TEST_SUITE_P(Paths, Attend, ::testing::ValuesIn(all_paths()), [](const auto& instance) {
    return (instance.param.products == Products::Bf16 ? "integers_" : "floats_") + word_of(instance.param.level);
});

TEST(AttendShapes, ContradictionsAreRefused)
{
    const RowFormat raw{RowType::Bf16, 64}, coded{RowType::Int8, 56};
    const Problem p({1, 3, 64, 56, 64}, {{4, raw, false}, {9, coded, true}}, {{13, raw, false}}, 1);
    std::vector<float> out(size(3 * 64)), out_coded(size(3 * 64));
    const auto status = [&](auto&& change) {
        AttendDecode args = p.arguments();
        args.out_raw = out.data();
        args.maybe_out_coded = out_coded.data();
        std::vector<float> scratch(attend_scratch_floats(args));
        args.scratch = scratch.data();
        change(args);
        return attend_decode(args);
    };
    EXPECT_EQ(status([](AttendDecode&) {}), Status::Ok);
    EXPECT_EQ(status([](AttendDecode& a) { a.key_segments = 1; }), Status::BadShape); // 4 keys, 13 values
    EXPECT_EQ(status([](AttendDecode& a) { a.rank_k = 57; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.head_dim = 63; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.group = 0; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.group = 33; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.lanes = -1; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.lanes = 0; }), Status::Ok);
    EXPECT_EQ(status([](AttendDecode& a) { a.maybe_q_coded = nullptr; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.maybe_logit_offset = nullptr; }), Status::Ok);
    EXPECT_EQ(status([](AttendDecode& a) { a.maybe_out_coded = nullptr; }), Status::Ok); // all values are raw
    EXPECT_EQ(status([](AttendDecode& a) { a.out_raw = nullptr; }), Status::BadShape);
    EXPECT_EQ(status([](AttendDecode& a) { a.scratch = nullptr; }), Status::BadShape);
}

} // namespace
} // namespace kvw::kernels
