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

class Commands;

/// A member function of Commands. There is none that points to nothing, so a row without one does not compile.
template<typename Member>
class CommandPointer
{
public:
    consteval CommandPointer(Member member) : m_member(member)
    {
        if (!member)
            throw "an action calls nothing";
    }
    auto operator()(Commands& commands) const { return (commands.*m_member)(); }

private:
    Member m_member;
};
using ActionHandler = CommandPointer<void (Commands::*)()>;
using ActionCondition = CommandPointer<bool (Commands::*)() const>;

enum class Menu { File, Edit, View, Jobs, Help };
enum class GroupBegins { No, Yes }; ///< a line above it in the menu

/// One row feeds menu, tool tip, the list of shortcuts and the manual, and says what happens.
struct ActionRow
{
    std::string_view id;   ///< "file.open"
    const char* text;      ///< QT_TRANSLATE_NOOP("kvw::Actions", ...), with "&" where the menu's key is
    const char* tip;       ///< likewise: one sentence for status bar and list of shortcuts
    std::string_view keys; ///< portable text, "Ctrl+Shift+S"; empty: none, or standard_key's
    QKeySequence::StandardKey standard_key;
    std::string_view icon; ///< for icon()
    Menu menu;
    ActionHandler run;
    ActionCondition enabled;
    GroupBegins group = GroupBegins::No;
};

/// A key that a plot answers while it has the focus: here for the list of shortcuts and the manual.
struct PlotKeyRow
{
    const char* text;      ///< QT_TRANSLATE_NOOP("kvw::Actions", ...)
    std::string_view keys; ///< portable text; several parted by "; "
};

/// All of them, in the order of the menus. Pages of the window are added as "page:ID" with Ctrl+1, Ctrl+2, ...
std::span<const ActionRow> actionTable();
std::span<const PlotKeyRow> plotKeyTable();

/// Translated, without the "&".
QString actionText(const ActionRow& row);
QString actionTip(const ActionRow& row);
QList<QKeySequence> actionKeys(const ActionRow& row);
QString plotKeyText(const PlotKeyRow& row);
QList<QKeySequence> plotKeys(const PlotKeyRow& row);

/// The QActions of the rows, each bound to its command.
class Actions final : public QObject
{
    Q_OBJECT
public:
    explicit Actions(Commands* commands);

    /// Null for an id that is not in the table.
    QAction* action(const QString& id) const { return m_actions.value(id); }
    QList<QAction*> all() const;
    void fill(QMenu* menu, Menu which) const;
    /// Asks every row's condition.
    void updateEnabled();
    /// Texts and tips in the current language.
    void retranslate();

private:
    Commands* m_commands;
    QHash<QString, QAction*> m_actions;
};

} // namespace kvw
