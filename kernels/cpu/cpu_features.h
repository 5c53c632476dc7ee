// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace kvw::kernels {

/// Instruction-set variants that a kernel may be compiled in: the x86-64 psABI levels. Baseline runs everywhere.
enum class IsaLevel { Baseline, V3, V4 };

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

/// "baseline", "v3", "v3-vnni", "v4", "vnni", "bf16".
std::string_view name(CpuLevel level) noexcept;
/// The level of a word, none when there is no such word.
std::optional<CpuLevel> cpu_level_named(std::string_view word) noexcept;

/// Whether both the processor and the operating system (registers saved on a task switch) have it, whatever the process
/// is held to.
bool cpu_has(CpuLevel level) noexcept;
bool cpu_has(IsaLevel level) noexcept;
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

/// The psABI level of cpu_level().
IsaLevel isa_level() noexcept;
/// V4 and the bf16 dot product, at the level in force.
bool has_avx512_bf16() noexcept;
/// V4 and the integer dot products, at the level in force.
bool has_avx512_vnni() noexcept;
/// AVX2 with integer dot products, at the level in force; false at V4 and above, which have wider ones or none.
bool has_avx_vnni() noexcept;

} // namespace kvw::kernels
