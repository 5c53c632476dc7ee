// SPDX-License-Identifier: GPL-3.0-or-later
// The operations of a GPU.
#include "kernels/cuda/operations.h"

#include "kernels/cuda/decode_graph.h"
#include "kernels/cuda/launch.h"

#include <memory>
#include <new>

namespace kvw::kernels::cuda {
namespace {

Status ok_if(cudaError_t error) { return error == cudaSuccess ? Status::Ok : Status::LaunchFailed; }

/// The first step is captured and every one replayed, on a stream of its own.
class CapturedSteps final : public DecodeSteps
{
public:
    explicit CapturedSteps(const DecodeStep& step) : step_(step) {}
    ~CapturedSteps() override
    {
        if (stream_) {
            cudaStreamSynchronize(stream_);
            cudaStreamDestroy(stream_);
        }
    }

    bool open() { return cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking) == cudaSuccess; }
    Status start() noexcept override
    {
        const Status status = ok_if(cudaDeviceSynchronize());
        return status == Status::Ok ? decode_start(step_, stream_) : status;
    }
    Status step() noexcept override
    {
        if (!graph_.captured())
            if (const Status status = graph_.capture(step_, stream_); status != Status::Ok)
                return status;
        return graph_.replay(stream_);
    }
    Status wait() noexcept override { return ok_if(cudaStreamSynchronize(stream_)); }

private:
    DecodeStep step_;
    DecodeGraph graph_;
    cudaStream_t stream_ = nullptr;
};

DecodeSteps* open_steps(const DecodeStep& step) noexcept
{
    std::unique_ptr<CapturedSteps> steps(new (std::nothrow) CapturedSteps(step));
    return steps && steps->open() ? steps.release() : nullptr;
}

int splits(const KvStore& store, int heads, int tokens) noexcept
{
    return attend_splits(store, heads, tokens, multiprocessors());
}

Status wait() noexcept { return ok_if(cudaDeviceSynchronize()); }
const char* last_error() noexcept { return cudaGetErrorString(cudaGetLastError()); }

} // namespace

const Operations& cuda_operations() noexcept
{
    static constexpr Operations operations{"CUDA", append, fill, attend,     splits, attend_scratch_bytes,
                                           pack,   linear, pick, open_steps, wait,   last_error};
    return operations;
}

} // namespace kvw::kernels::cuda
