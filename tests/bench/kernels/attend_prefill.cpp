// SPDX-License-Identifier: GPL-3.0-or-later
// Prefill attention of one layer in the shapes of SmolLM2-135M and of a 7B model: keys and values as the projections leave
// them, all queries of a text.
#include "kernels/attend_prefill.h"

#include "kernels/cpu/attend_prefill_variants.h"
#include "tests/bench/kernels/bench.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace kvw::bench {
namespace {

using namespace kvw::kernels;

struct Shape
{
    const char* name;
    int kv_heads, group, width;
};

void attend_prefill(benchmark::State& state, const Shape& shape, Products products, int tokens)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const auto numbers = [&](std::int64_t heads) {
        std::vector<float> x(static_cast<std::size_t>(heads * tokens * shape.width));
        std::generate(x.begin(), x.end(), [&] { return normal(random); });
        return x;
    };
    const int heads = shape.kv_heads * shape.group;
    const std::vector<float> q = numbers(heads), k = numbers(shape.kv_heads), v = numbers(shape.kv_heads);
    std::vector<float> out(q.size());
    const auto rows_of = [&](const std::vector<float>& x) {
        PrefillRows rows;
        rows.maybe_fp32 = x.data();
        rows.head_stride = shape.width;
        rows.token_stride = static_cast<std::int64_t>(shape.kv_heads) * shape.width;
        rows.sequence_stride = tokens * rows.token_stride;
        rows.fp32_tokens = tokens;
        return rows;
    };
    const PrefillRows keys = rows_of(k), values = rows_of(v);
    AttendPrefill args;
    args.sequences = 1;
    args.kv_heads = shape.kv_heads;
    args.group = shape.group;
    args.head_dim = shape.width;
    args.queries = tokens;
    args.softmax_scale = 0.125f;
    args.products = products;
    args.q = q.data();
    args.q_head_stride = shape.width;
    args.q_token_stride = static_cast<std::int64_t>(heads) * shape.width;
    args.q_sequence_stride = tokens * args.q_token_stride;
    args.keys = &keys;
    args.key_parts = 1;
    args.values = &values;
    args.value_parts = 1;
    args.out = out.data();
    const PrefillVariant variant = attend_prefill_variant(level(), products == Products::Bf16);
    std::vector<float> scratch(attend_prefill_scratch_floats_with(variant, args));
    args.scratch = scratch.data();
    for (auto iteration : state)
        if (attend_prefill_with(variant, args) != Status::Ok)
            std::abort();
    const double pairs = 0.5 * tokens * (tokens + 1.0);
    count(state, 0, 4.0 * heads * shape.width * pairs, variant.pair == 2 ? bounds().bf16_flops : bounds().fp32_flops);
}

} // namespace

void register_attend_prefill()
{
    for (const Shape& shape : {Shape{"prefill", 3, 3, 64}, {"prefill_7x4", 4, 7, 128}})
        for (const auto& [name, products] : {std::pair{"bf16", Products::Bf16}, {"exact", Products::Fp32}})
            for (const int tokens : {512, 2048})
                benchmark::RegisterBenchmark(
                    (std::string(shape.name) + "/" + name + "/" + std::to_string(tokens)).c_str(),
                    [shape, products = products, tokens](benchmark::State& state) {
                        attend_prefill(state, shape, products, tokens);
                    })
                    ->UseRealTime()
                    ->Unit(benchmark::kMicrosecond);
}

} // namespace kvw::bench
