// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_view.h"

#include <map>

class QTimer;

namespace kvw {

/// Curves that grow while a job runs. At most ten paintings a second, none while it is hidden.
class ConvergencePlot final : public PlotView
{
    Q_OBJECT
public:
    explicit ConvergencePlot(const QString& id, QWidget* parent = nullptr);

    /// Appends; a name that is new is a new curve. A value that is not finite is a gap.
    void addPoint(const QString& name, double x, double value);
    void clear();
    int pointCount(const QString& name) const;

    PlotTable table() const override;

protected:
    void rescaled() override {}
    void fitAxes() override;
    void showEvent(QShowEvent* event) override;

private:
    void showNow();

    std::map<QString, int> m_index; ///< of the series
    QTimer* m_timer = nullptr;
    bool m_stale = false;
    bool m_newSeries = false;
};

} // namespace kvw
