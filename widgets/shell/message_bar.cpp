// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/message_bar.h"

#include "widgets/style/icons.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

namespace kvw {
namespace {

const char* const kKind = "kvwKind";

QString levelName(MessageBar::Level level)
{
    switch (level) {
    case MessageBar::Level::Information:
        return MessageBar::tr("Information");
    case MessageBar::Level::Warning:
        return MessageBar::tr("Warning");
    case MessageBar::Level::Error:
        break;
    }
    return MessageBar::tr("Error");
}

QStyle::StandardPixmap levelPixmap(MessageBar::Level level)
{
    switch (level) {
    case MessageBar::Level::Information:
        return QStyle::SP_MessageBoxInformation;
    case MessageBar::Level::Warning:
        return QStyle::SP_MessageBoxWarning;
    case MessageBar::Level::Error:
        break;
    }
    return QStyle::SP_MessageBoxCritical;
}

} // namespace

MessageBar::MessageBar(QWidget* parent) : QWidget(parent), m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    hide();
}

void MessageBar::show(const QString& kind, Level level, const Problem& problem, const QString& button,
                      const QString& actionId)
{
    for (QFrame* row : QList<QFrame*>(m_rows))
        if (row->property(kKind).toString() == kind)
            remove(row);
    if (problem.message.isEmpty())
        return;
    while (m_rows.size() >= kRows)
        remove(m_rows.first());

    auto* row = new QFrame(this);
    row->setProperty(kKind, kind);
    row->setFrameShape(QFrame::StyledPanel);
    row->setAutoFillBackground(true);
    row->setBackgroundRole(QPalette::ToolTipBase);
    row->setForegroundRole(QPalette::ToolTipText);
    row->setAccessibleName(levelName(level));
    row->setAccessibleDescription(problem.message);
    auto* layout = new QHBoxLayout(row);
    const int unit = fontMetrics().height() / 3;
    layout->setContentsMargins(2 * unit, unit, unit, unit);

    const int side = style()->pixelMetric(QStyle::PM_SmallIconSize);
    auto* mark = new QLabel(row);
    mark->setPixmap(style()->standardIcon(levelPixmap(level)).pixmap(side, side));
    mark->setToolTip(levelName(level));
    mark->setAccessibleName(levelName(level));
    layout->addWidget(mark, 0, Qt::AlignTop);

    auto* text = new QLabel(
        problem.hint.isEmpty() ? problem.message : QStringLiteral("%1\n%2").arg(problem.message, problem.hint), row);
    text->setObjectName(QStringLiteral("message"));
    text->setTextFormat(Qt::PlainText); // it may quote a file or a worker
    text->setWordWrap(true);
    text->setForegroundRole(QPalette::ToolTipText);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    text->setAccessibleName(problem.message);
    layout->addWidget(text, 1);
    if (!button.isEmpty()) {
        auto* act = new QPushButton(button, row);
        connect(act, &QPushButton::clicked, this, [this, actionId] { Q_EMIT actionRequested(actionId); });
        layout->addWidget(act, 0, Qt::AlignTop);
    }
    auto* close = new QToolButton(row);
    close->setIcon(icon(QStringLiteral("window-close")));
    close->setAutoRaise(true);
    close->setToolTip(tr("Take this message away"));
    close->setAccessibleName(tr("Take this message away"));
    connect(close, &QToolButton::clicked, row, [this, row] { remove(row); });
    layout->addWidget(close, 0, Qt::AlignTop);

    m_rows.append(row);
    m_layout->addWidget(row);
    setVisible(true);
    QAccessibleEvent event(row, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

QString MessageBar::message(const QString& kind) const
{
    for (const QFrame* row : m_rows)
        if (row->property(kKind).toString() == kind)
            return row->accessibleDescription();
    return {};
}

void MessageBar::remove(QFrame* row)
{
    m_rows.removeOne(row);
    m_layout->removeWidget(row);
    row->hide();
    row->deleteLater();
    setVisible(!m_rows.isEmpty());
}

} // namespace kvw
