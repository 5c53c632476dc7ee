// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/device_decode.h"

#include "core/base/error.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;

} // namespace

DeviceDecode::DeviceDecode(const DeviceModel& model, DeviceStore& store)
    : store_(store),
      memory_(model.memory.begin(), model.memory.end()),
      layers_(model.layers)
{
    if (static_cast<int>(layers_.size()) != store.layers() || store.capacity() > model.positions)
        throw Error(ErrorKind::Internal,
                    fmt::format("a cache of {} layers and {} tokens for a model of {} and {}", store.layers(),
                                store.capacity(), layers_.size(), model.positions));
    step_.operations = &store.kernels();
    step_.sequences = store.sequences();
    step_.model = model.step;
    for (int i = 0; i < store.layers(); ++i)
        set_layer(layers_[static_cast<std::size_t>(i)], i);
    step_.model.layers = layers_.data();
    step_.model.layer_count = store.layers();
    step_.model.logits = packed(model.step.logits, model.step.vocab, model.step.hidden);
    const std::size_t bytes = cuda::place_buffers(step_, nullptr);
    cuda::place_buffers(step_, memory(bytes));
    buffers_ = memory_.back();
    steps_.reset(store.kernels().open_steps(step_));
    if (!steps_)
        store.must(kernels::Status::LaunchFailed, "opening the decode steps");
    store.must(store.kernels().wait(), "packing the weights");
}

std::byte* DeviceDecode::memory(std::size_t bytes)
{
    memory_.push_back(
        at::zeros({static_cast<std::int64_t>(bytes)}, at::TensorOptions(at::kByte).device(store_.device())));
    return static_cast<std::byte*>(memory_.back().data_ptr());
}

std::uint16_t* DeviceDecode::packed(const std::uint16_t* plain, int rows, int columns)
{
    cuda::Pack args;
    args.plain = plain;
    args.rows = rows;
    args.k = columns;
    args.packed = reinterpret_cast<std::uint16_t*>(memory(2 * cuda::packed_size(rows, columns)));
    store_.must(store_.kernels().pack(args, nullptr), "packing a matrix");
    return args.packed;
}

std::uint16_t* DeviceDecode::packed_gate_up(const std::uint16_t* plain)
{
    cuda::Pack args;
    args.rows = step_.model.intermediate;
    args.k = step_.model.hidden;
    args.packed = reinterpret_cast<std::uint16_t*>(memory(2 * cuda::packed_size(2 * args.rows, args.k)));
    for (const cuda::RowOrder order : {cuda::RowOrder::Gate, cuda::RowOrder::Up}) {
        const std::size_t skipped = order == cuda::RowOrder::Up ? std::size_t(args.rows) * std::size_t(args.k) : 0;
        args.plain = plain + skipped;
        args.order = order;
        store_.must(store_.kernels().pack(args, nullptr), "packing a matrix");
    }
    return args.packed;
}

void DeviceDecode::set_layer(cuda::DecodeLayer& layer, int index)
{
    const cuda::DecodeModel& model = step_.model;
    const cuda::KvStore& store = store_.store(index);
    if (layer.store.kv_heads != store.kv_heads || layer.store.value_width != store.value_width)
        throw Error(ErrorKind::Internal,
                    fmt::format("layer {}: {} values of {} numbers for a cache of {} of {}", index,
                                layer.store.kv_heads, layer.store.value_width, store.kv_heads, store.value_width));
    layer.store = store;
    layer.maybe_key_basis = store_.maybe_key_basis(index);
    layer.qkv = packed(layer.qkv, cuda::qkv_width(model, store), model.hidden);
    layer.o = packed(layer.o, model.hidden, model.heads * store.value_width);
    layer.gate_up = packed_gate_up(layer.gate_up);
    layer.down = packed(layer.down, model.hidden, model.intermediate);
    step_.splits =
        std::max(step_.splits, store_.kernels().attend_splits(store, model.heads, static_cast<int>(store_.capacity())));
}

at::Tensor DeviceDecode::view(const void* buffer, std::int64_t count, at::ScalarType type) const
{
    const std::int64_t first = static_cast<const std::byte*>(buffer) - static_cast<std::byte*>(buffers_.data_ptr());
    return buffers_.narrow(0, first, 4 * count).view(type);
}

void DeviceDecode::restart_at(std::int64_t tokens)
{
    wait();
    view(step_.buffers.lengths, store_.sequences(), at::kInt).fill_(tokens);
    stored_ = tokens;
}

void DeviceDecode::put(const at::Tensor& tokens)
{
    if (tokens.numel() != store_.sequences())
        throw Error(ErrorKind::Internal, fmt::format("{} tokens for {} sequences", tokens.numel(), store_.sequences()));
    wait();
    view(step_.buffers.tokens, store_.sequences(), at::kInt).copy_(tokens.view(-1));
    store_.must(steps_->start(), "a decode step");
}

void DeviceDecode::step()
{
    if (stored_ >= store_.capacity())
        throw Error(ErrorKind::Internal, fmt::format("the cache of {} tokens is full", store_.capacity()));
    store_.must(steps_->step(), "a decode step");
    ++stored_;
}

void DeviceDecode::wait() { store_.must(steps_->wait(), "a decode step"); }

at::Tensor DeviceDecode::logits()
{
    wait();
    const std::int64_t sequences = store_.sequences(), vocab = step_.model.vocab;
    return view(step_.buffers.logits, sequences * vocab, at::kFloat).view({sequences, vocab}).to(at::kCPU).clone();
}

} // namespace kvw
