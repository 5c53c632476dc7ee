// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/compute_choice.h"

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/lm/kernel_type.h"
#include "core/lm/library_product.h"
#include "kernels/cpu/cpu_features.h"
#include "kernels/linear_choice.h"
#include "kernels/threads.h"

#include <fmt/format.h>

namespace kvw {
namespace {

double weight_bytes(double parameters, ComputeType type) { return parameters * (type == ComputeType::Bf16 ? 2 : 4); }

/// Activations, the cache of a window, and a matrix twice while it is packed, beside the weights.
constexpr double kBeside = 500e6;

bool fits(double parameters, ComputeType type, std::int64_t available_bytes)
{
    return available_bytes <= 0 || weight_bytes(parameters, type) + kBeside <= static_cast<double>(available_bytes);
}

const kernels::LinearChoice& choice_of(ComputeType type) { return kernels::linear_choice(kernel_type(type)); }

} // namespace

TypeSpeeds measured_type_speeds()
{
    return {choice_of(ComputeType::Bf16).taken().gflops, choice_of(ComputeType::Fp32).taken().gflops};
}

TypeChoice choose_compute_type(const TypeSpeeds& speeds, double parameters, std::int64_t available_bytes)
{
    constexpr double clearly = 1.25;
    const std::string figures = fmt::format("on one thread {:.0f} GFLOP/s with bf16 weights, {:.0f} with fp32",
                                            speeds.bf16_gflops, speeds.fp32_gflops);
    if (speeds.fp32_gflops <= clearly * speeds.bf16_gflops)
        return {ComputeType::Bf16,
                fmt::format("computing in bf16: half the bytes, and fp32 is not clearly faster here ({}); --type says "
                            "otherwise",
                            figures)};
    if (!fits(parameters, ComputeType::Fp32, available_bytes))
        return {
            ComputeType::Bf16,
            fmt::format("computing in bf16: fp32 would be faster here ({}) but does not fit into the memory", figures)};
    return {ComputeType::Fp32,
            fmt::format("computing in fp32, which is faster here ({}); --type says otherwise", figures)};
}

void require_memory(const std::string& model, double parameters, ComputeType type, std::int64_t available_bytes)
{
    if (fits(parameters, type, available_bytes))
        return;
    const bool other_fits = type == ComputeType::Fp32 && fits(parameters, ComputeType::Bf16, available_bytes);
    throw Error(ErrorKind::OutOfMemory,
                fmt::format("{}: the weights take {} in {}, and this process may take {} more", model,
                            human_bytes(weight_bytes(parameters, type)), name(type),
                            human_bytes(static_cast<double>(available_bytes))),
                other_fits
                    ? fmt::format("--type bf16 takes {}", human_bytes(weight_bytes(parameters, ComputeType::Bf16)))
                    : std::string("end other programs, or take a smaller model or a larger machine"));
}

std::string products_in_words(ComputeType type)
{
    std::string out = choice_of(type).taken().name;
    std::string shapes;
    for (const ProductComparison& each : compared_products())
        if (type == ComputeType::Fp32 && each.library_wins())
            shapes += fmt::format("{}{} x {}", shapes.empty() ? "" : ", ", each.n, each.k);
    if (!shapes.empty())
        out += "; LibTorch for many rows by " + shapes;
    return out;
}

std::string measured_products_in_words(ComputeType type)
{
    const kernels::LinearChoice& choice = choice_of(type);
    std::string out =
        fmt::format("instructions: {}; {} thread(s); products of {} weights: ", kernels::name(kernels::cpu_level()),
                    kernels::threads(), name(type));
    for (int i = 0; i < choice.count; ++i) {
        const kernels::LinearCandidate& each = choice.candidates[static_cast<std::size_t>(i)];
        out += fmt::format("{}{} {:.0f} GFLOP/s a thread{}", i > 0 ? ", " : "", each.name, each.gflops,
                           choice.count > 1 && i == choice.chosen ? " (taken)" : "");
    }
    for (const ProductComparison& each : compared_products())
        if (type == ComputeType::Fp32)
            out += fmt::format("; {} x {}: {:.0f} GFLOP/s, LibTorch {:.0f}{}", each.n, each.k, each.own_gflops,
                               each.library_gflops, each.library_wins() ? " (taken for many rows)" : "");
    return out;
}

} // namespace kvw
