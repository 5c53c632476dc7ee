// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shell/actions.h"

#include "widgets/models/text.h"
#include "widgets/pages/page_list.h"

#include <QAction>
#include <QMap>
#include <QMenu>
#include <QSignalSpy>

#include <gtest/gtest.h>

namespace kvw {
namespace {

TEST(ActionTable, ShortcutsDoNotClash)
{
    QMap<QString, QString> owners;
    for (std::size_t i = 0; i < pageList().size(); ++i)
        owners.insert(QStringLiteral("Ctrl+%1").arg(i + 1), toQt(pageList()[i].id));
    int shortcuts = 0;
    for (const ActionRow& row : actionTable())
        for (const QKeySequence& key : actionKeys(row)) {
            // Those of plots and tables work while these have the focus, beside the window's.
            const QString text = key.toString(QKeySequence::PortableText)
                + (row.where == Where::Window ? QString() : QStringLiteral(" @%1").arg(int(row.where)));
            EXPECT_FALSE(text.isEmpty()) << row.id;
            EXPECT_FALSE(owners.contains(text)) << toStd(text) << ": " << row.id << " and " << toStd(owners[text]);
            owners.insert(text, toQt(row.id));
            ++shortcuts;
        }
    EXPECT_GT(shortcuts, 15);
}

TEST(ActionTable, EveryRowOfTheWindowHasTextTipIconAndMenu)
{
    QMap<QString, int> ids;
    for (const ActionRow& row : actionTable()) {
        EXPECT_EQ(ids[toQt(row.id)]++, 0) << row.id;
        EXPECT_FALSE(actionText(row).isEmpty()) << row.id;
        if (row.where != Where::Window)
            continue;
        EXPECT_FALSE(actionTip(row).isEmpty()) << row.id;
        EXPECT_FALSE(row.icon.empty()) << row.id;
        EXPECT_NE(row.menu, Menu::None) << row.id;
    }
}

TEST(ActionTable, MenuKeysDoNotClash)
{
    QMap<QPair<int, QChar>, QString> owners;
    for (const ActionRow& row : actionTable()) {
        const QString text = QString::fromUtf8(row.text);
        const qsizetype at = text.indexOf(QLatin1Char('&'));
        if (row.menu == Menu::None)
            continue;
        ASSERT_GE(at, 0) << row.id;
        const QPair<int, QChar> key(int(row.menu), text.at(at + 1).toLower());
        EXPECT_FALSE(owners.contains(key)) << row.id << " and " << toStd(owners[key]);
        owners.insert(key, toQt(row.id));
    }
}

TEST(ActionsTest, MakesQActionsThatSayTheirId)
{
    const Actions actions;
    QSignalSpy triggered(&actions, &Actions::triggered);
    ASSERT_NE(actions.action(QStringLiteral("file.open")), nullptr);
    EXPECT_EQ(actions.action(QStringLiteral("plot.fit")), nullptr);
    actions.action(QStringLiteral("file.open"))->trigger();
    ASSERT_EQ(triggered.count(), 1);
    EXPECT_EQ(triggered.first().first().toString(), QStringLiteral("file.open"));
    QMenu menu;
    actions.fill(&menu, Menu::Help);
    EXPECT_EQ(menu.actions().size(), 4); // with the line above "About"
}

} // namespace
} // namespace kvw
