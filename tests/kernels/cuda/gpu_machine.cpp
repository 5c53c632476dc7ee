// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/device.h"

#include <stdexcept>

#include <cuda_runtime_api.h>

namespace kvw::kernels::cuda::test {
namespace {

/// Throws with the name of the error; tests of kernels check their own calls.
void must(cudaError_t error, const char* what)
{
    if (error != cudaSuccess)
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

class Gpu final : public Machine
{
public:
    const Operations& operations() const override { return cuda_operations(); }
    std::string why_absent() const override
    {
        int count = 0;
        const cudaError_t error = cudaGetDeviceCount(&count);
        if (error == cudaSuccess && count > 0)
            return {};
        const std::string why = error != cudaSuccess ? std::string(" (") + cudaGetErrorString(error) + ")" : "";
        return "this machine has no CUDA device" + why;
    }
    void* allocate(std::size_t bytes) override
    {
        void* memory = nullptr;
        must(cudaMalloc(&memory, bytes), "memory");
        must(cudaMemset(memory, 0, bytes), "memory");
        return memory;
    }
    void release(void* memory) noexcept override { cudaFree(memory); }
    void to_device(void* to, const void* from, std::size_t bytes) override
    {
        must(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice), "to the device");
    }
    void to_host(void* to, const void* from, std::size_t bytes) override
    {
        must(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost), "to the host");
    }
    void wait() override { must(cudaDeviceSynchronize(), "a kernel"); }
};

} // namespace

Machine& machine()
{
    static Gpu gpu;
    return gpu;
}

} // namespace kvw::kernels::cuda::test
