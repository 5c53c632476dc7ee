// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/arena.h"
#include "core/lm/decoder.h"
#include "core/lm/weights.h"

#include <ATen/core/Tensor.h>

#include <memory>

namespace kvw {

/// y = x W^T with the rows of several stored matrices stacked (q, k, v; gate, up), so that a layer is four products.
/// On a CPU the weights are packed for our own kernel. Where LibTorch multiplies many rows by a matrix of this shape clearly
/// faster (library_product.h), which is measured and only considered in fp32, a second copy is held for it. On a device
/// LibTorch multiplies.
class Linear
{
public:
    enum class Output { Store, Add };

    /// On the CPU the weights lie in `arena`, which lives as long as they do.
    static Linear load(const WeightFiles& files, std::span<const MatrixName> parts, std::int64_t columns,
                       ComputeType type, const at::Device& device, const std::shared_ptr<Arena>& arena);

    /// weight [rows, columns] fp32 on the CPU.
    static Linear make(const at::Tensor& weight, ComputeType type, const at::Device& device,
                       const std::shared_ptr<Arena>& arena);

    std::int64_t rows() const { return n_; }
    /// x [tokens, columns] fp32 -> y [tokens, rows()] fp32, stored or added.
    void apply(const at::Tensor& x, at::Tensor& y, Output output = Output::Store) const;
    /// Columns first..first + y.size(1) of x W^T alone; `first` is a multiple of 16, the width of a packed tile.
    void apply_part(const at::Tensor& x, std::int64_t first, at::Tensor& y) const;
    double bytes() const { return bytes_; }
    /// The matrix as [rows, columns] in the compute type: itself on a device, a copy where it is held packed.
    at::Tensor matrix() const;

private:
    void hold(const at::Tensor& weight, const at::Device& device, const std::shared_ptr<Arena>& arena);
    void apply_packed(const at::Tensor& x, std::int64_t first, at::Tensor& y, Output output) const;
    bool takes_library(const at::Tensor& x) const;

    std::int64_t n_ = 0, k_ = 0;
    double bytes_ = 0;
    ComputeType type_ = ComputeType::Bf16;
    at::Tensor packed_;       ///< on a CPU: bytes of kernels::pack_linear
    at::Tensor maybe_weight_; ///< [n, k] in the compute type: on a device, and where LibTorch is faster
};

} // namespace kvw
