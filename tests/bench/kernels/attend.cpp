// SPDX-License-Identifier: GPL-3.0-or-later
// Decode attention in the shapes of SmolLM2-135M and of 7B models, some layers one after the other so that nothing of a long
// context stays in a cache, blocks of tokens as the engine's cache has them.
#include "kernels/attend.h"

#include "kernels/cpu/attend_variants.h"
#include "tests/bench/kernels/bench.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace kvw::bench {
namespace {

using namespace kvw::kernels;

constexpr int kBlock = 64;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// KV heads, query heads of each, their width, and layers.
struct Shape
{
    const char* name;
    int lanes, group, width, layers;
};

/// One layer's keys or values.
struct Stored
{
    std::vector<std::byte, PageAllocator<std::byte>> codes;
    std::vector<std::uint16_t> scales, zeros;
    std::vector<Segment> segments;
    int lanes;

    Stored(const RowFormat& format, int lane_count, int tokens, int block, const std::vector<float>& x)
        : lanes(lane_count)
    {
        const std::size_t bytes = row_bytes(format) * size(block), per_block = scale_count(format, block);
        const std::size_t blocks = size((tokens + block - 1) / block) * size(lanes);
        codes.resize(bytes * blocks);
        scales.resize(per_block * blocks);
        zeros.resize(per_block * blocks);
        std::size_t at = 0;
        for (int first = 0; first < tokens; first += block) {
            const int here = std::min(block, tokens - first);
            const bool scaled = is_integer(format.type);
            const auto out = [&](std::size_t lane) {
                return RowsOut{codes.data() + (at + lane) * bytes,
                               scaled ? scales.data() + (at + lane) * per_block : nullptr,
                               scaled ? zeros.data() + (at + lane) * per_block : nullptr};
            };
            for (std::size_t lane = 0; lane < size(lanes); ++lane)
                if (encode_rows(format, x.data(), format.width, here, out(lane)) != Status::Ok)
                    std::abort();
            segments.push_back({{format, here, out(0).codes, out(0).scales, out(0).maybe_zeros},
                                static_cast<std::int64_t>(bytes),
                                static_cast<std::int64_t>(per_block),
                                false});
            at += size(lanes);
        }
    }

    double bytes() const ///< of the tokens that are there
    {
        double bytes = 0;
        for (const Segment& s : segments)
            bytes += static_cast<double>(size(s.rows.tokens) * row_bytes(s.rows.format)
                                         + 4 * scale_count(s.rows.format, s.rows.tokens));
        return lanes * bytes;
    }
};

struct Case
{
    const char* name;
    RowFormat key, value;
    Products products;
};

void attend(benchmark::State& state, const Shape& shape, const Case& each, int tokens)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const int rows = shape.lanes * shape.group;
    std::vector<float> x(size(kBlock * shape.width)), q(size(rows * shape.width)), out(q.size());
    std::generate(x.begin(), x.end(), [&] { return normal(random); });
    std::generate(q.begin(), q.end(), [&] { return normal(random); });
    const int key_block = each.key.scale_per == ScalePer::Channel ? 32 : kBlock;
    std::vector<Stored> keys, values;
    double bytes = 0;
    for (int layer = 0; layer < shape.layers; ++layer) {
        keys.emplace_back(each.key, shape.lanes, tokens, key_block, x);
        values.emplace_back(each.value, shape.lanes, tokens, kBlock, x);
        bytes += keys.back().bytes() + values.back().bytes();
    }
    AttendDecode args;
    args.lanes = shape.lanes;
    args.group = shape.group;
    args.head_dim = shape.width;
    args.softmax_scale = 0.125f;
    args.products = each.products;
    args.q = q.data();
    args.out_raw = out.data();
    const AttendVariant variant = attend_variant(level(), each.products);
    std::vector<float> scratch;
    for (auto iteration : state) {
        for (std::size_t layer = 0; layer < size(shape.layers); ++layer) {
            args.keys = keys[layer].segments.data();
            args.key_segments = static_cast<int>(keys[layer].segments.size());
            args.values = values[layer].segments.data();
            args.value_segments = static_cast<int>(values[layer].segments.size());
            scratch.resize(std::max(scratch.size(), attend_scratch_floats(args)));
            args.scratch = scratch.data();
            if (attend_decode_with(variant, args) != Status::Ok)
                std::abort();
        }
    }
    count(state, bytes, 4.0 * shape.layers * rows * shape.width * tokens, 0);
}

std::vector<Case> cases_of(int width)
{
    const RowFormat bf16{RowType::Bf16, width}, fp32{RowType::Fp32, width}, int8{RowType::Int8, width},
        int4{RowType::Int4, width}, int3{RowType::Int3, width}, int2{RowType::Int2, width};
    const RowFormat channel8{RowType::Int8, width, ScalePer::Channel},
        channel4{RowType::Int4, width, ScalePer::Channel}, group4{RowType::Int4, width, ScalePer::Group, 16},
        group3{RowType::Int3, width, ScalePer::Group, 32};
    // As the engine asks for them in bf16; in fp32 for the products that may not be rounded.
    return {{"bf16", bf16, bf16, Products::Bf16},
            {"int8", int8, int8, Products::Bf16},
            {"int4", int4, int4, Products::Bf16},
            {"int8 by channel, int8", channel8, int8, Products::Bf16},
            {"int4 by channel, int4", channel4, int4, Products::Bf16},
            {"int4 by group of 16", group4, group4, Products::Bf16},
            {"int3 by group of 32", group3, group3, Products::Bf16},
            {"int3", int3, int3, Products::Bf16},
            {"int2", int2, int2, Products::Bf16},
            {"fp32, exact", fp32, fp32, Products::Fp32},
            {"bf16, exact", bf16, bf16, Products::Fp32},
            {"int8, exact", int8, int8, Products::Fp32},
            {"int4, exact", int4, int4, Products::Fp32}};
}

} // namespace

void register_attend()
{
    for (const Shape& shape :
         {Shape{"attend", 3, 3, 64, 30}, {"attend_7x4", 4, 7, 128, 8}, {"attend_4x8", 8, 4, 128, 4}})
        for (const Case& each : cases_of(shape.width))
            for (const int tokens : {512, 2048, 7900})
                benchmark::RegisterBenchmark(
                    (std::string(shape.name) + "/" + each.name + "/" + std::to_string(tokens)).c_str(),
                    [shape, each, tokens](benchmark::State& state) { attend(state, shape, each, tokens); })
                    ->UseRealTime()
                    ->Unit(benchmark::kMicrosecond);
}

} // namespace kvw::bench
