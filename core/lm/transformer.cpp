// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/transformer.h"

#include "core/base/error.h"
#include "core/lm/ops.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kvw {

namespace {

/// Rows that the feed-forward part takes at a time: enough to keep the products busy, and what lies between them stays
/// in the third-level cache.
constexpr std::int64_t kFeedRows = 512;
/// Memory that matrices are packed into: many of them to a slab, so that little is left over.
constexpr std::size_t kWeightSlab = std::size_t{32} << 20;

std::string with_ending(std::string_view name, std::string_view ending) { return std::string(name).append(ending); }

AttentionShapes shapes_of(const ModelConfig& config)
{
    std::vector<AttentionShape> layers;
    layers.reserve(config.layer_specs.size());
    for (const LayerSpec& spec : config.layer_specs)
        layers.push_back({{config.heads, config.kv_heads, config.head_dim},
                          static_cast<float>(spec.softmax_scale),
                          spec.attention_window.value_or(0)});
    return AttentionShapes(std::move(layers));
}

} // namespace

/// Activations, kept from call to call: a decode step allocates nothing here.
struct TransformerDecoder::Buffers
{
    at::Tensor x, normed, qkv, gate_up, inner; ///< [rows, ...], the last two [at most kFeedRows, ...]
};

/// What the fused projection gives, for layers whose values have that many numbers a head.
struct TransformerDecoder::Projections
{
    int value_width;
    at::Tensor qkv;     ///< [rows, (heads + kv_heads) head_dim + kv_heads value_width]
    at::Tensor q, k, v; ///< [sequences, tokens, heads, head_dim or value_width], parts of qkv
};

/// The buffers as one call sees them.
struct TransformerDecoder::Views
{
    std::int64_t sequences, tokens;
    at::Tensor x, normed;
    std::vector<Projections> projections; ///< one for each width that some layer has
    at::Tensor gate_up, inner;
};

TransformerDecoder::TransformerDecoder(const ModelConfig& config, std::shared_ptr<const WeightFiles> weights,
                                       const DecoderOptions& options)
    : config_(config),
      names_(family_of(config).names),
      shapes_(shapes_of(config)),
      weights_(std::move(weights)),
      type_(options.type),
      device_(options.device),
      arena_(std::make_shared<Arena>(kWeightSlab))
{
    const std::int64_t embedding_shape[] = {config_.vocab_size, config_.hidden_size};
    const std::string embedding = with_ending(names_.embedding, ".weight");
    embedding_ = weights_->get(embedding, embedding_shape);
    if (!config_.tied_embeddings) // a tied one is checked as the output matrix
        require_finite(embedding_, embedding);
    for (int i = 0; i < config_.layers; ++i)
        layers_.push_back(load_layer(i));
    const std::int64_t norm_shape[] = {config_.hidden_size};
    final_norm_ = read_fp32(*weights_, with_ending(names_.final_norm, ".weight"), norm_shape).to(device_);
    const MatrixName head{config_.tied_embeddings ? embedding : with_ending(names_.head, ".weight"),
                          config_.vocab_size};
    head_ = Linear::load(*weights_, {&head, 1}, config_.hidden_size, type_, device_, arena_);
    weights_->release_pages();
}

TransformerDecoder::TransformerDecoder(const TransformerDecoder& other)
    : Decoder(),
      config_(other.config_),
      names_(other.names_),
      shapes_(other.shapes_),
      weights_(other.weights_),
      type_(other.type_),
      device_(other.device_),
      arena_(other.arena_),
      embedding_(other.embedding_),
      layers_(other.layers_),
      final_norm_(other.final_norm_),
      head_(other.head_),
      rotaries_(other.rotaries_),
      ropes_(other.ropes_)
{}

TransformerDecoder::~TransformerDecoder() = default;

std::string TransformerDecoder::layer_name(int index, std::string_view tensor) const
{
    return fmt::format("{}.{}.{}", names_.layer_prefix, index, tensor);
}

std::size_t TransformerDecoder::rope_of(const RotarySpec& rotary)
{
    const auto found = std::find(rotaries_.begin(), rotaries_.end(), rotary);
    if (found != rotaries_.end())
        return static_cast<std::size_t>(found - rotaries_.begin());
    rotaries_.push_back(rotary);
    ropes_.emplace_back(rotary, config_.head_dim);
    return ropes_.size() - 1;
}

TransformerDecoder::Layer TransformerDecoder::load_layer(int index)
{
    const std::int64_t width = static_cast<std::int64_t>(config_.heads) * config_.head_dim;
    const std::int64_t kv_width = static_cast<std::int64_t>(config_.kv_heads) * config_.head_dim;
    const auto name = [&](std::string_view tensor) { return layer_name(index, tensor); };
    const MatrixName qkv[] = {
        {name(names_.query), width}, {name(names_.key), kv_width}, {name(names_.value), kv_width}};
    const MatrixName output[] = {{name(names_.output), config_.hidden_size}};
    const MatrixName gate_up[] = {{name(names_.gate), config_.intermediate_size},
                                  {name(names_.up), config_.intermediate_size}};
    const MatrixName down[] = {{name(names_.down), config_.hidden_size}};
    const auto load = [&](std::span<const MatrixName> parts, std::int64_t columns) {
        std::vector<MatrixName> named(parts.begin(), parts.end());
        for (MatrixName& part : named)
            part.name += ".weight";
        return Linear::load(*weights_, named, columns, type_, device_, arena_);
    };
    const std::int64_t norm_shape[] = {config_.hidden_size};
    const auto norm = [&](std::string_view tensor) {
        return read_fp32(*weights_, with_ending(name(tensor), ".weight"), norm_shape).to(device_);
    };
    Layer layer;
    layer.spec = config_.layer_specs[static_cast<std::size_t>(index)];
    layer.rope = rope_of(layer.spec.rotary);
    layer.value_width = config_.head_dim;
    layer.attention_norm = norm(names_.attention_norm);
    layer.mlp_norm = norm(names_.mlp_norm);
    layer.qkv = load(qkv, config_.hidden_size);
    layer.output = load(output, width);
    layer.gate_up = load(gate_up, config_.hidden_size);
    layer.down = load(down, config_.intermediate_size);
    if (layer.spec.qkv_bias)
        layer.maybe_qkv_bias = load_bias(qkv);
    if (layer.spec.output_bias)
        layer.maybe_output_bias = load_bias(output);
    if (layer.spec.mlp_bias) {
        layer.maybe_gate_up_bias = load_bias(gate_up);
        layer.maybe_down_bias = load_bias(down);
    }
    return layer;
}

at::Tensor TransformerDecoder::load_bias(std::span<const MatrixName> parts) const
{
    std::vector<at::Tensor> biases;
    for (const MatrixName& part : parts) {
        const std::int64_t shape[] = {part.rows};
        biases.push_back(read_fp32(*weights_, part.name + ".bias", shape));
    }
    return at::cat(biases).to(device_);
}

void TransformerDecoder::embed(const at::Tensor& tokens, at::Tensor& out) const
{
    const std::int64_t* ids = tokens.data_ptr<std::int64_t>();
    const auto count = static_cast<std::size_t>(tokens.numel());
    for (std::size_t i = 0; i < count; ++i) {
        if (ids[i] < 0 || ids[i] >= config_.vocab_size)
            throw Error(
                ErrorKind::InvalidArgument,
                fmt::format("token {} at position {} is outside the vocabulary of {}", ids[i], i, config_.vocab_size),
                "use the tokenizer of this model");
    }
    if (out.is_cpu()) {
        gather_rows(embedding_, {ids, count}, out.data_ptr<float>());
        return;
    }
    at::Tensor rows = at::empty(out.sizes(), at::kFloat);
    gather_rows(embedding_, {ids, count}, rows.data_ptr<float>());
    out.copy_(rows);
}

TransformerDecoder::Views TransformerDecoder::views(std::int64_t sequences, std::int64_t tokens)
{
    const std::int64_t rows = sequences * tokens, feed_rows = std::min(rows, kFeedRows);
    const std::int64_t heads = config_.heads, kv_heads = config_.kv_heads, d = config_.head_dim;
    if (!buffers_ || buffers_->x.size(0) < rows) {
        const c10::InferenceMode ordinary(false); // usable by later calls inside and outside of inference mode
        const auto options = at::TensorOptions(at::kFloat).device(device_);
        buffers_.reset(); // before the larger ones
        buffers_ = std::make_unique<Buffers>();
        buffers_->x = at::empty({rows, config_.hidden_size}, options);
        buffers_->normed = at::empty({rows, config_.hidden_size}, options);
        buffers_->qkv = at::empty({rows, (heads + 2 * kv_heads) * d}, options);
        buffers_->gate_up = at::empty({feed_rows, 2 * config_.intermediate_size}, options);
        buffers_->inner = at::empty({feed_rows, config_.intermediate_size}, options);
    }
    Views out{sequences,
              tokens,
              buffers_->x.narrow(0, 0, rows),
              buffers_->normed.narrow(0, 0, rows),
              {},
              buffers_->gate_up.narrow(0, 0, feed_rows),
              buffers_->inner.narrow(0, 0, feed_rows)};
    for (const Layer& layer : layers_) {
        const int width = layer.value_width;
        if (std::any_of(out.projections.begin(), out.projections.end(),
                        [width](const Projections& each) { return each.value_width == width; }))
            continue;
        const std::int64_t columns = (heads + kv_heads) * d + kv_heads * width;
        Projections part;
        part.value_width = width;
        part.qkv = buffers_->qkv.view(-1).narrow(0, 0, rows * columns).view({rows, columns});
        const at::Tensor all = part.qkv.view({sequences, tokens, columns});
        part.q = all.narrow(2, 0, heads * d).unflatten(2, {heads, d});
        part.k = all.narrow(2, heads * d, kv_heads * d).unflatten(2, {kv_heads, d});
        part.v = all.narrow(2, (heads + kv_heads) * d, kv_heads * width).unflatten(2, {kv_heads, width});
        out.projections.push_back(std::move(part));
    }
    return out;
}

at::Tensor TransformerDecoder::forward(const at::Tensor& tokens, std::int64_t position, Past& past,
                                       Observer* maybe_observer, Extent extent)
{
    const at::Tensor ids = tokens.contiguous();
    Views b = views(ids.size(0), ids.size(1));
    embed(ids, b.x);
    std::vector<RopeTable::View> tables;
    for (RopeTable& rope : ropes_)
        tables.push_back(rope.at(position, b.tokens));
    for (int i = 0; i < config_.layers; ++i) {
        const bool last = extent == Extent::LastAttend && i + 1 == config_.layers;
        if (!attend(i, b, tables, past, maybe_observer, last))
            return {};
        feed_forward(layers_[static_cast<std::size_t>(i)], b);
    }
    at::Tensor hidden = at::empty_like(b.x);
    ops::rms_norm(b.x, final_norm_, config_.rms_norm_eps, hidden);
    return hidden.view({b.sequences, b.tokens, config_.hidden_size});
}

bool TransformerDecoder::attend(int index, Views& b, std::span<const RopeTable::View> tables, Past& past,
                                Observer* maybe_observer, bool last)
{
    const Layer& layer = layers_[static_cast<std::size_t>(index)];
    ops::rms_norm(b.x, layer.attention_norm, config_.rms_norm_eps, b.normed);
    Projections& p = *std::find_if(b.projections.begin(), b.projections.end(),
                                   [&layer](const Projections& each) { return each.value_width == layer.value_width; });
    layer.qkv.apply(b.normed, p.qkv);
    if (layer.maybe_qkv_bias.defined())
        p.qkv.add_(layer.maybe_qkv_bias);
    if (maybe_observer)
        maybe_observer->before_rope(index, p.q, p.k);
    // Queries and keys lie side by side in the fused buffer: one call rotates both.
    ops::rope(p.qkv, b.sequences, b.tokens, config_.heads + config_.kv_heads, config_.head_dim, tables[layer.rope]);
    if (maybe_observer)
        maybe_observer->after_rope(index, p.q, p.k, p.v);
    past.append(index, p.k, p.v);
    const at::Tensor attended =
        past.attend(index, p.q).view({b.x.size(0), static_cast<std::int64_t>(config_.heads) * layer.value_width});
    if (last)
        return false;
    layer.output.apply(attended, b.x, Linear::Output::Add);
    if (layer.maybe_output_bias.defined())
        b.x.add_(layer.maybe_output_bias);
    return true;
}

void TransformerDecoder::feed_forward(const Layer& layer, Views& b) const
{
    ops::rms_norm(b.x, layer.mlp_norm, config_.rms_norm_eps, b.normed);
    const auto part = [&](const at::Tensor& normed, at::Tensor& x, at::Tensor& gate_up, at::Tensor& inner) {
        layer.gate_up.apply(normed, gate_up);
        if (layer.maybe_gate_up_bias.defined())
            gate_up.add_(layer.maybe_gate_up_bias);
        ops::silu_mul(gate_up, inner);
        layer.down.apply(inner, x, Linear::Output::Add);
        if (layer.maybe_down_bias.defined())
            x.add_(layer.maybe_down_bias);
    };
    const std::int64_t rows = b.x.size(0);
    if (rows <= kFeedRows) {
        part(b.normed, b.x, b.gate_up, b.inner);
        return;
    }
    for (std::int64_t first = 0; first < rows; first += kFeedRows) {
        const std::int64_t count = std::min(kFeedRows, rows - first);
        at::Tensor x = b.x.narrow(0, first, count);
        at::Tensor gate_up = b.gate_up.narrow(0, 0, count), inner = b.inner.narrow(0, 0, count);
        part(b.normed.narrow(0, first, count), x, gate_up, inner);
    }
}

at::Tensor TransformerDecoder::logits(const at::Tensor& hidden)
{
    if (hidden.size(0) > kLogitRows)
        throw Error(ErrorKind::Internal,
                    fmt::format("logits of {} rows were asked for; at most {} at a time", hidden.size(0), kLogitRows));
    at::Tensor out = at::empty({hidden.size(0), head_.rows()}, hidden.options());
    head_.apply(hidden, out);
    return out;
}

void TransformerDecoder::logits_part(const at::Tensor& hidden, std::int64_t first, at::Tensor& out)
{
    if (first < 0 || first % kLogitColumnStep != 0 || first + out.size(1) > head_.rows()
        || hidden.size(0) != out.size(0))
        throw Error(ErrorKind::Internal,
                    fmt::format("logits of {} rows, {} tokens from {} on, were asked for into {} rows", hidden.size(0),
                                out.size(1), first, out.size(0)));
    head_.apply_part(hidden, first, out);
}

std::vector<double> TransformerDecoder::output_gram(int layer, int kv_head) const
{
    const std::int64_t width = static_cast<std::int64_t>(config_.heads) * config_.head_dim;
    const std::int64_t shape[] = {config_.hidden_size, width};
    const at::Tensor weight =
        read_fp32(*weights_, with_ending(layer_name(layer, names_.output), ".weight"), shape).to(at::kDouble);
    const int group = config_.group_size();
    at::Tensor gram = at::zeros({config_.head_dim, config_.head_dim}, at::kDouble);
    for (int h = kv_head * group; h < (kv_head + 1) * group; ++h) {
        const at::Tensor block = weight.narrow(1, static_cast<std::int64_t>(h) * config_.head_dim, config_.head_dim);
        gram.addmm_(block.t(), block);
    }
    const double* values = gram.data_ptr<double>();
    return {values, values + gram.numel()};
}

double TransformerDecoder::weight_bytes_per_step() const
{
    double bytes = head_.bytes();
    for (const Layer& layer : layers_)
        bytes += layer.qkv.bytes() + layer.output.bytes() + layer.gate_up.bytes() + layer.down.bytes();
    return bytes;
}

} // namespace kvw
