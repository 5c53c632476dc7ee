// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// First: moc does not get past the standard headers that selection.h needs before a header of Qt.
#include <QList>
#include <QObject>
#include <QString>

#include "widgets/models/selection.h"

#include <optional>

namespace kvw {

/// Back and forward over pages and selections.
class ViewHistory final : public QObject
{
    Q_OBJECT
public:
    struct Place
    {
        QString page;
        Selection selection;
        bool operator==(const Place&) const = default;
    };

    using QObject::QObject;

    /// Where the window is now; what lay ahead is forgotten when it is a new place.
    void visit(const Place& place);
    std::optional<Place> back();
    std::optional<Place> forward();
    bool canGoBack() const { return m_at > 0; }
    bool canGoForward() const { return m_at + 1 < m_places.size(); }
    void clear();

    static constexpr qsizetype kPlaces = 100;

Q_SIGNALS:
    void changed();

private:
    QList<Place> m_places;
    qsizetype m_at = -1;
};

} // namespace kvw
