# SPDX-License-Identifier: GPL-3.0-or-later
# The CPU half of LibTorch from the Python wheel, as the target kvw_torch.
#
# find_package(Torch) of a CUDA wheel demands the whole CUDA toolkit. The CPU half needs two small CUDA libraries at
# run time (libcudart, libcupti), which come from the packages nvidia-cuda-runtime and nvidia-cuda-cupti; the rpath
# inside libtorch_cpu.so finds them beside the wheel.
file(GLOB KVW_TORCH_CANDIDATES "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
set(KVW_TORCH_ROOT "${KVW_TORCH_CANDIDATES}" CACHE PATH "The folder 'torch' of the wheel torch==2.11.0")
if(NOT EXISTS "${KVW_TORCH_ROOT}/lib/libtorch_cpu.so")
    message(FATAL_ERROR "LibTorch is not at KVW_TORCH_ROOT='${KVW_TORCH_ROOT}'. Run scripts/start, which installs it, "
                        "or pass -DKVW_TORCH_ROOT=.../site-packages/torch.")
endif()
get_filename_component(kvw_site_packages "${KVW_TORCH_ROOT}" DIRECTORY)

add_library(kvw_torch INTERFACE)
# After the system's own folders: the wheel brings headers of a newer fmt without its library.
target_compile_options(kvw_torch INTERFACE
    "SHELL:-idirafter \"${KVW_TORCH_ROOT}/include\"" "SHELL:-idirafter \"${KVW_TORCH_ROOT}/include/torch/csrc/api/include\"")
target_link_libraries(kvw_torch INTERFACE
    "$<LINK_LIBRARY:KVW_KEEP,${KVW_TORCH_ROOT}/lib/libtorch_cpu.so,${KVW_TORCH_ROOT}/lib/libc10.so>")
set(CMAKE_CXX_LINK_LIBRARY_USING_KVW_KEEP "LINKER:--push-state,--no-as-needed" "<LINK_ITEM>" "LINKER:--pop-state")
set(CMAKE_CXX_LINK_LIBRARY_USING_KVW_KEEP_SUPPORTED TRUE)
target_link_options(kvw_torch INTERFACE
    "LINKER:-rpath,${KVW_TORCH_ROOT}/lib" "LINKER:-rpath,${kvw_site_packages}/nvidia/cu13/lib"
    "LINKER:--allow-shlib-undefined")

# Only the loops' hints: the threads are the kernels' own, and OpenMP's pool is LibTorch's alone.
target_compile_options(kvw_torch INTERFACE -fopenmp-simd)
