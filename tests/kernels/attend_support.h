// SPDX-License-Identifier: GPL-3.0-or-later
// Problems for decode attention, and their answers in fp64.
#pragma once

#include "kernels/attend.h"
#include "kernels/cpu/attend_variants.h"
#include "kernels/cpu/rows_variants.h"
#include "tests/kernels/row_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <vector>

namespace kvw::kernels::test {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

inline std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

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

    /// Every byte of the codes becomes `byte`; the widths must fill their bytes.
    void overwrite_codes(std::byte byte, int lanes)
    {
        for (const auto& part : parts_) {
            std::fill(part->codes.begin(), part->codes.end(), byte);
            const Cut& cut = part->cut;
            const std::size_t bytes = row_bytes(cut.format) * size(cut.tokens),
                              scales = scale_count(cut.format, cut.tokens);
            for (int lane = 0; lane < lanes; ++lane) {
                const RowsView view{cut.format, cut.tokens, part->codes.data() + bytes * size(lane),
                                    part->scales.data() + scales * size(lane),
                                    part->zeros.empty() ? nullptr : part->zeros.data() + scales * size(lane)};
                const std::int64_t width = cut.format.width;
                rows_reference().decode(view, part->decoded.data() + cut.tokens * width * lane, width);
            }
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

inline Exact exact_head(const Problem& p, int lane, int h)
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

inline Comparison compare(const Problem& p, const Outputs& out)
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

inline std::vector<RowFormat> formats_of(int width)
{
    std::vector<RowFormat> formats;
    for (const RowType type : number_row_types())
        formats.push_back({type, width});
    for (const RowType type : integer_row_types()) {
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
inline std::vector<Cut> blocks_of(int tokens, int block, const RowFormat& format, bool coded)
{
    std::vector<Cut> cuts;
    for (; tokens > 0; tokens -= block)
        cuts.push_back({std::min(tokens, block), format, coded});
    return cuts;
}

inline std::vector<Cut> joined(std::vector<Cut> first, const std::vector<Cut>& then)
{
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

} // namespace kvw::kernels::test
