// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// First: moc does not get past <concepts> before a header of Qt.
#include "widgets/plots/plot_view.h"

#include "widgets/models/selection.h"

#include <utility>
#include <vector>

class QCPColorMap;
class QCPColorScale;
class QCPItemRect;

namespace kvw {

/// One number for each KV head of each layer.
struct HeatMapData
{
    int layers = 0;
    int kv_heads = 0;
    std::vector<double> values; ///< [layers, kv_heads]; NaN: there is none
    double at(HeadId head) const
    {
        return values[static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(kv_heads)
                      + static_cast<std::size_t>(head.kv_head)];
    }
};

/// Layers to the right, heads downwards, numbers as colours. Heads are picked with the mouse (Ctrl: one more or less,
/// Shift: from the current one to here) and with arrow keys, space (one more or less) and return (only this one).
class HeatMap final : public PlotView
{
    Q_OBJECT
public:
    enum class Colours { Magnitude, Difference };

    HeatMap(const QString& id, QWidget* parent = nullptr);

    /// `fixed`: the range of the colours, for maps that are compared; else from smallest to largest, differences
    /// symmetric around 0.
    void setData(HeatMapData data, const QString& measure, AxisKind kind, Colours colours = Colours::Magnitude,
                 std::optional<std::pair<double, double>> fixed = {});
    const HeatMapData& data() const { return m_data; }
    std::pair<double, double> colourRange() const;
    QColor colourOfCell(HeadId head) const;

    void setPicks(std::vector<HeadId> heads); ///< those that are not in the map are left out; says nothing
    const std::vector<HeadId>& picks() const { return m_picks; }
    HeadId current() const { return m_current; }
    void setCurrent(HeadId head);
    QString cellText(HeadId head) const; ///< "Layer 3, head 1: 27.4"

    std::vector<ReadoutEntry> readout() const override;
    bool readsEverySeries() const override { return false; }
    PlotTable table() const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void picksChanged(); ///< by mouse or keyboard
    void currentChanged();

protected:
    void restyle(const PlotStyle& style) override;
    void fitAxes() override;
    QString readoutLabel(double x) const override;
    QString valueText(double value) const override;
    void pointerMoved(const QPointF& position) override;
    void pointerLeft() override;
    void clicked(const QPointF& position, Qt::KeyboardModifiers modifiers) override;
    bool handleKey(int key, Qt::KeyboardModifiers modifiers) override;

private:
    bool isInside(HeadId head) const;
    std::optional<HeadId> cellAt(const QPointF& position) const;
    void pick(HeadId head, Qt::KeyboardModifiers modifiers);
    void drawFrames();
    void paintCells();

    HeatMapData m_data;
    QString m_measure;
    AxisKind m_kind = AxisKind::Number;
    Colours m_colours = Colours::Magnitude;
    std::vector<HeadId> m_picks;
    HeadId m_current;
    std::optional<HeadId> m_hovered;
    QCPColorMap* m_map = nullptr;
    QCPColorScale* m_scale = nullptr;
    std::vector<QCPItemRect*> m_frames;
    QCPItemRect* m_cursor = nullptr;
};

} // namespace kvw
