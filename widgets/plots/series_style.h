// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_series.h"

class QCPAxis;

namespace kvw {

/// Colour, dash, marker and width of a series that has no emphasis or that has it, which also lifts it above the others.
void styleSeries(const PlotSeries& series, bool emphasis, const PlotStyle& style);
void styleAxis(QCPAxis* axis, const PlotStyle& style);

} // namespace kvw
