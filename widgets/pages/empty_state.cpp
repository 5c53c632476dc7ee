// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/empty_state.h"

#include <QFontMetrics>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace kvw {
namespace {

constexpr int kTextColumns = 60; ///< characters of a line of the reason

} // namespace

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent),
      m_title(new QLabel(this)),
      m_reason(new QLabel(this)),
      m_button(new QPushButton(this))
{
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.5);
    m_title->setFont(large);
    for (QLabel* label : {m_title, m_reason}) {
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setFixedWidth(fontMetrics().averageCharWidth() * kTextColumns);
    }
    auto* layout = new QVBoxLayout(this);
    layout->addStretch(2);
    layout->addWidget(m_title, 0, Qt::AlignHCenter);
    layout->addWidget(m_reason, 0, Qt::AlignHCenter);
    layout->addSpacing(fontMetrics().height() / 2);
    layout->addWidget(m_button, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    connect(m_button, &QPushButton::clicked, this, [this] { Q_EMIT actionRequested(m_text.actionId); });
    setText({});
}

void EmptyState::setText(const EmptyStateText& text)
{
    m_text = text;
    m_title->setText(text.title);
    m_reason->setText(text.reason);
    m_button->setText(text.button);
    m_button->setVisible(!text.button.isEmpty());
    setAccessibleName(text.title);
    setAccessibleDescription(text.reason);
}

} // namespace kvw
