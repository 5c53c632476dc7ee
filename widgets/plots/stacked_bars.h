// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_view.h"

#include <vector>

namespace kvw {

struct StackedBar
{
    QString name;
    std::vector<double> parts; ///< as many as the parts have names; NaN: not measured, a gap
};

/// Horizontal bars of parts, for ledgers: the longest names have room at the left, and bars read from the top.
class StackedBars final : public PlotView
{
    Q_OBJECT
public:
    explicit StackedBars(const QString& id, QWidget* parent = nullptr);

    void setBars(std::vector<StackedBar> bars, const QStringList& parts, const QString& label, AxisKind kind);
    const std::vector<StackedBar>& bars() const { return m_bars; }
    std::optional<int> currentBar() const { return m_current; }
    void setCurrentBar(std::optional<int> bar);

    std::vector<ReadoutEntry> readout() const override; ///< the parts of the current bar, and their sum
    PlotTable table() const override;
    QSize sizeHint() const override;

Q_SIGNALS:
    void currentBarChanged();

protected:
    void restyle(const PlotStyle& style) override;
    void fitAxes() override;
    QString readoutLabel(double x) const override;
    void pointerMoved(const QPointF& position) override;
    void clicked(const QPointF& position, Qt::KeyboardModifiers modifiers) override;
    bool handleKey(int key, Qt::KeyboardModifiers modifiers) override;

private:
    std::optional<int> barAt(const QPointF& position) const;
    QString partText(double value) const;

    std::vector<StackedBar> m_bars;
    QStringList m_parts;
    std::optional<int> m_current;
};

} // namespace kvw
