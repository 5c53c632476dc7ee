// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace kvw::kernels {

/// What the kernels may use, each with what stands before it, but for V3Vnni, which is a branch beside V4.
enum class CpuLevel {
    Baseline, ///< x86-64 as it was in the beginning: SSE2
    V3,       ///< x86-64-v3: AVX2, FMA, F16C
    V3Vnni,   ///< and integer dot products of 256 bits (AVX-VNNI)
    V4,       ///< x86-64-v4: AVX-512 F, BW, CD, DQ, VL
    Vnni,     ///< and integer dot products of 512 bits (AVX512-VNNI)
    Bf16      ///< and bf16 dot products (AVX512-BF16)
};

inline constexpr std::array kCpuLevels{CpuLevel::Baseline, CpuLevel::V3,   CpuLevel::V3Vnni,
                                       CpuLevel::V4,       CpuLevel::Vnni, CpuLevel::Bf16};
/// Do(with, <name of a level>) for all of them.
#define KVW_FOR_CPU_LEVELS(Do, with)                                                                                   \
    Do(with, Baseline) Do(with, V3) Do(with, V3Vnni) Do(with, V4) Do(with, Vnni) Do(with, Bf16)

/// Whether what needs `level` has all that needs `other`.
constexpr bool includes(CpuLevel level, CpuLevel other) noexcept
{
    return other == level || (other < level && other != CpuLevel::V3Vnni);
}

/// Whether kernels are compiled for the levels above Baseline (cmake/KvwKernelVariants.cmake).
#if defined(__x86_64__)
inline constexpr bool kCpuLevelsAreCompiled = true;
#else
inline constexpr bool kCpuLevelsAreCompiled = false;
#endif

/// "baseline", "v3", "v3-vnni", "v4", "vnni", "bf16".
std::string_view name(CpuLevel level) noexcept;
/// The level of a word, none when there is no such word.
std::optional<CpuLevel> cpu_level_named(std::string_view word) noexcept;

/// Whether both the processor and the operating system (registers saved on a task switch) have it, whatever the process
/// is held to.
bool cpu_has(CpuLevel level) noexcept;
/// The highest level that cpu_has().
CpuLevel highest_cpu_level() noexcept;

/// The level in force, the same for the whole process: the highest one, unless the environment variable KVW_CPU names a
/// lower one or use_reference_kernels() came first. Where KVW_CPU is not a level or is above the processor, this prints
/// cpu_level_problem() and ends the process: a measurement at another level than the one that was asked for is wrong.
/// Programs that want to say so in their own way ask cpu_level_problem() first.
CpuLevel cpu_level() noexcept;

/// What is wrong with KVW_CPU or with the processor, and what to do.
struct CpuLevelProblem
{
    const char* message;
    const char* hint;
};
/// None when there is nothing wrong. The texts are kept for as long as the process lives.
std::optional<CpuLevelProblem> cpu_level_problem() noexcept;

/// From now on the portable kernels only, which are what the others are held against: cpu_level() is Baseline. To be
/// called before any kernel; false when it comes too late.
bool use_reference_kernels() noexcept;
/// Whether that was asked for: then nothing else may take the portable kernels' place either.
bool reference_kernels_wanted() noexcept;

} // namespace kvw::kernels
