// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/device_model.h"
#include "core/lm/past.h"
#include "core/model/model_config.h"
#include "core/model/safetensors.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

/// What the matrices are held and multiplied in. Activations between them are fp32 either way.
enum class ComputeType { Fp32, Bf16 };
std::string_view name(ComputeType type) noexcept;      ///< "fp32", "bf16"
ComputeType parse_compute_type(std::string_view text); ///< throws Error{InvalidArgument}

/// Sees queries and keys before the rotary embedding and all three after it: what calibration gathers.
/// Tensors are fp32 views [sequences, tokens, heads, head_dim], valid during the call only.
class Observer
{
public:
    virtual ~Observer() = default;
    virtual void before_rope(int layer, const at::Tensor& q, const at::Tensor& k) = 0;
    virtual void after_rope(int layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) = 0;
};

/// How far a forward pass goes.
enum class Extent {
    Hidden,    ///< all layers and the final norm
    LastAttend ///< up to the last layer's attend(): all that calibration reads
};

/// A low-rank basis of one layer's values that is multiplied into the weights around them (CODECS.md 4h), fp64:
///     v' = E^T (v - mean) comes out of v_proj, and o_proj takes v' where it took v = D v' + mean.
struct ValueFold
{
    at::Tensor encoder; ///< [kv_heads, head_dim, rank]
    at::Tensor decoder; ///< [kv_heads, head_dim, rank]
    at::Tensor mean;    ///< [kv_heads, head_dim]
};

/// A decoder-only language model. Not thread-safe; the threads inside belong to LibTorch's pool.
class Decoder
{
public:
    virtual ~Decoder() = default;

    virtual const ModelConfig& config() const = 0;
    virtual AttentionShape attention_shape() const = 0;
    virtual ComputeType compute_type() const = 0;

    /// tokens [sequences, tokens] int64 on the CPU, all sequences starting at `position`. Reads the past through `past`
    /// only. Returns the hidden states after the final norm, fp32 [sequences, tokens, hidden_size] (undefined for
    /// Extent::LastAttend). Throws Error{InvalidArgument} for a token outside the vocabulary.
    virtual at::Tensor forward(const at::Tensor& tokens, std::int64_t position, Past& past,
                               Observer* maybe_observer = nullptr, Extent extent = Extent::Hidden) = 0;
    /// hidden [rows, hidden_size] fp32 -> [rows, vocab_size] fp32. Callers pass at most kLogitRows rows at a time.
    virtual at::Tensor logits(const at::Tensor& hidden) = 0;
    /// The columns first..first + out.size(1) of the logits alone, any number of rows, into out (fp32, unit stride within
    /// a row): for those who go through the vocabulary piece by piece and keep nothing. `first` is a multiple of
    /// kLogitColumnStep.
    virtual void logits_part(const at::Tensor& hidden, std::int64_t first, at::Tensor& out);

    /// sum over the group's query heads of W_o,h W_o,h^T, [head_dim, head_dim] row-major fp64 (CODECS.md 0).
    virtual std::vector<double> output_gram(int layer, int kv_head) const = 0;
    /// The same model with folded values in these layers (one entry a layer, empty: as it is), sharing all other weights.
    /// Its `v` has `rank` numbers a head, and so has what attend() gives back. Multiplied in fp64, then held in the compute
    /// type. Throws Error{Unsupported} for a family that cannot.
    virtual std::unique_ptr<Decoder> with_folded_values(std::span<const std::optional<ValueFold>> layers) const;
    /// Bytes of the matrices that one decode step of one sequence reads.
    virtual double weight_bytes_per_step() const = 0;
    virtual at::Device device() const { return at::kCPU; }
    /// Throws Error{Unsupported} saying what of the model the kernels of kernels/cuda do not know.
    virtual void require_device_kernels() const;
    /// What their whole steps need, for up to `positions` tokens of context. Throws as require_device_kernels().
    virtual DeviceModel device_model(std::int64_t positions);
};

/// Rows of logits that anyone may hold at once (25 MB for a vocabulary of 49,152).
inline constexpr std::int64_t kLogitRows = 128;
/// Where a part of the vocabulary may begin.
inline constexpr std::int64_t kLogitColumnStep = 16;

struct DecoderOptions
{
    ComputeType type = ComputeType::Bf16;
    std::string device = "cpu"; ///< "cpu" or "cuda"
};

/// Loads the weights of a family this program knows. Throws Error{BadInput} naming the tensor for shapes that contradict
/// config.json and for NaN or infinite weights, Error{Unsupported} for a device that is not there.
std::unique_ptr<Decoder> open_decoder(const ModelConfig& config, std::shared_ptr<const WeightFiles> weights,
                                      const DecoderOptions& options);

} // namespace kvw
