// SPDX-License-Identifier: GPL-3.0-or-later
// The 16-bit number formats, one number at a time.
#include "kernels/rows.h"

#include <bit>

namespace kvw::kernels {

std::uint16_t to_fp16(float value) noexcept
{
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return static_cast<std::uint16_t>(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) // 65520, halfway between the largest number and the next step
        return static_cast<std::uint16_t>(sign | 0x7c00u);
    if (magnitude < 0x38800000u) { // below 2^-14: the step is 2^-24, and adding 0.5 leaves it as the last bit
        const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
    }
    const std::uint32_t half_even = 0xfffu + (magnitude >> 13 & 1u);
    return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000u + half_even) >> 13));
}

float from_fp16(std::uint16_t value) noexcept
{
    const std::uint32_t sign = (value & 0x8000u) << 16;
    const std::uint32_t magnitude = (value & 0x7fffu) << 13;
    if (magnitude >= 0x0f800000u) // infinity and NaN
        return std::bit_cast<float>(sign | 0x7f800000u | magnitude);
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p112f; // exact, subnormal numbers too
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

std::uint16_t to_bf16(float value) noexcept
{
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

float from_bf16(std::uint16_t value) noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

} // namespace kvw::kernels
