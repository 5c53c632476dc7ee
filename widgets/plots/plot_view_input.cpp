// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse, keyboard, focus and context menu of a PlotView, and its way to the clipboard.
#include "widgets/plots/plot_view.h"
#include "widgets/plots/qcp.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QSettings>

#include <cmath>

namespace kvw {
namespace {

constexpr double kZoomStep = 0.8;
constexpr int kLongStep = 10;

} // namespace

void PlotView::connectMouse()
{
    setMovable(true);
    m_plot->setNoAntialiasingOnDrag(true);
    m_plot->setMouseTracking(true);
    m_plot->installEventFilter(this);
    // The signals come before QCustomPlot acts on the event itself.
    connect(m_plot, &QCustomPlot::mouseWheel, this, [this](QWheelEvent* event) {
        const bool onlyX = event->modifiers().testFlag(Qt::ControlModifier);
        const bool onlyY = event->modifiers().testFlag(Qt::ShiftModifier);
        m_plot->axisRect()->setRangeZoomAxes(onlyY ? nullptr : m_plot->xAxis, onlyX ? nullptr : m_plot->yAxis);
        m_wantsFit = false;
    });
    connect(m_plot, &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
        const bool rectangle = m_movable && event->modifiers().testFlag(Qt::ShiftModifier);
        m_plot->setSelectionRectMode(rectangle ? QCP::srmZoom : QCP::srmNone);
        setFocus(Qt::MouseFocusReason);
    });
    connect(m_plot, &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
        if (event->buttons() == Qt::NoButton)
            pointerMoved(event->position());
    });
    connect(m_plot, &QCustomPlot::mouseRelease, this, [this](QMouseEvent* event) {
        if (event->button() == Qt::LeftButton)
            clicked(event->position(), event->modifiers());
    });
    connect(m_plot, &QCustomPlot::mouseDoubleClick, this, [this](QMouseEvent* event) {
        if (m_movable && event->button() == Qt::LeftButton)
            fit();
    });
}

bool PlotView::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_plot && event->type() == QEvent::Leave)
        pointerLeft();
    return QWidget::eventFilter(watched, event);
}

void PlotView::pointerMoved(const QPointF& position)
{
    if (m_plot->axisRect()->rect().contains(position.toPoint()))
        setReadoutAt(m_plot->xAxis->pixelToCoord(position.x()));
}

void PlotView::pointerLeft()
{
    // The readout stays, so that its values can be read and copied.
    setEmphasis(-1);
}

void PlotView::clicked(const QPointF& position, Qt::KeyboardModifiers)
{
    QVariant details;
    int best = -1;
    double nearest = m_plot->selectionTolerance();
    for (int i = 0; i < seriesCount(); ++i) {
        const Series& entry = m_series[static_cast<std::size_t>(i)];
        const double distance = entry.shown ? entry.plottable->selectTest(position, false, &details) : -1;
        if (distance >= 0 && distance < nearest) {
            nearest = distance;
            best = i;
        }
    }
    setEmphasis(best);
}

bool PlotView::handleKey(int, Qt::KeyboardModifiers) { return false; }

void PlotView::keyPressEvent(QKeyEvent* event)
{
    const int stride = event->modifiers().testFlag(Qt::ShiftModifier) ? kLongStep : 1;
    const bool other = event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier);
    if (event->matches(QKeySequence::Copy))
        return copy();
    if (other)
        return QWidget::keyPressEvent(event);
    if (handleKey(event->key(), event->modifiers()))
        return;
    switch (event->key()) {
    case Qt::Key_Left:
        return setReadoutAt(stepped(m_readoutAt, -stride));
    case Qt::Key_Right:
        return setReadoutAt(stepped(m_readoutAt, stride));
    case Qt::Key_Home:
        return setReadoutAt(stepped({}, 1));
    case Qt::Key_End:
        return setReadoutAt(stepped({}, -1));
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoom(kZoomStep);
    case Qt::Key_Minus:
        return zoom(1 / kZoomStep);
    case Qt::Key_0:
        return fit();
    default:
        QWidget::keyPressEvent(event);
    }
}

void PlotView::contextMenuEvent(QContextMenuEvent* event)
{
    QMenu menu(this);
    const auto addScale = [&](Axis which, bool offered, const QString& text) {
        if (!offered)
            return;
        QAction* action = menu.addAction(text);
        action->setCheckable(true);
        action->setChecked(scale(which) == Scale::Log);
        connect(action, &QAction::triggered, this, [this, which](bool log) {
            setScale(which, log ? Scale::Log : Scale::Linear);
            QSettings().setValue(settingsKey(which == Axis::X ? QStringLiteral("x") : QStringLiteral("y")),
                                 log ? QStringLiteral("log") : QStringLiteral("linear"));
        });
    };
    addToMenu(menu);
    if (!menu.isEmpty())
        menu.addSeparator();
    addScale(Axis::X, m_logOfferedX, tr("Logarithmic &x axis"));
    addScale(Axis::Y, m_logOfferedY, tr("Logarithmic &y axis"));
    if (m_movable)
        menu.addAction(tr("Show &everything"), this, &PlotView::fit);
    menu.addSeparator();
    menu.addAction(tr("&Copy"), this, &PlotView::copy);
    menu.addAction(tr("Show as &table…"), this, &PlotView::showAsTable);
    menu.addAction(tr("E&xport…"), this, &PlotView::exportDialog);
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    menu.exec(byKey ? mapToGlobal(rect().center()) : event->globalPos());
}

EditResult PlotView::copyToClipboard(CopyHeads heads)
{
    if (heads == CopyHeads::Yes)
        QApplication::clipboard()->setText(toTsv(table()));
    else
        copy();
    return EditResult::Done;
}

void PlotView::copy()
{
    try {
        auto* data = new QMimeData;
        data->setText(toTsv(table()));
        data->setData(QStringLiteral("image/svg+xml"), figure(FigureFormat::Svg));
        data->setImageData(QImage::fromData(figure(FigureFormat::Png), "PNG"));
        QApplication::clipboard()->setMimeData(data);
    } catch (const Error& error) {
        Q_EMIT problem(toProblem(error));
    }
}

void PlotView::paintEvent(QPaintEvent* event)
{
    QWidget::paintEvent(event);
    if (!hasFocus())
        return;
    QPainter painter(this);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 2));
    painter.drawRect(rect().adjusted(1, 1, -1, -1));
}

void PlotView::focusInEvent(QFocusEvent* event)
{
    QWidget::focusInEvent(event);
    update();
}

void PlotView::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    update();
}

void PlotView::showAsTable() { showTable(table(), window()); }

} // namespace kvw
