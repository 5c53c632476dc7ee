// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace kvw {

std::uint64_t SplitMix64::next() noexcept
{
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31);
}

RandomGenerator::RandomGenerator(std::uint64_t seed) noexcept
{
    SplitMix64 filler(seed);
    for (std::uint64_t& word : state_)
        word = filler.next();
}

std::uint64_t RandomGenerator::next() noexcept
{
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double RandomGenerator::uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

double RandomGenerator::normal() noexcept
{
    if (has_spare_) {
        has_spare_ = false;
        return spare_normal_;
    }
    // 1 - uniform() is in (0, 1], where the logarithm is finite.
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_normal_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
}

std::uint64_t RandomGenerator::below(std::uint64_t bound) noexcept
{
    if (bound == 0)
        return 0;
    // 2^64 mod bound values at the low end are refused, which leaves a whole multiple of bound.
    const std::uint64_t refused = (0 - bound) % bound;
    std::uint64_t draw = next();
    while (draw < refused)
        draw = next();
    return draw % bound;
}

} // namespace kvw
