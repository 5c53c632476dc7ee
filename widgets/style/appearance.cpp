// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/style/appearance.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QStyle>

namespace kvw {
namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kSpace = QStringLiteral("org.freedesktop.appearance");
const QString kKey = QStringLiteral("color-scheme");

/// The portal's old call wraps its answer twice.
int number(QVariant value)
{
    while (value.canConvert<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value.toInt();
}

struct Colours
{
    QRgb window, text, base, alternate, button, bright, mid, dark, highlight, highlightedText, link, tip, disabled;
};

QPalette paletteOf(const Colours& colours)
{
    QPalette palette(QColor::fromRgb(colours.button), QColor::fromRgb(colours.window));
    const std::pair<QPalette::ColorRole, QRgb> roles[] = {{QPalette::WindowText, colours.text},
                                                          {QPalette::Text, colours.text},
                                                          {QPalette::ButtonText, colours.text},
                                                          {QPalette::Base, colours.base},
                                                          {QPalette::Button, colours.button},
                                                          {QPalette::AlternateBase, colours.alternate},
                                                          {QPalette::Mid, colours.mid},
                                                          {QPalette::Dark, colours.dark},
                                                          {QPalette::BrightText, colours.bright},
                                                          {QPalette::Highlight, colours.highlight},
                                                          {QPalette::Link, colours.link},
                                                          {QPalette::HighlightedText, colours.highlightedText},
                                                          {QPalette::ToolTipBase, colours.tip},
                                                          {QPalette::ToolTipText, colours.text},
                                                          {QPalette::PlaceholderText, colours.disabled}};
    for (const auto& [role, colour] : roles)
        palette.setColor(role, QColor::fromRgb(colour));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, QColor::fromRgb(colours.disabled));
    return palette;
}

} // namespace

Appearance::Appearance(QObject* parent) : QObject(parent) {}

QPalette Appearance::lightPalette()
{
    return paletteOf({.window = 0xf4f5f7,
                      .text = 0x1b1e23,
                      .base = 0xffffff,
                      .alternate = 0xf3f5f8,
                      .button = 0xeceef1,
                      .bright = 0xffffff,
                      .mid = 0xb9bec6,
                      .dark = 0x9aa0a9,
                      .highlight = 0x1f5fa8,
                      .highlightedText = 0xffffff,
                      .link = 0x1a56a0,
                      .tip = 0xfdf6dc,
                      .disabled = 0x6b7079});
}

QPalette Appearance::darkPalette()
{
    return paletteOf({.window = 0x24272c,
                      .text = 0xe6e8eb,
                      .base = 0x1b1d21,
                      .alternate = 0x22252a,
                      .button = 0x32363d,
                      .bright = 0xffffff,
                      .mid = 0x4a4f57,
                      .dark = 0x14161a,
                      .highlight = 0x2f6fbd,
                      .highlightedText = 0xffffff,
                      .link = 0x7db4f5,
                      .tip = 0x3a3726,
                      .disabled = 0x9a9fa7});
}

bool Appearance::isDark(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
}

void Appearance::setScheme(const QString& word)
{
    m_scheme = word;
    if (word == QStringLiteral("system") && !m_asked)
        askPortal();
    apply();
}

void Appearance::askPortal()
{
    m_asked = true;
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    bus.connect(kService, kPath, kInterface, QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QString, QString, QDBusVariant)));
    QDBusMessage call = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    call << kSpace << kKey;
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        watcher->deleteLater();
        if (reply.isError())
            return;
        m_portal = number(QVariant::fromValue(reply.value()));
        apply();
    });
}

void Appearance::settingChanged(const QString& space, const QString& key, const QDBusVariant& value)
{
    if (space != kSpace || key != kKey)
        return;
    m_portal = number(QVariant::fromValue(value));
    apply();
}

void Appearance::apply()
{
    const bool dark = m_scheme == QStringLiteral("dark") || (m_scheme == QStringLiteral("system") && m_portal == 1);
    const QPalette wanted = dark ? darkPalette() : lightPalette();
    if (QApplication::palette() != wanted)
        QApplication::setPalette(wanted);
}

} // namespace kvw
