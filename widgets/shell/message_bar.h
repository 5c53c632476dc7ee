// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/text.h"

#include <QFrame>
#include <QHash>
#include <QString>

class QVBoxLayout;

namespace kvw {

/// Errors, warnings and news above the page, in words and without stopping anybody. One message of a kind: a newer one
/// takes the place of the older.
class MessageBar final : public QWidget
{
    Q_OBJECT
public:
    enum class Level { Information, Warning, Error };

    explicit MessageBar(QWidget* parent = nullptr);

    /// A message without a sentence takes the kind's old one away. The button asks for an action of the window.
    void show(const QString& kind, Level level, const Problem& problem, const QString& button = {},
              const QString& actionId = {});
    void clear(const QString& kind) { show(kind, Level::Information, {}); }
    int count() const { return static_cast<int>(m_rows.size()); }
    /// The sentence of a kind, empty when it has none.
    QString message(const QString& kind) const;

    static constexpr int kRows = 4; ///< an older one goes when there are more

Q_SIGNALS:
    void actionRequested(const QString& actionId);

private:
    void remove(QFrame* row);

    QVBoxLayout* m_layout = nullptr;
    QList<QFrame*> m_rows; ///< oldest first
};

} // namespace kvw
