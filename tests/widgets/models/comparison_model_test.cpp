// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/comparison_model.h"

#include "tests/widgets/support/workspace_fixture.h"

#include <QAbstractItemModelTester>

namespace kvw::testing {
namespace {

using Tester = QAbstractItemModelTester;

class ComparisonModels : public WithWorkspace
{
protected:
    ComparisonModels()
    {
        openProject();
        Store& store = *workspace.store();
        store.put_text({"t1", "wiki.txt", 100, 100});
        for (int i = 0; i < 3; ++i) {
            RunRecord run;
            run.text_hash = "t1";
            run.protocol = "all";
            run.window_tokens = 64;
            run.configuration = i == 0 ? "identity" : i == 1 ? "k=int8" : "k=int4";
            const RowId id = addRun(store, RunKind::Ppl, run);
            QualityRecord quality;
            quality.run = id;
            quality.configuration = *run.configuration;
            quality.protocol = "all";
            quality.ppl = 20 + i;
            quality.scored_tokens = 256;
            quality.ledger = {1000, 24, 0, 0, 0, 0, 1024};
            std::vector<QualityWindow> windows;
            for (int window = 0; window < 4; ++window)
                windows.push_back({window, 64, 190.0 + i * (2 + window), {}, {}});
            store.put_quality(quality, windows);
            ids.push_back(id);
        }
        workspace.reload();
    }

    std::vector<RowId> ids;
};

TEST_F(ComparisonModels, TheBaselineStandsFirstAndOthersHaveDifferences)
{
    const std::vector<ComparedRun> runs = comparedRuns(workspace, ids);
    ASSERT_EQ(runs.size(), 3u);
    EXPECT_EQ(runs[0].windows.size(), 4u);
    FigureModel model;
    const Tester tester(&model, Tester::FailureReportingMode::Fatal);
    model.setComparison(compare_runs(runs, 1), {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")});
    ASSERT_EQ(model.columnCount(), 6);
    const auto header = [&](int column) {
        return model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    };
    EXPECT_EQ(header(1), QStringLiteral("b (baseline)"));
    EXPECT_EQ(header(2), QStringLiteral("a"));
    EXPECT_EQ(header(3), QStringLiteral("Difference"));
    EXPECT_EQ(header(4), QStringLiteral("c"));
    EXPECT_EQ(model.index(0, 0).data().toString(), QStringLiteral("Perplexity"));
    EXPECT_EQ(model.index(0, 1).data().toString(), QStringLiteral("21.00"));
    const QString difference = model.index(0, 5).data().toString();
    EXPECT_TRUE(difference.startsWith(QStringLiteral("+4.76 % [+"))) << qPrintable(difference);
    EXPECT_EQ(model.index(0, 5).data(Qt::EditRole).toDouble(), 1.0);
    EXPECT_TRUE(model.index(0, 3).data().toString().startsWith(QStringLiteral("−4.76 % [−")));
}

TEST_F(ComparisonModels, ValuesHaveTheUnitOfTheirRow)
{
    std::vector<ComparedRun> runs = comparedRuns(workspace, ids);
    runs[1].quality->rel_ppl = 0.0011;
    FigureModel model;
    model.setComparison(compare_runs(runs, 0), {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")});
    for (int row = 0; row < model.rowCount(); ++row)
        if (model.index(row, 0).data().toString() == QStringLiteral("PPL change [%]")) {
            EXPECT_EQ(model.index(row, 2).data().toString(), QStringLiteral("+0.110"));
            EXPECT_EQ(model.index(row, 2).data(Qt::EditRole).toDouble(), 0.11);
            return;
        }
    FAIL() << "no change of the perplexity";
}

TEST_F(ComparisonModels, SettingsThatDifferAreBoldAndFirst)
{
    SettingModel model;
    const Tester tester(&model, Tester::FailureReportingMode::Fatal);
    model.setComparison(compare_runs(comparedRuns(workspace, ids), 0),
                        {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")});
    EXPECT_EQ(model.index(0, 0).data().toString(), QStringLiteral("Configuration"));
    EXPECT_TRUE(model.index(0, 0).data(Qt::FontRole).value<QFont>().bold());
    EXPECT_EQ(model.index(0, 2).data().toString(), QStringLiteral("k=int8"));
    EXPECT_FALSE(model.index(model.rowCount() - 1, 0).data(Qt::FontRole).isValid());
    model.setComparison({}, {});
    EXPECT_EQ(model.rowCount(), 0);
    EXPECT_EQ(model.columnCount(), 0);
}

TEST_F(ComparisonModels, RunsThatAreNotThereAreLeftOut)
{
    EXPECT_EQ(comparedRuns(workspace, {ids[0], 999, ids[2]}).size(), 2u);
}

} // namespace
} // namespace kvw::testing
