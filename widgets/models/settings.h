// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QSettings>
#include <QString>

#include <optional>

namespace kvw {

/// The version of what this program writes into its settings.
inline constexpr int kSettingsVersion = 1;

/// Names under which Qt keeps the settings (an INI file in the user's configuration folder); call it before anything
/// reads settings. With a file (ending in ".ini"), that one is used instead, by plots and pages too.
void setUpSettings(const QString& file = {});

/// A place in the list of recent projects.
struct RecentFile
{
    QString path;
    bool pinned = false;
    bool operator==(const RecentFile&) const = default;
};

/// What the window remembers. Unknown keys are kept; settings that a newer version wrote are neither read nor changed, so
/// that going back a version loses nothing: usable() is false then and everything has its default.
class Settings
{
public:
    Settings();

    bool usable() const { return m_usable; }

    QByteArray geometry() const { return value("window/geometry"); }
    QByteArray windowState() const { return value("window/state"); }
    QString page() const { return QString::fromUtf8(value("window/page")); }
    void setWindow(const QByteArray& geometry, const QByteArray& state, const QString& page);

    QStringList layoutNames() const;
    QByteArray layout(const QString& name) const;
    void setLayout(const QString& name, const QByteArray& state); ///< empty: removes it

    QJsonObject pageState(const QString& page) const;
    void setPageState(const QString& page, const QJsonObject& state);

    /// Pinned ones first, then the latest.
    QList<RecentFile> recent() const;
    void addRecent(const QString& file);
    void setPinned(const QString& file, bool pinned);
    void removeRecent(const QString& file);
    void clearRecent(); ///< all but the pinned ones
    void pruneRecent(); ///< those whose file is gone, pinned ones too

    /// "system", "light" or "dark".
    QString appearance() const;
    void setAppearance(const QString& word);

    QString text(const QString& key) const; ///< of dialogs: the last folder, model, text
    void setText(const QString& key, const QString& text);

    static constexpr int kRecentFiles = 12; ///< that are not pinned

private:
    QByteArray value(const char* key) const;
    void setRecent(const QList<RecentFile>& files);

    QSettings m_settings;
    bool m_usable = true;
};

} // namespace kvw
