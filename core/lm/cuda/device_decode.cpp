// SPDX-License-Identifier: GPL-3.0-or-later
// Whole decode steps on a GPU: packs a model's matrices for kernels/cuda, keeps its cache there and replays one captured
// graph a step.
#include "core/lm/device_decode.h"

#include "kernels/cuda/append.h"
#include "kernels/cuda/attend.h"
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/linear.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;
using kernels::Status;

void must(cudaError_t error, const char* what)
{
    TORCH_CHECK(error == cudaSuccess, "CUDA: ", what, " failed: ", cudaGetErrorString(error));
}

void must(Status status, const char* what)
{
    TORCH_CHECK(status != Status::BadShape, "the kernels refuse the shapes of ", what);
    TORCH_CHECK(status == Status::Ok, "CUDA: ", what, " could not be started");
}

std::uint16_t* words(const at::Tensor& x) { return static_cast<std::uint16_t*>(x.data_ptr()); }
int rows_of(const at::Tensor& matrix) { return static_cast<int>(matrix.size(0)); }
int columns_of(const at::Tensor& matrix) { return static_cast<int>(matrix.size(1)); }

class CudaDecode final : public DeviceDecode
{
public:
    CudaDecode(const DeviceModel& model, const DeviceDecodeOptions& options) : model_(model), options_(options)
    {
        TORCH_CHECK(options.sequences >= 1 && options.sequences <= cuda::kLinearRows, "the CUDA kernels take 1 to ",
                    cuda::kLinearRows, " sequences, ", options.sequences, " were asked for");
        TORCH_CHECK(options.layers.size() == model.layers.size(), options.layers.size(), " layers of cache for ",
                    model.layers.size(), " of the model");
        TORCH_CHECK(options.capacity >= 1 && options.capacity <= model.cosine.size(0), "a cache of ", options.capacity,
                    " tokens for rotary tables of ", model.cosine.size(0));
        must(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
        must(cudaDeviceSynchronize(), "loading the model");
        for (std::size_t i = 0; i < model.layers.size(); ++i)
            layers_.push_back(make_layer(model.layers[i], options.layers[i]));
        set_step();
        must(cudaDeviceSynchronize(), "packing the weights");
    }
    CudaDecode(const CudaDecode&) = delete;
    CudaDecode& operator=(const CudaDecode&) = delete;
    ~CudaDecode() override
    {
        cudaStreamSynchronize(stream_);
        cudaStreamDestroy(stream_);
    }

    void fill(int index, const at::Tensor& k, const at::Tensor& v) override;
    void put(const at::Tensor& tokens) override;
    void step() override;
    void wait() override { must(cudaStreamSynchronize(stream_), "a decode step"); }
    at::Tensor logits() override;

private:
    cuda::DecodeLayer make_layer(const DeviceLayerWeights& weights, const DeviceLayer& cache);
    cuda::KvStore make_store(const DeviceLayer& cache);
    void set_step();
    std::uint16_t* packed(const at::Tensor& matrix);
    std::uint16_t* packed_gate_up(const at::Tensor& matrix);
    const float* held(const at::Tensor& maybe_vector);
    /// Zeroed device memory that lives as long as this.
    std::byte* memory(std::size_t bytes);
    at::TensorOptions on_device(at::ScalarType type) const { return model_.head.options().dtype(type); }

    DeviceModel model_;
    DeviceDecodeOptions options_;
    std::vector<at::Tensor> memory_;
    std::vector<cuda::DecodeLayer> layers_;
    cuda::DecodeStep step_;
    cuda::DecodeGraph graph_;
    cudaStream_t stream_ = nullptr;
    std::int64_t stored_ = 0;
    bool captured_ = false;
};

std::byte* CudaDecode::memory(std::size_t bytes)
{
    memory_.push_back(at::zeros({static_cast<std::int64_t>(bytes)}, on_device(at::kByte)));
    return static_cast<std::byte*>(memory_.back().data_ptr());
}

const float* CudaDecode::held(const at::Tensor& maybe_vector)
{
    if (!maybe_vector.defined())
        return nullptr;
    memory_.push_back(maybe_vector.to(at::kFloat).contiguous());
    return memory_.back().data_ptr<float>();
}

std::uint16_t* CudaDecode::packed(const at::Tensor& matrix)
{
    const at::Tensor plain = matrix.contiguous();
    cuda::Pack args;
    args.plain = words(plain);
    args.rows = rows_of(plain);
    args.k = columns_of(plain);
    args.packed = reinterpret_cast<std::uint16_t*>(memory(2 * cuda::packed_size(args.rows, args.k)));
    must(cudaDeviceSynchronize(), "zeroing memory"); // it is zeroed on another stream
    must(cuda::pack(args, stream_), "packing a matrix");
    must(cudaStreamSynchronize(stream_), "packing a matrix");
    return args.packed;
}

std::uint16_t* CudaDecode::packed_gate_up(const at::Tensor& matrix)
{
    const at::Tensor plain = matrix.contiguous();
    cuda::Pack args;
    args.rows = rows_of(plain) / 2;
    args.k = columns_of(plain);
    args.packed = reinterpret_cast<std::uint16_t*>(memory(2 * cuda::packed_size(2 * args.rows, args.k)));
    must(cudaDeviceSynchronize(), "zeroing memory");
    for (const cuda::RowOrder order : {cuda::RowOrder::Gate, cuda::RowOrder::Up}) {
        args.plain = words(plain) + (order == cuda::RowOrder::Up ? plain.numel() / 2 : 0);
        args.order = order;
        must(cuda::pack(args, stream_), "packing a matrix");
    }
    must(cudaStreamSynchronize(stream_), "packing a matrix");
    return args.packed;
}

cuda::KvStore CudaDecode::make_store(const DeviceLayer& cache)
{
    cuda::KvStore store;
    store.key_format = static_cast<cuda::Format>(cache.key_format);
    store.value_format = static_cast<cuda::Format>(cache.value_format);
    store.key_width = cache.key_width;
    store.value_width = cache.value_width;
    store.sequences = options_.sequences;
    store.kv_heads = model_.kv_heads;
    store.pages_per_sequence = static_cast<int>((options_.capacity + cuda::kPageTokens - 1) / cuda::kPageTokens);
    store.sinks = cache.sinks;
    store.window = cache.window;
    must(cuda::check(store), "the cache");
    const cuda::KvStoreBytes bytes = cuda::kv_store_bytes(
        store, static_cast<std::size_t>(store.sequences) * static_cast<std::size_t>(store.pages_per_sequence));
    store.tiles = memory(bytes.tiles);
    store.exact = bytes.exact > 0 ? memory(bytes.exact) : nullptr;
    return store;
}

cuda::DecodeLayer CudaDecode::make_layer(const DeviceLayerWeights& weights, const DeviceLayer& cache)
{
    cuda::DecodeLayer layer;
    layer.store = make_store(cache);
    layer.qkv = packed(weights.qkv);
    layer.o = packed(weights.output);
    layer.gate_up = packed_gate_up(weights.gate_up);
    layer.down = packed(weights.down);
    layer.attention_norm = held(weights.attention_norm);
    layer.mlp_norm = held(weights.mlp_norm);
    layer.maybe_qkv_bias = held(weights.maybe_qkv_bias);
    layer.maybe_o_bias = held(weights.maybe_output_bias);
    if (cache.maybe_key_basis.defined()) {
        memory_.push_back(cache.maybe_key_basis.to(on_device(at::kHalf)).contiguous());
        layer.maybe_key_basis = words(memory_.back());
    }
    return layer;
}

void CudaDecode::set_step()
{
    cuda::DecodeModel& model = step_.model;
    model.hidden = model_.hidden;
    model.intermediate = model_.intermediate;
    model.heads = model_.heads;
    model.head_dim = model_.head_dim;
    model.vocab = model_.vocab;
    model.norm_eps = model_.norm_eps;
    model.softmax_scale = model_.softmax_scale;
    model.layers = layers_.data();
    model.layer_count = static_cast<int>(layers_.size());
    model.logits = packed(model_.head);
    model_.embedding = model_.embedding.contiguous();
    model.embedding = words(model_.embedding);
    model.final_norm = held(model_.final_norm);
    model.maybe_cosine = held(model_.cosine);
    model.maybe_sine = held(model_.sine);
    step_.sequences = options_.sequences;
    int device = 0, multiprocessors = 0;
    must(cudaGetDevice(&device), "asking for the device");
    must(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device), "asking for the device");
    for (const cuda::DecodeLayer& layer : layers_)
        step_.splits = std::max(
            step_.splits,
            cuda::attend_splits(layer.store, model_.heads, static_cast<int>(options_.capacity), multiprocessors));
    cuda::place_buffers(step_, memory(cuda::place_buffers(step_, nullptr)));
}

void CudaDecode::fill(int index, const at::Tensor& k, const at::Tensor& v)
{
    const DeviceLayer& cache = options_.layers[static_cast<std::size_t>(index)];
    const cuda::DecodeLayer& layer = layers_[static_cast<std::size_t>(index)];
    const at::ScalarType type = cache.key_format == DeviceFormat::Bf16 ? at::kBFloat16 : at::kHalf;
    TORCH_CHECK(k.size(1) <= options_.capacity, "a prompt of ", k.size(1), " tokens for a cache of ",
                options_.capacity);
    at::Tensor keys = k.to(at::kFloat);
    if (cache.maybe_key_basis.defined()) // [sequences, tokens, kv_heads, 1, d] x [kv_heads, d, rank]
        keys = at::matmul(keys.unsqueeze(3), cache.maybe_key_basis.to(keys.options())).squeeze(3);
    const at::Tensor stored_keys = keys.to(type).contiguous(), stored_values = v.to(type).contiguous();
    cuda::Fill args;
    args.store = layer.store;
    args.k = words(stored_keys);
    args.v = words(stored_values);
    args.count = static_cast<int>(k.size(1));
    must(cudaDeviceSynchronize(), "the prompt"); // its products ran on another stream
    must(cuda::fill(args, stream_), "storing the prompt");
    must(cudaStreamSynchronize(stream_), "storing the prompt");
    stored_ = k.size(1);
    const std::vector<int> lengths(static_cast<std::size_t>(options_.sequences), args.count);
    must(cudaMemcpy(step_.buffers.lengths, lengths.data(), lengths.size() * sizeof(int), cudaMemcpyHostToDevice),
         "setting the lengths");
}

void CudaDecode::put(const at::Tensor& tokens)
{
    const at::Tensor ids = tokens.to(at::kInt).contiguous();
    TORCH_CHECK(ids.numel() == options_.sequences, ids.numel(), " tokens for ", options_.sequences, " sequences");
    wait();
    must(cudaMemcpy(step_.buffers.tokens, ids.data_ptr<int>(), static_cast<std::size_t>(ids.numel()) * sizeof(int),
                    cudaMemcpyHostToDevice),
         "setting the tokens");
    must(cuda::decode_start(step_, stream_), "a decode step");
}

void CudaDecode::step()
{
    TORCH_CHECK(stored_ < options_.capacity, "the cache of ", options_.capacity, " tokens is full");
    if (!captured_) {
        must(graph_.capture(step_, stream_), "capturing a decode step");
        captured_ = true;
    }
    must(graph_.replay(stream_), "a decode step");
    ++stored_;
}

at::Tensor CudaDecode::logits()
{
    wait();
    at::Tensor out = at::empty({options_.sequences, model_.vocab}, at::kFloat);
    must(cudaMemcpy(out.data_ptr<float>(), step_.buffers.logits, out.nbytes(), cudaMemcpyDeviceToHost),
         "reading the logits");
    return out;
}

} // namespace
} // namespace kvw

/// See kvw::open_device_decode().
extern "C" kvw::DeviceDecode* kvw_cuda_open_decode(const kvw::DeviceModel& model,
                                                   const kvw::DeviceDecodeOptions& options)
{
    const c10::InferenceMode inference;
    return new kvw::CudaDecode(model, options);
}
