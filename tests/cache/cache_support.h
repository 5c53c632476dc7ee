// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/moments.h"
#include "core/cache/coded_cache.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace kvw::test {

inline const AttentionShapes kShape{2, AttentionShape{{6, 2, 16}, 0.25f, 0}};

inline at::Tensor random_rows(std::int64_t sequences, std::int64_t tokens, std::int64_t heads, std::uint64_t seed)
{
    RandomGenerator random(seed);
    at::Tensor out = at::empty({sequences, tokens, heads, kShape.head_dim}, at::kFloat);
    for (std::int64_t i = 0; i < out.numel(); ++i)
        out.data_ptr<float>()[i] =
            static_cast<float>(random.normal()) * (1 + static_cast<float>(i % kShape.head_dim) / 4) + 0.5f;
    return out;
}

inline Moments moments_of(const at::Tensor& x)
{
    const at::Tensor rows = x.to(at::kDouble), mean = rows.mean(0).contiguous(), centred = rows - mean;
    const at::Tensor scatter = at::matmul(centred.t(), centred).contiguous();
    Moments moments = empty_moments(static_cast<int>(rows.size(1)));
    moments.count = rows.size(0);
    moments.weight = static_cast<double>(rows.size(0));
    std::copy_n(mean.data_ptr<double>(), mean.numel(), moments.mean.begin());
    std::copy_n(scatter.data_ptr<double>(), scatter.numel(), moments.scatter.begin());
    return moments;
}

/// Moments as a calibration would have them, of random rows like those the tests append.
inline Calibration synthetic_calibration()
{
    Calibration out;
    out.layers = kShape.layers();
    out.heads = kShape.heads;
    out.kv_heads = kShape.kv_heads;
    out.head_dim = kShape.head_dim;
    out.sinks = 4;
    out.tokens = 300;
    out.weighted = true;
    for (int layer = 0; layer < kShape.layers(); ++layer) {
        for (int head = 0; head < kShape.kv_heads; ++head) {
            const auto seed = static_cast<std::uint64_t>(100 + layer * 10 + head);
            const Moments moments = moments_of(random_rows(1, 300, 1, seed).view({300, kShape.head_dim}));
            for (const Quantity quantity : kQuantities)
                for (const Positions positions : kPositions)
                    for (const Weighting weighting : kWeightings) {
                        const bool weightable = quantity == Quantity::Key || quantity == Quantity::Value;
                        if (weighting == Weighting::Uniform || weightable)
                            out.entries.push_back({layer, head, quantity, positions, weighting, moments, {}});
                    }
            const at::Tensor w =
                random_rows(1, kShape.head_dim, 1, 9).view({kShape.head_dim, kShape.head_dim}).to(at::kDouble);
            const at::Tensor gram = at::matmul(w, w.t()).contiguous();
            const double* values = gram.data_ptr<double>();
            out.output_grams.push_back({layer, head, kShape.head_dim, {values, values + gram.numel()}});
        }
    }
    return out;
}

inline std::shared_ptr<const FittedConfiguration> fitted(const std::string& text, ComputeType type = ComputeType::Fp32)
{
    static const Calibration calibration = synthetic_calibration();
    return std::make_shared<FittedConfiguration>(fit(parse_configuration(text), kShape, type, &calibration));
}

/// Feeds `tokens` random tokens in chunks and returns the attention outputs of all layers and positions.
inline at::Tensor run(CodedCache& cache, std::int64_t sequences, int tokens, int chunk)
{
    std::vector<at::Tensor> q, k, v;
    for (std::uint64_t layer = 0; layer < static_cast<std::uint64_t>(kShape.layers()); ++layer) {
        k.push_back(random_rows(sequences, tokens, kShape.kv_heads, 10 + layer));
        v.push_back(random_rows(sequences, tokens, kShape.kv_heads, 20 + layer));
        q.push_back(random_rows(sequences, tokens, kShape.heads, 30 + layer));
    }
    std::vector<at::Tensor> out;
    for (int first = 0; first < tokens; first += chunk) {
        const int count = std::min(chunk, tokens - first);
        for (int layer = 0; layer < kShape.layers(); ++layer) {
            const auto now = [&](const std::vector<at::Tensor>& all) {
                return all[static_cast<std::size_t>(layer)].narrow(1, first, count);
            };
            cache.append(layer, now(k), now(v));
            out.push_back(cache.attend(layer, now(q)).contiguous().view({-1}));
        }
    }
    return at::cat(out);
}

/// NaN where there is one or the shapes differ, so that a comparison fails.
inline double largest_difference(const at::Tensor& a, const at::Tensor& b)
{
    return a.sizes() == b.sizes() && a.numel() > 0 ? (a - b).abs().max().item<double>() : std::nan("");
}

} // namespace kvw::test
