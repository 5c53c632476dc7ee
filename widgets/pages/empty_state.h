// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/pages/page_content.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace kvw {

/// Says what would be shown here, why it is not, and has the button that changes it.
class EmptyState final : public QWidget
{
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent = nullptr);

    void setText(const EmptyStateText& text);
    const EmptyStateText& text() const { return m_text; }

Q_SIGNALS:
    void actionRequested(const QString& actionId);

private:
    EmptyStateText m_text;
    QLabel* m_title = nullptr;
    QLabel* m_reason = nullptr;
    QPushButton* m_button = nullptr;
};

} // namespace kvw
