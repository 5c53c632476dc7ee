// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/device_store.h"
#include "core/lm/past.h"

#include <memory>

namespace kvw {

/// The past of a decoder in a DeviceStore, read by the kernels that decode from it. However many tokens come at once, each
/// is stored, and read by its own query, before the next one is: a text in one piece gives the numbers of one that comes
/// token by token, and both those of whole steps (DeviceDecode).
class DevicePast final : public Past
{
public:
    /// `store` outlives this; no one else appends to it meanwhile.
    explicit DevicePast(DeviceStore& store);

    /// Every append is followed by attend() of the same tokens, which stores them.
    void append(int layer, const at::Tensor& k, const at::Tensor& v) override;
    at::Tensor attend(int layer, const at::Tensor& q) override;
    std::int64_t length() const override { return stored_.back(); }

    /// What the store was filled with counts as `tokens` tokens; 0 forgets all.
    void restart_at(std::int64_t tokens);
    /// From now on the store is made zero between writing and reading: a canary.
    void wreck() { wrecked_ = true; }
    /// Pairs of a query and a coded token that it read, counted where they are read, of all layers and sequences.
    std::int64_t coded_reads() const { return coded_reads_; }

private:
    void attend_token(int layer, std::int64_t position, const float* qkv, float* out);

    DeviceStore& store_;
    std::vector<std::int64_t> stored_; ///< tokens, by layer
    at::Tensor k_, v_;                 ///< appended and not attended yet; views of the decoder's buffers
    at::Tensor lengths_;               ///< [capacity, sequences] int32, row t all t
    at::Tensor queries_, scratch_;     ///< between the kernels
    std::vector<int> splits_;          ///< by layer
    std::int64_t coded_reads_ = 0;
    bool wrecked_ = false;
};

} // namespace kvw
