// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/cpu_features.h"

#include <atomic>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kvw::kernels {
namespace {

struct Features
{
    IsaLevel level = IsaLevel::Baseline;
    bool avx_vnni = false, avx512_bf16 = false, avx512_vnni = false;
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
    // Leaf 1 ecx: SSE3, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C.
    constexpr unsigned leaf1 =
        bit(0) | bit(9) | bit(12) | bit(13) | bit(19) | bit(20) | bit(22) | bit(23) | bit(27) | bit(28) | bit(29);
    // Leaf 7 ebx: BMI1, AVX2, BMI2; AVX512 F, DQ, CD, BW, VL.
    constexpr unsigned leaf7_v3 = bit(3) | bit(5) | bit(8);
    constexpr unsigned leaf7_v4 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);
    constexpr unsigned xcr0_ymm = bit(1) | bit(2);
    constexpr unsigned xcr0_zmm = xcr0_ymm | bit(5) | bit(6) | bit(7);

    Features features;
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !all(c, leaf1))
        return features;
    const unsigned saved = saved_registers();
    if (!__get_cpuid(0x80000001u, &a, &b, &c, &d) || !all(c, bit(0) | bit(5))) // LAHF, LZCNT
        return features;
    if (!all(saved, xcr0_ymm) || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !all(b, leaf7_v3))
        return features;
    features.level = IsaLevel::V3;
    unsigned a1 = 0, b1 = 0, c1 = 0, d1 = 0;
    features.avx_vnni = a >= 1 && __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1) && all(a1, bit(4));
    if (!all(saved, xcr0_zmm) || !all(b, leaf7_v4))
        return features;
    features.level = IsaLevel::V4;
    features.avx512_vnni = all(c, bit(11));
    features.avx512_bf16 = a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && all(a, bit(5));
    return features;
}

#else

Features detect() { return {}; }

#endif

enum class Choice { None, Reference, Asked };
std::atomic<Choice> choice{Choice::None};

const Features& features()
{
    static const Features found = choice.exchange(Choice::Asked) == Choice::Reference ? Features{} : detect();
    return found;
}

} // namespace

bool use_reference_kernels() noexcept
{
    Choice expected = Choice::None;
    return choice.compare_exchange_strong(expected, Choice::Reference) || expected == Choice::Reference
        || (features().level == IsaLevel::Baseline && !features().avx512_vnni && !features().avx512_bf16);
}

IsaLevel isa_level() noexcept { return features().level; }

bool has_avx_vnni() noexcept { return features().avx_vnni; }

bool has_avx512_bf16() noexcept { return features().avx512_bf16; }

bool has_avx512_vnni() noexcept { return features().avx512_vnni; }

} // namespace kvw::kernels
