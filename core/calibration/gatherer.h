// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/records/moments.h"

#include <vector>

namespace kvw {

/// Adds up the moments of one quantity's heads in fp64, for the first `sinks` positions of every window and for the rest
/// apart. Sums are taken about a shift (the mean of the first rows seen), so that a large mean costs no digits; the
/// result does not depend on how the rows were cut or ordered, up to fp64 rounding.
class HeadAccumulators
{
public:
    HeadAccumulators() = default;
    HeadAccumulators(int heads, int dim);

    /// x [B, T, heads, dim] fp32 view; the rows of each sequence from position `first` to `last` (exclusive).
    /// maybe_weights [B, heads, T] fp32 contiguous, or undefined.
    void add(const at::Tensor& x, std::int64_t first, std::int64_t last, const at::Tensor& maybe_weights);
    /// Of head h; weight 0 and zeros when nothing was added.
    Moments moments(int head) const;
    const std::vector<double>& absolute_maximum(int head) const { return maximum_[static_cast<std::size_t>(head)]; }

private:
    void set_shift(const at::Tensor& x, std::int64_t first, std::int64_t last);

    int heads_ = 0, dim_ = 0;
    std::int64_t count_ = 0;
    bool shifted_ = false;
    std::vector<double> shift_, weight_, sum_, product_; ///< [heads, dim], [heads], [heads, dim], [heads, dim, dim]
    std::vector<std::vector<double>> maximum_;           ///< [heads][dim]
};

/// Everything that one pass gathers, as an Observer of the decoder.
class Gatherer final : public Observer
{
public:
    enum class Weighted { No, Yes };
    Gatherer(const AttentionShapes& shape, int sinks, Weighted weighted);

    void before_rope(int layer, const at::Tensor& q, const at::Tensor& k) override;
    void after_rope(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) override;
    /// The squared attention that each token received, [B, kv_heads, T]: called by the past that computes it.
    void attention_received(int layer, const at::Tensor& k, const at::Tensor& v, const at::Tensor& weights);

    std::int64_t tokens() const { return tokens_; }
    /// Moments of one head as they stand, over all positions (for the convergence display).
    Moments current(int layer, int kv_head, Quantity quantity) const;
    /// All entries; output grams are left to the caller, who has the decoder.
    Calibration finish() const;

private:
    /// One quantity of one layer: the sinks' part and the rest.
    struct Split
    {
        HeadAccumulators sinks, rest;
        void add(const at::Tensor& x, int sink_count, const at::Tensor& maybe_weights);
    };
    struct Layer
    {
        Split q_pre, q, k_pre, k, v, k_weighted, v_weighted;
    };
    const Split& split(const Layer& layer, Quantity quantity, Weighting weighting) const;
    std::vector<double> kv_head_maximum(const Split& split, int kv_head, Positions positions) const;
    void add_entries(int layer, Quantity quantity, Weighting weighting, Calibration& out) const;

    AttentionShapes shape_;
    int sinks_;
    Weighted weighted_;
    std::vector<Layer> layers_;
    std::int64_t tokens_ = 0;
};

} // namespace kvw
