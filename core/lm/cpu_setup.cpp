// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/cpu_setup.h"

#include "kernels/cpu/cpu_features.h"
#include "kernels/threads.h"

#include <ATen/Parallel.h>

#include <cstdlib>

namespace kvw {
namespace {

/// The names under which the libraries know a level.
struct LibraryLevel
{
    kernels::CpuLevel level;
    const char *aten, *onednn, *mkl;
};

constexpr LibraryLevel kLibraryLevels[] = {
    {kernels::CpuLevel::Baseline, "default", "SSE41", "SSE4_2"},
    {kernels::CpuLevel::V3, "avx2", "AVX2", "AVX2"},
    {kernels::CpuLevel::V3Vnni, "avx2", "AVX2_VNNI", "AVX2"},
    {kernels::CpuLevel::V4, "avx512", "AVX512_CORE", "AVX512"},
    {kernels::CpuLevel::Vnni, "avx512", "AVX512_CORE_VNNI", "AVX512_E1"},
    {kernels::CpuLevel::Bf16, "avx512", "AVX512_CORE_BF16", "AVX512_E3"},
};

bool hold_libraries() noexcept
{
    const char* wish = std::getenv("KVW_CPU");
    if (wish == nullptr || *wish == '\0' || kernels::cpu_level_problem())
        return false;
    for (const LibraryLevel& each : kLibraryLevels) {
        if (kernels::name(each.level) != wish)
            continue;
        // What a user has set for a library stays.
        ::setenv("ATEN_CPU_CAPABILITY", each.aten, 0);
        ::setenv("ONEDNN_MAX_CPU_ISA", each.onednn, 0);
        ::setenv("MKL_ENABLE_INSTRUCTIONS", each.mkl, 0);
        return true;
    }
    return false;
}

const bool held = hold_libraries();

} // namespace

bool libraries_are_held() noexcept { return held; }

void set_cpu_threads(int count)
{
    if (count > 0)
        kernels::set_threads(count);
    at::set_num_threads(kernels::threads());
}

} // namespace kvw
