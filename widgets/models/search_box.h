// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLineEdit>

class QTimer;

namespace kvw {

/// The search field of every table: says what to look for a moment after the last key, at once on Return, and Esc
/// clears it.
class SearchBox final : public QLineEdit
{
    Q_OBJECT
public:
    explicit SearchBox(QWidget* parent = nullptr);

    static constexpr int kDelay_ms = 180;

Q_SIGNALS:
    void searched(const QString& words);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void tell();

    QTimer* m_timer;
    QString m_told;
};

} // namespace kvw
