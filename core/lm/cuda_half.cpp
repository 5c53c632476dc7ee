// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/cuda_half.h"

#include "core/base/error.h"
#include "kernels/cuda/operations.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

namespace kvw {
namespace {

void* library_handle = nullptr; ///< set once, by load()

CudaState load()
{
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto library = program.parent_path().parent_path() / "lib" / "libkvw_cuda.so";
    if (!std::filesystem::exists(library))
        return {false, "this build has no CUDA half"};
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!handle)
        return {false, fmt::format("the CUDA half does not load: {}", dlerror())};
    using DeviceCount = int (*)();
    const auto count = reinterpret_cast<DeviceCount>(dlsym(handle, "kvw_cuda_device_count"));
    if (!count)
        return {false, "the CUDA half is of another version"};
    if (count() <= 0)
        return {false, "there is no CUDA device, or its driver is too old"};
    library_handle = handle;
    return {true, {}};
}

} // namespace

const CudaState& cuda_state()
{
    static const CudaState state = load();
    return state;
}

void require_cuda()
{
    if (!cuda_state().available)
        throw Error(ErrorKind::Unsupported, fmt::format("the device cuda is not available: {}", cuda_state().reason),
                    "use --device cpu");
}

const kernels::cuda::Operations& cuda_kernels()
{
    require_cuda();
    using Get = const kernels::cuda::Operations* (*)();
    const auto get = reinterpret_cast<Get>(dlsym(library_handle, "kvw_cuda_operations"));
    if (get == nullptr)
        throw Error(ErrorKind::Unsupported, "this build's CUDA half has no kernels of its own: there was no nvcc",
                    "build with nvcc on the PATH");
    return *get();
}

} // namespace kvw
