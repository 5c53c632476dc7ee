// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/spectra_page.h"

#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/pages/page_export.h"
#include "widgets/plots/plot_table.h"
#include "widgets/plots/spectrum_plot.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

#include <cmath>

namespace kvw::testing {
namespace {

constexpr int kLayers = 6, kHeads = 2, kDim = 16;

class SpectraPages : public WithWorkspace
{
protected:
    /// Variances fall by `ratio` from component to component, more steeply in later layers.
    static SpectrumRecord spectrum(int layer, int head, const char* quantity, Positions positions, double ratio)
    {
        SpectrumRecord record;
        record.layer = layer;
        record.kv_head = head;
        record.quantity = quantity;
        record.positions = positions;
        record.vectors = 100 + layer;
        for (int i = 0; i < kDim; ++i)
            record.eigenvalues.push_back(std::pow(ratio, i * (1 + layer)));
        record.effective_rank = 10 - layer + 0.25 * head;
        record.rank_90 = 8 - layer;
        record.rank_95 = 9 - layer;
        record.rank_99 = 11 - layer;
        record.spread = 3;
        record.mean_share = 0.25;
        record.coding_gain_bits = 1.5;
        return record;
    }

    RowId addCalibration(double ratio, int layers = kLayers)
    {
        RunRecord run;
        run.input_tokens = 4096;
        const RowId id = addRun(*workspace.store(), RunKind::Calibrate, run);
        std::vector<SpectrumRecord> records;
        for (int layer = 0; layer < layers; ++layer)
            for (int head = 0; head < kHeads; ++head)
                for (const char* quantity : {"k_pre", "k", "v", "qk"})
                    for (const Positions positions : kPositions)
                        records.push_back(spectrum(layer, head, quantity, positions, ratio));
        workspace.store()->put_spectra(id, records);
        return id;
    }

    void show()
    {
        page.setWorkspace(&workspace);
        page.resize(1200, 800);
        page.updateNow();
    }
    const PlotTable table() const
    {
        const auto tables = page.tables();
        return {tables[0].title, tables[0].header, tables[0].rows};
    }

    SpectraPage page;
};

TEST_F(SpectraPages, WithoutACalibrationThePageSaysWhereToGo)
{
    openProject();
    show();
    ASSERT_TRUE(page.emptyState());
    EXPECT_EQ(page.emptyState()->actionId, QStringLiteral("page:calibrate"));
    addCalibration(0.8);
    workspace.reload();
    page.updateNow();
    EXPECT_FALSE(page.emptyState());
}

TEST_F(SpectraPages, TheMapHoldsWhatWasStored)
{
    openProject();
    addCalibration(0.8);
    show();
    const HeatMapData& data = page.map()->data();
    ASSERT_EQ(data.layers, kLayers);
    ASSERT_EQ(data.kv_heads, kHeads);
    for (int layer = 0; layer < kLayers; ++layer)
        for (int head = 0; head < kHeads; ++head)
            EXPECT_EQ(data.at({layer, head}), 10 - layer + 0.25 * head);
    page.setMeasure("rank_99");
    EXPECT_EQ(page.map()->data().at({3, 1}), 8);
}

TEST_F(SpectraPages, PickedHeadsAreTheCurvesAndTheTable)
{
    openProject();
    addCalibration(0.8);
    show();
    ASSERT_EQ(page.variances()->curves().size(), 2u) << "K and V of the head under the map's cursor";
    workspace.setHeads({{1, 0}, {4, 1}});
    page.updateNow();
    ASSERT_EQ(page.variances()->curves().size(), 4u);
    EXPECT_EQ(page.map()->picks(), workspace.selection().heads);
    const SpectrumCurve& last = page.variances()->curves().back();
    EXPECT_TRUE(last.name.contains(QStringLiteral("layer 4"))) << last.name.toStdString();
    EXPECT_DOUBLE_EQ(last.eigenvalues[2], std::pow(0.8, 2 * 5));
    EXPECT_EQ(table().rows.size(), 4);
    page.setQuantities({QStringLiteral("qk")});
    EXPECT_EQ(page.variances()->curves().size(), 2u);
}

TEST_F(SpectraPages, KeysOfTheMapPickHeadsInTheWholeWindow)
{
    openProject();
    addCalibration(0.8);
    show();
    page.show();
    page.map()->setFocus();
    QTest::keyClick(page.map(), Qt::Key_Right);
    QTest::keyClick(page.map(), Qt::Key_Down);
    QTest::keyClick(page.map(), Qt::Key_Return);
    EXPECT_EQ(workspace.selection().heads, (std::vector<HeadId>{{1, 1}}));
}

TEST_F(SpectraPages, CalibrationsLieOverEachOther)
{
    openProject();
    const RowId first = addCalibration(0.8), second = addCalibration(0.7);
    show();
    EXPECT_EQ(page.shownRun(), second) << "the newest";
    page.setOverlay({first});
    ASSERT_EQ(page.variances()->curves().size(), 4u);
    EXPECT_TRUE(page.variances()->curves()[0].name.contains(QString::number(second)));
    EXPECT_TRUE(page.variances()->curves()[1].name.contains(QString::number(first)));
    workspace.setRuns({first});
    page.updateNow();
    EXPECT_EQ(page.shownRun(), first) << "picking a calibration anywhere shows it";
}

TEST_F(SpectraPages, TheCursorsValuesStandInTheTable)
{
    openProject();
    addCalibration(0.8);
    show();
    const auto columns = table().header.size();
    page.variances()->setReadoutAt(3.0);
    ASSERT_EQ(table().header.size(), columns + 2);
    EXPECT_EQ(workspace.cursor(), 3);
    EXPECT_NEAR(table().rows[0][1].toDouble(), 0.8 * 0.8, 1e-12);
    const double all = (1 - std::pow(0.8, kDim)) / 0.2;
    EXPECT_NEAR(table().rows[0][2].toDouble(), (1 + 0.8 + 0.64) / all, 1e-9);
    EXPECT_EQ(page.energies()->readoutAt(), page.variances()->readoutAt()) << "linked";
}

TEST_F(SpectraPages, SixtyFourCurvesAtMost)
{
    openProject();
    addCalibration(0.9, 40);
    show();
    std::vector<HeadId> heads;
    for (int layer = 0; layer < 40; ++layer)
        heads.push_back({layer, 0});
    workspace.setHeads(heads);
    page.updateNow();
    EXPECT_EQ(page.variances()->curves().size(), 64u);
}

TEST_F(SpectraPages, ChoicesComeBack)
{
    openProject();
    addCalibration(0.8);
    show();
    page.setMeasure("mean_share");
    page.setQuantities({QStringLiteral("k_pre")});
    SpectraPage other;
    other.setWorkspace(&workspace);
    other.restoreState(page.saveState());
    other.updateNow();
    EXPECT_EQ(other.saveState().value(QStringLiteral("measure")), QStringLiteral("mean_share"));
    ASSERT_EQ(other.variances()->curves().size(), 1u);
    other.restoreState({{QStringLiteral("quantities"), 5}, {QStringLiteral("measure"), QStringLiteral("?")}});
    EXPECT_EQ(other.saveState().value(QStringLiteral("measure")), QStringLiteral("mean_share"));
}

TEST_F(SpectraPages, FiguresAndTableAreExported)
{
    openProject();
    addCalibration(0.8);
    show();
    const PageExport result = exportPage(page, folder.filePath(QStringLiteral("out")));
    ASSERT_FALSE(result.problem) << result.problem->message.toStdString();
    ASSERT_EQ(result.files.size(), 7);
    QFile csv(folder.filePath(QStringLiteral("out/spectra-variances.csv")));
    ASSERT_TRUE(csv.open(QIODevice::ReadOnly));
    EXPECT_EQ(csv.readAll().count('\n'), kDim + 1);
}

TEST_F(SpectraPages, TheTableIsAProperModel)
{
    openProject();
    addCalibration(0.8);
    show();
    const auto* view = page.findChild<QTableView*>(QString());
    for (auto* each : page.findChildren<QTableView*>())
        if (each->accessibleName() == QStringLiteral("Picked spectra"))
            view = each;
    ASSERT_NE(view, nullptr);
    QAbstractItemModelTester tester(view->model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    workspace.setHeads({{0, 0}, {1, 1}});
    page.updateNow();
    EXPECT_EQ(view->model()->rowCount(), 4);
}

} // namespace
} // namespace kvw::testing
