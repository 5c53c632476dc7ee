# SPDX-License-Identifier: GPL-3.0-or-later
# CUDA is optional: with nvcc the kernels are compiled (and a mistake in them fails the build), without it they are left
# out. KVW_HAS_CUDA says which. The CUDA runtime is linked statically; the programs need a driver only to run kernels.
include(CheckLanguage)
set(KVW_HAS_CUDA FALSE)
if(KVW_CUDA)
    if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX} AND EXISTS /usr/local/cuda/bin/nvcc)
        set(CMAKE_CUDA_COMPILER /usr/local/cuda/bin/nvcc)
    endif()
    check_language(CUDA)
endif()
if(KVW_CUDA AND CMAKE_CUDA_COMPILER)
    # Machine code for Hopper; PTX, which the driver compiles, for what is older (from Ampere on) or newer.
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
        set(CMAKE_CUDA_ARCHITECTURES 80-virtual 90 CACHE STRING "Architectures of the CUDA kernels")
    endif()
    enable_language(CUDA)
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION) # CMake 3.25 does not know that newer nvcc have it
        set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
        set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_EXTENSIONS OFF)
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    find_package(CUDAToolkit REQUIRED)
    if(KVW_CCACHE)
        set(CMAKE_CUDA_COMPILER_LAUNCHER "${KVW_CCACHE}")
    endif()
    add_library(kvw_cuda_warnings INTERFACE)
    target_compile_options(kvw_cuda_warnings INTERFACE
        "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Werror;-Werror=all-warnings;--expt-relaxed-constexpr>"
        "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Werror>")
    set(KVW_HAS_CUDA TRUE)
else()
    message(STATUS "No CUDA compiler (nvcc): kernels/cuda is left out")
endif()
