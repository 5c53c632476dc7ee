// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/configuration.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

inline constexpr std::size_t kMaxGridPoints = 10000;

/// A sweep: one text that stands for a list of configurations (docs/configuration.md, "Grids").
///     sweep  = grid { ";" grid }          a grid is a configuration text where sets may stand for any piece of text
///     set    = "(" choice { "|" choice } ")"
///     choice = text, may hold sets, may be empty  |  first ".." last [ ".." step ]     whole numbers, ends included
/// "k=pca:(16..64..16) sinks=(0|4)" is eight configurations; the leftmost set varies slowest.
/// Returns the points in reading order; of points with the same normal form the first stays.
/// Throws Error{InvalidArgument} (Error{Unsupported} for a word that is not built) "GRID: column N: ..." with the
/// column in the grid's text; for a point that is no configuration the sentence has the point's text and its error.
/// More than kMaxGridPoints points are an error that says how many there are.
std::vector<Configuration> expand_grid(std::string_view text);

/// The points' normal forms joined by "; ": expand_grid(format_grid(points)) == points where they are all different.
std::string format_grid(std::span<const Configuration> points);
/// SHA-256 of format_grid(points), hexadecimal: two texts that expand to the same points in the same order are one
/// sweep.
std::string hash_grid(std::span<const Configuration> points);

} // namespace kvw
