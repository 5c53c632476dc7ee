// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/quality_page.h"

#include "core/protocol/specifications.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/record_view.h"
#include "widgets/pages/page_export.h"
#include "widgets/pages/quality_curves.h"
#include "widgets/pages/sweep_form.h"
#include "widgets/pages/sweep_text.h"

#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>

#include <cmath>

namespace kvw::testing {
namespace {

TEST(SweepText, SetsAreMadeOfWhatWasTyped)
{
    EXPECT_EQ(setOf(QStringLiteral("")), QString());
    EXPECT_EQ(setOf(QStringLiteral(" 8 ")), QStringLiteral("8"));
    EXPECT_EQ(setOf(QStringLiteral("8, 4")), QStringLiteral("(8|4)"));
    EXPECT_EQ(setOf(QStringLiteral("16..64..8")), QStringLiteral("(16..64..8)"));
    EXPECT_EQ(setOf(QStringLiteral("0, 16..64..8")), QStringLiteral("(0|16..64..8)"));
}

TEST(SweepText, FieldsBecomeTheGrammarsText)
{
    SweepChoices choices;
    choices.k = {QStringLiteral("kq"), QStringLiteral("32, 48"), true, false, QStringLiteral("8"), {}};
    choices.v = {QString(), QStringLiteral("9"), false, false, QStringLiteral("8, 4"), QStringLiteral("group=16")};
    choices.sinks = QStringLiteral("0, 4");
    EXPECT_EQ(sweepText(choices), QStringLiteral("k=kq:(32|48),weighted+int8 v=int(8|4),group=16 sinks=(0|4)"));
    EXPECT_EQ(sizeOf(sweepText(choices)).points, 8);
    choices.together = false;
    EXPECT_EQ(sweepText(choices),
              QStringLiteral("k=kq:(32|48),weighted+int8 sinks=(0|4); v=int(8|4),group=16 sinks=(0|4)"));
    EXPECT_EQ(sizeOf(sweepText(choices)).points, 8);
    choices.k.both_weights = true;
    choices.v = {};
    choices.layers = QStringLiteral("0-9, 10-19");
    choices.sinks.clear();
    EXPECT_EQ(sweepText(choices), QStringLiteral("layers[(0-9|10-19)]{k=kq:(32|48)(|,weighted)+int8}"));
    EXPECT_EQ(sizeOf(sweepText(choices)).points, 8);
    EXPECT_EQ(sweepText({}), QString());
}

TEST(SweepText, EveryTransformOfTheTableCanBeSwept)
{
    for (const config::Word& word : config::words()) {
        if (word.kind != config::WordClass::Transform)
            continue;
        SCOPED_TRACE(word.text);
        const bool swept = word.canary == config::Canary::None && word.text != "identity";
        const QString name = QString::fromUtf8(word.text.data(), static_cast<qsizetype>(word.text.size()));
        for (const config::Side side : {config::Side::Keys, config::Side::Values}) {
            EXPECT_EQ(sweptTransforms(side).contains(name), swept && word.stands_on(side));
            if (!sweptTransforms(side).contains(name))
                continue;
            SweepChoices choices;
            SweepSide& chosen = side == config::Side::Keys ? choices.k : choices.v;
            chosen.transform = name;
            chosen.ranks = QStringLiteral("16, 32");
            chosen.both_weights = true;
            chosen.bits = sweptBits();
            const int bits = static_cast<int>(config::family_bits(sweptFamily().toStdString()).size());
            EXPECT_EQ(sizeOf(sweepText(choices)).points,
                      bits * (word.takes_number() ? 2 : 1) * (word.takes_option("weighted") ? 2 : 1));
        }
    }
    EXPECT_EQ(sweptBits(), QStringLiteral("8, 4, 3, 2"));
}

TEST(SweepText, WhatIsWrongIsSaidWithItsColumn)
{
    const SweepSize size = sizeOf(QStringLiteral("k=pca:32+int9"));
    EXPECT_EQ(size.points, 0);
    EXPECT_TRUE(size.problem.contains(QStringLiteral("column 10"))) << size.problem.toStdString();
}

class QualityPages : public WithWorkspace
{
protected:
    RowId addMeasurement(RunKind kind, std::initializer_list<const char*> configurations, const char* text = "t1")
    {
        RunRecord run;
        run.text_hash = text;
        run.protocol = "all";
        run.window_tokens = 64;
        const RowId parent = addRun(*workspace.store(), kind, run);
        addPoint(kind, parent, text, "identity", false);
        for (const char* each : configurations)
            addPoint(kind, parent, text, each, true);
        return parent;
    }

    void addPoint(RunKind kind, RowId parent, const char* text, const std::string& config, bool compared)
    {
        RunRecord run;
        run.parent_run = parent;
        run.configuration = config;
        run.text_hash = text;
        run.protocol = "all";
        run.window_tokens = 64;
        QualityRecord quality;
        quality.run = addRun(*workspace.store(), kind, run);
        quality.configuration = config;
        quality.ppl = 20;
        quality.protocol = "all";
        quality.scored_tokens = 128;
        quality.scoring_tokens_per_s = 1000;
        quality.ledger = {1000, 24, 0, 0, 0, 0, 1024};
        if (compared) {
            quality.rel_ppl = 0.01 * static_cast<double>(points.size() + 1);
            quality.rel_ppl_lo = *quality.rel_ppl - 0.001;
            quality.rel_ppl_hi = *quality.rel_ppl + 0.001;
            quality.kl_mean = 0.02;
            quality.top1 = 0.9;
            points.push_back(quality.run);
        }
        workspace.store()->put_quality(quality, {});
    }

    void open()
    {
        openProject();
        workspace.store()->put_text({"t1", "wiki.txt", 100, 100});
        workspace.store()->put_text({"t2", "news.txt", 100, 100});
    }
    void show()
    {
        workspace.reload();
        page.setWorkspace(&workspace);
        page.setJobs(&jobs);
        page.resize(1200, 800);
        page.updateNow();
    }
    template<typename Field>
    Field* field(const QString& accessible) const
    {
        for (Field* each : page.findChildren<Field*>())
            if (each->accessibleName() == accessible)
                return each;
        ADD_FAILURE() << "no field " << accessible.toStdString();
        return nullptr;
    }

    std::vector<RowId> points;
    JobController jobs{&workspace};
    QualityPage page;
};

TEST_F(QualityPages, AnEmptyProjectSaysWhereToGo)
{
    open();
    show();
    ASSERT_TRUE(page.emptyState());
    EXPECT_EQ(page.emptyState()->actionId, QStringLiteral("page:calibrate"));
}

TEST_F(QualityPages, OnlyPointsOfOneSweepThatDifferInOneNumberAreJoined)
{
    open();
    const RowId sweep =
        addMeasurement(RunKind::Sweep,
                       {"k=kq:48 sinks=4", "k=kq:32 sinks=4", "k=kq:32", "v=int8 k=int8", "k=int4 v=int4",
                        "k=pca:32 v=out:32", "k=pca:48 v=out:40", "k=pca:48 v=out:48"});
    const RowId single = addMeasurement(RunKind::Ppl, {"k=kq:40 sinks=4", "k=kq:56 sinks=4"});
    show();
    EXPECT_EQ(page.shownMeasurements(), (std::set<RowId>{sweep, single}));
    const auto curve = [this](const QString& part) {
        for (const QualityCurve& each : page.plot()->curves())
            if (each.name.contains(part))
                return each;
        ADD_FAILURE() << part.toStdString();
        return QualityCurve();
    };
    const QualityCurve ranks = curve(QStringLiteral("k=kq sinks=4, run %1").arg(sweep));
    ASSERT_EQ(ranks.points.size(), 2u);
    EXPECT_TRUE(ranks.look.line);
    EXPECT_EQ(ranks.points[0].at(QualityMeasure::RankK), 32) << "in the order of the rank, whatever was measured first";
    EXPECT_FALSE(curve(QStringLiteral("k=kq:32, run")).look.line) << "alone";
    EXPECT_TRUE(curve(QStringLiteral("k=int,token v=int,token")).look.line) << "both bits alike";
    EXPECT_FALSE(curve(QStringLiteral("k=pca v=out")).look.line) << "two ranks vary";
    EXPECT_FALSE(curve(QStringLiteral("k=kq sinks=4, run %1").arg(single)).look.line) << "not a sweep";
    for (const QualityCurve& each : page.plot()->curves())
        EXPECT_FALSE(each.name.startsWith(QStringLiteral("identity"))) << "it has nothing to be compared with";
}

TEST_F(QualityPages, LayerRangesHaveTheirRanksAndCurves)
{
    open();
    addMeasurement(RunKind::Sweep, {"layers[0-1]{k=kq:4}", "layers[0-1]{k=kq:6}", "layers[2-3]{k=kq:4}"});
    show();
    ASSERT_EQ(page.plot()->curves().size(), 2u);
    EXPECT_TRUE(page.plot()->curves()[0].look.line);
    EXPECT_EQ(page.plot()->curves()[0].points[1].at(QualityMeasure::RankK), 6);
    EXPECT_EQ(page.plot()->curves()[0].points[0].at(QualityMeasure::BitsK), 32) << "the fixture's runs compute in fp32";
}

TEST_F(QualityPages, OtherTextsAreNotDrawnUnlessAsked)
{
    open();
    const RowId wiki = addMeasurement(RunKind::Sweep, {"k=int8"});
    const RowId news = addMeasurement(RunKind::Sweep, {"k=int8"}, "t2");
    show();
    EXPECT_EQ(page.shownMeasurements(), std::set<RowId>{news});
    EXPECT_EQ(page.plot()->curves().size(), 1u);
    page.setShownMeasurements({wiki, news});
    EXPECT_EQ(page.plot()->curves().size(), 2u);
}

TEST_F(QualityPages, PointsComeAsTheyAreMeasured)
{
    open();
    const RowId sweep = addMeasurement(RunKind::Sweep, {"k=kq:48"});
    show();
    ASSERT_EQ(page.plot()->curves().size(), 1u);
    addPoint(RunKind::Sweep, sweep, "t1", "k=kq:32", true);
    workspace.reload();
    page.updateNow();
    ASSERT_EQ(page.plot()->curves().size(), 1u);
    EXPECT_EQ(page.plot()->curves()[0].points.size(), 2u);
}

TEST_F(QualityPages, APickedRunStandsOutInPlotAndTable)
{
    open();
    addMeasurement(RunKind::Sweep, {"k=kq:48", "k=kq:32"});
    show();
    workspace.setRuns({points[1]});
    page.updateNow();
    EXPECT_EQ(page.plot()->currentRun(), points[1]);
    EXPECT_EQ(page.panel()->view()->pickedRuns(), std::vector<RowId>{points[1]});
}

TEST_F(QualityPages, TheFormWritesTheGridAndCountsIt)
{
    open();
    addMeasurement(RunKind::Sweep, {"k=int8"});
    show();
    const QString text = write(QStringLiteral("text.txt"), "some words to measure on\n");
    page.form()->restoreState({{QStringLiteral("text"), text}});
    QTest::qWait(10);
    auto* transform = field<QComboBox>(QStringLiteral("Keys: transform"));
    auto* ranks = field<QLineEdit>(QStringLiteral("Keys: ranks"));
    ASSERT_TRUE(transform && ranks);
    transform->setCurrentText(QStringLiteral("pca"));
    ranks->clear();
    QTest::keyClicks(ranks, QStringLiteral("2, 4"));
    EXPECT_EQ(page.form()->grid(), QStringLiteral("k=pca:(2|4) sinks=(0|4)"));
    EXPECT_TRUE(page.form()->summary().startsWith(QStringLiteral("4 "))) << page.form()->summary().toStdString();
    EXPECT_TRUE(page.form()->summary().contains(QStringLiteral("no earlier measurement")))
        << "the fixture's runs are of another processor: " << page.form()->summary().toStdString();
    page.form()->setGrid(QStringLiteral("k=pca:(2|four)"));
    EXPECT_TRUE(page.form()->summary().contains(QStringLiteral("column"))) << page.form()->summary().toStdString();
    EXPECT_FALSE(page.form()->canStart());
}

TEST_F(QualityPages, TheJobSaysWhatStandsInTheForm)
{
    open();
    addMeasurement(RunKind::Sweep, {"k=int8"});
    show();
    page.form()->setGrid(QStringLiteral("k=int(8|4)"));
    const auto job = nlohmann::json::parse(page.form()->specification()).get<QualitySpecification>();
    EXPECT_EQ(job.grid, "k=int(8|4)");
    EXPECT_EQ(job.engine.model, someModel().folder);
    EXPECT_EQ(job.protocol, "all");
    EXPECT_FALSE(job.allow_overlap);
    EXPECT_GT(job.tokens, 0);
}

TEST_F(QualityPages, FigureAndTableAreExported)
{
    open();
    addMeasurement(RunKind::Sweep, {"k=kq:48", "k=kq:32"});
    show();
    const PageExport result = exportPage(page, folder.filePath(QStringLiteral("out")));
    ASSERT_FALSE(result.problem) << result.problem->message.toStdString();
    ASSERT_EQ(result.files.size(), 3);
    QFile csv(folder.filePath(QStringLiteral("out/quality-plot.csv")));
    ASSERT_TRUE(csv.open(QIODevice::ReadOnly));
    EXPECT_EQ(csv.readAll().count('\n'), 3) << "a header and two points";
}

TEST_F(QualityPages, TenThousandRunsAreDrawnWithinAMoment)
{
    open();
    workspace.store()->transaction([this] {
        RowId sweep = 0;
        for (int i = 0; i < 10'000; ++i) {
            if (i % 50 == 0)
                sweep = addRun(*workspace.store(), RunKind::Sweep);
            addPoint(RunKind::Sweep, sweep, "t1", "k=pca:" + std::to_string(1 + i % 50), true);
        }
    });
    show();
    EXPECT_EQ(page.panel()->filter()->rowCount(), 10'000);
    EXPECT_FALSE(page.plot()->curves().empty());
}

} // namespace
} // namespace kvw::testing
