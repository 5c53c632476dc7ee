// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/actions.h"

#include "widgets/models/text.h"
#include "widgets/pages/page_list.h"
#include "widgets/shell/commands.h"
#include "widgets/shell/main_window.h"

#include <QAction>
#include <QMap>
#include <QMenu>

#include <gtest/gtest.h>

#include <type_traits>

namespace kvw {
namespace {

TEST(ActionTable, ShortcutsDoNotClash)
{
    QMap<QString, QString> owners;
    for (std::size_t i = 0; i < pageList().size(); ++i)
        owners.insert(QStringLiteral("Ctrl+%1").arg(i + 1), toQt(pageList()[i].id));
    int shortcuts = 0;
    const auto take = [&](const QKeySequence& key, const QString& where, const QString& owner) {
        const QString text = key.toString(QKeySequence::PortableText) + where;
        EXPECT_FALSE(text.isEmpty()) << toStd(owner);
        EXPECT_FALSE(owners.contains(text)) << toStd(text) << ": " << toStd(owner) << " and " << toStd(owners[text]);
        owners.insert(text, owner);
        ++shortcuts;
    };
    for (const ActionRow& row : actionTable())
        for (const QKeySequence& key : actionKeys(row))
            take(key, {}, toQt(row.id));
    // Those of plots work while these have the focus, beside the window's.
    for (const PlotKeyRow& row : plotKeyTable())
        for (const QKeySequence& key : plotKeys(row))
            take(key, QStringLiteral(" @plot"), plotKeyText(row));
    EXPECT_GT(shortcuts, 15);
}

TEST(ActionTable, EveryRowHasTextTipAndIcon)
{
    QMap<QString, int> ids;
    for (const ActionRow& row : actionTable()) {
        EXPECT_EQ(ids[toQt(row.id)]++, 0) << row.id;
        EXPECT_FALSE(actionText(row).isEmpty()) << row.id;
        EXPECT_FALSE(actionTip(row).isEmpty()) << row.id;
        EXPECT_FALSE(row.icon.empty()) << row.id;
    }
}

TEST(ActionTable, MenuKeysDoNotClash)
{
    QMap<QPair<int, QChar>, QString> owners;
    for (const ActionRow& row : actionTable()) {
        const QString text = QString::fromUtf8(row.text);
        const qsizetype at = text.indexOf(QLatin1Char('&'));
        ASSERT_GE(at, 0) << row.id;
        const QPair<int, QChar> key(int(row.menu), text.at(at + 1).toLower());
        EXPECT_FALSE(owners.contains(key)) << row.id << " and " << toStd(owners[key]);
        owners.insert(key, toQt(row.id));
    }
}

// An action without a handler or a condition does not compile.
static_assert(!std::is_default_constructible_v<ActionHandler> && !std::is_default_constructible_v<ActionCondition>);
static_assert(!std::is_default_constructible_v<ActionRow>);
static_assert(!std::is_constructible_v<ActionHandler, const char*> && !std::is_constructible_v<ActionHandler, QString>);

TEST(ActionsTest, EveryRowIsAQActionInItsMenu)
{
    MainWindow window(MainWindow::Layout::Reset);
    Commands commands(&window);
    const Actions actions(&commands);
    EXPECT_EQ(actions.all().size(), static_cast<qsizetype>(actionTable().size()));
    EXPECT_FALSE(actions.all().contains(nullptr));
    EXPECT_EQ(actions.action(QStringLiteral("plot.fit")), nullptr);
    QMenu menu;
    actions.fill(&menu, Menu::Help);
    EXPECT_EQ(menu.actions().size(), 4); // with the line above "About"
    window.workspace()->setSelection({{}, {{0, 1}}});
    actions.action(QStringLiteral("edit.clearSelection"))->trigger();
    EXPECT_EQ(window.workspace()->selection(), Selection());
}

} // namespace
} // namespace kvw
