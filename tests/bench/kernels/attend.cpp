// SPDX-License-Identifier: GPL-3.0-or-later
// Decode attention in the shape of SmolLM2 (3 KV heads of 64, groups of 3, 30 layers one after the other, so that nothing of
// a long context stays in a cache), blocks of tokens as the engine's cache has them.
#include "kernels/attend.h"

#include "tests/bench/kernels/bench.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace kvw::bench {
namespace {

using namespace kvw::kernels;

constexpr int kLanes = 3, kGroup = 3, kWidth = 64, kLayers = 30, kBlock = 64;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// One layer's keys or values.
struct Stored
{
    std::vector<std::byte, PageAllocator<std::byte>> codes;
    std::vector<std::uint16_t> scales, zeros;
    std::vector<Segment> segments;

    Stored(const RowFormat& format, int tokens, int block, const std::vector<float>& x)
    {
        const std::size_t bytes = row_bytes(format) * size(block), per_block = scale_count(format, block);
        const std::size_t blocks = size((tokens + block - 1) / block) * kLanes;
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
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                if (encode_rows(format, x.data(), format.width, here, out(lane)) != Status::Ok)
                    std::abort();
            segments.push_back({{format, here, out(0).codes, out(0).scales, out(0).maybe_zeros},
                                static_cast<std::int64_t>(bytes),
                                static_cast<std::int64_t>(per_block),
                                false});
            at += kLanes;
        }
    }

    double bytes() const ///< of the tokens that are there
    {
        double bytes = 0;
        for (const Segment& s : segments)
            bytes += static_cast<double>(size(s.rows.tokens) * row_bytes(s.rows.format)
                                         + 4 * scale_count(s.rows.format, s.rows.tokens));
        return kLanes * bytes;
    }
};

struct Case
{
    const char* name;
    RowFormat key, value;
    Products products;
};

void attend(benchmark::State& state, const Case& each, int tokens)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> x(size(kBlock * kWidth)), q(kLanes * kGroup * kWidth), out(q.size());
    std::generate(x.begin(), x.end(), [&] { return normal(random); });
    std::generate(q.begin(), q.end(), [&] { return normal(random); });
    const int key_block = each.key.scale_per == ScalePer::Channel ? 32 : kBlock;
    std::vector<Stored> keys, values;
    double bytes = 0;
    for (int layer = 0; layer < kLayers; ++layer) {
        keys.emplace_back(each.key, tokens, key_block, x);
        values.emplace_back(each.value, tokens, kBlock, x);
        bytes += keys.back().bytes() + values.back().bytes();
    }
    AttendDecode args;
    args.lanes = kLanes;
    args.group = kGroup;
    args.head_dim = kWidth;
    args.softmax_scale = 0.125f;
    args.products = each.products;
    args.q = q.data();
    args.out_raw = out.data();
    std::vector<float> scratch;
    for (auto iteration : state) {
        for (std::size_t layer = 0; layer < kLayers; ++layer) {
            args.keys = keys[layer].segments.data();
            args.key_segments = static_cast<int>(keys[layer].segments.size());
            args.values = values[layer].segments.data();
            args.value_segments = static_cast<int>(values[layer].segments.size());
            scratch.resize(std::max(scratch.size(), attend_scratch_floats(args)));
            args.scratch = scratch.data();
            if (attend_decode(args) != Status::Ok)
                std::abort();
        }
    }
    count(state, bytes, 4.0 * kLayers * kLanes * kGroup * kWidth * tokens, 0);
}

} // namespace

void register_attend()
{
    constexpr RowFormat bf16{RowType::Bf16, kWidth}, fp32{RowType::Fp32, kWidth}, int8{RowType::Int8, kWidth},
        int4{RowType::Int4, kWidth}, int3{RowType::Int3, kWidth}, int2{RowType::Int2, kWidth};
    constexpr RowFormat channel4{RowType::Int4, kWidth, ScalePer::Channel},
        group4{RowType::Int4, kWidth, ScalePer::Group, 16}, group3{RowType::Int3, kWidth, ScalePer::Group, 32};
    // As the engine asks for them in bf16; in fp32 for the products that may not be rounded.
    for (const Case& each : {Case{"bf16", bf16, bf16, Products::Bf16},
                             {"int8", int8, int8, Products::Bf16},
                             {"int4", int4, int4, Products::Bf16},
                             {"int4 by channel, int4", channel4, int4, Products::Bf16},
                             {"int4 by group of 16", group4, group4, Products::Bf16},
                             {"int3 by group of 32", group3, group3, Products::Bf16},
                             {"int3", int3, int3, Products::Bf16},
                             {"int2", int2, int2, Products::Bf16},
                             {"fp32, exact", fp32, fp32, Products::Fp32},
                             {"bf16, exact", bf16, bf16, Products::Fp32},
                             {"int8, exact", int8, int8, Products::Fp32},
                             {"int4, exact", int4, int4, Products::Fp32}})
        for (const int tokens : {512, 2048, 8192})
            benchmark::RegisterBenchmark(("attend/" + std::string(each.name) + "/" + std::to_string(tokens)).c_str(),
                                         [each, tokens](benchmark::State& state) { attend(state, each, tokens); })
                ->UseRealTime()
                ->Unit(benchmark::kMicrosecond);
}

} // namespace kvw::bench
