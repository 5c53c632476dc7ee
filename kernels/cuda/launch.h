// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstddef>

#include <cuda_runtime.h>

/// Launches that overlap with the kernel before them in the stream (programmatic dependent launch, sm_90 and newer).
///
/// The rules, which every kernel of a decode step keeps:
///   * launch_dependents() as early as possible: the next kernel may start as soon as every block of this one has said so
///     or ended, and then fetches what no kernel of the step writes (weights, tables) into shared memory;
///   * wait_dependency(), by every thread, before the first read or write of anything that other kernels of the step read
///     or write: it returns once the kernel before has ended entirely and its writes are visible. Because that kernel
///     waited in the same way, everything earlier in the stream has ended too;
///   * what other kernels of the step write is read past the first-level cache (__ldcg, cp.async.cg) and never through
///     `const __restrict__`: the compiler may move such reads ahead of the wait, and the cache may hold an older line.
namespace kvw::kernels::cuda {

#ifdef __CUDACC__
/// Lets the next kernel of the stream start; nothing below sm_90.
__device__ __forceinline__ void launch_dependents()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Returns once the kernel before has ended and its writes are visible; nothing below sm_90, where it has ended already.
__device__ __forceinline__ void wait_dependency()
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
#endif

/// Whether kernels of this device may start before the one before them has ended; asked once a device and thread.
inline bool has_dependent_launch() noexcept
{
    thread_local int known_device = -1;
    thread_local bool known = false;
    int device = 0;
    if (cudaGetDevice(&device) != cudaSuccess)
        return false;
    if (device != known_device) {
        int major = 0;
        known = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess && major >= 9;
        known_device = device;
    }
    return known;
}

/// Multiprocessors of this thread's device; 0 when there is none.
inline int multiprocessors() noexcept
{
    int device = 0, count = 0;
    if (cudaGetDevice(&device) != cudaSuccess
        || cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device) != cudaSuccess)
        return 0;
    return count;
}

/// Starts kernel(arguments...) on the stream, allowed to overlap with the kernel before it; more than 48 KB of dynamic
/// shared memory are asked for where needed. Can be captured in a graph. LaunchFailed: cudaGetLastError() says why.
template<typename... Parameters, typename... Arguments>
[[nodiscard]] Status launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes,
                            cudaStream_t stream, const Arguments&... arguments) noexcept
{
    if (shared_bytes > 48 * 1024
        && cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes))
            != cudaSuccess)
        return Status::LaunchFailed;
    cudaLaunchAttribute overlap = {};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    config.attrs = &overlap;
    config.numAttrs = has_dependent_launch() ? 1 : 0;
    return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...) == cudaSuccess
        ? Status::Ok
        : Status::LaunchFailed;
}

} // namespace kvw::kernels::cuda
