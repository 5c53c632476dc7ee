// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/editing.h"
#include "widgets/models/text.h"
#include "widgets/plots/axis_tickers.h"
#include "widgets/plots/plot_figure.h"
#include "widgets/plots/plot_series.h"
#include "widgets/plots/plot_table.h"

#include <QPointer>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

class QAction;
class QCPAxis;
class QCPItemStraightLine;
class QCPItemText;
class QCustomPlot;
class QMenu;
class QSplitter;

namespace kvw {

class PlotLegend;
class PlotReadout;

/// What a series is at the readout's place.
struct ReadoutEntry
{
    QString name;
    QString value; ///< with its unit, in the locale's digits; empty where the series has nothing
    bool operator==(const ReadoutEntry&) const = default;
};

/// A plot: axes, mouse, keyboard, readout, legend, context menu, copy, export, accessibility. Subclasses fill in data.
///
/// Mouse: wheel zooms at the pointer (Ctrl: along x only, Shift: along y only), drag moves, Shift and drag zooms into a
/// rectangle, double click shows everything. Keys: arrows move the readout (Shift: by ten), Home and End, + - 0 zoom.
/// Colours follow the window's palette at once. Setters only ask for a repaint, so several cost one painting. More than
/// eight series have a table beside the plot for a legend.
class PlotView : public QWidget, public Copyable
{
    Q_OBJECT
public:
    enum class Axis { X, Y };
    enum class Scale { Linear, Log };

    /// `id` is the name under which choices are kept in the settings ("spectra/energy") and of exported files.
    explicit PlotView(const QString& id, QWidget* parent = nullptr);
    ~PlotView() override;

    QString id() const { return m_id; }
    void setTitle(const QString& title); ///< one line; also the accessible name
    QString title() const { return m_title; }
    /// What is shown, of which runs, with which settings: into exported files and, with the readout, to screen readers.
    void setDescription(const QString& description);
    QString description() const { return m_description; }
    void setAxis(Axis axis, const QString& label, AxisKind kind);
    QString axisLabel(Axis axis) const;

    Scale scale(Axis axis) const;
    /// Kept in the settings when a person chose it.
    void setScale(Axis axis, Scale scale);
    /// Whether the menu offers logarithmic scales on this axis; both at the start.
    void setLogOffered(Axis axis, bool offered);
    std::pair<double, double> range(Axis axis) const;
    void setRange(Axis axis, double lower, double upper);
    void fit();               ///< everything is seen
    void zoom(double factor); ///< below 1: closer
    /// Both follow each other's x range and readout from now on; unlinkX ends it.
    void linkX(PlotView* other);
    void unlinkX(PlotView* other);
    /// Room for tick labels at the left in characters, so that plots below each other line up; 0: as needed.
    void setLeftRoom(int characters);

    /// Values below the floor of a logarithmic y axis are drawn on it; nothing: there is no floor.
    std::optional<double> floorValue() const { return m_floor; }
    int belowFloor() const { return m_belowFloor; }

    /// Where the readout stands, in x; nothing when it is hidden.
    std::optional<double> readoutAt() const { return m_readoutAt; }
    virtual void setReadoutAt(std::optional<double> x);
    /// One entry a series that is shown, in the order of the legend, where readsEverySeries() says so.
    virtual std::vector<ReadoutEntry> readout() const;
    virtual bool readsEverySeries() const { return true; }

    virtual PlotTable table() const = 0;
    /// In the light style of figures. Not for Csv, which is toCsv(table()). Throws Error{InvalidArgument} for a size that
    /// is no size, Error{OutOfMemory} for a PNG that is too large.
    QByteArray figure(FigureFormat format, const FigureOptions& options = {});
    /// Writes the file whole or not at all; throws what figure() and write_file_atomically() throw.
    void exportFigure(const QString& file, FigureFormat format, const FigureOptions& options = {});

    int seriesCount() const { return static_cast<int>(m_series.size()); }
    QString seriesName(int series) const { return m_series[static_cast<std::size_t>(series)].name; }
    SeriesLook seriesLook(int series) const { return m_series[static_cast<std::size_t>(series)].look; }
    bool isSeriesShown(int series) const { return m_series[static_cast<std::size_t>(series)].shown; }
    void setSeriesShown(int series, bool shown);
    /// The series under the pointer, or picked in the legend, is drawn wide; -1: none.
    void setEmphasis(int series);
    int emphasis() const { return m_emphasis; }
    const PlotStyle& plotStyle() const { return m_style; }

    /// Picture and data; with heads only the data, whose header its text has in any case.
    EditResult copyToClipboard(CopyHeads heads) override;
    QCustomPlot* canvas() const { return m_plot; } ///< for tests and benchmarks
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

public Q_SLOTS:
    void copy(); ///< picture and data to the clipboard
    void showAsTable();
    void exportDialog(); ///< asks for format, size and file

Q_SIGNALS:
    void readoutChanged();
    void rangeChanged(kvw::PlotView::Axis axis, double lower, double upper);
    void legendChanged();
    void scaleChanged(kvw::PlotView::Axis axis);
    /// Something failed, in words.
    void problem(const kvw::Problem& problem);

protected:
    using Series = PlotSeries;

    void addSeries(Series series);
    void clearSeries(); ///< removes the plottables too
    const std::vector<Series>& series() const { return m_series; }
    /// After series were added: colours, legend, floor line, repaint.
    void seriesDone();
    /// A place in a plot of values at least `floor` on a log axis: the value, or the floor (and counts it).
    void setFloor(std::optional<double> floor, int below);

    /// Colours of everything that a subclass made itself.
    virtual void restyle(const PlotStyle& style) { Q_UNUSED(style) }
    /// Sets ranges so that everything is seen; the base's takes all plottables and 4 % more.
    virtual void fitAxes();
    /// The scale of an axis changed: data that depends on it is filled in again.
    virtual void rescaled() {}
    /// Where the readout goes from `from` by `steps`; the base's moves over the points of the first series.
    virtual std::optional<double> stepped(std::optional<double> from, int steps) const;
    virtual double snapped(double x) const;        ///< the nearest point's x
    virtual QString readoutLabel(double x) const;  ///< beside the line
    virtual QString valueText(double value) const; ///< of the y axis
    virtual void pointerMoved(const QPointF& position);
    virtual void pointerLeft();
    virtual void clicked(const QPointF& position, Qt::KeyboardModifiers modifiers);
    virtual bool handleKey(int key, Qt::KeyboardModifiers modifiers); ///< before the base; true: done
    virtual void addToMenu(QMenu& menu) { Q_UNUSED(menu) }

    QCPAxis* axis(Axis axis) const;
    AxisKind axisKind(Axis axis) const { return axis == Axis::X ? m_xKind : m_yKind; }
    void queueReplot();
    void setMovable(bool movable); ///< no dragging and zooming in maps and bars
    void setLegendInside(bool inside);
    void setDoublingX(bool doubling) { m_doublingX = doubling; }
    void setMarks(const std::vector<QPointF>& marks); ///< dots of the readout, in plot coordinates
    void updateReadoutLayer();
    void describe();
    QCPItemText* readoutText() const;

    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    class FigureGuard;
    void makeItems();
    void connectMouse();
    void applyStyle(const PlotStyle& style);
    void styleSeries();
    void updateTicker(Axis axis);
    QString settingsKey(const QString& name) const;

    QString m_id, m_title, m_description;
    QSplitter* m_splitter = nullptr;
    QCustomPlot* m_plot = nullptr;
    QCPItemStraightLine* m_floorLine = nullptr;
    QCPItemText* m_floorText = nullptr;
    std::vector<Series> m_series;
    std::unique_ptr<PlotReadout> m_readout;
    std::unique_ptr<PlotLegend> m_legend;
    std::vector<QPointer<PlotView>> m_linked;
    PlotStyle m_style;
    AxisKind m_xKind = AxisKind::Number, m_yKind = AxisKind::Number;
    std::optional<double> m_readoutAt, m_floor;
    int m_belowFloor = 0;
    int m_emphasis = -1;
    bool m_logOfferedX = true, m_logOfferedY = true;
    bool m_doublingX = false, m_movable = true, m_wantsFit = true;
};

} // namespace kvw
