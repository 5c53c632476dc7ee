// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QKeySequence>
#include <QObject>
#include <QString>

#include <span>
#include <string_view>

class QAction;
class QMenu;

namespace kvw {

enum class Menu { None, File, Edit, View, Jobs, Help };
/// Where a shortcut works. Those of the window are unique; those of a plot or a table work while it has the focus and
/// are handled by it, not by a QAction: they are here for the list of shortcuts and the manual.
enum class Where { Window, Plot, Table };

/// One row feeds menu, tool tip, the list of shortcuts and the manual.
struct ActionRow
{
    std::string_view id;   ///< "file.open"
    const char* text;      ///< QT_TRANSLATE_NOOP("kvw::Actions", ...), with "&" where the menu's key is
    const char* tip;       ///< likewise: one sentence for status bar and list of shortcuts; may be null
    std::string_view keys; ///< portable text, "Ctrl+Shift+S"; several parted by "; "; empty: none or standard_key's
    QKeySequence::StandardKey standard_key = QKeySequence::UnknownKey;
    std::string_view icon = {}; ///< for icon()
    Menu menu = Menu::None;
    Where where = Where::Window;
    bool group_begins = false; ///< a line above it in the menu
};

/// All of them, in the order of the menus. Pages of the window are added as "page:ID" with Ctrl+1, Ctrl+2, ...
std::span<const ActionRow> actionTable();

/// Translated, without the "&".
QString actionText(const ActionRow& row);
QString actionTip(const ActionRow& row);
QList<QKeySequence> actionKeys(const ActionRow& row);

/// The QActions of the window's rows.
class Actions final : public QObject
{
    Q_OBJECT
public:
    explicit Actions(QObject* parent = nullptr);

    /// Null for an id that is not in the table.
    QAction* action(const QString& id) const { return m_actions.value(id); }
    QList<QAction*> all() const;
    void fill(QMenu* menu, Menu which) const;
    /// Texts and tips in the current language.
    void retranslate();

Q_SIGNALS:
    void triggered(const QString& id);

private:
    QHash<QString, QAction*> m_actions;
};

} // namespace kvw
