// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

namespace kvw {

/// SplitMix64 (Steele, Lea, Flood 2014): a counter put through a mixer, good enough to spread a seed
/// over a larger state.
class SplitMix64
{
public:
    explicit SplitMix64(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t next() noexcept;

private:
    std::uint64_t state_;
};

/// xoshiro256** (Blackman, Vigna 2018), its state filled by SplitMix64(seed). The distributions are our own, because
/// those of the standard library differ between implementations: next(), uniform() and below() are the same to the bit
/// everywhere, normal() to the last bits of the mathematical library's log, sin and cos.
/// Not for secrets. Not thread-safe: one generator per thread.
class RandomGenerator
{
public:
    explicit RandomGenerator(std::uint64_t seed) noexcept;
    /// With the four state words as they are (not all zero): for known answers.
    explicit RandomGenerator(const std::array<std::uint64_t, 4>& state) noexcept : state_(state) {}

    std::uint64_t next() noexcept;
    /// The upper 53 bits / 2^53: in [0, 1).
    double uniform() noexcept;
    /// N(0, 1) by Box and Muller from two draws (the first in (0, 1]); the sine half is kept for the next call.
    double normal() noexcept;
    /// Uniform in 0..bound-1 without bias (draws outside a whole multiple of bound are thrown away); 0 for bound 0.
    std::uint64_t below(std::uint64_t bound) noexcept;

private:
    std::array<std::uint64_t, 4> state_;
    double spare_normal_ = 0;
    bool has_spare_ = false;
};

} // namespace kvw
