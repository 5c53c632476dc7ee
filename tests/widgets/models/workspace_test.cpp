// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/workspace.h"

#include "tests/widgets/support/workspace_fixture.h"

#include <QSignalSpy>

namespace kvw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using kvw::testing::addRun;

class WorkspaceTest : public kvw::testing::WithWorkspace
{};

TEST_F(WorkspaceTest, IsEmptyWithoutAProject)
{
    EXPECT_FALSE(workspace.isOpen());
    EXPECT_TRUE(workspace.runs().empty());
    EXPECT_TRUE(workspace.quality().empty());
    EXPECT_TRUE(workspace.spectra(1).empty());
    EXPECT_EQ(workspace.run(1), nullptr);
    EXPECT_EQ(workspace.store(), nullptr);
    workspace.poll();
    workspace.close();
}

TEST_F(WorkspaceTest, OpensAndSaysSo)
{
    const QSignalSpy changed(&workspace, &Workspace::projectChanged);
    EXPECT_FALSE(workspace.open(file));
    EXPECT_EQ(changed.count(), 1);
    EXPECT_TRUE(workspace.isOpen());
    EXPECT_EQ(workspace.path(), file);
    EXPECT_EQ(workspace.name(), QStringLiteral("a b ü"));
    EXPECT_FALSE(workspace.isReadOnly());
    workspace.close();
    EXPECT_EQ(changed.count(), 2);
    EXPECT_TRUE(workspace.path().isEmpty());
}

TEST_F(WorkspaceTest, KeepsTheOldProjectWhenTheNewOneCannotBeOpened)
{
    ASSERT_FALSE(workspace.open(file));
    const auto problem = workspace.open(write(QStringLiteral("foreign.kvw"), "this is no database, and long enough"));
    ASSERT_TRUE(problem);
    EXPECT_THAT(toStd(problem->message), HasSubstr("foreign.kvw"));
    EXPECT_EQ(workspace.path(), file);
}

TEST_F(WorkspaceTest, SeesWhatAnotherConnectionCommits)
{
    ASSERT_FALSE(workspace.open(file));
    ASSERT_TRUE(workspace.runs().empty());
    const QSignalSpy changed(&workspace, &Workspace::dataChanged);
    workspace.poll();
    EXPECT_EQ(changed.count(), 0);
    Store store = other();
    const RowId id = addRun(store);
    workspace.poll();
    EXPECT_EQ(changed.count(), 1);
    ASSERT_NE(workspace.run(id), nullptr);
    EXPECT_EQ(workspace.run(id)->model.name, "small");
    // A change that shows nowhere is no news.
    store.put_view_state("x", "y");
    workspace.poll();
    EXPECT_EQ(changed.count(), 1);
}

TEST_F(WorkspaceTest, CalibrationsAreMeasuredOnesNewestFirst)
{
    ASSERT_FALSE(workspace.open(file));
    Store store = other();
    addRun(store);
    const RowId first = addRun(store, RunKind::Calibrate);
    const RowId second = addRun(store, RunKind::Calibrate);
    std::vector<RowId> found;
    for (const Provenance* row : workspace.calibrations())
        found.push_back(row->run.id);
    EXPECT_THAT(found, ElementsAre(second, first));
}

TEST_F(WorkspaceTest, SelectionIsTidyAndComparesFirst)
{
    ASSERT_FALSE(workspace.open(file));
    Store store = other();
    const RowId a = addRun(store), b = addRun(store);
    const QSignalSpy changed(&workspace, &Workspace::selectionChanged);
    workspace.setRuns({b, 99, a, b});
    EXPECT_THAT(workspace.selection().runs, ElementsAre(b, a));
    workspace.setRuns({b, a});
    EXPECT_EQ(changed.count(), 1);
    workspace.setHeads({{1, 0}, {0, 1}, {1, 0}});
    EXPECT_THAT(workspace.selection().heads, ElementsAre(HeadId{0, 1}, HeadId{1, 0}));
    EXPECT_THAT(workspace.selection().layers(), ElementsAre(0, 1));
    EXPECT_THAT(workspace.selection().runs, ElementsAre(b, a));
    EXPECT_EQ(changed.count(), 2);
    const QSignalSpy moved(&workspace, &Workspace::cursorChanged);
    workspace.setCursor(12);
    workspace.setCursor(12);
    EXPECT_EQ(moved.count(), 1);
}

TEST_F(WorkspaceTest, ADeletedRunLeavesTheSelection)
{
    ASSERT_FALSE(workspace.open(file));
    Store store = other();
    const RowId a = addRun(store), b = addRun(store);
    workspace.setRuns({a, b});
    store.delete_run(a);
    workspace.poll();
    EXPECT_THAT(workspace.selection().runs, ElementsAre(b));
}

} // namespace
} // namespace kvw
