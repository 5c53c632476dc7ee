// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/basis.h"
#include "core/config/configuration.h"

#include <cstdint>
#include <optional>
#include <span>

namespace kvw {

/// What a transform is fitted from, for one KV head of one side of a layer. Of the three parts of a calibration those are
/// given that the transform's word asks for (config::FittedFrom); the others are null or empty.
struct TransformInput
{
    int head_dim = 0;
    std::uint64_t seed = 0;                 ///< of this layer, side and head
    const Moments* maybe_moments = nullptr; ///< of the vectors that are stored
    const Moments* maybe_queries = nullptr; ///< of the queries that read them
    std::span<const double> output_gram;    ///< [head_dim, head_dim], row-major
};

/// The basis that a transform stores vectors in, in fp64: the one function of every transform. Empty for transforms that
/// have none: the identity and the canaries. Throws Error{InvalidArgument} as the functions of basis.h do, Error{Internal}
/// when a part of the input is missing that this transform reads.
std::optional<Basis> fit_transform(const TransformSpec& transform, const TransformInput& input);

} // namespace kvw
