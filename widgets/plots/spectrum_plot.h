// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_view.h"

#include <vector>

namespace kvw {

/// One spectrum to draw.
struct SpectrumCurve
{
    QString name;
    SeriesLook look;
    std::vector<double> eigenvalues; ///< descending
};

/// Spectra against the component, from 1: variances, their share of the energy summed up, or what is left out.
class SpectrumPlot final : public PlotView
{
    Q_OBJECT
public:
    enum class Shown {
        Eigenvalue, ///< variance along the component
        Share,      ///< the same over the sum: spectra of different size side by side
        Energy,     ///< share of the first components
        LeftOut,    ///< 1 - Energy, by sums from the end, so that small ones keep their digits
    };

    SpectrumPlot(const QString& id, Shown shown, QWidget* parent = nullptr);

    void setCurves(std::vector<SpectrumCurve> curves);
    const std::vector<SpectrumCurve>& curves() const { return m_curves; }
    void setShown(Shown shown);
    Shown shown() const { return m_shown; }

    /// [components] of what is shown, before any floor; LeftOut's last is 0.
    static std::vector<double> values(const std::vector<double>& eigenvalues, Shown shown);
    static QString text(Shown shown); ///< label of the axis

    PlotTable table() const override;

protected:
    void fitAxes() override;
    void rescaled() override;
    QString readoutLabel(double x) const override;

private:
    void fill();
    void labelAxes();

    Shown m_shown;
    std::vector<SpectrumCurve> m_curves;
};

} // namespace kvw
