// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/cpu_features.h"

#include "kernels/cpu/cpu_level_list.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kvw::kernels {
namespace {

constexpr std::array<std::string_view, kCpuLevels.size()> kNames{"baseline", "v3", "v3-vnni", "v4", "vnni", "bf16"};

/// What the processor and the operating system have, by level.
struct Features
{
    bool below_baseline = false;
    std::array<bool, kCpuLevels.size()> has{true};

    void set(CpuLevel level, bool there) { has[static_cast<std::size_t>(level)] = there; }
};

#if defined(__x86_64__)

constexpr unsigned bit(int index) { return 1u << index; }

constexpr bool all(unsigned value, unsigned mask) { return (value & mask) == mask; }

/// XCR0: which registers the operating system saves. Must not be asked without OSXSAVE.
unsigned saved_registers()
{
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

Features detect()
{
    // Leaf 1 ecx: SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT: what LibTorch and its libraries use without asking.
    constexpr unsigned leaf1_least = bit(0) | bit(9) | bit(19) | bit(20) | bit(23);
    // And FMA, CMPXCHG16B, MOVBE, OSXSAVE, AVX, F16C.
    constexpr unsigned leaf1_v3 = leaf1_least | bit(12) | bit(13) | bit(22) | bit(27) | bit(28) | bit(29);
    // Leaf 7 ebx: BMI1, AVX2, BMI2; AVX512 F, DQ, CD, BW, VL.
    constexpr unsigned leaf7_v3 = bit(3) | bit(5) | bit(8);
    constexpr unsigned leaf7_v4 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);
    constexpr unsigned xcr0_ymm = bit(1) | bit(2);
    constexpr unsigned xcr0_zmm = xcr0_ymm | bit(5) | bit(6) | bit(7);

    Features features;
    unsigned a = 0, b = 0, c = 0, d = 0;
    const bool answered = __get_cpuid(1, &a, &b, &c, &d) != 0;
    features.below_baseline = !answered || !all(c, leaf1_least);
    if (!answered || !all(c, leaf1_v3))
        return features;
    const unsigned saved = saved_registers();
    if (!__get_cpuid(0x80000001u, &a, &b, &c, &d) || !all(c, bit(0) | bit(5))) // LAHF, LZCNT
        return features;
    if (!all(saved, xcr0_ymm) || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !all(b, leaf7_v3))
        return features;
    features.set(CpuLevel::V3, true);
    unsigned a1 = 0, b1 = 0, c1 = 0, d1 = 0;
    const bool more = a >= 1 && __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1);
    features.set(CpuLevel::V3Vnni, more && all(a1, bit(4)));
    if (!all(saved, xcr0_zmm) || !all(b, leaf7_v4))
        return features;
    features.set(CpuLevel::V4, true);
    const bool vnni = all(c, bit(11));
    features.set(CpuLevel::Vnni, vnni);
    features.set(CpuLevel::Bf16, vnni && more && all(a1, bit(5)));
    return features;
}

#else

Features detect() { return {}; }

#endif

const Features& features() noexcept
{
    static const Features found = detect();
    return found;
}

/// KVW_CPU as it was when it was first asked for, and what is wrong with it.
struct Wish
{
    std::optional<CpuLevel> level;
    std::string problem, hint; ///< empty: none

    Wish();
};

Wish::Wish()
{
    if (features().below_baseline) {
        problem = "this processor lacks SSE4.2 or POPCNT, which LibTorch cannot do without";
        hint = "use a processor of the last fifteen years";
        return;
    }
    const char* word = std::getenv("KVW_CPU");
    if (word == nullptr || *word == '\0')
        return;
    hint = "leave KVW_CPU unset, or set it to one that this processor has: " + cpu_levels_there();
    level = cpu_level_named(word);
    if (!level)
        problem = "KVW_CPU is \"" + std::string(word) + "\", which is not a level of instructions";
    else if (!cpu_has(*level))
        problem = "KVW_CPU is \"" + std::string(word) + "\", which this processor does not have";
}

const Wish& wish()
{
    static const Wish found;
    return found;
}

enum class Choice { None, Reference, Asked };
std::atomic<Choice> choice{Choice::None};
std::atomic<bool> reference_wanted{false};

CpuLevel decide()
{
    if (const auto problem = cpu_level_problem()) {
        std::fprintf(stderr, "error: %s\n  try: %s\n", problem->message, problem->hint);
        std::exit(1);
    }
    if (choice.exchange(Choice::Asked) == Choice::Reference)
        return CpuLevel::Baseline;
    return wish().level.value_or(highest_cpu_level());
}

} // namespace

std::string_view name(CpuLevel level) noexcept { return kNames[static_cast<std::size_t>(level)]; }

std::optional<CpuLevel> cpu_level_named(std::string_view word) noexcept
{
    for (const CpuLevel level : kCpuLevels)
        if (name(level) == word)
            return level;
    return std::nullopt;
}

bool cpu_has(CpuLevel level) noexcept { return features().has[static_cast<std::size_t>(level)]; }

CpuLevel highest_cpu_level() noexcept
{
    CpuLevel highest = CpuLevel::Baseline;
    for (const CpuLevel level : kCpuLevels)
        if (cpu_has(level))
            highest = level;
    return highest;
}

std::optional<CpuLevelProblem> cpu_level_problem() noexcept
{
    const Wish& found = wish();
    if (found.problem.empty())
        return std::nullopt;
    return CpuLevelProblem{found.problem.c_str(), found.hint.c_str()};
}

CpuLevel cpu_level() noexcept
{
    static const CpuLevel decided = decide();
    return decided;
}

bool use_reference_kernels() noexcept
{
    reference_wanted = true;
    Choice expected = Choice::None;
    return choice.compare_exchange_strong(expected, Choice::Reference) || expected == Choice::Reference
        || cpu_level() == CpuLevel::Baseline;
}

bool reference_kernels_wanted() noexcept { return reference_wanted; }

} // namespace kvw::kernels
