// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/decode_step.h"

#include <cuda_runtime_api.h>

namespace kvw::kernels::cuda {

/// A captured step. Not for use by several threads at a time.
class DecodeGraph
{
public:
    DecodeGraph() = default;
    ~DecodeGraph();
    DecodeGraph(const DecodeGraph&) = delete;
    DecodeGraph& operator=(const DecodeGraph&) = delete;

    /// The stream may not be the default one, and nothing runs on it while it is captured.
    [[nodiscard]] Status capture(const DecodeStep& step, cudaStream_t stream) noexcept;
    [[nodiscard]] Status replay(cudaStream_t stream) const noexcept;
    bool captured() const { return graph_ != nullptr; }

private:
    cudaGraphExec_t graph_ = nullptr;
};

} // namespace kvw::kernels::cuda
