// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/search_box.h"

#include <QKeyEvent>
#include <QTimer>

namespace kvw {

SearchBox::SearchBox(QWidget* parent) : QLineEdit(parent), m_timer(new QTimer(this))
{
    setPlaceholderText(tr("Search"));
    setAccessibleName(tr("Search the table"));
    setToolTip(tr("Rows that have all of these words; -word: rows that do not have it"));
    setClearButtonEnabled(true);
    setMaximumWidth(fontMetrics().averageCharWidth() * 40);
    m_timer->setSingleShot(true);
    m_timer->setInterval(kDelay_ms);
    connect(m_timer, &QTimer::timeout, this, &SearchBox::tell);
    connect(this, &QLineEdit::textChanged, m_timer, qOverload<>(&QTimer::start));
    connect(this, &QLineEdit::returnPressed, this, &SearchBox::tell);
}

void SearchBox::tell()
{
    m_timer->stop();
    if (text() == m_told)
        return;
    m_told = text();
    Q_EMIT searched(m_told);
}

void SearchBox::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
        clear();
        tell();
        return;
    }
    QLineEdit::keyPressEvent(event);
}

} // namespace kvw
