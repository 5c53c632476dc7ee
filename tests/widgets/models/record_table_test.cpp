// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/record_view.h"

#include "tests/report/report_support.h"
#include "widgets/models/record_copy.h"
#include "widgets/models/search_box.h"
#include "widgets/pages/page_tables.h"
#include "widgets/plots/plot_table.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QJsonArray>
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
    row.record.configuration = config;
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
            {QStringLiteral("configuration"), QStringLiteral("ppl"), QStringLiteral("rel_ppl"),
             QStringLiteral("cache_bytes"), QStringLiteral("started_at")});
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

/// The unit that a header names is the unit of every number that goes with that header: in the view, on the clipboard,
/// and in the table that leaves the page for a file.
TEST_F(RecordTable, TheHeadersUnitIsThatOfTheViewTheClipboardAndTheFile)
{
    rows[0].record.rel_ppl = 0.0011;
    rows[0].record.ledger = {3133440, 0, 0, 0, 0, 0, 1566720};
    rows[2].record.ledger = {64.0 * 1024 * 1024, 0, 0, 0, 0, 0, 1};
    panel.records()->refresh();
    const auto header = [&](int column) { return panel.filter()->headerData(column, Qt::Horizontal).toString(); };
    ASSERT_EQ(header(2), QStringLiteral("PPL change [%]"));
    ASSERT_EQ(header(3), QStringLiteral("Cache [MiB]"));
    EXPECT_EQ(shown(0, 2), QStringLiteral("0.11"));
    EXPECT_EQ(shown(0, 3), QStringLiteral("2.99"));

    panel.view()->pickRuns({7});
    QTest::keyClick(panel.view(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    const QStringList lines = QApplication::clipboard()->text().split(QLatin1Char('\n'));
    const QStringList heads = lines.at(0).split(QLatin1Char('\t')), cells = lines.at(1).split(QLatin1Char('\t'));
    EXPECT_EQ(heads.at(2), header(2));
    EXPECT_EQ(cells.at(2), QStringLiteral("0.11"));
    EXPECT_EQ(heads.at(3), header(3));
    EXPECT_EQ(cells.at(3), QStringLiteral("2.98828125"));

    const PageTable page = tableOf(*panel.filter(), QStringLiteral("quality"), QStringLiteral("Quality"));
    const Lines csv = read_csv(toCsv({page.title, page.header, page.rows}).toStdString());
    EXPECT_EQ(csv.at(0).at(2), "PPL change [%]");
    EXPECT_EQ(csv.at(1).at(2), "0.11");
    EXPECT_EQ(csv.at(0).at(3), "Cache [MiB]");
    EXPECT_EQ(csv.at(1).at(3), "2.98828125");

    // "Export table…" is for programs: names of fields, and the values under their own units.
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("t.csv"));
    ASSERT_FALSE(panel.view()->exportTo(file));
    QFile in(file);
    ASSERT_TRUE(in.open(QIODevice::ReadOnly));
    const Lines raw = read_csv(in.readAll().toStdString());
    EXPECT_EQ(csv_cell(raw, 0, "rel_ppl"), "0.0011");
    EXPECT_EQ(csv_cell(raw, 0, "cache_bytes"), "3133440");
}

/// The same for every column that there is: what is shown is what is copied, but for the rounding and the marks.
TEST_F(RecordTable, EveryColumnIsCopiedAsItIsShown)
{
    QStringList all;
    for (const RecordColumn& column : panel.records()->allColumns())
        all.append(column.name);
    panel.records()->setShownColumns(all);
    int numbers = 0;
    for (int column = 0; column < panel.filter()->columnCount(); ++column) {
        const RecordColumn& description = panel.records()->column(column);
        if (!description.isNumber())
            continue;
        const QVariant copied = panel.filter()->index(0, column).data(Qt::EditRole);
        const double raw = panel.filter()->index(0, column).data(RecordTableModel::RawRole).toDouble();
        EXPECT_DOUBLE_EQ(copied.toDouble(), description.unit.shown(raw)) << description.name.toStdString();
        bool is_number = false;
        const double read = QLocale().toDouble(shown(0, column), &is_number);
        EXPECT_TRUE(is_number) << description.name.toStdString() << ": " << qPrintable(shown(0, column));
        EXPECT_NEAR(read, copied.toDouble(), std::max(0.0051, 1e-3 * std::fabs(copied.toDouble())))
            << description.name.toStdString();
        ++numbers;
    }
    EXPECT_GT(numbers, 25);
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
    // Columns that another version called otherwise: the page's own ones stay.
    other.view()->restoreState(
        {{QStringLiteral("columns"), QJsonArray{QStringLiteral("config"), QStringLiteral("run")}}});
    EXPECT_EQ(other.records()->shownColumns(), panel.records()->shownColumns());
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
    const Field& field = kAllocatorBytes;
    EXPECT_EQ(recordColumn(field, 5000).header(), QStringLiteral("Allocator [B]"));
    EXPECT_EQ(recordColumn(field, 50000).header(), QStringLiteral("Allocator [KiB]"));
    EXPECT_EQ(recordColumn(field, 3e9).header(), QStringLiteral("Allocator [MiB]"));
    EXPECT_EQ(recordColumn(field, 3e10).header(), QStringLiteral("Allocator [GiB]"));
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
