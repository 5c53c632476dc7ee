// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/decode_step.h"

#include "kernels/cuda/operations.h"

#include <algorithm>

namespace kvw::kernels::cuda {
namespace {

constexpr std::size_t kAlignment = 256;

bool consistent(const DecodeStep& step)
{
    const DecodeModel& model = step.model;
    if (!step.operations || step.sequences < 1 || step.sequences > kMaxSequences || step.splits < 1
        || model.layer_count < 1 || !model.layers || model.hidden % kHiddenStep != 0
        || model.intermediate % kIntermediateStep != 0)
        return false;
    return std::all_of(model.layers, model.layers + model.layer_count, [&](const DecodeLayer& layer) {
        return layer.store.sequences == step.sequences && layer.store.kv_heads > 0
            && model.heads % layer.store.kv_heads == 0;
    });
}

/// The products and stores of one step; the first that fails keeps its status and the others are not started.
class Enqueue
{
public:
    Enqueue(const DecodeStep& step, StreamHandle stream)
        : step_(step),
          device_(*step.operations),
          model_(step.model),
          buffers_(step.buffers),
          stream_(stream)
    {}

    Status layer(int index)
    {
        const DecodeLayer& layer = model_.layers[index];
        const float* next_norm =
            index + 1 < model_.layer_count ? model_.layers[index + 1].attention_norm : model_.final_norm;
        Status status = qkv(layer);
        if (status == Status::Ok)
            status = store(layer);
        if (status == Status::Ok)
            status = attention(layer);
        if (status == Status::Ok)
            status = output(layer);
        if (status == Status::Ok)
            status = gate_up(layer);
        return status == Status::Ok ? down(layer, next_norm) : status;
    }

    Status logits()
    {
        Linear args = normed(model_.logits, model_.vocab, 2);
        args.epilogue = Epilogue::Logits;
        args.y = buffers_.logits;
        args.best = buffers_.best;
        return device_.linear(args, stream_);
    }

    Status pick(bool choose)
    {
        Pick args;
        args.maybe_best = choose ? buffers_.best : nullptr;
        args.vocab = model_.vocab;
        args.hidden = model_.hidden;
        args.rows = step_.sequences;
        args.tokens = buffers_.tokens;
        args.embedding = model_.embedding;
        args.gamma = model_.layers[0].attention_norm;
        args.x = buffers_.x;
        args.x_blocks = buffers_.x_blocks;
        args.squares = buffers_.squares;
        args.maybe_lengths = choose ? buffers_.lengths : nullptr;
        return device_.pick(args, stream_);
    }

private:
    /// A product of x with the norm in front.
    Linear normed(const std::uint16_t* weights, int n, int variant) const
    {
        Linear args;
        args.weights = weights;
        args.n = n;
        args.k = model_.hidden;
        args.x = buffers_.x_blocks;
        args.rows = step_.sequences;
        args.maybe_squares = buffers_.squares;
        args.norm_width = model_.hidden;
        args.norm_eps = model_.norm_eps;
        args.maybe_variant = step_.maybe_variants[variant];
        return args;
    }
    /// A product whose result is added to x.
    Linear added(const std::uint16_t* weights, const std::uint16_t* x, int k, const float* gamma, int variant) const
    {
        Linear args;
        args.epilogue = Epilogue::Residual;
        args.weights = weights;
        args.n = model_.hidden;
        args.k = k;
        args.x = x;
        args.rows = step_.sequences;
        args.y = buffers_.x;
        args.out_blocks = buffers_.x_blocks;
        args.gamma = gamma;
        args.squares_out = buffers_.squares;
        args.maybe_variant = step_.maybe_variants[variant];
        return args;
    }

    Status qkv(const DecodeLayer& layer)
    {
        Linear args = normed(layer.qkv, qkv_width(model_, layer.store), 0);
        args.maybe_bias = layer.maybe_qkv_bias;
        args.y = buffers_.qkv;
        return device_.linear(args, stream_);
    }
    Status store(const DecodeLayer& layer)
    {
        Append args;
        args.store = layer.store;
        args.heads = model_.heads;
        args.head_dim = model_.head_dim;
        args.qkv = buffers_.qkv;
        args.maybe_cosine = model_.maybe_cosine;
        args.maybe_sine = model_.maybe_sine;
        args.maybe_key_basis = layer.maybe_key_basis;
        args.softmax_scale = model_.softmax_scale;
        args.lengths = buffers_.lengths;
        args.q_out = buffers_.q;
        return device_.append(args, stream_);
    }
    Status attention(const DecodeLayer& layer)
    {
        Attend args;
        args.store = layer.store;
        args.heads = model_.heads;
        args.q = buffers_.q;
        args.lengths = buffers_.lengths;
        args.splits = step_.splits;
        args.scratch = buffers_.attend_scratch;
        args.maybe_out_blocks = buffers_.attention_blocks;
        return device_.attend(args, stream_);
    }
    Status output(const DecodeLayer& layer)
    {
        Linear args =
            added(layer.o, buffers_.attention_blocks, model_.heads * layer.store.value_width, layer.mlp_norm, 1);
        args.maybe_bias = layer.maybe_o_bias;
        // At short contexts attention waits for itself more than for the memory.
        args.ask_ahead = true;
        return device_.linear(args, stream_);
    }
    Status gate_up(const DecodeLayer& layer)
    {
        Linear args = normed(layer.gate_up, 2 * model_.intermediate, 2);
        args.epilogue = Epilogue::SiluGate;
        args.out_blocks = buffers_.mlp_blocks;
        return device_.linear(args, stream_);
    }
    Status down(const DecodeLayer& layer, const float* next_norm)
    {
        return device_.linear(added(layer.down, buffers_.mlp_blocks, model_.intermediate, next_norm, 3), stream_);
    }

    const DecodeStep& step_;
    const Operations& device_;
    const DecodeModel& model_;
    const DecodeBuffers& buffers_;
    StreamHandle stream_;
};

} // namespace

std::size_t place_buffers(DecodeStep& step, std::byte* maybe_memory) noexcept
{
    const DecodeModel& model = step.model;
    const std::size_t sequences = static_cast<std::size_t>(step.sequences);
    int qkv = 0, keys = 0, attention = 0;
    std::size_t scratch = 0;
    for (int i = 0; i < model.layer_count; ++i) {
        const KvStore& store = model.layers[i].store;
        qkv = std::max(qkv, qkv_width(model, store));
        keys = std::max(keys, padded_key_width(store.key_width));
        attention = std::max(attention, model.heads * store.value_width);
        scratch = std::max(scratch, step.operations->attend_scratch_bytes(store, model.heads, step.splits));
    }
    std::size_t used = 0;
    const auto place = [&]<typename T>(T*& pointer, std::size_t count) {
        pointer = maybe_memory ? reinterpret_cast<T*>(maybe_memory + used) : nullptr;
        used += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    };
    DecodeBuffers& buffers = step.buffers;
    place(buffers.tokens, sequences);
    place(buffers.lengths, sequences);
    place(buffers.x, sequences * static_cast<std::size_t>(model.hidden));
    place(buffers.squares, std::size_t(kLinearRows) * static_cast<std::size_t>(squares_stride(model.hidden)));
    place(buffers.qkv, sequences * static_cast<std::size_t>(qkv));
    place(buffers.attend_scratch, (scratch + sizeof(float) - 1) / sizeof(float));
    place(buffers.x_blocks, blocks_size(model.hidden));
    place(buffers.q, sequences * static_cast<std::size_t>(model.heads) * static_cast<std::size_t>(keys));
    place(buffers.attention_blocks, blocks_size(attention));
    place(buffers.mlp_blocks, blocks_size(model.intermediate));
    place(buffers.best, std::size_t(kLinearRows) * static_cast<std::size_t>(weight_tiles(model.vocab)));
    place(buffers.logits, sequences * static_cast<std::size_t>(model.vocab));
    return used;
}

Status decode_start(const DecodeStep& step, StreamHandle stream) noexcept
{
    return consistent(step) ? Enqueue(step, stream).pick(false) : Status::BadShape;
}

Status decode_step(const DecodeStep& step, StreamHandle stream) noexcept
{
    if (!consistent(step))
        return Status::BadShape;
    Enqueue enqueue(step, stream);
    for (int i = 0; i < step.model.layer_count; ++i)
        if (const Status status = enqueue.layer(i); status != Status::Ok)
            return status;
    const Status status = enqueue.logits();
    return status == Status::Ok ? enqueue.pick(true) : status;
}

} // namespace kvw::kernels::cuda
