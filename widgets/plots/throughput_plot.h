// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_view.h"

#include <vector>

namespace kvw {

struct ThroughputPoint
{
    double context = 0;            ///< tokens
    double median = 0;             ///< tokens/s
    double p10 = 0, p90 = 0;       ///< tokens/s
    std::optional<double> bound{}; ///< tokens/s that the measured bandwidth allows; nothing: not measured
};

struct ThroughputCurve
{
    QString name;
    std::vector<ThroughputPoint> points; ///< ascending contexts
};

/// Speed against context: medians with 10th and 90th percentile as bars, the bound of the measured bandwidth dotted in
/// the same colour.
class ThroughputPlot final : public PlotView
{
    Q_OBJECT
public:
    explicit ThroughputPlot(const QString& id, QWidget* parent = nullptr);

    void setCurves(std::vector<ThroughputCurve> curves);
    const std::vector<ThroughputCurve>& curves() const { return m_curves; }

    PlotTable table() const override;

protected:
    void rescaled() override;
    void fitAxes() override;

private:
    void fill();

    std::vector<ThroughputCurve> m_curves;
};

} // namespace kvw
