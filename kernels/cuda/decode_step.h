// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/kv_store.h"
#include "kernels/cuda/stream.h"

/// One token for each of up to 8 sequences through a whole model of the Llama / Qwen2 family, six kernels a layer:
///     qkv = W_qkv norm(x) + b      append (rotary, encode, store)      attend
///     x += W_o attention + b_o     mlp = silu(W_gate norm(x)) * (W_up norm(x))      x += W_down mlp
/// then the logits and their arg-max, which is the next step's token. Nothing depends on the host, so one captured graph is
/// one step. Folded low-rank values only make W_qkv and W_o smaller (value_width < head_dim) and give W_o a bias.
namespace kvw::kernels::cuda {

struct Operations;

/// Matrices are bf16, vectors fp32, all in device memory. A model has them plain, with the rows of gate before those of up;
/// a step reads them packed (pack() in linear.h), gate and up interleaved.
struct DecodeLayer
{
    const std::uint16_t* qkv = nullptr;     ///< [heads * head_dim + kv_heads * (head_dim + value_width), hidden]
    const std::uint16_t* o = nullptr;       ///< [hidden, heads * value_width]
    const std::uint16_t* gate_up = nullptr; ///< [2 * intermediate, hidden]: gate, then up
    const std::uint16_t* down = nullptr;    ///< [hidden, intermediate]
    const float* attention_norm = nullptr;  ///< [hidden]
    const float* mlp_norm = nullptr;        ///< [hidden]
    const float* maybe_qkv_bias = nullptr;
    const float* maybe_o_bias = nullptr;
    const std::uint16_t* maybe_key_basis = nullptr; ///< as append() takes it
    KvStore store;                                  ///< sequences, kv_heads and value_width are read from here
};

struct DecodeModel
{
    int hidden = 0;       ///< a multiple of kHiddenStep
    int intermediate = 0; ///< a multiple of kIntermediateStep
    int heads = 0, head_dim = 0, vocab = 0;
    float norm_eps = 0, softmax_scale = 0;
    const DecodeLayer* layers = nullptr; ///< host memory, read when a step is enqueued
    int layer_count = 0;
    const std::uint16_t* logits = nullptr;    ///< [vocab, hidden]
    const std::uint16_t* embedding = nullptr; ///< [vocab, hidden], never packed
    const float* final_norm = nullptr;        ///< [hidden]
    const float* maybe_cosine = nullptr;      ///< [positions, head_dim / 2]
    const float* maybe_sine = nullptr;
};

/// Rows of a layer's W_qkv.
constexpr int qkv_width(const DecodeModel& model, const KvStore& store)
{
    return model.heads * model.head_dim + store.kv_heads * (model.head_dim + store.value_width);
}

/// What lies between the kernels, in one piece of device memory that is zeroed once.
struct DecodeBuffers
{
    int *tokens = nullptr, *lengths = nullptr; ///< [sequences] the token to come in; tokens stored
    float *x = nullptr, *squares = nullptr, *qkv = nullptr, *attend_scratch = nullptr;
    std::uint16_t *x_blocks = nullptr, *q = nullptr, *attention_blocks = nullptr, *mlp_blocks = nullptr;
    std::uint64_t* best = nullptr;
    float* logits = nullptr; ///< [sequences, vocab]
};

struct DecodeStep
{
    const Operations* operations = nullptr; ///< of the device that has the memory
    DecodeModel model;
    int sequences = 0; ///< 1..kMaxSequences
    int splits = 0;    ///< from attend_splits(), for the longest context the step will see
    DecodeBuffers buffers;
    int maybe_variants[4] = {-1, -1, -1, -1}; ///< of the products qkv, o, gate_up + logits, down; see linear.h
};

/// Bytes of the buffers; where `memory` is given, also where each lies in it (256-byte aligned).
std::size_t place_buffers(DecodeStep& step, std::byte* maybe_memory) noexcept;

/// x of the tokens in buffers.tokens; before the first step, or to put in other tokens than the model chose.
[[nodiscard]] Status decode_start(const DecodeStep& step, StreamHandle stream) noexcept;
/// One step: stores the tokens that x stands for, leaves logits, the next tokens and their x, and lengths + 1.
[[nodiscard]] Status decode_step(const DecodeStep& step, StreamHandle stream) noexcept;

} // namespace kvw::kernels::cuda
