// SPDX-License-Identifier: GPL-3.0-or-later
// Speed of decode attention in the shape of SmolLM2 (3 KV heads of 64, groups of 3, 30 layers one after the other): the
// best and the median of many steps, since the machine may be busy. A plain sum over the same bytes is the yardstick.
#include "kernels/attend.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

using namespace kvw::kernels;
using Clock = std::chrono::steady_clock;

constexpr int kLanes = 3, kGroup = 3, kWidth = 64, kLayers = 30;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

/// One layer's keys or values, in blocks as the cache has them.
struct Stored
{
    std::vector<std::byte> codes;
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
                    std::exit(1);
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

struct Times
{
    double best, median;
};

template<class Step>
Times time_of(Step step)
{
    std::vector<double> seconds;
    for (double total = 0; total < 0.8 || seconds.size() < 5;) {
        const auto start = Clock::now();
        step();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
        total += seconds.back();
    }
    std::sort(seconds.begin(), seconds.end());
    return {seconds.front(), seconds[seconds.size() / 2]};
}

void measure(const char* name, const RowFormat& key, const RowFormat& value, int tokens, int block)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> x(size(block * kWidth)), q(kLanes * kGroup * kWidth), out(q.size());
    std::generate(x.begin(), x.end(), [&] { return normal(random); });
    std::generate(q.begin(), q.end(), [&] { return normal(random); });
    std::vector<Stored> keys, values;
    double bytes = 0;
    for (int layer = 0; layer < kLayers; ++layer) {
        keys.emplace_back(key, tokens, block, x);
        values.emplace_back(value, tokens, block, x);
        bytes += keys.back().bytes() + values.back().bytes();
    }
    AttendDecode args;
    args.lanes = kLanes;
    args.group = kGroup;
    args.head_dim = kWidth;
    args.softmax_scale = 0.125f;
    args.q = q.data();
    args.out_raw = out.data();
    std::vector<float> scratch;
    const Times times = time_of([&] {
        for (std::size_t layer = 0; layer < kLayers; ++layer) {
            args.keys = keys[layer].segments.data();
            args.key_segments = static_cast<int>(keys[layer].segments.size());
            args.values = values[layer].segments.data();
            args.value_segments = static_cast<int>(values[layer].segments.size());
            scratch.resize(std::max(scratch.size(), attend_scratch_floats(args)));
            args.scratch = scratch.data();
            if (attend_decode(args) != Status::Ok)
                std::exit(1);
        }
    });
    std::uint64_t sum = 0;
    const Times plain = time_of([&] {
#pragma omp parallel for schedule(static) reduction(+ : sum)
        for (std::size_t part = 0; part < 2 * kLayers; ++part) {
            const Stored& stored = part % 2 == 0 ? keys[part / 2] : values[part / 2];
            const auto* words = reinterpret_cast<const std::uint64_t*>(stored.codes.data());
            for (std::size_t i = 0; i < stored.codes.size() / 8; ++i)
                sum += words[i];
        }
    });
    std::printf(
        "%-22s %6d tokens  step %8.1f us best %8.1f median  %6.1f ns/token  %5.1f GB/s best %5.1f median  (plain sum "
        "%5.1f GB/s)%s\n",
        name, tokens, times.best * 1e6, times.median * 1e6, times.best * 1e9 / kLayers / tokens,
        bytes / times.best * 1e-9, bytes / times.median * 1e-9,
        static_cast<double>(keys[0].codes.size() + values[0].codes.size()) * kLayers * 1e-9 / plain.best,
        sum == 1 ? " " : "");
    std::fflush(stdout);
}

} // namespace

int main()
{
    constexpr RowFormat bf16{RowType::Bf16, kWidth}, int8{RowType::Int8, kWidth}, int4{RowType::Int4, kWidth};
    constexpr RowFormat int2{RowType::Int2, kWidth}, int3{RowType::Int3, kWidth};
    constexpr RowFormat channel4{RowType::Int4, kWidth, ScalePer::Channel},
        group4{RowType::Int4, kWidth, ScalePer::Group, 16};
    for (const int tokens : {32, 512, 2048, 8192}) {
        measure("bf16", bf16, bf16, tokens, 256);
        measure("fp32", {RowType::Fp32, kWidth}, {RowType::Fp32, kWidth}, tokens, 256);
        measure("int8 by token", int8, int8, tokens, 256);
        measure("int4 by token", int4, int4, tokens, 256);
        measure("int4 channel, token", channel4, int4, tokens, 32);
        measure("int4 by group of 16", group4, group4, tokens, 256);
        measure("int3 by token", int3, int3, tokens, 256);
        measure("int2 by token", int2, int2, tokens, 256);
    }
}
