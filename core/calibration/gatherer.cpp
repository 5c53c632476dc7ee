// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibration/gatherer.h"

#include "core/analysis/moments.h"
#include "core/base/error.h"
#include "kernels/moments.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

/// maximum[i] = max(maximum[i], |row[i]|) over rows.
void raise_maximum(const float* rows, std::int64_t count, std::int64_t stride, int dim, std::vector<double>& maximum)
{
    std::vector<float> highest(static_cast<std::size_t>(dim), 0.0f);
    float* h = highest.data();
    for (std::int64_t t = 0; t < count; ++t) {
        const float* row = rows + t * stride;
#pragma omp simd
        for (int i = 0; i < dim; ++i) {
            const float size = std::fabs(row[i]);
            h[i] = size > h[i] ? size : h[i];
        }
    }
    for (std::size_t i = 0; i < highest.size(); ++i)
        maximum[i] = std::max(maximum[i], static_cast<double>(highest[i]));
}

} // namespace

HeadAccumulators::HeadAccumulators(int heads, int dim)
    : heads_(heads),
      dim_(dim),
      shift_(static_cast<std::size_t>(heads) * dim),
      weight_(static_cast<std::size_t>(heads)),
      sum_(shift_.size()),
      product_(shift_.size() * static_cast<std::size_t>(dim)),
      maximum_(static_cast<std::size_t>(heads), std::vector<double>(static_cast<std::size_t>(dim)))
{}

void HeadAccumulators::set_shift(const at::Tensor& x, std::int64_t first, std::int64_t last)
{
    for (int h = 0; h < heads_; ++h) {
        double* shift = shift_.data() + static_cast<std::size_t>(h) * static_cast<std::size_t>(dim_);
        for (std::int64_t t = first; t < last; ++t) {
            const float* row = x.data_ptr<float>() + t * x.stride(1) + h * x.stride(2);
            for (int i = 0; i < dim_; ++i)
                shift[i] += row[i] / static_cast<double>(last - first);
        }
    }
    shifted_ = true;
}

void HeadAccumulators::add(const at::Tensor& x, std::int64_t first, std::int64_t last, const at::Tensor& maybe_weights)
{
    if (last <= first)
        return;
    if (!shifted_)
        set_shift(x, first, last);
    for (std::int64_t b = 0; b < x.size(0); ++b) {
        kernels::AccumulateMoments args;
        args.heads = heads_;
        args.tokens = last - first;
        args.dim = dim_;
        args.x = x.data_ptr<float>() + b * x.stride(0) + first * x.stride(1);
        args.head_stride = x.stride(2);
        args.token_stride = x.stride(1);
        if (maybe_weights.defined()) {
            args.maybe_weights = maybe_weights.data_ptr<float>() + b * maybe_weights.stride(0) + first;
            args.weight_head_stride = maybe_weights.stride(1);
        }
        args.shift = shift_.data();
        args.weight = weight_.data();
        args.sum = sum_.data();
        args.product = product_.data();
        if (kernels::accumulate_moments(args) != kernels::Status::Ok)
            throw Error(ErrorKind::Internal, fmt::format("moments of {} heads of size {} were refused", heads_, dim_));
        count_ += args.tokens;
        if (maybe_weights.defined())
            continue;
        for (int h = 0; h < heads_; ++h)
            raise_maximum(args.x + h * args.head_stride, args.tokens, args.token_stride, dim_,
                          maximum_[static_cast<std::size_t>(h)]);
    }
}

Moments HeadAccumulators::moments(int head) const
{
    Moments out = empty_moments(dim_);
    const auto h = static_cast<std::size_t>(head), d = static_cast<std::size_t>(dim_);
    out.count = count_;
    out.weight = weight_[h];
    if (!(out.weight > 0))
        return out;
    const double* sum = sum_.data() + h * d;
    const double* product = product_.data() + h * d * d;
    for (std::size_t i = 0; i < d; ++i) {
        out.mean[i] = shift_[h * d + i] + sum[i] / out.weight;
        for (std::size_t j = i; j < d; ++j)
            out.scatter[i * d + j] = out.scatter[j * d + i] = product[i * d + j] - sum[i] * sum[j] / out.weight;
    }
    return out;
}

void Gatherer::Split::add(const at::Tensor& x, int sink_count, const at::Tensor& maybe_weights)
{
    const std::int64_t tokens = x.size(1), cut = std::min<std::int64_t>(sink_count, tokens);
    sinks.add(x, 0, cut, maybe_weights);
    rest.add(x, cut, tokens, maybe_weights);
}

Gatherer::Gatherer(const AttentionShapes& shape, int sinks, Weighted weighted)
    : shape_(shape),
      sinks_(sinks),
      weighted_(weighted)
{
    const HeadAccumulators queries(shape.heads, shape.head_dim), keys(shape.kv_heads, shape.head_dim);
    const Split q{queries, queries}, k{keys, keys}, none{};
    const bool both = weighted == Weighted::Yes;
    for (int i = 0; i < shape.layers(); ++i)
        layers_.push_back(Layer{q, q, k, k, k, both ? k : none, both ? k : none});
}

void Gatherer::before_rope(int layer, const at::Tensor& q, const at::Tensor& k)
{
    Layer& into = layers_[static_cast<std::size_t>(layer)];
    into.q_pre.add(q, sinks_, {});
    into.k_pre.add(k, sinks_, {});
    if (layer == 0)
        tokens_ += k.size(0) * k.size(1);
}

void Gatherer::after_rope(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v)
{
    Layer& into = layers_[static_cast<std::size_t>(layer)];
    into.q.add(q, sinks_, {});
    into.k.add(k, sinks_, {});
    into.v.add(v, sinks_, {});
}

void Gatherer::attention_received(int layer, const at::Tensor& k, const at::Tensor& v, const at::Tensor& weights)
{
    Layer& into = layers_[static_cast<std::size_t>(layer)];
    into.k_weighted.add(k, sinks_, weights);
    into.v_weighted.add(v, sinks_, weights);
}

const Gatherer::Split& Gatherer::split(const Layer& layer, Quantity quantity, Weighting weighting) const
{
    switch (quantity) {
    case Quantity::QueryPreRope:
        return layer.q_pre;
    case Quantity::Query:
        return layer.q;
    case Quantity::KeyPreRope:
        return layer.k_pre;
    case Quantity::Key:
        return weighting == Weighting::Attention ? layer.k_weighted : layer.k;
    case Quantity::Value:
        return weighting == Weighting::Attention ? layer.v_weighted : layer.v;
    }
    return layer.k;
}

Moments Gatherer::current(int layer, int kv_head, Quantity quantity) const
{
    const Split& both = split(layers_[static_cast<std::size_t>(layer)], quantity, Weighting::Uniform);
    const bool query = quantity == Quantity::Query || quantity == Quantity::QueryPreRope;
    const int first = query ? kv_head * shape_.group() : kv_head, count = query ? shape_.group() : 1;
    Moments out;
    for (int h = first; h < first + count; ++h) {
        merge(out, both.sinks.moments(h));
        merge(out, both.rest.moments(h));
    }
    return out;
}

std::vector<double> Gatherer::kv_head_maximum(const Split& both, int head, Positions positions) const
{
    std::vector<double> out = both.rest.absolute_maximum(head);
    if (positions == Positions::All)
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = std::max(out[i], both.sinks.absolute_maximum(head)[i]);
    return out;
}

void Gatherer::add_entries(int layer, Quantity quantity, Weighting weighting, Calibration& out) const
{
    const Split& both = split(layers_[static_cast<std::size_t>(layer)], quantity, weighting);
    const bool query = quantity == Quantity::Query || quantity == Quantity::QueryPreRope;
    const int group = query ? shape_.group() : 1;
    for (int kv_head = 0; kv_head < shape_.kv_heads; ++kv_head) {
        for (const Positions positions : kPositions) {
            HeadMoments entry;
            entry.layer = layer;
            entry.kv_head = kv_head;
            entry.quantity = quantity;
            entry.positions = positions;
            entry.weighting = weighting;
            for (int h = kv_head * group; h < (kv_head + 1) * group; ++h) {
                merge(entry.moments, both.rest.moments(h));
                if (positions == Positions::All)
                    merge(entry.moments, both.sinks.moments(h));
                if (weighting == Weighting::Attention)
                    continue;
                const std::vector<double> maximum = kv_head_maximum(both, h, positions);
                entry.absolute_maximum.resize(maximum.size());
                for (std::size_t i = 0; i < maximum.size(); ++i)
                    entry.absolute_maximum[i] = std::max(entry.absolute_maximum[i], maximum[i]);
            }
            out.entries.push_back(std::move(entry));
        }
    }
}

Calibration Gatherer::finish() const
{
    Calibration out;
    out.layers = shape_.layers();
    out.heads = shape_.heads;
    out.kv_heads = shape_.kv_heads;
    out.head_dim = shape_.head_dim;
    out.sinks = sinks_;
    out.tokens = tokens_;
    out.weighted = weighted_ == Weighted::Yes;
    for (int layer = 0; layer < shape_.layers(); ++layer) {
        for (const Quantity quantity : kQuantities)
            add_entries(layer, quantity, Weighting::Uniform, out);
        for (const Quantity quantity : {Quantity::Key, Quantity::Value})
            if (out.weighted)
                add_entries(layer, quantity, Weighting::Attention, out);
    }
    return out;
}

} // namespace kvw
