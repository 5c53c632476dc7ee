// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/lm/past.h"

#include <memory>
#include <span>
#include <vector>

namespace kvw {

/// The stock path, the second baseline beside the identity codec: keys and values uncoded in the compute type, contiguous
/// and allocated once for `capacity` positions, read by LibTorch's own attention.
class StockPast final : public Past
{
public:
    /// `maybe_value_widths`: numbers of a value, one a layer, where they are not head_dim (folded values).
    StockPast(const AttentionShapes& shape, ComputeType type, int sequences, std::int64_t capacity,
              const at::Device& device = at::kCPU, std::span<const int> maybe_value_widths = {});

    void append(int layer, const at::Tensor& k, const at::Tensor& v) override;
    at::Tensor attend(int layer, const at::Tensor& q) override;
    std::int64_t length() const override { return layers_.back().tokens; }

    std::unique_ptr<StockPast> clone() const;
    /// What is stored of a layer, [sequences, tokens, kv_heads, head_dim or value width], a view.
    at::Tensor keys(int layer) const;
    at::Tensor values(int layer) const;
    /// Of the positions that are filled, all layers and sequences.
    double bytes_filled() const;
    double bytes_allocated() const;

private:
    struct Layer
    {
        at::Tensor k, v; ///< [sequences, kv_heads, capacity, head_dim]
        std::int64_t tokens = 0;
    };

    AttentionShapes shape_;
    std::vector<Layer> layers_;
};

} // namespace kvw
