// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page_content.h"

class QAbstractItemModel;

namespace kvw {

class PlotView;

/// A plot as a figure of a page; it must live as long as the page.
PageFigure figureOf(PlotView* plot, const QString& id);
/// What a table model shows, in its order, values with all digits in the header's unit (Qt::EditRole) where it has them.
PageTable tableOf(const QAbstractItemModel& model, const QString& id, const QString& title);

} // namespace kvw
