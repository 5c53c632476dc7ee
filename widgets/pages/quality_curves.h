// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// First: moc does not get past <concepts> before a header of Qt.
#include "widgets/plots/rank_quality_plot.h"

#include "core/store/store.h"

#include <set>
#include <span>
#include <vector>

namespace kvw {

/// The measurement that a run belongs to: its parent, or itself.
RowId measurementOf(const Provenance& source);

/// The quality runs of these measurements as curves. Points are joined only within one sweep, and only when they differ in
/// nothing but one rank, or one number of bits, or such a number that is the same for keys and values; whatever else was
/// measured is a mark of its own. Runs without a difference to compare (the identity) are left out.
std::vector<QualityCurve> qualityCurves(std::span<const QualityRow> rows, const std::set<RowId>& measurements);

} // namespace kvw
