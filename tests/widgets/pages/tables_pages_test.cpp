// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/compare_page.h"
#include "widgets/pages/generate_page.h"
#include "widgets/pages/generation_column.h"
#include "widgets/pages/job_fields.h"
#include "widgets/pages/note_panel.h"
#include "widgets/pages/report_page.h"
#include "widgets/pages/speed_form.h"
#include "widgets/pages/throughput_page.h"

#include "core/protocol/specifications.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/comparison_model.h"
#include "widgets/models/record_view.h"
#include "widgets/plots/stacked_bars.h"
#include "widgets/plots/throughput_plot.h"

#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTextEdit>

namespace kvw::testing {
namespace {

using ::testing::HasSubstr;

class TablesPages : public WithWorkspace
{
protected:
    /// A sweep of two qualities on one text and one on another, a benchmark of two configurations at two contexts, and a
    /// generation under two.
    void fill()
    {
        openProject();
        Store& store = *workspace.store();
        store.put_text({"t1", "wiki.txt", 100, 100});
        store.put_text({"t2", "news.txt", 100, 100});
        const RowId sweep = addRun(store, RunKind::Sweep);
        for (int i = 0; i < 3; ++i)
            addQuality(sweep, i == 0 ? "identity" : "k=int4", i == 2 ? "t2" : "t1", 20 + i);
        bench = addRun(store, RunKind::Bench);
        for (const std::int64_t context : {512, 2048})
            for (const char* config : {"identity", "k=int8"})
                addSpeed(config, context, context == 512 ? 40 : 30);
        generation = addRun(store, RunKind::Generate);
        addText("identity", "The sky is blue because of light.", {});
        addText("k=int4", "The sky is grey because of rain.", 3);
        store.put_note({0, {}, {}, "about the project"});
        workspace.reload();
    }

    void addQuality(RowId parent, const std::string& config, const std::string& text, double ppl)
    {
        RunRecord run;
        run.parent_run = parent;
        run.configuration = config;
        run.text_hash = text;
        run.protocol = "all";
        run.window_tokens = 64;
        QualityRecord quality;
        quality.run = addRun(*workspace.store(), RunKind::Ppl, run);
        quality.configuration = config;
        quality.ppl = ppl;
        quality.protocol = "all";
        quality.scored_tokens = 128;
        quality.ledger = {1000, 24, 0, 0, 0, 0, 1024};
        workspace.store()->put_quality(
            quality, std::vector<QualityWindow>{{0, 64, 190 + ppl, {}, {}}, {1, 64, 191 + ppl, {}, {}}});
        qualities.push_back(quality.run);
    }

    void addSpeed(const std::string& config, std::int64_t context, double speed)
    {
        RunRecord run;
        run.parent_run = bench;
        run.configuration = config;
        ThroughputSummary summary;
        summary.run = addRun(*workspace.store(), RunKind::Bench, run);
        summary.configuration = config;
        summary.context = context;
        summary.decode_tokens_per_s_median = speed;
        summary.decode_tokens_per_s_p10 = speed - 1;
        summary.decode_tokens_per_s_p90 = speed + 1;
        summary.bandwidth_gb_s = 20;
        summary.bytes_per_step = 2e8;
        summary.ledger = {4096, 128, 0, 64, 0, 32, 4096};
        workspace.store()->put_throughput(summary, {});
        speeds.push_back(summary.run);
    }

    void addText(const std::string& config, const std::string& text, std::optional<std::int64_t> difference)
    {
        RunRecord run;
        run.parent_run = generation;
        run.configuration = config;
        GenerationRecord record;
        record.run = addRun(*workspace.store(), RunKind::Generate, run);
        record.prompt = "Why is the sky blue?";
        record.generated_text = text;
        record.token_ids = {1, 2, 3};
        if (difference) {
            record.first_difference = difference;
            record.equal_share = 0.5;
            record.kl_mean = 0.0123;
        }
        workspace.store()->put_generation(record);
    }

    template<typename P>
    void show(P& page)
    {
        page.setWorkspace(&workspace);
        page.resize(1200, 800);
        page.updateNow();
    }

    RowId bench = 0, generation = 0;
    std::vector<RowId> qualities, speeds;
};

TEST_F(TablesPages, SpeedAndMemoryShowTheNewestBenchmark)
{
    fill();
    ThroughputPage page;
    show(page);
    EXPECT_FALSE(page.emptyState());
    ASSERT_EQ(page.bars()->bars().size(), 2u);
    EXPECT_EQ(page.bars()->bars()[0].parts[0], 4096);
    ASSERT_EQ(page.plot()->curves().size(), 2u);
    const std::vector<ThroughputPoint>& points = page.plot()->curves()[0].points;
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].context, 512);
    EXPECT_EQ(points[0].median, 40);
    EXPECT_EQ(points[0].bound, 100.0); // 20e9 / 2e8
    EXPECT_EQ(page.panels()[1]->records()->rowCount(), 4);
    EXPECT_EQ(page.panels()[2]->records()->rowCount(), 7);
    EXPECT_EQ(page.figures().size(), 2);
    EXPECT_EQ(page.tables().size(), 4);
    EXPECT_TRUE(page.figures()[0].svg(QSizeF(160, 100)).contains("<svg"));
    workspace.setRuns({speeds[2]});
    EXPECT_EQ(page.bars()->currentBar(), std::nullopt); // the page is hidden
    page.updateNow();
    EXPECT_EQ(page.bars()->currentBar(), 0);
    page.panels()[1]->view()->pickRuns({});
    page.panels()[1]->view()->selectRow(1);
    EXPECT_EQ(workspace.selection().runs, std::vector<RowId>{speeds[1]});
}

TEST_F(TablesPages, EveryPageHasSomethingToSayAboutAnEmptyProject)
{
    openProject();
    ThroughputPage throughput;
    GeneratePage generate;
    ComparePage compare;
    ReportPage report;
    for (Page* page : std::initializer_list<Page*>{&throughput, &generate, &compare, &report}) {
        show(*page);
        ASSERT_TRUE(page->emptyState()) << page->id().toStdString();
        EXPECT_FALSE(page->emptyState()->reason.isEmpty());
        EXPECT_FALSE(page->emptyState()->actionId.isEmpty());
        EXPECT_TRUE(page->tables().isEmpty() || page->id() == QLatin1String("throughput"));
        EXPECT_TRUE(page->figures().isEmpty());
        page->restoreState({});
        page->restoreState(page->saveState());
    }
}

/// A name for a screen reader: its own, its text, or the label that it is the buddy of.
bool hasName(const QWidget* widget)
{
    const auto* button = qobject_cast<const QAbstractButton*>(widget);
    if (!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()))
        return true;
    for (const QLabel* label : widget->window()->findChildren<QLabel*>())
        if (label->buddy() == widget && !label->text().isEmpty())
            return true;
    return false;
}

TEST_F(TablesPages, EverythingThatTakesInputHasAName)
{
    fill();
    ThroughputPage throughput;
    GeneratePage generate;
    ComparePage compare;
    ReportPage report;
    int seen = 0;
    for (Page* page : std::initializer_list<Page*>{&throughput, &generate, &compare, &report}) {
        show(*page);
        for (const QWidget* widget : page->findChildren<QWidget*>()) {
            const bool internal = widget->objectName().startsWith(QLatin1String("qt_"))
                || qobject_cast<const QHeaderView*>(widget) || widget->parent()->inherits("QTabBar")
                || widget->parent()->inherits("QAbstractSpinBox") || widget->parent()->inherits("QComboBox")
                || widget->parent()->inherits("QLineEdit") || widget->parent()->inherits("QComboBoxPrivateContainer")
                || widget->parent()->inherits("QAbstractItemView") || widget->inherits("QTableCornerButton")
                || widget->parent()->inherits("QMenu") || widget->inherits("QComboBoxListView")
                || widget->parent()->inherits("kvw::EmptyState"); // has a text only while it is shown
            const bool input = qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QComboBox*>(widget)
                || qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QAbstractButton*>(widget)
                || qobject_cast<const QAbstractItemView*>(widget) || qobject_cast<const QTextEdit*>(widget)
                || qobject_cast<const QPlainTextEdit*>(widget);
            if (internal || !input)
                continue;
            ++seen;
            EXPECT_TRUE(hasName(widget)) << page->id().toStdString() << ": " << widget->metaObject()->className();
        }
    }
    EXPECT_GT(seen, 40);
}

TEST_F(TablesPages, TheFormOfSpeedAsksForWhatItShows)
{
    fill();
    SpeedForm form;
    form.setWorkspace(workspace);
    form.findChild<ConfigurationEdit*>()->setText(QStringLiteral("k=int4\n\nidentity\nk=int4"));
    const auto job = nlohmann::json::parse(form.specification()).get<ThroughputSpecification>();
    EXPECT_EQ(job.engine.model, "/models/small");
    EXPECT_EQ(job.contexts, (std::vector<int>{512, 2048}));
    EXPECT_EQ(job.configurations.size(), 1u);
    EXPECT_EQ(SpeedForm::numbers(QStringLiteral("1, 2,3")), (std::vector<int>{1, 2, 3}));
    for (const char* bad : {"", "a", "0", "1,,2", "-1", "1.5", "99999999999"})
        EXPECT_TRUE(SpeedForm::numbers(QLatin1String(bad)).empty()) << bad;
}

TEST(ConfigurationEditTest, SaysWhatIsWrongWithTheFirstBadLine)
{
    ConfigurationEdit edit;
    edit.setText(QStringLiteral("k=int4\nk=int5x"));
    EXPECT_FALSE(edit.isValid());
    edit.setText(QStringLiteral("k=int4 sinks=4\n  \n"));
    EXPECT_TRUE(edit.isValid());
    EXPECT_EQ(edit.configurations().size(), 1u);
}

TEST_F(TablesPages, TextsStandSideBySideWithTheFirstDifferenceMarked)
{
    fill();
    GeneratePage page;
    show(page);
    ASSERT_EQ(page.columns().size(), 2u);
    EXPECT_EQ(page.columns()[0]->text(), QStringLiteral("The sky is blue because of light."));
    EXPECT_EQ(page.columns()[0]->markedText(), QString());
    EXPECT_EQ(page.columns()[1]->markedText(), QStringLiteral("grey"));
    EXPECT_TRUE(page.columns()[1]->figures().contains(QStringLiteral("first differs at token 3 · 50.0 % equal")));
    ASSERT_EQ(page.tables().size(), 1);
    EXPECT_EQ(page.tables()[0].rows.size(), 2);
    EXPECT_EQ(page.tables()[0].rows[1].size(), page.tables()[0].header.size());
    const auto job = nlohmann::json::parse(page.specification()).get<GenerationSpecification>();
    EXPECT_EQ(job.prompt, "Why is the sky blue?");
    EXPECT_EQ(job.configurations.size(), 2u);
}

TEST(GenerationColumnTest, DifferencesBeginAtWords)
{
    using Growing = GenerationColumn::Growing;
    const auto at = [](const char* a, const char* b, Growing growing = Growing::No) {
        return GenerationColumn::firstDifference(QString::fromUtf8(a), QString::fromUtf8(b), growing);
    };
    EXPECT_EQ(at("one two", "one two"), -1);
    EXPECT_EQ(at("one two", "one tree"), 4);
    EXPECT_EQ(at("one two", "one"), 0);
    EXPECT_EQ(at("one two", "one", Growing::Yes), -1);
    EXPECT_EQ(at("", ""), -1);
    EXPECT_EQ(at("", "a"), 0);
}

TEST_F(TablesPages, RunsOfOneTextAreComparedAndOthersOnlyOnRequest)
{
    fill();
    ComparePage page;
    show(page);
    EXPECT_FALSE(page.isShown());
    workspace.setRuns({qualities[0], qualities[1]});
    page.updateNow();
    ASSERT_TRUE(page.isShown());
    EXPECT_EQ(page.figureModel()->columnCount(), 4);
    EXPECT_EQ(page.figureModel()->headerData(1, Qt::Horizontal, Qt::DisplayRole).toString(),
              QStringLiteral("Run %1 · identity (baseline)").arg(qualities[0]));
    page.swapBaseline();
    EXPECT_EQ(page.figureModel()->headerData(1, Qt::Horizontal, Qt::DisplayRole).toString(),
              QStringLiteral("Run %1 · k=int4 (baseline)").arg(qualities[1]));
    EXPECT_EQ(page.tables().size(), 2);

    workspace.setRuns({qualities[0], qualities[2]});
    page.updateNow();
    EXPECT_FALSE(page.isShown());
    EXPECT_THAT(page.objections().toStdString(), HasSubstr("The texts differ"));
    EXPECT_TRUE(page.tables().isEmpty());
    page.compareAnyway();
    EXPECT_TRUE(page.isShown());
    EXPECT_TRUE(page.objections().isEmpty());
    EXPECT_FALSE(page.figureModel()->index(0, 3).data().toString().contains(QLatin1Char('['))); // no pairs
}

TEST_F(TablesPages, NotesAreKeptChangedAndDeleted)
{
    fill();
    NotePanel panel;
    panel.setWorkspace(&workspace);
    panel.refresh();
    ASSERT_EQ(panel.list()->count(), 1);
    panel.subject()->setCurrentIndex(panel.subject()->findData(qlonglong(qualities[1])));
    panel.editor()->setPlainText(QStringLiteral("worse than I thought"));
    panel.save();
    ASSERT_EQ(workspace.notes().size(), 2u);
    EXPECT_EQ(workspace.notes()[1].run, qualities[1]);
    panel.refresh();
    panel.list()->setCurrentRow(1);
    EXPECT_EQ(panel.editor()->toPlainText(), QStringLiteral("worse than I thought"));
    panel.editor()->setPlainText(QStringLiteral("better"));
    panel.save();
    ASSERT_EQ(workspace.notes().size(), 2u);
    EXPECT_EQ(workspace.notes()[1].text, "better");
    panel.refresh();
    panel.list()->setCurrentRow(0);
    panel.remove();
    ASSERT_EQ(workspace.notes().size(), 1u);
    EXPECT_EQ(workspace.notes()[0].text, "better");
}

TEST_F(TablesPages, TenThousandRunsAreShownAndTheReportIsPreviewedInParts)
{
    fill();
    Store& store = *workspace.store();
    RunRecord run;
    run.kind = RunKind::Ppl;
    run.status = RunStatus::Measured;
    run.model_hash = "m1";
    run.environment = workspace.runs()[0].run.environment;
    store.transaction([&] {
        for (int i = 0; i < 10'000; ++i) {
            run.configuration = "k=kq:" + std::to_string(i % 64 + 1);
            store.begin_run(run);
        }
    });
    workspace.reload();
    ThroughputPage throughput;
    ComparePage compare;
    ReportPage report;
    report.setPages({&throughput});
    for (Page* page : std::initializer_list<Page*>{&throughput, &compare, &report})
        show(*page);
    EXPECT_GT(throughput.panels()[0]->filter()->rowCount(), 10'000);
    QTRY_VERIFY_WITH_TIMEOUT(!report.preview()->toPlainText().isEmpty(), kWait_ms);
    EXPECT_LT(report.preview()->document()->blockCount(), 30'000);
    EXPECT_GT(report.document().blocks.size(), 20'000u); // two blocks a run: a file has all of them
}

TEST_F(TablesPages, AReportHasThePagesAndTheNotes)
{
    fill();
    ThroughputPage throughput;
    GeneratePage generate;
    ReportPage report;
    show(throughput);
    show(generate);
    report.setPages({&throughput, &generate, &report});
    show(report);
    QTRY_VERIFY_WITH_TIMEOUT(report.preview()->toPlainText().contains(QStringLiteral("about the project")), kWait_ms);
    const std::string html = write_html(report.document());
    for (const char* words : {"about the project", "Bytes of the cache", "Texts for one prompt", "grey because of rain",
                              "Settings and provenance", "<svg"})
        EXPECT_THAT(html, HasSubstr(words));
    for (const char* ending : {"html", "pdf", "md"})
        EXPECT_FALSE(report.exportTo(folder.filePath(QStringLiteral("r.%1").arg(QLatin1String(ending)))));
    EXPECT_TRUE(QFile::exists(folder.filePath(QStringLiteral("r.files/memory-ledger.svg"))));
    EXPECT_TRUE(report.exportTo(folder.filePath(QStringLiteral("nowhere/r.html"))));
    report.runs()->view()->pickRuns({qualities[0]});
    EXPECT_EQ(report.document().blocks.size() < 40u, true);
    EXPECT_THAT(write_html(report.document()), ::testing::Not(HasSubstr("news.txt")));
}

} // namespace
} // namespace kvw::testing
