// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/device_store.h"
#include "core/lm/device_model.h"

#include <memory>
#include <vector>

namespace kvw {

/// Whole decode steps that stay on a device: weights, cache, tokens, and the choice of the next ones. A step does not wait for
/// the host, which is what makes small models and short contexts fast there.
class DeviceDecode
{
public:
    /// `store` outlives this. Packs the model's matrices; `model` is not needed afterwards.
    DeviceDecode(const DeviceModel& model, DeviceStore& store);
    DeviceDecode(const DeviceDecode&) = delete;
    DeviceDecode& operator=(const DeviceDecode&) = delete;
    ~DeviceDecode() = default;

    /// What the store was filled with counts as `tokens` tokens of every sequence. put() comes next.
    void restart_at(std::int64_t tokens);
    /// tokens [sequences] int64 on the CPU: what the next step stores. Without it, what the step before has chosen.
    void put(const at::Tensor& tokens);
    /// One token of every sequence: enqueued, not waited for. At most as many as the store has room for.
    void step();
    void wait();
    /// Of the last step, [sequences, vocab] fp32 on the CPU; waits.
    at::Tensor logits();

private:
    void set_layer(kernels::cuda::DecodeLayer& layer, int index);
    std::uint16_t* packed(const std::uint16_t* plain, int rows, int columns);
    std::uint16_t* packed_gate_up(const std::uint16_t* plain);
    /// Zeroed device memory that lives as long as this.
    std::byte* memory(std::size_t bytes);
    /// [sequences, ...] of the step's buffers as a tensor of 4-byte numbers.
    at::Tensor view(const void* buffer, std::int64_t count, at::ScalarType type) const;

    DeviceStore& store_;
    std::vector<at::Tensor> memory_;
    at::Tensor buffers_;
    std::vector<kernels::cuda::DecodeLayer> layers_;
    kernels::cuda::DecodeStep step_;
    std::unique_ptr<kernels::cuda::DecodeSteps> steps_; ///< ends before the memory that it reads
    std::int64_t stored_ = 0;
};

} // namespace kvw
