// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_view.h"

#include "widgets/plots/legend_table.h"
#include "widgets/plots/qcp.h"

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
    m_legendTable = new LegendTable(this, m_splitter);
    m_legendTable->hide();
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
    connect(m_plot, &QCustomPlot::afterLayout, this, &PlotView::placeLegend);
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
    m_plot->addLayer(QStringLiteral("readout"), m_plot->layer(QStringLiteral("legend")), QCustomPlot::limAbove);
    m_plot->layer(QStringLiteral("readout"))->setMode(QCPLayer::lmBuffered);
    m_floorLine = new QCPItemStraightLine(m_plot);
    m_floorText = new QCPItemText(m_plot);
    m_floorLine->setVisible(false);
    m_floorText->setVisible(false);
    m_floorText->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
    m_floorText->position->setTypeY(QCPItemPosition::ptPlotCoords);
    m_floorText->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    m_readoutLine = new QCPItemStraightLine(m_plot);
    m_readoutText = new QCPItemText(m_plot);
    for (QCPAbstractItem* item :
         {static_cast<QCPAbstractItem*>(m_readoutLine), static_cast<QCPAbstractItem*>(m_readoutText)}) {
        item->setLayer(QStringLiteral("readout"));
        item->setVisible(false);
        item->setSelectable(false);
    }
    m_readoutText->setPadding(QMargins(4, 2, 4, 2));
    m_readoutText->position->setTypeX(QCPItemPosition::ptPlotCoords);
    m_readoutText->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    m_readoutText->setClipToAxisRect(false);
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
    m_legendPlaced = false;
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
    updateLegend();
    m_legendPlaced = false;
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

} // namespace kvw
