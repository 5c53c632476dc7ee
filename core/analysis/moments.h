// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"

#include <span>
#include <string_view>
#include <vector>

namespace kvw {

/// Sizes against dim, weight and count not negative, every number finite, scatter symmetric to 1e-5 of its largest
/// entry. `what` opens the message ("layer 3, kv head 1, k").
/// Throws Error{BadInput} (sizes, signs, symmetry) or Error{NotFinite} with the first place that is NaN or infinite.
void check_moments(const Moments& moments, std::string_view what);

/// Moments of no vectors: zeros of the right sizes. Throws Error{InvalidArgument} for dim < 1.
Moments empty_moments(int dim);

/// Adds the vectors behind `part` to those behind `total`, as if all had been gathered together. Chan, Golub and
/// LeVeque's pairwise update, weighted:
///     delta = mean_b - mean_a                mean += delta w_b / (w_a + w_b)
///     scatter += scatter_b + delta delta^T w_a w_b / (w_a + w_b)
/// Centred on both sides, so that a large mean costs no digits of the scatter. A default-made `total` (dim 0) becomes
/// `part`; a `part` of weight 0 only adds its count. Throws Error{InvalidArgument} for different dims, and what
/// check_moments(part) throws; `total` is unchanged then.
void merge(Moments& total, const Moments& part);

/// The moments of all vectors behind all parts (the KV heads of a layer, for a pooled basis).
/// Throws Error{InvalidArgument} for no parts or a null one, and what merge() throws.
Moments pool(std::span<const Moments* const> parts);

/// scatter / weight, [dim, dim] row-major. Throws what check_moments throws, and Error{BadInput} for weight 0.
std::vector<double> covariance(const Moments& moments);
/// covariance + mean mean^T = sum w x x^T / weight, [dim, dim] row-major: the raw second moment of docs/codecs.md,
/// "Moments", per unit weight. Throws as covariance().
std::vector<double> raw_second_moment(const Moments& moments);

} // namespace kvw
