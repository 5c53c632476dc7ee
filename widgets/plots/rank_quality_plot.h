// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// First: moc does not get past <concepts> before a header of Qt.
#include "widgets/plots/plot_view.h"

#include "core/records/run.h"

#include <array>
#include <cmath>
#include <vector>

namespace kvw {

/// What may stand on an axis of the plot of quality.
enum class QualityMeasure {
    RelativePpl,
    KlMean,
    KlP99,
    Disagreement, ///< 1 - top-1 agreement
    BitsPerValue,
    CacheBytes,
    RankK,
    RankV,
    BitsK,
    BitsV,
};
inline constexpr std::array kQualityMeasures{
    QualityMeasure::RelativePpl,  QualityMeasure::KlMean,     QualityMeasure::KlP99, QualityMeasure::Disagreement,
    QualityMeasure::BitsPerValue, QualityMeasure::CacheBytes, QualityMeasure::RankK, QualityMeasure::RankV,
    QualityMeasure::BitsK,        QualityMeasure::BitsV};

/// One measured configuration.
struct QualityPoint
{
    RowId run = 0;
    QString config;
    QString detail;                                     ///< more lines for the pointer: sweep, text, protocol
    std::array<double, kQualityMeasures.size()> values; ///< NaN: there is none
    double relative_ppl_low = NAN, relative_ppl_high = NAN;
    double at(QualityMeasure measure) const { return values[static_cast<std::size_t>(measure)]; }
};

/// Points of one sweep that differ in one number, in the order of that number; or points that nothing joins.
struct QualityCurve
{
    QString name;
    SeriesLook look; ///< line false: marks only
    std::vector<QualityPoint> points;
};

/// Any measure against any other. Measured points are marks; only curves of one sweep are joined. The relative change of
/// the perplexity has its 95 % interval. Logarithmic axes show what is not above their floor on the floor, and say so.
class RankQualityPlot final : public PlotView
{
    Q_OBJECT
public:
    explicit RankQualityPlot(const QString& id, QWidget* parent = nullptr);

    void setCurves(std::vector<QualityCurve> curves);
    const std::vector<QualityCurve>& curves() const { return m_curves; }
    void setMeasures(QualityMeasure x, QualityMeasure y);
    QualityMeasure measure(Axis axis) const { return axis == Axis::X ? m_x : m_y; }

    std::optional<RowId> currentRun() const; ///< of the point that is pointed at
    void setCurrentRun(std::optional<RowId> run);

    static QString text(QualityMeasure measure); ///< with its unit
    static AxisKind kind(QualityMeasure measure);
    /// The least that a logarithmic axis shows; nothing: the measure has none.
    static std::optional<double> floorOf(QualityMeasure measure);

    std::vector<ReadoutEntry> readout() const override; ///< all that is known of the point that is pointed at
    bool readsEverySeries() const override { return false; }
    PlotTable table() const override;

Q_SIGNALS:
    void currentRunChanged();
    void runActivated(kvw::RowId run); ///< return or double click

protected:
    void rescaled() override;
    void fitAxes() override;
    QString readoutLabel(double x) const override;
    void pointerMoved(const QPointF& position) override;
    void pointerLeft() override;
    void clicked(const QPointF& position, Qt::KeyboardModifiers modifiers) override;
    bool handleKey(int key, Qt::KeyboardModifiers modifiers) override;

private:
    struct Place
    {
        int curve = 0, point = 0;
        bool operator==(const Place&) const = default;
    };
    void fill();
    int fillCurve(const QualityCurve& curve);
    double placed(Axis axis, double value, int* below) const;
    const QualityPoint& pointAt(Place place) const;
    bool isDrawn(Place place) const;
    QPointF positionOf(Place place) const;
    void setCurrent(std::optional<Place> place);
    void drawCurrent();
    std::optional<Place> nearest(const QPointF& position) const;
    static QString measureText(QualityMeasure measure, double value, const QLocale& locale);

    std::vector<QualityCurve> m_curves;
    QualityMeasure m_x = QualityMeasure::RankK, m_y = QualityMeasure::RelativePpl;
    std::optional<Place> m_current;
};

} // namespace kvw
