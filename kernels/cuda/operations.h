// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/append.h"
#include "kernels/cuda/attend.h"
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/linear.h"

namespace kvw::kernels::cuda {

/// Whole decode steps one after another, each enqueued and none waited for.
class DecodeSteps
{
public:
    DecodeSteps() = default;
    virtual ~DecodeSteps() = default;
    DecodeSteps(const DecodeSteps&) = delete;
    DecodeSteps& operator=(const DecodeSteps&) = delete;

    /// decode_start(), once everything that was enqueued on the device before (a prompt, the tokens) has ended.
    [[nodiscard]] virtual Status start() noexcept = 0;
    /// decode_step().
    [[nodiscard]] virtual Status step() noexcept = 0;
    [[nodiscard]] virtual Status wait() noexcept = 0;
};

/// All that is asked of a device: the kernels of a GPU, or plain loops over host memory that do the same by the formulas and
/// in the layout that the headers state. What works with one works with the other; pointers are of that device's memory.
struct Operations
{
    const char* name; ///< "CUDA", "reference"
    Status (*append)(const Append& args, StreamHandle stream) noexcept;
    Status (*fill)(const Fill& args, StreamHandle stream) noexcept;
    Status (*attend)(const Attend& args, StreamHandle stream) noexcept;
    /// Splits that fill the device for sequences of up to `tokens` tokens.
    int (*attend_splits)(const KvStore& store, int heads, int tokens) noexcept;
    std::size_t (*attend_scratch_bytes)(const KvStore& store, int heads, int splits) noexcept;
    Status (*pack)(const Pack& args, StreamHandle stream) noexcept;
    Status (*linear)(const Linear& args, StreamHandle stream) noexcept;
    Status (*pick)(const Pick& args, StreamHandle stream) noexcept;
    /// Of a copy of `step`, whose layers and memory outlive it; null where the device refuses. The caller owns it.
    DecodeSteps* (*open_steps)(const DecodeStep& step) noexcept;
    Status (*wait)() noexcept;            ///< for all that was enqueued
    const char* (*last_error)() noexcept; ///< of the device, in its own words
};

/// Of the GPU; in the library that is built with nvcc.
const Operations& cuda_operations() noexcept;
/// Of the host: what the GPU's are held against, and what takes their place where there is no GPU to test on.
const Operations& reference_operations() noexcept;

} // namespace kvw::kernels::cuda
