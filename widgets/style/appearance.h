// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPalette>
#include <QString>

class QDBusVariant;

namespace kvw {

/// Light or dark, chosen or as the desktop says, followed while the program runs. Qt 6.4 does not ask the desktop itself;
/// the settings portal (org.freedesktop.appearance) does. Without a portal "system" is what Qt makes of it.
class Appearance final : public QObject
{
    Q_OBJECT
public:
    explicit Appearance(QObject* parent = nullptr);

    /// "system", "light" or "dark".
    void setScheme(const QString& word);
    const QString& scheme() const { return m_scheme; }

    static QPalette lightPalette();
    static QPalette darkPalette();
    static bool isDark(const QPalette& palette);

private Q_SLOTS:
    void settingChanged(const QString& space, const QString& key, const QDBusVariant& value);

private:
    void askPortal();
    void apply();

    QString m_scheme = QStringLiteral("system");
    int m_portal = 0; ///< 0 no preference, 1 dark, 2 light
    bool m_asked = false;
};

} // namespace kvw
