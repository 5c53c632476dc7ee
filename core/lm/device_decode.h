// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace kvw {

/// How a GPU stores vectors of the cache: as kernels/cuda/kv_store.h, in whose order and with whose formulas.
enum class DeviceFormat { Fp16, Bf16, Int8, Int4, Int4Channel };

/// The cache of one layer on a GPU.
struct DeviceLayer
{
    DeviceFormat key_format = DeviceFormat::Bf16, value_format = DeviceFormat::Bf16;
    int key_width = 0, value_width = 0; ///< numbers a head
    at::Tensor maybe_key_basis; ///< [kv_heads, head_dim, key_width] fp32, orthonormal columns: keys k U, queries q U
    int sinks = 0, window = 0;  ///< tokens kept in fp16, multiples of 32
};

/// The matrices of one layer [rows, columns] in bf16, vectors in fp32, all on the model's device.
struct DeviceLayerWeights
{
    at::Tensor qkv, output, gate_up, down; ///< q, k, v stacked; gate, up stacked
    at::Tensor attention_norm, mlp_norm;
    at::Tensor maybe_qkv_bias, maybe_output_bias;
};

/// All that whole decode steps of a decoder read, apart from its past.
struct DeviceModel
{
    std::vector<DeviceLayerWeights> layers;
    at::Tensor embedding, head; ///< [vocab, hidden] bf16
    at::Tensor final_norm;
    at::Tensor cosine, sine; ///< [positions, head_dim / 2] fp32
    int hidden = 0, intermediate = 0, heads = 0, kv_heads = 0, head_dim = 0, vocab = 0;
    float norm_eps = 0, softmax_scale = 0;
};

/// Whole decode steps that stay on a device: weights, cache, tokens, and the choice of the next ones. A step does not wait for
/// the host, which is what makes small models and short contexts fast there.
class DeviceDecode
{
public:
    virtual ~DeviceDecode() = default;

    /// The prompt of one layer, in place of whatever was stored: k [sequences, tokens, kv_heads, head_dim], rotated,
    /// v [sequences, tokens, kv_heads, value_width]. All layers are filled, with the same number of tokens, before a step.
    virtual void fill(int layer, const at::Tensor& k, const at::Tensor& v) = 0;
    /// tokens [sequences] int64 on the CPU: what the next step stores. Without it, what the step before has chosen.
    virtual void put(const at::Tensor& tokens) = 0;
    /// One token of every sequence: enqueued, not waited for. At most `capacity` tokens may be stored.
    virtual void step() = 0;
    virtual void wait() = 0;
    /// Of the last step, [sequences, vocab] fp32 on the CPU; waits.
    virtual at::Tensor logits() = 0;
};

struct DeviceDecodeOptions
{
    std::vector<DeviceLayer> layers;
    int sequences = 1;
    std::int64_t capacity = 0; ///< tokens of a sequence
};

/// By the CUDA half. Throws Error{Unsupported} when it is not there, was built without nvcc, or has no kernels for such a
/// model or cache, saying which.
std::unique_ptr<DeviceDecode> open_device_decode(const DeviceModel& model, const DeviceDecodeOptions& options);

/// The symbol of libkvw_cuda.so behind open_device_decode(); throws c10::Error.
using OpenDeviceDecode = DeviceDecode* (*)(const DeviceModel& model, const DeviceDecodeOptions& options);
inline constexpr const char* kOpenDeviceDecode = "kvw_cuda_open_decode";

} // namespace kvw
