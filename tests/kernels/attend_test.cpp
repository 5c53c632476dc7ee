// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/attend.h"

#include "kernels/cpu/attend_variants.h"
#include "kernels/cpu/rows_variants.h"

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

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// Neighbouring tokens in one format.
struct Cut
{
    int tokens;
    RowFormat format;
    bool coded;
};

struct Shape
{
    int lanes, group, head_dim, rank_k, rank_v;
};

/// Stored rows of every lane in buffers without slack, and their decoded numbers.
class Side
{
public:
    /// `bias` is added to every row: a vector of that norm, the same for all tokens.
    Side(const std::vector<Cut>& cuts, int lanes, std::mt19937& random, float bias = 0)
    {
        std::normal_distribution<float> normal;
        for (const Cut& cut : cuts) {
            Part& part = *parts_.emplace_back(std::make_unique<Part>());
            const std::int64_t width = cut.format.width, values = cut.tokens * width;
            const std::size_t bytes = row_bytes(cut.format) * size(cut.tokens),
                              scales = scale_count(cut.format, cut.tokens);
            const bool zeros = is_integer(cut.format.type) && !cut.format.symmetric;
            part.codes.resize(bytes * size(lanes));
            part.scales.resize(scales * size(lanes));
            part.zeros.resize(zeros ? scales * size(lanes) : 0);
            part.decoded.resize(size(values * lanes));
            part.cut = cut;
            std::vector<float> x(size(values));
            for (int lane = 0; lane < lanes; ++lane) {
                const float biased = bias / std::sqrt(static_cast<float>((width + 4) / 5));
                for (std::size_t i = 0; i < x.size(); ++i)
                    x[i] =
                        normal(random) + 0.5f * static_cast<float>(i % 3) + (i % size(width) % 5 == 0 ? biased : 0.0f);
                const std::size_t scale_at = scales * size(lane);
                const RowsOut out{part.codes.data() + bytes * size(lane), part.scales.data() + scale_at,
                                  zeros ? part.zeros.data() + scale_at : nullptr};
                EXPECT_EQ(encode_rows(cut.format, x.data(), width, cut.tokens, out), Status::Ok);
                const RowsView view{cut.format, cut.tokens, out.codes, out.scales, out.maybe_zeros};
                rows_reference().decode(view, part.decoded.data() + values * lane, width);
            }
            segments_.push_back({{cut.format, cut.tokens, part.codes.data(), scales > 0 ? part.scales.data() : nullptr,
                                  zeros ? part.zeros.data() : nullptr},
                                 static_cast<std::int64_t>(bytes),
                                 static_cast<std::int64_t>(scales),
                                 cut.coded});
            for (int t = 0; t < cut.tokens; ++t)
                places_.push_back({&part, t});
        }
    }

    int tokens() const { return static_cast<int>(places_.size()); }
    bool coded(int token) const { return places_[size(token)].part->cut.coded; }
    const float* row(int lane, int token) const
    {
        const auto& [part, t] = places_[size(token)];
        return part->decoded.data() + (static_cast<std::int64_t>(lane) * part->cut.tokens + t) * part->cut.format.width;
    }
    const std::vector<Segment>& segments() const { return segments_; }
    double largest() const
    {
        double largest = 0;
        for (const auto& part : parts_)
            for (const float value : part->decoded)
                largest = std::max(largest, std::fabs(static_cast<double>(value)));
        return largest;
    }

private:
    struct Part
    {
        Cut cut{};
        std::vector<std::byte> codes;
        std::vector<std::uint16_t> scales, zeros;
        std::vector<float> decoded; ///< [lanes, tokens, width]
    };
    struct Place
    {
        const Part* part;
        int row;
    };
    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<Place> places_;
    std::vector<Segment> segments_;
};

struct Outputs
{
    std::vector<float> raw, coded, mass;

    bool operator==(const Outputs& other) const
    {
        const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
            return a.size() == b.size()
                && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
        };
        return same(raw, other.raw) && same(coded, other.coded) && same(mass, other.mass);
    }
};

struct Problem
{
    Shape shape;
    Side keys, values;
    std::vector<float> q, q_coded, offset;
    float softmax_scale;

    Problem(const Shape& s, const std::vector<Cut>& key_cuts, const std::vector<Cut>& value_cuts, unsigned seed,
            float logit_size = 2.0f, float key_bias = 0)
        : Problem(s, key_cuts, value_cuts, std::mt19937(seed), logit_size, key_bias)
    {}

    Outputs run(AttendVariant variant, bool coded_outputs = true) const
    {
        const std::int64_t heads = shape.lanes * shape.group;
        Outputs out{std::vector<float>(size(heads * shape.head_dim), kNan),
                    std::vector<float>(size(coded_outputs ? heads * shape.rank_v : 0), kNan),
                    std::vector<float>(size(coded_outputs ? heads : 0), kNan)};
        AttendDecode args = arguments();
        args.out_raw = out.raw.data();
        args.maybe_out_coded = coded_outputs ? out.coded.data() : nullptr;
        args.maybe_coded_mass = coded_outputs ? out.mass.data() : nullptr;
        std::vector<float> scratch(attend_scratch_floats(args), kNan); // no slack; nothing may come from it
        args.scratch = scratch.data();
        EXPECT_EQ(attend_decode_with(variant, args), Status::Ok);
        return out;
    }

    AttendDecode arguments() const
    {
        AttendDecode args;
        args.lanes = shape.lanes;
        args.group = shape.group;
        args.head_dim = shape.head_dim;
        args.rank_k = shape.rank_k;
        args.rank_v = shape.rank_v;
        args.softmax_scale = softmax_scale;
        args.q = q.data();
        args.maybe_q_coded = q_coded.data();
        args.maybe_logit_offset = offset.data();
        args.keys = keys.segments().data();
        args.key_segments = static_cast<int>(keys.segments().size());
        args.values = values.segments().data();
        args.value_segments = static_cast<int>(values.segments().size());
        return args;
    }

private:
    Problem(const Shape& s, const std::vector<Cut>& key_cuts, const std::vector<Cut>& value_cuts, std::mt19937 random,
            float logit_size, float key_bias)
        : shape(s),
          keys(key_cuts, s.lanes, random, key_bias),
          values(value_cuts, s.lanes, random),
          softmax_scale(1.0f / std::sqrt(static_cast<float>(std::max(s.head_dim, s.rank_k))))
    {
        std::normal_distribution<float> normal(0.0f, logit_size);
        const auto fill = [&](std::vector<float>& to, std::int64_t count) {
            to.resize(size(count));
            for (float& value : to)
                value = normal(random);
        };
        fill(q, s.lanes * s.group * s.head_dim);
        fill(q_coded, s.lanes * s.group * s.rank_k);
        fill(offset, s.lanes * s.group);
    }
};

/// The formulas of kernels/attend.h in fp64 for one head: out_raw, then out_coded, then the coded mass.
struct Exact
{
    std::vector<double> raw, coded;
    double mass = 0, largest_logit = 0;
};

Exact exact_head(const Problem& p, int lane, int h)
{
    const Shape& s = p.shape;
    const std::int64_t head = lane * s.group + h;
    Exact out{std::vector<double>(size(s.head_dim)), std::vector<double>(size(s.rank_v))};
    std::vector<double> logits(size(p.keys.tokens()));
    double maximum = -std::numeric_limits<double>::infinity();
    for (int t = 0; t < p.keys.tokens(); ++t) {
        const bool coded = p.keys.coded(t);
        const int width = coded ? s.rank_k : s.head_dim;
        const float* q = (coded ? p.q_coded : p.q).data() + head * width;
        const float* key = p.keys.row(lane, t);
        double sum = coded ? static_cast<double>(p.offset[size(head)]) : 0.0;
        for (int c = 0; c < width; ++c)
            sum += static_cast<double>(q[c]) * static_cast<double>(key[c]);
        logits[size(t)] = sum * static_cast<double>(p.softmax_scale);
        maximum = std::max(maximum, logits[size(t)]);
        out.largest_logit = std::max(out.largest_logit, std::fabs(logits[size(t)]));
    }
    double total = 0;
    for (double& logit : logits)
        total += logit = std::exp(logit - maximum);
    for (int t = 0; t < p.values.tokens(); ++t) {
        const bool coded = p.values.coded(t);
        const double share = logits[size(t)] / total;
        std::vector<double>& to = coded ? out.coded : out.raw;
        for (std::size_t c = 0; c < to.size(); ++c)
            to[c] += share * static_cast<double>(p.values.row(lane, t)[c]);
        out.mass += coded ? share : 0.0;
    }
    return out;
}

/// The largest error as a share of max |value|, NaN where an output is NaN; counts what was compared.
struct Comparison
{
    double error = 0;
    double largest_logit = 0;
    std::int64_t compared = 0;

    void add(double got, double wanted, double unit)
    {
        const double here = std::fabs(got - wanted) / unit;
        if (!(here <= error))
            error = here;
        ++compared;
    }
};

Comparison compare(const Problem& p, const Outputs& out)
{
    Comparison result;
    const double unit = p.values.tokens() > 0 ? p.values.largest() : 1.0;
    for (int lane = 0; lane < p.shape.lanes; ++lane) {
        for (int h = 0; h < p.shape.group; ++h) {
            const std::int64_t head = lane * p.shape.group + h;
            const Exact exact = exact_head(p, lane, h);
            result.largest_logit = std::max(result.largest_logit, exact.largest_logit);
            for (int c = 0; c < p.shape.head_dim; ++c)
                result.add(out.raw[size(head * p.shape.head_dim + c)], exact.raw[size(c)], unit);
            for (int c = 0; c < p.shape.rank_v && !out.coded.empty(); ++c)
                result.add(out.coded[size(head * p.shape.rank_v + c)], exact.coded[size(c)], unit);
            if (!out.mass.empty())
                result.add(out.mass[size(head)], exact.mass, 1.0);
        }
    }
    return result;
}

struct Path
{
    const char* name;
    IsaLevel level;
    Products products;
};

constexpr Path kPaths[] = {{"Baseline", IsaLevel::Baseline, Products::Fp32},
                           {"V3", IsaLevel::V3, Products::Fp32},
                           {"V4", IsaLevel::V4, Products::Fp32},
                           {"Integers", IsaLevel::V4, Products::Bf16}};

class Attend : public ::testing::TestWithParam<Path>
{
protected:
    void SetUp() override
    {
        const auto& [name, level, products] = GetParam();
        if (level > isa_level() || (products == Products::Bf16 && !has_avx512_vnni()))
            GTEST_SKIP() << "this processor has no such instructions";
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

std::vector<RowFormat> formats_of(int width)
{
    std::vector<RowFormat> formats;
    for (const RowType type : {RowType::Fp32, RowType::Fp16, RowType::Bf16})
        formats.push_back({type, width});
    for (const RowType type : {RowType::Int8, RowType::Int4, RowType::Int3, RowType::Int2}) {
        for (const bool symmetric : {false, true}) {
            formats.push_back({type, width, ScalePer::Row, 0, symmetric});
            formats.push_back({type, width, ScalePer::Channel, 0, symmetric});
            if (width % 4 == 0)
                formats.push_back({type, width, ScalePer::Group, width / 4, symmetric});
        }
    }
    return formats;
}

/// `tokens` of one format, in segments of at most `block`.
std::vector<Cut> blocks_of(int tokens, int block, const RowFormat& format, bool coded)
{
    std::vector<Cut> cuts;
    for (; tokens > 0; tokens -= block)
        cuts.push_back({std::min(tokens, block), format, coded});
    return cuts;
}

std::vector<Cut> joined(std::vector<Cut> first, const std::vector<Cut>& then)
{
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

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
    EXPECT_EQ(cases, 4u * 27 * 27);
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
    EXPECT_EQ(cases, 27u * 27);
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

/// One of the models' head sizes, 1 to 16 query heads, ranks and lengths at random and next to the edges of blocks, formats
/// and cuts at random; segments without tokens lie between others.
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

/// The keys of some models have a bias of norm 900 (CODECS.md, "K against V"): scores are large, and nearly the same for all
/// tokens. Their rounding is a share of the score, so of exp(s).
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

INSTANTIATE_TEST_SUITE_P(Isa, Attend, ::testing::ValuesIn(kPaths),
                         [](const auto& instance) { return std::string(instance.param.name); });

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
