// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/device_layers.h"
#include "core/lm/past.h"
#include "core/records/ledger.h"
#include "kernels/cuda/operations.h"

#include <vector>

namespace kvw {

/// The cache of all layers as kernels/cuda stores it, in memory of a device. What is timed there (DeviceDecode) and what is
/// scored there (DevicePast) read one of these.
class DeviceStore
{
public:
    /// For `capacity` tokens of each of `sequences`. Memory is of `device`, where `kernels` compute.
    DeviceStore(std::vector<DeviceLayer> layers, const AttentionShape& shape, int sequences, std::int64_t capacity,
                const at::Device& device, const kernels::cuda::Operations& kernels);
    DeviceStore(const DeviceStore&) = delete;
    DeviceStore& operator=(const DeviceStore&) = delete;
    ~DeviceStore() = default;

    int layers() const { return static_cast<int>(stores_.size()); }
    const DeviceLayer& layer(int index) const { return layers_[static_cast<std::size_t>(index)]; }
    const kernels::cuda::KvStore& store(int index) const { return stores_[static_cast<std::size_t>(index)]; }
    /// [kv_heads, head_dim, key_width] fp16, or null.
    const std::uint16_t* maybe_key_basis(int index) const;
    const AttentionShape& shape() const { return shape_; }
    int sequences() const { return sequences_; }
    std::int64_t capacity() const { return capacity_; }
    const at::Device& device() const { return device_; }
    const kernels::cuda::Operations& kernels() const { return kernels_; }

    /// A prompt of one layer from position 0 on: k [sequences, tokens, kv_heads, head_dim], rotated, v [sequences, tokens,
    /// kv_heads, value_width]. Throws Error{NotFinite} as check_range().
    void fill(int index, const at::Tensor& k, const at::Tensor& v);
    /// Throws Error{NotFinite} naming the layer for NaN, infinity and what the format's 16-bit numbers do not hold.
    void check_range(int index, const at::Tensor& k, const at::Tensor& v) const;
    /// Makes zero of everything that one layer stores: what a canary does before it looks whether anyone notices.
    void wreck(int index);

    /// Bytes that `tokens` tokens of every sequence take: whole tiles.
    Ledger ledger(std::int64_t tokens) const;
    /// Share of the vectors of coded sides that are in fp16 with `tokens` stored; 1 where nothing is coded or stored.
    double raw_token_share(std::int64_t tokens) const;

    /// Throws Error{Internal} with what was asked for and what the device said.
    void must(kernels::Status status, const char* what) const;

private:
    AttentionShape shape_;
    int sequences_;
    std::int64_t capacity_;
    at::Device device_;
    const kernels::cuda::Operations& kernels_;
    std::vector<DeviceLayer> layers_;
    std::vector<kernels::cuda::KvStore> stores_;
    std::vector<at::Tensor> tiles_, exact_, maybe_bases_; ///< one a layer
};

} // namespace kvw
