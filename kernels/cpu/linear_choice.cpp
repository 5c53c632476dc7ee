// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/linear_choice.h"

#include "kernels/cpu/linear_variants.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

namespace kvw::kernels {
namespace {

struct Choice
{
    LinearChoice choice;
    std::array<LinearVariant, 2> variants;

    void add(const char* name, const LinearVariant& variant)
    {
        choice.candidates[static_cast<std::size_t>(choice.count)].name = name;
        variants[static_cast<std::size_t>(choice.count++)] = variant;
    }
};

/// Of LinearVariants at a level.
const char* name_at(CpuLevel level)
{
    return includes(level, CpuLevel::V4) ? "fp32 products, AVX-512"
        : includes(level, CpuLevel::V3)  ? "fp32 products, AVX2"
                                         : "fp32 products, SSE2";
}

Choice candidates_of(LinearType type)
{
    Choice out;
    const CpuLevel level = cpu_level();
    const LinearVariants& fp32_products = variant_at<LinearVariants>(level);
    if (type == LinearType::Bf16)
        if (const LinearDots* maybe_dots = maybe_variant_at<LinearDots>(level))
            out.add("bf16 dot products", maybe_dots->bf16);
    out.add(name_at(level), type == LinearType::Bf16 ? fp32_products.bf16 : fp32_products.fp32);
    return out;
}

struct Free
{
    void operator()(std::byte* data) const { std::free(data); }
};

using Aligned = std::unique_ptr<std::byte, Free>;

Aligned aligned(std::size_t bytes)
{
    return Aligned(static_cast<std::byte*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
}

/// The product that candidates are measured with: large enough for its weights to be used many times.
struct Sample
{
    static constexpr std::int64_t kRows = 144, kColumns = 256, kDepth = 512;
    std::vector<float> x = std::vector<float>(kRows * kDepth, 0.5f), y = std::vector<float>(kRows * kColumns);
    Aligned packed;
    LinearProduct args;

    explicit Sample(LinearType type) : packed(aligned(packed_linear_bytes(type, kColumns, kDepth)))
    {
        if (packed == nullptr)
            return;
        const std::vector<float> weights(kColumns * kDepth, 0.25f); // any bits do: 0.25 in fp32 is two bf16 numbers
        pack_linear(type, weights.data(), kColumns, kDepth, packed.get());
        args.type = type;
        args.rows = kRows;
        args.n = kColumns;
        args.k = kDepth;
        args.x = x.data();
        args.x_stride = kDepth;
        args.packed = packed.get();
        args.y = y.data();
        args.y_stride = kColumns;
    }
};

/// The best of some rounds in turn: what another program takes in between spoils single ones only.
void measure(LinearType type, Choice& choice)
{
    constexpr int rounds = 6;
    const Sample sample(type);
    if (sample.packed == nullptr)
        return;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < choice.choice.count; ++i) {
            const LinearVariant& variant = choice.variants[static_cast<std::size_t>(i)];
            LinearPlan plan = plan_linear(variant, sample.args, 1);
            const Aligned rows = aligned(static_cast<std::size_t>(plan.chunk_rows * plan.stride * variant.element));
            if (rows == nullptr)
                return;
            plan.rows = rows.get();
            const auto start = std::chrono::steady_clock::now();
            run_linear(variant, sample.args, plan);
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            double& best = choice.choice.candidates[static_cast<std::size_t>(i)].gflops;
            best = std::max(best, 2e-9 * Sample::kRows * Sample::kColumns * Sample::kDepth / seconds);
        }
    }
}

Choice choose(LinearType type)
{
    constexpr double clearly = 1.08; // else the first: a choice that changes from run to run helps nobody
    Choice out = candidates_of(type);
    measure(type, out);
    for (int i = 1; i < out.choice.count; ++i)
        if (out.choice.candidates[static_cast<std::size_t>(i)].gflops > clearly * out.choice.taken().gflops)
            out.choice.chosen = i;
    return out;
}

const Choice& choice_of(LinearType type)
{
    static const Choice fp32 = choose(LinearType::Fp32), bf16 = choose(LinearType::Bf16);
    return type == LinearType::Bf16 ? bf16 : fp32;
}

} // namespace

const LinearChoice& linear_choice(LinearType type) noexcept { return choice_of(type).choice; }

const LinearVariant& chosen_linear(LinearType type) noexcept
{
    const Choice& choice = choice_of(type);
    return choice.variants[static_cast<std::size_t>(choice.choice.chosen)];
}

} // namespace kvw::kernels
