// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/attend_prefill.h"
#include "kernels/threads.h"

#include "kernels/cpu/attend_prefill_variants.h"
#include "kernels/cpu/rows_variants.h"
#include "tests/kernels/levels.h"
#include "tests/kernels/row_types.h"

#include <gtest/gtest.h>

#include <algorithm>
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

float rounded(float value) { return from_bf16(to_bf16(value)); }

enum class Storage { Fp32InPlace, Stored };

/// Neighbouring tokens in one format.
struct Cut
{
    int tokens;
    bool coded = false;
    Storage storage = Storage::Fp32InPlace;
    RowType type = RowType::Bf16;
    ScalePer scale_per = ScalePer::Row;
};

struct Shape
{
    int sequences = 1, kv_heads = 1, group = 1, head_dim = 16, rank_k = 0, rank_v = 0;
    std::int64_t queries = 1, window = 0;

    int lanes() const { return sequences * kv_heads; }
    int heads() const { return kv_heads * group; }
};

/// Keys or values of every lane: as a kernel gets them, and as numbers.
class Side
{
public:
    Side(const std::vector<Cut>& cuts, const Shape& shape, int rank, std::mt19937& random)
    {
        for (const Cut& cut : cuts)
            add(cut, shape, cut.coded ? rank : shape.head_dim, random);
    }

    int tokens() const { return static_cast<int>(places_.size()); }
    bool coded(int token) const { return places_[size(token)].part->coded; }
    const float* row(int lane, int token) const
    {
        const auto& [part, t] = places_[size(token)];
        return part->numbers.data() + (static_cast<std::int64_t>(lane) * part->tokens + t) * part->width;
    }
    const std::vector<PrefillRows>& rows() const { return rows_; }
    double largest() const
    {
        double largest = 0;
        for (const auto& part : parts_)
            for (const float value : part->numbers)
                largest = std::max(largest, std::fabs(static_cast<double>(value)));
        return largest;
    }

private:
    struct Part
    {
        int tokens, width;
        bool coded;
        std::vector<float> numbers, in_place; ///< [lanes, tokens, width]; with gaps
        std::vector<std::byte> codes;
        std::vector<std::uint16_t> scales, zeros;
    };

    void add(const Cut& cut, const Shape& shape, int width, std::mt19937& random)
    {
        Part& part = *parts_.emplace_back(std::make_unique<Part>());
        std::normal_distribution<float> normal;
        part.tokens = cut.tokens;
        part.width = width;
        part.coded = cut.coded;
        part.numbers.resize(size(std::int64_t{shape.lanes()} * cut.tokens * width));
        for (float& value : part.numbers)
            value = rounded(normal(random) + 0.5f); // so that bf16 products have no rounding of their own
        rows_.push_back(cut.storage == Storage::Fp32InPlace ? in_place(part, shape) : stored(part, cut, shape));
        for (int t = 0; t < cut.tokens; ++t)
            places_.push_back({&part, t});
    }

    /// [sequences, tokens, kv_heads, width] with gaps of NaN, as a fused projection leaves them.
    static PrefillRows in_place(Part& part, const Shape& shape)
    {
        PrefillRows rows;
        rows.head_stride = part.width + 1;
        rows.token_stride = shape.kv_heads * rows.head_stride + 3;
        rows.sequence_stride = part.tokens * rows.token_stride + 2;
        part.in_place.assign(size(std::max<std::int64_t>(shape.sequences * rows.sequence_stride, 1)), kNan);
        for (int lane = 0; lane < shape.lanes(); ++lane)
            for (int t = 0; t < part.tokens; ++t)
                std::copy_n(part.numbers.data() + (std::int64_t{lane} * part.tokens + t) * part.width, part.width,
                            part.in_place.data() + lane / shape.kv_heads * rows.sequence_stride
                                + lane % shape.kv_heads * rows.head_stride + t * rows.token_stride);
        rows.maybe_fp32 = part.in_place.data();
        rows.fp32_tokens = part.tokens;
        rows.fp32_coded = part.coded;
        return rows;
    }

    static PrefillRows stored(Part& part, const Cut& cut, const Shape& shape)
    {
        RowFormat format;
        format.type = cut.type;
        format.width = part.width;
        format.scale_per = cut.scale_per;
        const std::size_t bytes = row_bytes(format) * size(cut.tokens), scales = scale_count(format, cut.tokens);
        part.codes.resize(bytes * size(shape.lanes()));
        part.scales.resize(scales * size(shape.lanes()));
        part.zeros.resize(scales * size(shape.lanes()));
        for (int lane = 0; lane < shape.lanes(); ++lane) {
            float* numbers = part.numbers.data() + std::int64_t{lane} * part.tokens * part.width;
            const std::size_t at = scales * size(lane);
            const RowsOut out{part.codes.data() + bytes * size(lane), scales > 0 ? part.scales.data() + at : nullptr,
                              scales > 0 ? part.zeros.data() + at : nullptr};
            EXPECT_EQ(encode_rows(format, numbers, part.width, cut.tokens, out), Status::Ok);
            const RowsView view{format, cut.tokens, out.codes, out.scales, out.maybe_zeros};
            rows_reference().decode(view, numbers, part.width);
        }
        PrefillRows rows;
        rows.stored = {{format, cut.tokens, part.codes.data(), scales > 0 ? part.scales.data() : nullptr,
                        scales > 0 ? part.zeros.data() : nullptr},
                       static_cast<std::int64_t>(bytes),
                       static_cast<std::int64_t>(scales),
                       cut.coded};
        return rows;
    }

    struct Place
    {
        const Part* part;
        int row;
    };
    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<Place> places_;
    std::vector<PrefillRows> rows_;
};

struct Outputs
{
    std::vector<float> raw, coded, mass, received;

    bool operator==(const Outputs& other) const
    {
        const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
            return a.size() == b.size()
                && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
        };
        return same(raw, other.raw) && same(coded, other.coded) && same(mass, other.mass)
            && same(received, other.received);
    }
};

enum class Received { Wanted, NotWanted };

struct Problem
{
    Shape shape;
    Side keys, values;
    std::vector<float> q, q_coded, offset;
    std::int64_t q_token_stride, q_sequence_stride;

    Problem(const Shape& s, const std::vector<Cut>& key_cuts, const std::vector<Cut>& value_cuts, unsigned seed)
        : Problem(s, key_cuts, value_cuts, std::mt19937(seed))
    {}

    AttendPrefill args(Products products) const
    {
        AttendPrefill out;
        out.sequences = shape.sequences;
        out.kv_heads = shape.kv_heads;
        out.group = shape.group;
        out.head_dim = shape.head_dim;
        out.rank_k = shape.rank_k;
        out.rank_v = shape.rank_v;
        out.queries = shape.queries;
        out.attention_window = shape.window;
        out.softmax_scale = softmax_scale();
        out.products = products;
        out.q = q.data();
        out.q_sequence_stride = q_sequence_stride;
        out.q_token_stride = q_token_stride;
        out.q_head_stride = shape.head_dim;
        if (shape.rank_k > 0) {
            out.maybe_q_coded = q_coded.data();
            out.maybe_logit_offset = offset.data();
        }
        out.keys = keys.rows().data();
        out.key_parts = static_cast<int>(keys.rows().size());
        out.values = values.rows().data();
        out.value_parts = static_cast<int>(values.rows().size());
        return out;
    }

    float softmax_scale() const { return 1.5f / std::sqrt(static_cast<float>(shape.head_dim)); }

    Outputs run(const PrefillVariant& variant, Products products, Received received = Received::Wanted) const
    {
        const std::int64_t rows = shape.sequences * shape.queries * shape.heads();
        Outputs out{std::vector<float>(size(rows * shape.head_dim), kNan),
                    std::vector<float>(size(rows * shape.rank_v), kNan), std::vector<float>(size(rows), kNan),
                    std::vector<float>(size(std::int64_t{shape.lanes()} * keys.tokens()), kNan)};
        AttendPrefill a = args(products);
        a.out = out.raw.data();
        a.maybe_out_coded = shape.rank_v > 0 ? out.coded.data() : nullptr;
        a.maybe_coded_mass = out.mass.data();
        a.maybe_received = received == Received::Wanted ? out.received.data() : nullptr;
        if (received == Received::NotWanted)
            out.received.clear();
        std::vector<float> scratch(attend_prefill_scratch_floats_with(variant, a), kNan);
        a.scratch = scratch.data();
        EXPECT_EQ(attend_prefill_with(variant, a), Status::Ok);
        return out;
    }

private:
    Problem(const Shape& s, const std::vector<Cut>& key_cuts, const std::vector<Cut>& value_cuts, std::mt19937 random)
        : shape(s),
          keys(key_cuts, s, s.rank_k, random),
          values(value_cuts, s, s.rank_v, random)
    {
        std::normal_distribution<float> normal;
        q_token_stride = std::int64_t{s.heads()} * s.head_dim + 5;
        q_sequence_stride = s.queries * q_token_stride + 1;
        q.assign(size(s.sequences * q_sequence_stride), kNan);
        for (std::int64_t b = 0; b < s.sequences; ++b)
            for (std::int64_t t = 0; t < s.queries; ++t)
                for (int i = 0; i < s.heads() * s.head_dim; ++i)
                    q[size(b * q_sequence_stride + t * q_token_stride + i)] = rounded(normal(random));
        const std::int64_t rows = s.sequences * s.queries * s.heads();
        q_coded.resize(size(rows * s.rank_k));
        offset.resize(size(rows));
        for (float& value : q_coded)
            value = rounded(normal(random));
        for (float& value : offset)
            value = normal(random);
    }
};

/// Sums of the errors' bounds are checked apart: `worst` is the largest error as a share of max |value|.
struct Errors
{
    double out = 0, mass = 0, received = 0;
};

/// In fp64, one query and token after the other.
Errors errors_of(const Problem& p, const Outputs& got)
{
    const Shape& s = p.shape;
    const int tokens = p.keys.tokens();
    const double unit = p.values.largest();
    std::vector<double> received(size(std::int64_t{s.lanes()} * tokens));
    Errors worst;
    const auto raise = [](double& into, double error) { into = std::isnan(error) ? error : std::max(into, error); };
    for (int lane = 0; lane < s.lanes(); ++lane) {
        for (std::int64_t row = 0; row < s.queries * s.group; ++row) {
            const std::int64_t query = row / s.group, head = lane % s.kv_heads * s.group + row % s.group;
            const std::int64_t position = tokens - s.queries + query, sequence = lane / s.kv_heads;
            const std::int64_t index = (sequence * s.queries + query) * s.heads() + head;
            const float* q = p.q.data() + sequence * p.q_sequence_stride + query * p.q_token_stride + head * s.head_dim;
            std::vector<double> logit(size(tokens), -std::numeric_limits<double>::infinity());
            double largest = logit[0], total = 0;
            for (int t = 0; t <= position; ++t) {
                if (s.window > 0 && t <= position - s.window)
                    continue;
                const bool coded = p.keys.coded(t);
                double sum = coded ? p.offset[size(index)] : 0;
                for (int i = 0; i < (coded ? s.rank_k : s.head_dim); ++i)
                    sum += static_cast<double>(coded ? p.q_coded[size(index * s.rank_k + i)] : q[i])
                        * static_cast<double>(p.keys.row(lane, t)[i]);
                logit[size(t)] = sum * static_cast<double>(p.softmax_scale());
                largest = std::max(largest, logit[size(t)]);
            }
            for (double& value : logit)
                total += value = std::exp(value - largest);
            std::vector<double> raw(size(s.head_dim)), coded(size(s.rank_v));
            double mass = 0;
            for (int t = 0; t < tokens; ++t) {
                const double weight = logit[size(t)] / total;
                received[size(std::int64_t{lane} * tokens + t)] += weight * weight;
                std::vector<double>& into = p.values.coded(t) ? coded : raw;
                mass += p.values.coded(t) ? weight : 0;
                for (std::size_t i = 0; i < into.size(); ++i)
                    into[i] += weight * static_cast<double>(p.values.row(lane, t)[i]);
            }
            for (std::size_t i = 0; i < raw.size(); ++i)
                raise(worst.out, std::fabs(got.raw[size(index * s.head_dim) + i] - raw[i]) / unit);
            for (std::size_t i = 0; i < coded.size(); ++i)
                raise(worst.out, std::fabs(got.coded[size(index * s.rank_v) + i] - coded[i]) / unit);
            raise(worst.mass, std::fabs(got.mass[size(index)] - mass));
        }
    }
    for (std::size_t i = 0; i < got.received.size(); ++i)
        raise(worst.received, std::fabs(got.received[i] - received[i]) / (1 + received[i]));
    return worst;
}

struct Path
{
    CpuLevel level;
    Products products;
};

/// The bf16 products of a processor without the instruction are those of fp32 with rounded factors.
std::vector<Path> all_paths()
{
    std::vector<Path> paths;
    for (const CpuLevel level : test::levels_of<PrefillVariant>())
        for (const Products products : {Products::Fp32, Products::Bf16})
            if (products == Products::Bf16 || level != CpuLevel::Bf16)
                paths.push_back({level, products});
    return paths;
}

class Prefill : public ::testing::TestWithParam<Path>
{
protected:
    void SetUp() override
    {
        if (!cpu_has(GetParam().level))
            GTEST_SKIP() << "this processor does not have " << name(GetParam().level);
        variant_ = attend_prefill_variant(GetParam().level, bf16());
    }

    bool bf16() const { return GetParam().products == Products::Bf16; }

    void check(const Shape& shape, const std::vector<Cut>& keys, const std::vector<Cut>& values,
               const std::string& what)
    {
        const Problem problem(shape, keys, values, static_cast<unsigned>(++seed_));
        const Errors errors = errors_of(problem, problem.run(variant_, GetParam().products));
        const double limit = kPrefillRelError + (variant_.pair == 2 ? kPrefillBf16Error : 0.0f);
        EXPECT_TRUE(errors.out <= limit) << what << ": " << errors.out;
        EXPECT_TRUE(errors.mass <= kPrefillRelError) << what << ": " << errors.mass;
        EXPECT_TRUE(errors.received <= kPrefillRelError) << what << ": " << errors.received;
        ++checked_;
    }

    PrefillVariant variant_;
    int seed_ = 0, checked_ = 0;
};

TEST_P(Prefill, EqualsTheFormulaForEveryLengthAndWidth)
{
    for (const int tokens : {1, 2, 3, 5, 11, 12, 13, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 100})
        check({1, 1, 1, 16, 0, 0, tokens, 0}, {{tokens}}, {{tokens}}, std::to_string(tokens) + " tokens");
    for (const int width : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 64, 65, 80, 128})
        check({2, 2, 2, width, 0, 0, 21, 0}, {{21}}, {{21}}, "width " + std::to_string(width));
    for (const int group : {1, 2, 3, 4, 5, 7, 8, 13})
        check({1, 2, group, 32, 0, 0, 19, 0}, {{19}}, {{19}}, "group " + std::to_string(group));
    EXPECT_EQ(checked_, 43);
}

TEST_P(Prefill, QueriesThatFollowStoredTokens)
{
    for (const std::int64_t queries : {1, 2, 4, 5, 30})
        for (const int past : {0, 1, 31, 32, 70}) {
            const int tokens = past + static_cast<int>(queries);
            check({2, 3, 3, 32, 0, 0, queries, 0}, {{tokens}}, {{tokens}},
                  std::to_string(queries) + " after " + std::to_string(past));
        }
    EXPECT_EQ(checked_, 25);
}

TEST_P(Prefill, AttentionWindows)
{
    for (const std::int64_t window : {1, 2, 7, 31, 32, 33, 50, 99, 100, 101})
        check({1, 2, 3, 16, 0, 0, 60, window}, {{100}}, {{100}}, "window " + std::to_string(window));
    EXPECT_EQ(checked_, 10);
}

TEST_P(Prefill, RawAndCodedTokensCutInManyWays)
{
    const Cut sinks{4}, coded{70, true}, recent{9};
    const std::vector<Cut> all_raw{{83}}, three{sinks, coded, recent},
        pieces{{4}, {30, true}, {0}, {40, true}, {5}, {4}};
    for (const int rank : {1, 5, 16, 24, 40}) {
        check({1, 2, 3, 32, rank, rank, 20, 0}, three, three, "both, rank " + std::to_string(rank));
        check({1, 2, 3, 32, rank, 0, 20, 0}, three, all_raw, "keys alone, rank " + std::to_string(rank));
        check({2, 2, 1, 32, 0, rank, 20, 0}, all_raw, three, "values alone, rank " + std::to_string(rank));
        check({2, 2, 2, 16, rank, rank, 20, 25}, pieces, three, "cut differently, rank " + std::to_string(rank));
    }
    check({1, 1, 3, 32, 8, 8, 20, 0}, {{60, true}, {20}}, {{4}, {50, true}, {26}}, "boundaries that differ");
    check({1, 1, 3, 32, 8, 8, 20, 0}, {{83, true}}, {{83, true}}, "all coded");
    EXPECT_EQ(checked_, 22);
}

TEST_P(Prefill, StoredFormats)
{
    for (const auto& [type, bits, integer] : kRowTypes)
        for (const ScalePer scale : {ScalePer::Row, ScalePer::Channel}) {
            if (bf16() && integer) // their numbers are not bf16 numbers, so that the bound would not hold
                continue;
            const std::vector<Cut> cuts{{40, true, Storage::Stored, type, scale},
                                        {40, true, Storage::Stored, type, scale},
                                        {11, false, Storage::Stored}};
            check({2, 2, 2, 32, 24, 24, 33, 0}, cuts, cuts, std::to_string(bits) + " bits");
        }
    EXPECT_EQ(checked_, 2 * static_cast<int>(bf16() ? test::number_row_types().size() : std::size(kRowTypes)));
}

TEST_P(Prefill, SameBitsInEveryRunWithAnyThreads)
{
    const Problem problem({1, 3, 3, 64, 16, 16, 200, 0}, {{4}, {180, true}, {40}}, {{4}, {180, true}, {40}}, 5);
    const int threads = kernels::threads();
    set_threads(1);
    const Outputs one = problem.run(variant_, GetParam().products);
    for (const int count : {2, 3, 7}) {
        set_threads(count);
        EXPECT_TRUE(problem.run(variant_, GetParam().products) == one) << count;
    }
    set_threads(threads);
    Outputs without = problem.run(variant_, GetParam().products, Received::NotWanted);
    without.received = one.received;
    EXPECT_TRUE(without == one);
}

TEST_P(Prefill, NanStaysWhereItIs)
{
    Problem problem({1, 1, 1, 16, 0, 0, 40, 0}, {{40}}, {{40}}, 6);
    problem.q[size(7 * problem.q_token_stride)] = kNan;
    const Outputs got = problem.run(variant_, GetParam().products, Received::NotWanted);
    for (std::int64_t query = 0; query < 40; ++query)
        EXPECT_EQ(std::isnan(got.raw[size(query * 16)]), query == 7) << query;
}

INSTANTIATE_TEST_SUITE_P(Paths, Prefill, ::testing::ValuesIn(all_paths()), [](const auto& instance) {
    return (instance.param.products == Products::Bf16 ? "bf16_" : "fp32_") + test::word_of(instance.param.level);
});

TEST(PrefillShapes, WhatDoesNotFitIsRefused)
{
    const Problem problem({1, 2, 2, 16, 8, 8, 5, 0}, {{4}, {10, true}}, {{4}, {10, true}}, 7);
    std::vector<float> out(1000), coded(1000),
        scratch(attend_prefill_scratch_floats(problem.args(Products::Fp32)) + 100000);
    const auto status = [&](auto change) {
        AttendPrefill a = problem.args(Products::Fp32);
        a.out = out.data();
        a.maybe_out_coded = coded.data();
        a.scratch = scratch.data();
        change(a);
        return attend_prefill(a);
    };
    EXPECT_EQ(status([](AttendPrefill&) {}), Status::Ok);
    EXPECT_EQ(status([](AttendPrefill& a) { a.queries = 0; }), Status::Ok);
    EXPECT_EQ(status([](AttendPrefill& a) { a.queries = 15; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.group = 0; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.head_dim = 0; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.rank_k = 0; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.value_parts = 1; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.maybe_q_coded = nullptr; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.maybe_out_coded = nullptr; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.scratch = nullptr; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.attention_window = -1; }), Status::BadShape);
    EXPECT_EQ(status([](AttendPrefill& a) { a.keys = nullptr; }), Status::BadShape);
}

} // namespace
} // namespace kvw::kernels
