// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_view.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "widgets/plots/figure_dialog.h"
#include "widgets/plots/plot_legend.h"
#include "widgets/plots/plot_readout.h"
#include "widgets/plots/qcp.h"
#include "widgets/plots/series_style.h"

#include <QAccessible>
#include <QApplication>
#include <QEvent>
#include <QSettings>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace kvw {
namespace {

constexpr double kMargin = 0.04; ///< of an axis around everything

void widen(QCPAxis* axis)
{
    QCPRange range = axis->range();
    if (axis->scaleType() == QCPAxis::stLogarithmic && range.lower > 0) {
        const double factor = std::pow(std::max(range.upper / range.lower, 1.5), kMargin);
        axis->setRange(range.lower / factor, range.upper * factor);
    } else {
        const double margin = range.size() > 0 ? kMargin * range.size() : 0.5;
        axis->setRange(range.lower - margin, range.upper + margin);
    }
}

} // namespace

PlotView::PlotView(const QString& id, QWidget* parent)
    : QWidget(parent),
      m_id(id),
      m_splitter(new QSplitter(Qt::Horizontal, this)),
      m_plot(new QCustomPlot(m_splitter))
{
    setFocusPolicy(Qt::StrongFocus);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2, 2, 2, 2); // where the frame of the focus is painted
    layout->addWidget(m_splitter);
    m_legend = std::make_unique<PlotLegend>(this, m_plot, m_splitter, m_series);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setStretchFactor(1, 0);
    m_splitter->setChildrenCollapsible(false);
    m_plot->setMinimumSize(40, 40); // it cannot paint into nothing, and warns
    m_plot->setFocusPolicy(Qt::NoFocus);
    m_plot->setLocale(QLocale());
    m_plot->setAutoAddPlottableToLegend(false);
    m_plot->axisRect()->setupFullAxesBox(true);
    for (QCPAxis* side : {m_plot->xAxis, m_plot->yAxis}) {
        side->grid()->setSubGridVisible(false);
        connect(side, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, [this, side](const QCPRange& range) {
            Q_EMIT rangeChanged(side == m_plot->xAxis ? Axis::X : Axis::Y, range.lower, range.upper);
        });
    }
    makeItems();
    connectMouse();
    connect(m_plot, &QCustomPlot::afterLayout, this, [this] { m_legend->place(); });
    for (const Axis which : {Axis::X, Axis::Y}) {
        const QString key = settingsKey(which == Axis::X ? QStringLiteral("x") : QStringLiteral("y"));
        if (QSettings().value(key).toString() == QStringLiteral("log"))
            axis(which)->setScaleType(QCPAxis::stLogarithmic);
        updateTicker(which);
    }
    applyStyle(screenStyle(palette(), font()));
}

PlotView::~PlotView() = default;

void PlotView::makeItems()
{
    m_plot->addLayer(QStringLiteral("emphasis"), m_plot->layer(QStringLiteral("main")), QCustomPlot::limAbove);
    m_plot->layer(QStringLiteral("emphasis"))->setMode(QCPLayer::lmBuffered);
    m_floorLine = new QCPItemStraightLine(m_plot);
    m_floorText = new QCPItemText(m_plot);
    m_floorLine->setVisible(false);
    m_floorText->setVisible(false);
    m_floorText->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
    m_floorText->position->setTypeY(QCPItemPosition::ptPlotCoords);
    m_floorText->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    m_readout = std::make_unique<PlotReadout>(m_plot);
}

QString PlotView::settingsKey(const QString& name) const
{
    return QStringLiteral("plots/%1/%2").arg(QString(m_id).replace(QLatin1Char('/'), QLatin1Char('-')), name);
}

void PlotView::setTitle(const QString& title)
{
    m_title = title;
    describe();
}

void PlotView::setDescription(const QString& description)
{
    m_description = description;
    describe();
}

void PlotView::describe()
{
    setAccessibleName(m_title);
    QStringList parts;
    if (!m_description.isEmpty())
        parts << m_description;
    if (m_floor && m_belowFloor > 0)
        parts << m_floorText->text();
    if (m_readoutAt)
        parts << readoutLabel(*m_readoutAt);
    for (const ReadoutEntry& entry : readout())
        if (!entry.value.isEmpty())
            parts << QStringLiteral("%1: %2").arg(entry.name, entry.value);
    setAccessibleDescription(parts.join(QStringLiteral(". ")));
}

QCPAxis* PlotView::axis(Axis axis) const { return axis == Axis::X ? m_plot->xAxis : m_plot->yAxis; }

void PlotView::setAxis(Axis which, const QString& label, AxisKind kind)
{
    axis(which)->setLabel(label);
    (which == Axis::X ? m_xKind : m_yKind) = kind;
    updateTicker(which);
    queueReplot();
}

QString PlotView::axisLabel(Axis which) const { return axis(which)->label(); }

PlotView::Scale PlotView::scale(Axis which) const
{
    return axis(which)->scaleType() == QCPAxis::stLogarithmic ? Scale::Log : Scale::Linear;
}

void PlotView::updateTicker(Axis which)
{
    QCPAxis* side = axis(which);
    QCPAxis* opposite = which == Axis::X ? m_plot->xAxis2 : m_plot->yAxis2;
    const bool log = side->scaleType() == QCPAxis::stLogarithmic;
    const bool doubling = which == Axis::X && m_doublingX;
    side->setTicker(log ? logTicker(axisKind(which), doubling) : linearTicker(axisKind(which)));
    opposite->setScaleType(side->scaleType());
    opposite->setTicker(side->ticker());
}

void PlotView::setScale(Axis which, Scale wanted)
{
    if (scale(which) == wanted)
        return;
    axis(which)->setScaleType(wanted == Scale::Log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    updateTicker(which);
    rescaled();
    fit();
    updateReadoutLayer();
    Q_EMIT scaleChanged(which);
}

void PlotView::setLogOffered(Axis which, bool offered)
{
    (which == Axis::X ? m_logOfferedX : m_logOfferedY) = offered;
    if (!offered)
        setScale(which, Scale::Linear);
}

std::pair<double, double> PlotView::range(Axis which) const
{
    const QCPRange range = axis(which)->range();
    return {range.lower, range.upper};
}

void PlotView::setRange(Axis which, double lower, double upper)
{
    if (range(which) == std::pair(lower, upper))
        return;
    axis(which)->setRange(lower, upper);
    queueReplot();
}

void PlotView::fit()
{
    fitAxes();
    m_legend->unplace();
    queueReplot();
}

void PlotView::fitAxes()
{
    m_plot->rescaleAxes(true);
    for (QCPAxis* side : {m_plot->xAxis, m_plot->yAxis}) {
        if (side->scaleType() == QCPAxis::stLogarithmic)
            side->setRange(side->range().sanitizedForLogScale());
        widen(side);
    }
}

void PlotView::zoom(double factor)
{
    if (!m_movable)
        return;
    for (const Axis which : {Axis::X, Axis::Y}) {
        QCPAxis* side = axis(which);
        const bool atReadout = which == Axis::X && m_readoutAt && side->range().contains(*m_readoutAt);
        const double centre =
            scale(which) == Scale::Log ? std::sqrt(side->range().lower * side->range().upper) : side->range().center();
        side->scaleRange(factor, atReadout ? *m_readoutAt : centre);
    }
    queueReplot();
}

void PlotView::linkX(PlotView* other)
{
    const auto follow = [](PlotView* from, PlotView* to) {
        from->m_linked.push_back(to);
        connect(from, &PlotView::rangeChanged, to, [to](Axis which, double lower, double upper) {
            if (which == Axis::X)
                to->setRange(Axis::X, lower, upper);
        });
        connect(from, &PlotView::readoutChanged, to, [from, to] { to->setReadoutAt(from->readoutAt()); });
    };
    unlinkX(other);
    follow(this, other);
    follow(other, this);
    other->setRange(Axis::X, range(Axis::X).first, range(Axis::X).second);
}

void PlotView::unlinkX(PlotView* other)
{
    const auto forget = [](PlotView* from, PlotView* to) {
        std::erase_if(from->m_linked, [to](const QPointer<PlotView>& view) { return !view || view == to; });
        disconnect(from, &PlotView::rangeChanged, to, nullptr);
        disconnect(from, &PlotView::readoutChanged, to, nullptr);
    };
    forget(this, other);
    forget(other, this);
}

void PlotView::setLeftRoom(int characters)
{
    QCPAxisRect* rect = m_plot->axisRect();
    const int height = fontMetrics().height();
    rect->setMinimumMargins(
        QMargins(characters > 0 ? fontMetrics().averageCharWidth() * characters + 2 * height : height, height / 2,
                 height / 2, height / 2));
    queueReplot();
}

void PlotView::addSeries(Series series)
{
    series.plottable->setName(series.name);
    m_series.push_back(std::move(series));
}

void PlotView::clearSeries()
{
    m_series.clear();
    m_emphasis = -1;
    m_plot->clearPlottables();
}

void PlotView::seriesDone()
{
    styleSeries();
    m_legend->update();
    m_legend->unplace();
    if (m_readoutAt)
        updateReadoutLayer();
    describe();
    queueReplot();
    Q_EMIT legendChanged();
}

void PlotView::setFloor(std::optional<double> floor, int below)
{
    m_floor = floor;
    m_belowFloor = below;
    const bool seen = floor && below > 0;
    m_floorLine->setVisible(seen);
    m_floorText->setVisible(seen);
    if (!seen)
        return;
    m_floorLine->point1->setCoords(m_plot->xAxis->range().lower, *floor);
    m_floorLine->point2->setCoords(m_plot->xAxis->range().lower + 1, *floor);
    m_floorText->position->setCoords(0.01, *floor);
    m_floorText->setText(tr("%n value(s) at or below the floor of %1", nullptr, below).arg(valueText(*floor)));
}

void PlotView::setSeriesShown(int series, bool shown)
{
    Series& entry = m_series[static_cast<std::size_t>(series)];
    if (entry.shown == shown)
        return;
    entry.shown = shown;
    entry.plottable->setVisible(shown);
    for (QCPAbstractPlottable* companion : entry.companions)
        companion->setVisible(shown);
    updateReadoutLayer();
    queueReplot();
    Q_EMIT legendChanged();
}

void PlotView::setEmphasis(int series)
{
    if (series == m_emphasis)
        return;
    m_emphasis = series;
    styleSeries();
    queueReplot();
}

void PlotView::setMovable(bool movable)
{
    m_movable = movable;
    m_plot->setInteraction(QCP::iRangeDrag, movable);
    m_plot->setInteraction(QCP::iRangeZoom, movable);
}

void PlotView::queueReplot()
{
    if (!m_plot->size().isEmpty()) // else the first resizing paints
        m_plot->replot(QCustomPlot::rpQueuedReplot);
}

QString PlotView::valueText(double value) const
{
    if (std::isnan(value))
        return {};
    switch (m_yKind) {
    case AxisKind::Percent:
        return locale().toString(100 * value, 'g', 4) + QStringLiteral(" %");
    case AxisKind::Bytes:
        return QString::fromStdString(human_bytes(value));
    case AxisKind::Count:
    case AxisKind::Number:
        break;
    }
    return locale().toString(value, 'g', 5);
}

QString PlotView::readoutLabel(double x) const
{
    const QString label = axisLabel(Axis::X);
    const QString number = m_xKind == AxisKind::Percent ? locale().toString(100 * x, 'g', 4) + QStringLiteral(" %")
        : m_xKind == AxisKind::Bytes                    ? QString::fromStdString(human_bytes(x))
                                                        : locale().toString(x, 'g', 6);
    return label.isEmpty() ? number : QStringLiteral("%1: %2").arg(label, number);
}

std::vector<ReadoutEntry> PlotView::readout() const
{
    std::vector<ReadoutEntry> out;
    for (const Series& entry : m_series) {
        if (!entry.shown)
            continue;
        const auto value = m_readoutAt ? valueAt(entry, *m_readoutAt) : std::nullopt;
        out.push_back({entry.name, value ? valueText(*value) : QString()});
    }
    return out;
}

double PlotView::snapped(double x) const { return nearestPlace(m_series, x); }

std::optional<double> PlotView::stepped(std::optional<double> from, int steps) const
{
    return steppedPlace(m_series, from, steps);
}

void PlotView::setReadoutAt(std::optional<double> x)
{
    if (x)
        x = snapped(*x);
    if (x == m_readoutAt)
        return;
    m_readoutAt = x;
    updateReadoutLayer();
    describe();
    Q_EMIT readoutChanged();
    if (hasFocus()) {
        QAccessibleEvent event(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&event);
    }
}

void PlotView::setMarks(const std::vector<QPointF>& marks) { m_readout->setMarks(marks); }

QCPItemText* PlotView::readoutText() const { return m_readout->text(); }

void PlotView::updateReadoutLayer()
{
    if (m_readoutAt)
        m_readout->showAt(*m_readoutAt, readoutLabel(*m_readoutAt));
    else
        m_readout->hide();
    m_readout->setMarks(m_readoutAt ? marksAt(m_series, *m_readoutAt) : std::vector<QPointF>());
    m_readout->repaint();
}

void PlotView::setLegendInside(bool inside) { m_legend->setWanted(inside); }

void PlotView::applyStyle(const PlotStyle& style)
{
    m_style = style;
    m_plot->setBackground(QBrush(style.background));
    const int room = QFontMetrics(style.font).height() / 2;
    m_plot->plotLayout()->setColumnSpacing(room);
    for (QCPAxis* axis : m_plot->axisRect()->axes())
        styleAxis(axis, style);
    for (QCPAxis* axis : {m_plot->xAxis2, m_plot->yAxis2}) {
        axis->setTickLengthIn(0);
        axis->setSubTickLengthIn(0);
    }
    m_legend->setStyle(style);
    m_readout->setStyle(style);
    m_floorLine->setPen(QPen(style.axis, 1, Qt::DotLine));
    m_floorText->setFont(style.font);
    m_floorText->setColor(style.axis);
    m_plot->selectionRect()->setPen(QPen(style.readout, 1, Qt::DashLine));
    styleSeries();
    restyle(style);
    m_legend->refreshTable();
    queueReplot();
}

void PlotView::styleSeries()
{
    for (int i = 0; i < seriesCount(); ++i)
        kvw::styleSeries(m_series[static_cast<std::size_t>(i)], i == m_emphasis, m_style);
}

void PlotView::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    switch (event->type()) {
    case QEvent::PaletteChange:
    case QEvent::StyleChange:
    case QEvent::FontChange:
        applyStyle(screenStyle(palette(), font()));
        break;
    case QEvent::LocaleChange:
        m_plot->setLocale(QLocale());
        queueReplot();
        break;
    default:
        break;
    }
}

QSize PlotView::sizeHint() const
{
    const QFontMetrics metrics = fontMetrics();
    return {metrics.averageCharWidth() * 80, metrics.height() * 20};
}

QSize PlotView::minimumSizeHint() const
{
    const QFontMetrics metrics = fontMetrics();
    return {metrics.averageCharWidth() * 30, metrics.height() * 7};
}

/// The plot in the light style without readout and emphasis, until it is destroyed.
class PlotView::FigureGuard
{
public:
    FigureGuard(PlotView& view, double points) : m_view(view), m_screen(view.m_style), m_emphasis(view.m_emphasis)
    {
        QCustomPlot* plot = m_view.m_plot;
        m_view.m_readout->setLayerVisible(false);
        m_view.m_emphasis = -1;
        m_view.applyStyle(figureStyle(points));
        m_view.m_legend->setAside(true);
        for (int i = 0; i < plot->graphCount(); ++i)
            plot->graph(i)->setAdaptiveSampling(false);
    }
    ~FigureGuard()
    {
        QCustomPlot* plot = m_view.m_plot;
        for (int i = 0; i < plot->graphCount(); ++i)
            plot->graph(i)->setAdaptiveSampling(true);
        m_view.m_legend->setAside(false);
        m_view.m_emphasis = m_emphasis;
        m_view.applyStyle(m_screen);
        m_view.m_readout->setLayerVisible(true);
    }
    Q_DISABLE_COPY_MOVE(FigureGuard)

private:
    PlotView& m_view;
    PlotStyle m_screen;
    int m_emphasis;
};

QByteArray PlotView::figure(FigureFormat format, const FigureOptions& options)
{
    PlotFigure::check(options);
    if (format == FigureFormat::Csv)
        return toCsv(table());
    const FigureGuard guard(*this, options.font_points);
    return PlotFigure(m_plot, m_title, m_description).drawn(format, options);
}

void PlotView::exportFigure(const QString& file, FigureFormat format, const FigureOptions& options)
{
    const QByteArray bytes = format == FigureFormat::Csv ? toCsv(table()) : figure(format, options);
    write_file_atomically(std::filesystem::path(file.toStdU16String()),
                          {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

void PlotView::exportDialog()
{
    auto* dialog = new FigureDialog(QString(m_id).replace(QLatin1Char('/'), QLatin1Char('-')), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &FigureDialog::chosen, this,
            [this](const QString& file, FigureFormat format, const FigureOptions& options) {
                try {
                    exportFigure(file, format, options);
                } catch (const Error& error) {
                    Q_EMIT problem(toProblem(error));
                }
            });
    dialog->open();
}

} // namespace kvw
