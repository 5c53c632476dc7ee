// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/view_history.h"

namespace kvw {

void ViewHistory::visit(const Place& place)
{
    if (m_at >= 0 && m_places[m_at] == place)
        return;
    m_places.resize(m_at + 1);
    m_places.append(place);
    if (m_places.size() > kPlaces)
        m_places.removeFirst();
    m_at = m_places.size() - 1;
    Q_EMIT changed();
}

std::optional<ViewHistory::Place> ViewHistory::back()
{
    if (!canGoBack())
        return std::nullopt;
    const Place place = m_places[--m_at];
    Q_EMIT changed();
    return place;
}

std::optional<ViewHistory::Place> ViewHistory::forward()
{
    if (!canGoForward())
        return std::nullopt;
    const Place place = m_places[++m_at];
    Q_EMIT changed();
    return place;
}

void ViewHistory::clear()
{
    m_places.clear();
    m_at = -1;
    Q_EMIT changed();
}

} // namespace kvw
