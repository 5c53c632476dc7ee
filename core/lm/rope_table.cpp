// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/rope_table.h"

#include <cmath>
#include <numbers>

namespace kvw {
namespace {

double scaled(double frequency, const RopeScaling& scaling)
{
    if (scaling.kind == RopeScaling::Kind::Linear)
        return frequency / scaling.factor;
    const double wavelength = 2 * std::numbers::pi / frequency;
    const double original = static_cast<double>(scaling.original_max_positions);
    if (wavelength > original / scaling.low_frequency_factor)
        return frequency / scaling.factor;
    if (wavelength < original / scaling.high_frequency_factor)
        return frequency;
    const double blend = (original / wavelength - scaling.low_frequency_factor)
        / (scaling.high_frequency_factor - scaling.low_frequency_factor);
    return (1 - blend) * frequency / scaling.factor + blend * frequency;
}

} // namespace

RopeTable::RopeTable(const RotarySpec& rotary, int head_dim)
{
    for (int i = 0; i < head_dim / 2; ++i) {
        const double frequency = std::pow(rotary.theta, -2.0 * i / head_dim);
        frequencies_.push_back(static_cast<float>(rotary.scaling ? scaled(frequency, *rotary.scaling) : frequency));
    }
}

RopeTable::View RopeTable::at(std::int64_t position, std::int64_t tokens)
{
    const std::size_t half = frequencies_.size();
    for (; filled_ < position + tokens; ++filled_) {
        for (const float frequency : frequencies_) {
            const float angle = static_cast<float>(filled_) * frequency;
            cosine_.push_back(static_cast<float>(std::cos(static_cast<double>(angle))));
            sine_.push_back(static_cast<float>(std::sin(static_cast<double>(angle))));
        }
    }
    const std::size_t offset = static_cast<std::size_t>(position) * half;
    return {cosine_.data() + offset, sine_.data() + offset};
}

} // namespace kvw
