// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/coded_cache.h"

#include "core/base/error.h"
#include "core/cache/coded_cache_layer.h"
#include "core/cache/row_format.h"
#include "core/lm/dense_attention.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kRawBlockTokens = 64;

kernels::RowFormat raw_format(ComputeType type, int head_dim)
{
    kernels::RowFormat format;
    format.type = raw_row_type(type);
    format.width = head_dim;
    return format;
}

/// x [B, n, kv_heads, d] fp32 strided, tokens first..first + count, into the store as raw rows.
void append_raw(BlockStore& store, const at::Tensor& x, std::int64_t first, std::int64_t count)
{
    if (count == 0)
        return;
    // One stride must lead from lane to lane; a fused projection's output has two (sequence, head) unless B or the layout
    // allows it.
    const bool one_stride = x.size(0) == 1 || x.stride(0) == x.size(2) * x.stride(2);
    if (one_stride && x.stride(3) == 1) {
        store.append(x.data_ptr<float>() + first * x.stride(1), x.stride(2), x.stride(1), static_cast<int>(count));
        return;
    }
    const at::Tensor lanes = x.narrow(1, first, count).permute({0, 2, 1, 3}).contiguous();
    store.append(lanes.data_ptr<float>(), lanes.stride(1), lanes.stride(2), static_cast<int>(count));
}

float* at_least(std::vector<float>& buffer, std::int64_t count)
{
    if (static_cast<std::int64_t>(buffer.size()) < count)
        buffer.resize(static_cast<std::size_t>(count));
    return buffer.data();
}

} // namespace

CodedCache::CodedCache(const AttentionShapes& shape, std::shared_ptr<const FittedConfiguration> fitted,
                       const CacheOptions& options)
    : shape_(shape),
      fitted_(std::move(fitted)),
      options_(options),
      arena_(std::make_shared<Arena>())
{
    for (const LayerCodec& policy : fitted_->layers) {
        const AttentionShape& layer = shape_[static_cast<int>(layers_.size())];
        layers_.push_back(Layer{&policy, layer, make_side(policy.k, policy), make_side(policy.v, policy), {}, {}});
    }
}

CodedCache::~CodedCache() = default;

CodedCache::Side CodedCache::make_side(const SideCodec& codec, const LayerCodec& policy) const
{
    const int lanes = options_.sequences * shape_.kv_heads;
    const kernels::RowFormat raw = raw_format(fitted_->type, shape_.head_dim);
    // The sinks are as many as the policy says: one block of just that size, without padding.
    return Side{&codec,
                BlockStore(raw, lanes, std::clamp(policy.sinks, 1, kRawBlockTokens), arena_),
                BlockStore(codec.format, lanes, codec.block_tokens, arena_),
                BlockStore(raw, lanes, kRawBlockTokens, arena_),
                {},
                RandomGenerator(codec.noise_seed)};
}

std::int64_t CodedCache::length() const { return layers_.back().k.tokens(); }

std::unique_ptr<CodedCache> CodedCache::clone() const
{
    auto copy = std::make_unique<CodedCache>(shape_, fitted_, options_);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        copy->layers_[i].k.copy_from(layers_[i].k);
        copy->layers_[i].v.copy_from(layers_[i].v);
    }
    return copy;
}

void CodedCache::clear()
{
    for (Layer& layer : layers_) {
        for (Side* side : {&layer.k, &layer.v}) {
            side->sinks.clear();
            side->coded.clear();
            side->recent.clear();
            side->maybe_chunk.reset();
        }
    }
    coded_keys_read_ = coded_values_read_ = 0;
}

void CodedCache::append(int index, const at::Tensor& k, const at::Tensor& v)
{
    Layer& layer = layers_[static_cast<std::size_t>(index)];
    try {
        append_side(layer.k, *layer.policy, k.is_cpu() ? k : k.to(at::kCPU));
        append_side(layer.v, *layer.policy, v.is_cpu() ? v : v.to(at::kCPU));
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::NotFinite)
            throw;
        throw Error(error.kind(), fmt::format("layer {}: {}", index, error.message()), error.hint());
    }
}

void CodedCache::append_side(Side& side, const LayerCodec& policy, const at::Tensor& x)
{
    const std::int64_t tokens = x.size(1);
    if (x.size(3) != (side.codec->folded ? side.codec->width : shape_.head_dim))
        throw Error(ErrorKind::Internal,
                    fmt::format("vectors of {} numbers were appended to a cache for {}", x.size(3),
                                side.codec->folded ? side.codec->width : shape_.head_dim));
    if (side.codec->folded) {
        store_coded(side, x.permute({0, 2, 1, 3}).contiguous());
        return;
    }
    if (!side.codec->coded) {
        append_raw(side.recent, x, 0, tokens);
        return;
    }
    if (options_.code_when == CodeWhen::Later)
        code_from_recent(side, std::max(policy.window - 1, 0));
    const std::int64_t to_sinks = std::clamp<std::int64_t>(policy.sinks - side.tokens(), 0, tokens);
    append_raw(side.sinks, x, 0, to_sinks);
    if (options_.code_when == CodeWhen::Later) {
        append_raw(side.recent, x, to_sinks, tokens - to_sinks);
        return;
    }
    if (side.coded.tokens() > 0 || side.sinks.tokens() != to_sinks)
        throw Error(ErrorKind::Internal, "protocol all codes one chunk from position 0; a second one was appended");
    if (tokens > to_sinks)
        store_coded(side, encode_latents(*side.codec, x.narrow(1, to_sinks, tokens - to_sinks), side.noise));
    if (policy.window > 0)
        side.maybe_chunk = x.permute({0, 2, 1, 3}).clone(); // the decoder writes over its buffers
}

void CodedCache::store_coded(Side& side, const at::Tensor& latents)
{
    side.coded.append(latents.data_ptr<float>(), latents.stride(1), latents.stride(2),
                      static_cast<int>(latents.size(2)));
}

void CodedCache::code_from_recent(Side& side, int window)
{
    int count = side.recent.tokens() - window;
    if (side.codec->format.scale_per == kernels::ScalePer::Channel && kernels::is_integer(side.codec->format.type))
        count = count / side.codec->block_tokens * side.codec->block_tokens;
    if (count <= 0)
        return;
    const std::int64_t lanes = std::int64_t{options_.sequences} * shape_.kv_heads, d = shape_.head_dim,
                       width = side.codec->width;
    float* raw = at_least(raw_, lanes * count * d);
    side.recent.decode(0, count, raw, count * d, d);
    const SideCodec& codec = *side.codec;
    if (codec.canary == config::Canary::None && !codec.has_basis()) {
        side.coded.append(raw, count * d, d, count);
    } else if (are_few(codec, count)) {
        float* latents = at_least(latents_, lanes * count * width);
        encode_few(codec, raw, options_.sequences, count, latents, centred_);
        side.coded.append(latents, count * width, width, count);
    } else {
        const at::Tensor rows = at::from_blob(raw, {options_.sequences, shape_.kv_heads, count, d}, at::kFloat);
        store_coded(side, encode_latents(codec, rows.permute({0, 2, 1, 3}), side.noise));
    }
    side.recent.pop_front(count);
}

void CodedCache::settle()
{
    for (Layer& layer : layers_) {
        settle_side(layer.k, layer.policy->window);
        settle_side(layer.v, layer.policy->window);
    }
}

void CodedCache::settle_side(Side& side, int window)
{
    if (!side.codec->coded || side.codec->folded)
        return;
    if (options_.code_when == CodeWhen::Later) {
        code_from_recent(side, window);
        return;
    }
    int keep = side.coded.tokens() - std::min(window, side.coded.tokens());
    if (side.codec->format.scale_per == kernels::ScalePer::Channel && kernels::is_integer(side.codec->format.type))
        keep = keep / side.codec->block_tokens * side.codec->block_tokens; // tokens that share a scale stay together
    const int raw = side.coded.tokens() - keep;
    if (raw == 0 || !side.maybe_chunk.defined())
        return;
    side.coded.pop_back(raw);
    // Nobody attends any more: it is the bytes of these rows that count.
    const at::Tensor chunk = side.maybe_chunk.permute({0, 2, 1, 3});
    append_raw(side.recent, chunk, chunk.size(1) - raw, raw);
    side.maybe_chunk.reset();
}

at::Tensor CodedCache::attend(int index, const at::Tensor& q)
{
    Layer& layer = layers_[static_cast<std::size_t>(index)];
    const at::Tensor query = q.is_cpu() ? q : q.to(at::kCPU);
    const std::int64_t queries = query.size(1), positions = layer.k.tokens();
    coded_keys_read_ += coded_reads(layer, layer.k, queries);
    coded_values_read_ += coded_reads(layer, layer.v, queries);
    const bool cut = layer.shape.attention_window > 0 && positions > layer.shape.attention_window;
    at::Tensor out;
    if (layer.k.maybe_chunk.defined() || layer.v.maybe_chunk.defined())
        out = attend_banded(layer, query);
    else if (queries == 1 && options_.read_as == ReadAs::Compressed && !cut)
        out = attend_step(layer, query);
    else
        out = attend_many(layer, query);
    return q.is_cpu() ? out : out.to(q.device());
}

std::int64_t CodedCache::coded_reads(const Layer& layer, const Side& side, std::int64_t queries) const
{
    if (side.coded.tokens() == 0)
        return 0;
    const std::int64_t positions = side.tokens(), first_coded = side.sinks.tokens(),
                       end_coded = first_coded + side.coded.tokens();
    const std::int64_t window = side.maybe_chunk.defined() ? layer.policy->window : 0,
                       reach = layer.shape.attention_window;
    std::int64_t pairs = 0;
    for (std::int64_t position = positions - queries; position < positions; ++position) {
        const std::int64_t oldest = reach > 0 ? std::max<std::int64_t>(0, position + 1 - reach) : 0;
        const std::int64_t newest = position + 1 - window; // one past
        pairs += std::max<std::int64_t>(0, std::min(newest, end_coded) - std::max(oldest, first_coded));
    }
    return pairs * options_.sequences;
}

at::Tensor CodedCache::expand(const Side& side) const
{
    const std::int64_t d = shape_.head_dim, tokens = side.tokens();
    at::Tensor out = at::empty({options_.sequences, shape_.kv_heads, tokens, d}, at::kFloat);
    float* rows = out.data_ptr<float>();
    const int sinks = side.sinks.tokens(), coded = side.coded.tokens(), recent = side.recent.tokens();
    side.sinks.decode(0, sinks, rows, tokens * d, d);
    side.recent.decode(0, recent, rows + (sinks + coded) * d, tokens * d, d);
    if (coded == 0)
        return out;
    if (side.codec->has_basis())
        out.narrow(2, sinks, coded).copy_(expand_coded(side));
    else
        side.coded.decode(0, coded, rows + sinks * d, tokens * d, d);
    return out;
}

at::Tensor CodedCache::expand_coded(const Side& side) const
{
    const int coded = side.coded.tokens();
    at::Tensor latents = at::empty({options_.sequences, shape_.kv_heads, coded, side.codec->width}, at::kFloat);
    side.coded.decode(0, coded, latents.data_ptr<float>(), latents.stride(1), latents.stride(2));
    return lift_latents(*side.codec, latents);
}

} // namespace kvw
