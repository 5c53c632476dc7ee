// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_view.h"

#include "tests/report/report_support.h"
#include "widgets/models/record_copy.h"
#include "widgets/models/search_box.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QMimeData>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::ElementsAre;
using Tester = QAbstractItemModelTester;

QualityRow quality(RowId run, const std::string& config, double ppl)
{
    QualityRow row = sample_quality();
    row.record.run = row.source.run.id = run;
    row.record.config = config;
    row.record.ppl = ppl;
    return row;
}

class RecordTable : public ::testing::Test
{
protected:
    RecordTable()
    {
        rows = {quality(7, "k=int16", 9.5), quality(8, "identity", 100.26), quality(9, "k=int4", 12)};
        rows[1].record.rel_ppl.reset();
        fill(panel);
    }
    void fill(RecordPanel& target)
    {
        target.records()->setSource(
            make_table(std::span<const QualityRow>()).columns,
            [this](ColumnChoice only) { return make_table(std::span<const QualityRow>(rows), only); },
            {QStringLiteral("config"), QStringLiteral("ppl"), QStringLiteral("rel_ppl"), QStringLiteral("cache_bytes"),
             QStringLiteral("started_at")});
    }
    QString shown(int row, int column) const { return panel.filter()->index(row, column).data().toString(); }
    QStringList column(int number) const
    {
        QStringList out;
        for (int row = 0; row < panel.filter()->rowCount(); ++row)
            out.append(shown(row, number));
        return out;
    }

    std::vector<QualityRow> rows;
    RecordPanel panel{QStringLiteral("Quality")};
    Tester recordsTester{panel.records(), Tester::FailureReportingMode::Fatal};
    Tester filterTester{panel.filter(), Tester::FailureReportingMode::Fatal};
};

TEST_F(RecordTable, HeadersHaveUnitsAndCellsAreInTheLocale)
{
    const auto header = [&](int section) {
        return panel.filter()->headerData(section, Qt::Horizontal, Qt::DisplayRole).toString();
    };
    EXPECT_EQ(header(0), QStringLiteral("Configuration"));
    EXPECT_EQ(header(2), QStringLiteral("PPL change [%]"));
    EXPECT_EQ(header(3), QStringLiteral("Cache [B]"));
    EXPECT_EQ(shown(1, 1), QStringLiteral("100.3")); // four figures
    EXPECT_EQ(shown(0, 2), QStringLiteral("0.04"));
    EXPECT_EQ(shown(1, 2), QString()); // nothing, which is not 0
    EXPECT_EQ(shown(0, 3), QStringLiteral("1,536"));
    EXPECT_EQ(panel.filter()->index(0, 1).data(RecordTableModel::RawRole).toDouble(), 9.5);
    QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
    EXPECT_EQ(shown(1, 1), QStringLiteral("100,3"));
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
}

TEST_F(RecordTable, SortsByRawNumbersAndWordsByTheNumbersInThem)
{
    panel.view()->sortByColumn(1, Qt::AscendingOrder);
    EXPECT_THAT(column(1), ElementsAre(QStringLiteral("9.500"), QStringLiteral("12.00"), QStringLiteral("100.3")));
    panel.view()->sortByColumn(1, Qt::DescendingOrder);
    EXPECT_EQ(shown(0, 1), QStringLiteral("100.3"));
    panel.view()->sortByColumn(0, Qt::AscendingOrder);
    EXPECT_THAT(column(0),
                ElementsAre(QStringLiteral("identity"), QStringLiteral("k=int4"), QStringLiteral("k=int16")));
    panel.view()->sortByColumn(2, Qt::AscendingOrder);
    EXPECT_EQ(shown(0, 2), QString()); // nothing before everything
}

TEST_F(RecordTable, SearchesForEveryWordALittleAfterTheLastKey)
{
    QSignalSpy spy(panel.searchBox(), &SearchBox::searched);
    QTest::keyClicks(panel.searchBox(), QStringLiteral("INT 12.0"));
    EXPECT_EQ(spy.count(), 0);
    ASSERT_TRUE(spy.wait(5000));
    EXPECT_EQ(spy.count(), 1);
    EXPECT_THAT(column(0), ElementsAre(QStringLiteral("k=int4")));
    QTest::keyClick(panel.searchBox(), Qt::Key_Escape);
    EXPECT_EQ(panel.filter()->rowCount(), 3);
    panel.filter()->setSearch(QStringLiteral("-int4"));
    EXPECT_EQ(panel.filter()->rowCount(), 2);
}

TEST_F(RecordTable, RowsThatAreAddedKeepThePicksAndTheOrder)
{
    panel.view()->sortByColumn(1, Qt::AscendingOrder);
    panel.view()->pickRuns({9});
    QSignalSpy resets(panel.records(), &QAbstractItemModel::modelReset);
    rows.push_back(quality(10, "k=int2", 11));
    panel.records()->refresh();
    EXPECT_EQ(resets.count(), 0);
    EXPECT_THAT(panel.view()->pickedRuns(), ElementsAre(9));
    EXPECT_THAT(column(0),
                ElementsAre(QStringLiteral("k=int16"), QStringLiteral("k=int2"), QStringLiteral("k=int4"),
                            QStringLiteral("identity")));
    rows.erase(rows.begin());
    panel.records()->refresh();
    EXPECT_EQ(resets.count(), 1);
    EXPECT_EQ(panel.filter()->rowCount(), 3);
    rows.clear();
    panel.records()->refresh();
    EXPECT_EQ(panel.filter()->rowCount(), 0);
}

TEST_F(RecordTable, CopiesWithHeadersAsTextAndHtml)
{
    panel.view()->pickRuns({8});
    EXPECT_EQ(copyRows(*panel.view(), CopyHeads::No), EditResult::Done);
    EXPECT_TRUE(QApplication::clipboard()->text().startsWith(QStringLiteral("identity\t100.26\t\t1536\t")));
    QTest::keyClick(panel.view(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    const QMimeData* mime = QApplication::clipboard()->mimeData();
    const QStringList lines = mime->text().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    ASSERT_EQ(lines.size(), 2);
    EXPECT_TRUE(lines[0].startsWith(QStringLiteral("Configuration\tPerplexity\tPPL change [%]\t")));
    EXPECT_TRUE(lines[1].startsWith(QStringLiteral("identity\t100.26\t\t1536\t"))) << qPrintable(lines[1]);
    EXPECT_EQ(mime->html().count(QStringLiteral("<tr>")), 2);
    EXPECT_EQ(mime->html().count(QStringLiteral("<td")), 5);
    panel.view()->clearSelection();
    EXPECT_EQ(copyRows(*panel.view(), CopyHeads::Yes), EditResult::Done);
    EXPECT_EQ(QApplication::clipboard()->text().count(QLatin1Char('\n')), 4);
}

TEST_F(RecordTable, ExportsEveryColumnOfTheRowsThatAreShown)
{
    const QTemporaryDir folder;
    panel.filter()->setSearch(QStringLiteral("int"));
    panel.view()->sortByColumn(1, Qt::DescendingOrder);
    for (const char* ending : {"csv", "json", "jsonl", "md"}) {
        const QString file = folder.filePath(QStringLiteral("t.") + QLatin1String(ending));
        ASSERT_FALSE(panel.view()->exportTo(file)) << ending;
        QFile in(file);
        ASSERT_TRUE(in.open(QIODevice::ReadOnly));
        const std::string text = in.readAll().toStdString();
        EXPECT_THAT(text, ::testing::HasSubstr("k=int16")) << ending;
        EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("`identity`"))) << ending;
        EXPECT_LT(text.find("k=int4"), text.find("k=int16")) << ending;
        if (std::string(ending) == "csv") {
            const Lines lines = read_csv(text);
            EXPECT_EQ(lines.size(), 3u);
            EXPECT_EQ(lines[0].size(), make_table(std::span<const QualityRow>()).columns.size());
        }
    }
    const std::optional<Problem> problem = panel.view()->exportTo(folder.filePath(QStringLiteral("no/where.csv")));
    ASSERT_TRUE(problem);
    EXPECT_TRUE(problem->message.contains(QStringLiteral("no"))) << qPrintable(problem->message);
    if (QFile::exists(QStringLiteral("/dev/full"))) {
        EXPECT_TRUE(panel.view()->exportTo(QStringLiteral("/dev/full")));
    }
}

TEST_F(RecordTable, StateComesBackAndUnknownColumnsAreLeftOut)
{
    panel.records()->setShownColumns({QStringLiteral("run"), QStringLiteral("nowhere"), QStringLiteral("ppl")});
    EXPECT_THAT(panel.records()->shownColumns(), ElementsAre(QStringLiteral("run"), QStringLiteral("ppl")));
    panel.view()->sortByColumn(1, Qt::DescendingOrder);
    const QJsonObject state = panel.view()->saveState();
    RecordPanel other(QStringLiteral("Other"));
    fill(other);
    other.view()->restoreState(state);
    EXPECT_EQ(other.records()->shownColumns(), panel.records()->shownColumns());
    EXPECT_EQ(other.filter()->index(0, 0).data().toString(), QStringLiteral("8"));
    other.view()->restoreState({});
    EXPECT_EQ(other.records()->shownColumns(), panel.records()->shownColumns());
}

TEST(RecordColumns, EveryFieldOfEveryTableHasATitle)
{
    int fields = 0;
    for (const ExportTable which : kEachTable) {
        const std::vector<Table> tables = make_tables({}, which);
        for (const Field& field : tables[0].columns) {
            const RecordColumn column = recordColumn(field);
            ++fields;
            EXPECT_NE(column.title, column.name) << column.name.toStdString();
            EXPECT_FALSE(column.meaning.isEmpty());
        }
    }
    EXPECT_GT(fields, 80);
}

TEST(RecordColumns, BytesTakeOneUnitForAColumn)
{
    const Field field{"cache_bytes", "bytes", "x"};
    EXPECT_EQ(recordColumn(field, 5000).unit, QStringLiteral("B"));
    EXPECT_EQ(recordColumn(field, 50000).unit, QStringLiteral("KiB"));
    EXPECT_EQ(recordColumn(field, 3e9).unit, QStringLiteral("MiB"));
    EXPECT_EQ(recordColumn(field, 3e10).unit, QStringLiteral("GiB"));
    EXPECT_EQ(displayText(Cell(1048576.0), recordColumn(field, 3e9)), QStringLiteral("1.0"));
}

TEST(RecordColumns, WordsOfEnumerationsAreKnown)
{
    const auto seen = [](std::string_view word) {
        const QString text = choiceText(toQt(word));
        EXPECT_FALSE(text.contains(QLatin1Char('_'))) << word;
    };
    for (const RunKind kind : kRunKinds)
        seen(name(kind));
    for (const RunStatus status : kRunStatuses)
        seen(name(status));
    for (const JobStatus status : kJobStatuses)
        seen(name(status));
    EXPECT_EQ(choiceText(QStringLiteral("k_pre")), QStringLiteral("k_pre"));
}

} // namespace
} // namespace kvw::testing
