// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/settings.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <iterator>

namespace kvw {
namespace {

const QString kVersionKey = QStringLiteral("version");
const QString kRecentKey = QStringLiteral("recent/files");

/// One step from a version to the next, in order. Version 0 is a file that nobody has written a version into.
using Migration = void (*)(QSettings&);
constexpr Migration kMigrations[] = {
    [](QSettings&) {}, // 0 -> 1: the first version
};
static_assert(std::size(kMigrations) == kSettingsVersion);

} // namespace

void setUpSettings(const QString& file)
{
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QCoreApplication::setOrganizationName(QStringLiteral("kv-workbench"));
    QCoreApplication::setApplicationName(QStringLiteral("kvworkbench"));
    if (file.isEmpty())
        return;
    const QFileInfo info(file);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, info.absoluteDir().path());
    QCoreApplication::setOrganizationName(QStringLiteral("."));
    QCoreApplication::setApplicationName(info.completeBaseName());
}

Settings::Settings()
{
    const int version = m_settings.value(kVersionKey, 0).toInt();
    m_usable = version >= 0 && version <= kSettingsVersion;
    if (!m_usable || version == kSettingsVersion)
        return;
    for (int step = version; step < kSettingsVersion; ++step)
        kMigrations[step](m_settings);
    m_settings.setValue(kVersionKey, kSettingsVersion);
}

QByteArray Settings::value(const char* key) const
{
    return m_usable ? m_settings.value(QLatin1String(key)).toByteArray() : QByteArray();
}

void Settings::setWindow(const QByteArray& geometry, const QByteArray& state, const QString& page)
{
    if (!m_usable)
        return;
    m_settings.setValue(QStringLiteral("window/geometry"), geometry);
    m_settings.setValue(QStringLiteral("window/state"), state);
    m_settings.setValue(QStringLiteral("window/page"), page);
}

namespace {

/// Layouts have free names: kept as one object, not as keys, which may not hold every character.
QJsonObject object(const QSettings& settings, const QString& key)
{
    return QJsonDocument::fromJson(settings.value(key).toByteArray()).object();
}

const QString kLayoutsKey = QStringLiteral("window/layouts");

} // namespace

QStringList Settings::layoutNames() const { return m_usable ? object(m_settings, kLayoutsKey).keys() : QStringList(); }

QByteArray Settings::layout(const QString& name) const
{
    return m_usable ? QByteArray::fromBase64(object(m_settings, kLayoutsKey).value(name).toString().toLatin1())
                    : QByteArray();
}

void Settings::setLayout(const QString& name, const QByteArray& state)
{
    if (!m_usable)
        return;
    QJsonObject layouts = object(m_settings, kLayoutsKey);
    if (state.isEmpty())
        layouts.remove(name);
    else
        layouts.insert(name, QString::fromLatin1(state.toBase64()));
    m_settings.setValue(kLayoutsKey, QJsonDocument(layouts).toJson(QJsonDocument::Compact));
}

QJsonObject Settings::pageState(const QString& page) const
{
    return m_usable ? object(m_settings, QStringLiteral("pages/") + page) : QJsonObject();
}

void Settings::setPageState(const QString& page, const QJsonObject& state)
{
    if (m_usable)
        m_settings.setValue(QStringLiteral("pages/") + page, QJsonDocument(state).toJson(QJsonDocument::Compact));
}

QList<RecentFile> Settings::recent() const
{
    QList<RecentFile> out;
    const QByteArray text = value("recent/files");
    for (const QJsonValue& entry : QJsonDocument::fromJson(text).array()) {
        const QString path = entry[QLatin1String("path")].toString();
        if (!path.isEmpty())
            out.append({path, entry[QLatin1String("pinned")].toBool()});
    }
    std::stable_partition(out.begin(), out.end(), [](const RecentFile& file) { return file.pinned; });
    return out;
}

void Settings::setRecent(const QList<RecentFile>& files)
{
    if (!m_usable)
        return;
    QJsonArray array;
    int loose = 0;
    for (const RecentFile& file : files)
        if (file.pinned || ++loose <= kRecentFiles)
            array.append(QJsonObject{{QStringLiteral("path"), file.path}, {QStringLiteral("pinned"), file.pinned}});
    m_settings.setValue(kRecentKey, QJsonDocument(array).toJson(QJsonDocument::Compact));
}

void Settings::addRecent(const QString& file)
{
    QList<RecentFile> files = recent();
    RecentFile entry{file, false};
    for (const RecentFile& old : files)
        if (old.path == file)
            entry.pinned = old.pinned;
    files.removeIf([&](const RecentFile& old) { return old.path == file; });
    files.prepend(entry);
    setRecent(files);
}

void Settings::setPinned(const QString& file, bool pinned)
{
    QList<RecentFile> files = recent();
    for (RecentFile& entry : files)
        if (entry.path == file)
            entry.pinned = pinned;
    setRecent(files);
}

void Settings::removeRecent(const QString& file)
{
    QList<RecentFile> files = recent();
    files.removeIf([&](const RecentFile& old) { return old.path == file; });
    setRecent(files);
}

void Settings::clearRecent()
{
    QList<RecentFile> files = recent();
    files.removeIf([](const RecentFile& old) { return !old.pinned; });
    setRecent(files);
}

void Settings::pruneRecent()
{
    QList<RecentFile> files = recent();
    files.removeIf([](const RecentFile& old) { return !QFileInfo::exists(old.path); });
    setRecent(files);
}

QString Settings::appearance() const
{
    const QString word = QString::fromUtf8(value("appearance/scheme"));
    return word == QStringLiteral("light") || word == QStringLiteral("dark") ? word : QStringLiteral("system");
}

void Settings::setAppearance(const QString& word)
{
    if (m_usable)
        m_settings.setValue(QStringLiteral("appearance/scheme"), word);
}

QString Settings::text(const QString& key) const
{
    return m_usable ? m_settings.value(QStringLiteral("dialogs/") + key).toString() : QString();
}

void Settings::setText(const QString& key, const QString& text)
{
    if (m_usable)
        m_settings.setValue(QStringLiteral("dialogs/") + key, text);
}

} // namespace kvw
