// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_style.h"

#include <QList>
#include <QString>

class QCPAbstractPlottable;

namespace kvw {

/// One line of a plot, cloud of points or row of bars, with its entry in the legend.
struct PlotSeries
{
    QString name;
    QCPAbstractPlottable* plottable = nullptr;
    SeriesLook look;
    bool shown = true;
    /// Error bars, bounds (dotted): shown with it, no entry of their own.
    QList<QCPAbstractPlottable*> companions = {};
};

} // namespace kvw
