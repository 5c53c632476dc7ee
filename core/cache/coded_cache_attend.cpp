// SPDX-License-Identifier: GPL-3.0-or-later
// How a CodedCache is read: the decode step in the compressed domain, the same for many queries, and protocol `all`
// with a window.
#include "core/base/error.h"
#include "core/cache/coded_cache.h"
#include "core/cache/coded_cache_layer.h"
#include "core/lm/dense_attention.h"
#include "core/lm/prefill.h"
#include "kernels/combine_rows.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include <algorithm>

#include <limits>

namespace kvw {
namespace {

/// Products of each lane's vectors with its KV head's matrix [count, width]: x [lanes, vectors, count] to out
/// [lanes, vectors, width].
void combine(const at::Tensor& matrices, std::int64_t lanes, std::int64_t vectors, const float* x, float* out)
{
    // What a tensor points to is cold in a decode step, which streams all weights through the caches: looked at once.
    const auto sizes = matrices.sizes();
    const float* rows = matrices.const_data_ptr<float>();
    kernels::CombineRows args;
    args.vectors = vectors;
    args.count = static_cast<int>(sizes[1]);
    args.width = static_cast<int>(sizes[2]);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
        args.rows = rows + lane % sizes[0] * args.count * args.width;
        args.x = x + lane * vectors * args.count;
        args.out = out + lane * vectors * args.width;
        if (kernels::combine_rows(args) != kernels::Status::Ok)
            throw Error(ErrorKind::Internal, fmt::format("a basis of [{}, {}] was refused", args.count, args.width));
    }
}

float dot(const float* a, const float* b, std::int64_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < count; ++i)
        sum += a[i] * b[i];
    return sum;
}

/// Queries of [B, T, heads, d] by KV head, [kv_heads, B * T * group, d], and back to [B, T, heads, d].
at::Tensor by_kv_head(const at::Tensor& q, std::int64_t kv_heads)
{
    const auto s = q.sizes();
    return q.reshape({s[0] * s[1], kv_heads, s[2] / kv_heads, s[3]}).transpose(0, 1).reshape({kv_heads, -1, s[3]});
}

at::Tensor by_query(const at::Tensor& x, std::int64_t sequences, std::int64_t tokens)
{
    const std::int64_t kv_heads = x.size(0), group = x.size(1) / (sequences * tokens), width = x.size(2);
    return x.view({kv_heads, sequences * tokens, group, width})
        .transpose(0, 1)
        .reshape({sequences, tokens, kv_heads * group, width});
}

/// Scores of one part of the positions: q [B, kv_heads, group * T, dim] with keys [B, kv_heads, n, dim].
at::Tensor scores(const at::Tensor& q, const at::Tensor& keys) { return at::matmul(q, keys.transpose(2, 3)); }

/// softmax of [B, kv_heads, group * T, S] under a mask [T, S].
at::Tensor masked_softmax(at::Tensor logits, const at::Tensor& allowed, int group)
{
    const auto s = logits.sizes();
    at::Tensor grouped = logits.view({s[0], s[1], group, s[2] / group, s[3]});
    grouped.masked_fill_(allowed.logical_not(), -std::numeric_limits<float>::infinity());
    return at::softmax(grouped, -1).view({s[0], s[1], s[2], s[3]});
}

/// [B, T, heads, d] -> [B, kv_heads, group * T, d], and back to [B, T, heads * d].
at::Tensor group_queries(const at::Tensor& q, int kv_heads)
{
    const auto s = q.sizes();
    return q.permute({0, 2, 1, 3}).reshape({s[0], kv_heads, s[2] / kv_heads * s[1], s[3]});
}

at::Tensor ungroup(const at::Tensor& out, const at::Tensor& q)
{
    const auto s = q.sizes();
    return out.view({s[0], s[2], s[1], s[3]}).permute({0, 2, 1, 3}).reshape({s[0], s[1], s[2] * s[3]});
}

} // namespace

void CodedCache::project_step(const SideCodec& codec, kernels::AttendDecode& args)
{
    const std::int64_t group = args.group, d = args.head_dim, r = codec.width;
    queries_.resize(static_cast<std::size_t>(args.lanes * group * r));
    combine(codec.decoder, args.lanes, group, args.q, queries_.data());
    args.maybe_q_coded = queries_.data();
    if (!codec.mean.defined())
        return;
    offsets_.resize(static_cast<std::size_t>(args.lanes * group));
    const float* means = codec.mean.const_data_ptr<float>();
    for (std::int64_t row = 0; row < args.lanes * group; ++row)
        offsets_[static_cast<std::size_t>(row)] = dot(means + row / group % shape_.kv_heads * d, args.q + row * d, d);
    args.maybe_logit_offset = offsets_.data();
}

/// out += lift(sums) + coded share of the mass * mean (docs/codecs.md, "Three identities").
void CodedCache::add_step(const SideCodec& codec, float* out)
{
    const std::int64_t group = shape_.group(), rows = options_.sequences * shape_.heads, d = shape_.head_dim;
    const float* lifted = sums_.data();
    if (codec.has_basis()) {
        latents_.resize(std::max(latents_.size(), static_cast<std::size_t>(rows * d)));
        combine(codec.decoder_transposed, rows / group, group, sums_.data(), latents_.data());
        lifted = latents_.data();
    }
    const float* maybe_means = codec.mean.defined() ? codec.mean.const_data_ptr<float>() : nullptr;
    for (std::int64_t row = 0; row < rows; ++row, out += d, lifted += d) {
        const float share = mass_[static_cast<std::size_t>(row)];
        const float* mean = maybe_means ? maybe_means + row / group % shape_.kv_heads * d : nullptr;
        for (std::int64_t i = 0; i < d; ++i)
            out[i] += lifted[i] + (mean ? share * mean[i] : 0.0f);
    }
}

at::Tensor CodedCache::attend_step(Layer& layer, const at::Tensor& q)
{
    const int group = shape_.group(), d = shape_.head_dim;
    const SideCodec &k = *layer.k.codec, &v = *layer.v.codec;
    const at::Tensor query = q.contiguous();
    const auto segments = [](const Side& side, std::vector<kernels::Segment>& out) {
        out.clear();
        side.sinks.add_segments(false, out);
        side.coded.add_segments(true, out);
        side.recent.add_segments(false, out);
    };
    segments(layer.k, layer.key_segments);
    segments(layer.v, layer.value_segments);

    at::Tensor out = at::empty({options_.sequences, 1, static_cast<std::int64_t>(shape_.heads) * d}, at::kFloat);
    kernels::AttendDecode args;
    args.lanes = options_.sequences * shape_.kv_heads;
    args.group = group;
    args.head_dim = d;
    args.softmax_scale = layer.shape.softmax_scale;
    args.products = fitted_->type == ComputeType::Bf16 ? kernels::Products::Bf16 : kernels::Products::Fp32;
    args.q = query.data_ptr<float>();
    args.keys = layer.key_segments.data();
    args.key_segments = static_cast<int>(layer.key_segments.size());
    args.values = layer.value_segments.data();
    args.value_segments = static_cast<int>(layer.value_segments.size());
    if (v.folded) { // the coded share is all there is, and leaves as it is
        out = at::empty({options_.sequences, 1, static_cast<std::int64_t>(shape_.heads) * v.width}, at::kFloat);
        raw_.resize(std::max(raw_.size(), static_cast<std::size_t>(args.lanes * group * d)));
        args.out_raw = raw_.data();
    } else {
        args.out_raw = out.data_ptr<float>();
    }
    if (k.coded) {
        args.rank_k = k.width;
        args.maybe_q_coded = args.q;
        if (k.has_basis())
            project_step(k, args);
    }
    if (v.coded) {
        sums_.resize(static_cast<std::size_t>(args.lanes * group * v.width));
        mass_.resize(static_cast<std::size_t>(args.lanes * group));
        args.rank_v = v.width;
        args.maybe_out_coded = v.folded ? out.data_ptr<float>() : sums_.data();
        args.maybe_coded_mass = mass_.data();
    }
    scratch_.resize(std::max(scratch_.size(), kernels::attend_scratch_floats(args)));
    args.scratch = scratch_.data();
    if (kernels::attend_decode(args) != kernels::Status::Ok)
        throw Error(ErrorKind::Internal, "the decode attention refused the cache's segments");
    if (v.coded && !v.folded)
        add_step(v, args.out_raw);
    return out;
}

at::Tensor CodedCache::add_rows(const Side& side, std::vector<kernels::PrefillRows>& out) const
{
    const auto add = [&out](const BlockStore& store, bool coded) {
        std::vector<kernels::Segment> segments;
        store.add_segments(coded, segments);
        for (const kernels::Segment& segment : segments)
            out.push_back({segment});
    };
    at::Tensor lifted;
    add(side.sinks, false);
    if (side.codec->has_basis() && side.coded.tokens() > 0 && options_.read_as == ReadAs::Expanded) {
        lifted = expand_coded(side);
        out.push_back(fp32_rows(lifted));
    } else {
        add(side.coded, side.codec->has_basis() || side.codec->folded);
    }
    add(side.recent, false);
    return lifted;
}

at::Tensor CodedCache::attend_many(const Layer& layer, const at::Tensor& q) const
{
    const SideCodec &k = *layer.k.codec, &v = *layer.v.codec;
    const std::int64_t sequences = q.size(0), tokens = q.size(1), heads = q.size(2), d = shape_.head_dim;
    const bool compressed = options_.read_as == ReadAs::Compressed;
    std::vector<kernels::PrefillRows> keys, values;
    const at::Tensor lifted_keys = add_rows(layer.k, keys), lifted_values = add_rows(layer.v, values); // kept alive
    const at::Tensor query = q.stride(3) == 1 ? q : q.contiguous();
    at::Tensor out = at::empty({sequences, tokens, heads, d}, at::kFloat);
    at::Tensor projected, offset, sums, mass;
    kernels::AttendPrefill args = prefill_arguments(query, layer.shape, fitted_->type);
    args.keys = keys.data();
    args.key_parts = static_cast<int>(keys.size());
    args.values = values.data();
    args.value_parts = static_cast<int>(values.size());
    args.out = out.data_ptr<float>();
    if (compressed && k.has_basis()) {
        const at::Tensor grouped = by_kv_head(query, shape_.kv_heads);
        projected = by_query(at::bmm(grouped, k.decoder), sequences, tokens);
        args.rank_k = k.width;
        args.maybe_q_coded = projected.data_ptr<float>();
        if (k.mean.defined()) {
            offset = by_query(at::bmm(grouped, k.mean.unsqueeze(2)), sequences, tokens);
            args.maybe_logit_offset = offset.data_ptr<float>();
        }
    }
    if ((compressed && v.has_basis()) || v.folded) {
        sums = at::empty({sequences, tokens, heads, v.width}, at::kFloat);
        mass = at::empty({sequences, tokens, heads, 1}, at::kFloat);
        args.rank_v = v.width;
        args.maybe_out_coded = sums.data_ptr<float>();
        args.maybe_coded_mass = mass.data_ptr<float>();
    }
    run_prefill(args);
    if (v.folded)
        return sums.view({sequences, tokens, heads * v.width});
    if (sums.defined()) {
        at::Tensor lifted = at::bmm(by_kv_head(sums, shape_.kv_heads), v.decoder_transposed);
        if (v.mean.defined())
            lifted += by_kv_head(mass, shape_.kv_heads) * v.mean.unsqueeze(1);
        out += by_query(lifted, sequences, tokens);
    }
    return out.view({sequences, tokens, heads * d});
}

at::Tensor CodedCache::attend_banded(Layer& layer, const at::Tensor& q)
{
    const std::int64_t tokens = q.size(1);
    const at::Tensor query = group_queries(q, shape_.kv_heads) * layer.shape.softmax_scale;
    const at::Tensor allowed = causal_mask(tokens, layer.k.tokens(), layer.shape.attention_window, at::kCPU);
    const at::Tensor band = causal_mask(tokens, layer.k.tokens(), layer.policy->window, at::kCPU);
    at::Tensor logits = scores(query, expand(layer.k));
    const at::Tensor rows_band = band.repeat({shape_.group(), 1}); // [group * T, S]
    if (layer.k.maybe_chunk.defined())
        logits = at::where(rows_band, scores(query, layer.k.maybe_chunk), logits);
    const at::Tensor p = masked_softmax(logits.contiguous(), allowed, shape_.group());
    const at::Tensor values = expand(layer.v);
    if (!layer.v.maybe_chunk.defined())
        return ungroup(at::matmul(p, values), q);
    const at::Tensor p_raw = p * rows_band;
    return ungroup(at::matmul(p - p_raw, values) + at::matmul(p_raw, layer.v.maybe_chunk), q);
}

Ledger CodedCache::ledger() const
{
    Ledger ledger;
    std::int64_t values = 0;
    for (const Layer& layer : layers_) {
        for (const Side* side : {&layer.k, &layer.v}) {
            const double codes = static_cast<double>(side->coded.code_bytes_used()
                                                     + side->recent.code_bytes_used() * !side->codec->coded);
            const double raw = static_cast<double>(side->sinks.code_bytes_used()
                                                   + side->recent.code_bytes_used() * side->codec->coded);
            const double scales = static_cast<double>(side->coded.scale_bytes_used());
            ledger.payload_bytes += codes;
            ledger.scales_bytes += scales;
            ledger.raw_bytes += raw;
            ledger.padding_bytes +=
                static_cast<double>(side->sinks.block_bytes_in_use() + side->coded.block_bytes_in_use()
                                    + side->recent.block_bytes_in_use())
                - codes - raw - scales;
            values +=
                static_cast<std::int64_t>(side->tokens()) * options_.sequences * shape_.kv_heads * shape_.head_dim;
        }
    }
    ledger.fixed_bytes = fitted_->fixed_bytes;
    ledger.scratch_bytes = static_cast<double>(scratch_.size() * sizeof(float));
    ledger.values = static_cast<double>(values);
    return ledger;
}

double CodedCache::raw_token_share() const
{
    double raw = 0, all = 0;
    for (const Layer& layer : layers_) {
        for (const Side* side : {&layer.k, &layer.v}) {
            if (!side->codec->coded)
                continue;
            raw += side->sinks.tokens() + side->recent.tokens();
            all += side->tokens();
        }
    }
    return all > 0 ? raw / all : 1;
}

std::size_t CodedCache::bytes_allocated() const
{
    std::size_t bytes = scratch_.size() * sizeof(float);
    for (const Layer& layer : layers_)
        for (const Side* side : {&layer.k, &layer.v})
            bytes += side->sinks.bytes_allocated() + side->coded.bytes_allocated() + side->recent.bytes_allocated();
    return bytes;
}

double CodedCache::bytes_per_step() const
{
    const Ledger now = ledger();
    return static_cast<double>(now.payload_bytes + now.raw_bytes + now.scales_bytes);
}

} // namespace kvw
