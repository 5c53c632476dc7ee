// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/process.h"
#include "tests/store/store_support.h"

#include <algorithm>

namespace kvw::testing {
namespace {

class Runs : public ::testing::Test
{
protected:
    std::vector<RowId> found(const RunFilter& filter)
    {
        std::vector<RowId> ids;
        for (const Provenance& run : store_.runs(filter))
            ids.push_back(run.run.id);
        return ids;
    }

    TemporaryFolder folder_;
    Project project_{folder_ / "a.kvw"};
    Store& store_ = project_.store;
};

TEST_F(Runs, EqualEnvironmentsAreOne)
{
    EXPECT_EQ(store_.put_environment(sample_environment()), project_.environment);
    const RowId other = store_.put_environment(sample_environment(9));
    EXPECT_NE(other, project_.environment);
    EXPECT_EQ(store_.put_environment(sample_environment(9)), other);
}

TEST_F(Runs, AModelOrTextThatIsPutAgainIsChangedAndKeepsItsRuns)
{
    const RowId run = project_.begin([](RunRecord& record) { record.text_hash = "t1"; });
    ModelRecord moved = sample_model();
    moved.folder = "/elsewhere";
    store_.put_model(moved);
    store_.put_text({"t1", "renamed.txt", 5, std::nullopt});
    const Provenance source = store_.run(run).value();
    EXPECT_EQ(source.model.folder, "/elsewhere");
    EXPECT_EQ(source.text, (TextRecord{"t1", "renamed.txt", 5, std::nullopt}));
}

TEST_F(Runs, BeginningFillsInTimeAndProcess)
{
    const RunRecord run = store_.run(project_.begin()).value().run;
    EXPECT_EQ(run.status, RunStatus::Running);
    EXPECT_EQ(run.process, process_identity());
    ASSERT_EQ(run.started_at.size(), 24u);
    EXPECT_TRUE(run.started_at.ends_with('Z'));
    const RowId given = project_.begin([](RunRecord& record) {
        record.started_at = "then";
        record.process = "somebody";
        record.id = 77; // ignored
    });
    EXPECT_NE(given, 77);
    EXPECT_EQ(store_.run(given)->run.started_at, "then");
    EXPECT_EQ(store_.run(given)->run.process, "somebody");
}

TEST_F(Runs, ARunNamesOnlyWhatIsThere)
{
    const auto refuse = [&](const std::string& word, const std::function<void(RunRecord&)>& change) {
        expect_error(ErrorKind::InvalidArgument, {"a.kvw", word}, [&] { project_.begin(change); });
    };
    refuse("model with hash m9", [](RunRecord& run) { run.model_hash = "m9"; });
    refuse("text with hash t9", [](RunRecord& run) { run.text_hash = "t9"; });
    refuse("environment 99", [](RunRecord& run) { run.environment = 99; });
    refuse("run (as its parent) 98", [](RunRecord& run) { run.parent_run = 98; });
    refuse("run (as its calibration) 97", [](RunRecord& run) { run.calibration_run = 97; });
    EXPECT_TRUE(store_.runs().empty());
}

TEST_F(Runs, EveryCallRefusesARunThatIsNotThere)
{
    int calls = 0;
    const auto refuse = [&](const std::function<void()>& call) {
        ++calls;
        expect_error(ErrorKind::InvalidArgument, {"a.kvw", "99"}, call);
    };
    refuse([&] { store_.finish_run(99, RunStatus::Measured, 1); });
    refuse([&] { store_.reopen_run(99); });
    refuse([&] { store_.delete_run(99); });
    refuse([&] { store_.put_calibration(99, sample_calibration()); });
    refuse([&] { store_.put_token_blocks(99, {}); });
    refuse([&] { store_.put_spectra(99, {}); });
    refuse([&] { store_.put_metric(99, "x", 0, 0); });
    refuse([&] { store_.put_quality(sample_quality(99), {}); });
    refuse([&] { store_.put_throughput(sample_throughput(99), {}); });
    refuse([&] { store_.put_generation({99, "", "", {}, FinishReason::Stop, {}, {}, {}, {}}); });
    const std::vector<RowId> unknown{99};
    refuse([&] { store_.report_data(unknown); });
    refuse([&] {
        JobRecord job;
        job.id = 99;
        store_.update_job(job);
    });
    refuse([&] { store_.put_note({99, std::nullopt, "", "text"}); });
    refuse([&] { store_.delete_note(99); });
    EXPECT_EQ(calls, 14);
    // These carry the number in a field; SQLite's own check finds it.
    expect_error(ErrorKind::InvalidArgument, {"a.kvw", "not in the store"}, [&] {
        store_.put_note({0, 99, "", "text"});
    });
    expect_error(ErrorKind::InvalidArgument, {"not in the store"}, [&] {
        store_.add_job_event({99, "", "stage", "{}"});
    });
}

TEST_F(Runs, EndingSetsTheErrorAndClearsTheProcess)
{
    const RowId run = project_.begin();
    const Error error(ErrorKind::OutOfMemory, "12 GiB were asked for", "a smaller batch");
    store_.finish_run(run, RunStatus::Failed, 1.5, &error);
    RunRecord now = store_.run(run)->run;
    EXPECT_EQ(now.status, RunStatus::Failed);
    EXPECT_EQ(now.duration_s, 1.5);
    EXPECT_EQ(now.error_code, "out_of_memory");
    EXPECT_EQ(now.error_message, "12 GiB were asked for");
    EXPECT_EQ(now.error_hint, "a smaller batch");
    EXPECT_EQ(now.process, std::nullopt);

    store_.reopen_run(run);
    now = store_.run(run)->run;
    EXPECT_EQ(now.status, RunStatus::Running);
    EXPECT_EQ(now.process, process_identity());
    EXPECT_EQ(now.duration_s, std::nullopt);
    EXPECT_EQ(now.error_code, std::nullopt);
    EXPECT_EQ(now.error_message, std::nullopt);
    EXPECT_EQ(now.error_hint, std::nullopt);

    store_.finish_run(run, RunStatus::Measured, 2);
    now = store_.run(run)->run;
    EXPECT_EQ(now.status, RunStatus::Measured);
    EXPECT_EQ(now.error_code, std::nullopt);
    expect_error(ErrorKind::InvalidArgument, {"running"}, [&] { store_.finish_run(run, RunStatus::Running, 2); });
}

TEST_F(Runs, FiltersRestrictAloneAndTogether)
{
    store_.put_model(sample_model("m2"));
    store_.put_text({"t2", "b.txt", 1, 1});
    const RowId a = project_.begin([](RunRecord& run) { run.kind = RunKind::Sweep; });
    const RowId b = project_.begin([&](RunRecord& run) {
        run.parent_run = a;
        run.text_hash = "t1";
        run.configuration_hash = "c1";
    });
    const RowId c = project_.begin([&](RunRecord& run) {
        run.model_hash = "m2";
        run.parent_run = a;
        run.text_hash = "t2";
        run.configuration_hash = "c2";
    });
    const RowId d = project_.begin([&](RunRecord& run) {
        run.model_hash = "m2";
        run.configuration_hash = "c1";
        run.kind = RunKind::Calibrate;
    });
    store_.finish_run(c, RunStatus::Measured, 1);
    using Ids = std::vector<RowId>;
    EXPECT_EQ(found({}), (Ids{a, b, c, d}));
    EXPECT_EQ(found({.kind = RunKind::Ppl,
                     .status = {},
                     .parent_run = {},
                     .model_hash = {},
                     .text_hash = {},
                     .configuration_hash = {}}),
              (Ids{b, c}));
    RunFilter filter;
    filter.status = RunStatus::Running;
    EXPECT_EQ(found(filter), (Ids{a, b, d}));
    filter = {};
    filter.parent_run = a;
    EXPECT_EQ(found(filter), (Ids{b, c}));
    filter.model_hash = "m2";
    EXPECT_EQ(found(filter), (Ids{c}));
    filter.status = RunStatus::Failed;
    EXPECT_EQ(found(filter), (Ids{}));
    filter = {};
    filter.model_hash = "m2";
    EXPECT_EQ(found(filter), (Ids{c, d}));
    filter = {};
    filter.text_hash = "t1";
    EXPECT_EQ(found(filter), (Ids{b}));
    filter = {};
    filter.configuration_hash = "c1";
    EXPECT_EQ(found(filter), (Ids{b, d}));
    filter.configuration_hash = "' OR 1 = 1 --";
    EXPECT_EQ(found(filter), (Ids{}));
    EXPECT_EQ(ask_sql(folder_ / "a.kvw", "SELECT runs FROM configuration WHERE configuration_hash = 'c1'"), 2);
}

TEST_F(Runs, MeasurementsTakeTheSameFilters)
{
    const RowId parent = project_.begin();
    const RowId child = project_.begin([&](RunRecord& run) {
        run.parent_run = parent;
        run.window_tokens = 8;
    });
    for (const RowId run : {parent, child}) {
        store_.put_quality(sample_quality(run), {});
        store_.put_throughput(sample_throughput(run), {});
        store_.put_generation({run, "", "", {}, FinishReason::Stop, {}, {}, {}, {}});
    }
    RunFilter filter;
    filter.parent_run = parent;
    const auto only_child = [&](const auto& rows, std::size_t count) {
        EXPECT_EQ(rows.size(), count);
        for (const auto& row : rows) {
            EXPECT_EQ(row.record.run, child);
            EXPECT_EQ(row.source.run.id, child);
            EXPECT_EQ(row.source.model, sample_model());
        }
    };
    only_child(store_.quality(filter), 1);
    only_child(store_.throughput(filter), 1);
    only_child(store_.generations(filter), 1);
    only_child(store_.memory(filter), 2);
    EXPECT_EQ(store_.memory().size(), 3u);
}

TEST_F(Runs, ASecondMeasurementReplacesTheFirst)
{
    const RowId run = project_.begin(), other = project_.begin();
    const std::vector<QualityWindow> two{{0, 5, 1, {}, {}}, {1, 5, 1, {}, {}}};
    store_.put_quality(sample_quality(other), two);
    store_.put_quality(sample_quality(run), two);
    QualityRecord quality = sample_quality(run);
    quality.ppl = 99;
    store_.put_quality(quality, std::span(two).first(1));
    EXPECT_EQ(store_.quality().at(0).record.ppl, 99);
    EXPECT_EQ(store_.quality_windows(run).size(), 1u);
    EXPECT_EQ(store_.quality_windows(other).size(), 2u);
    const std::vector<QualityWindow> twice{two[0], two[0]};
    expect_error(ErrorKind::InvalidArgument, {"two rows"}, [&] { store_.put_quality(sample_quality(run), twice); });
    EXPECT_EQ(store_.quality().at(0).record.ppl, 99) << "what was there before a refused one stays";

    const ThroughputSample sample{Phase::Decode, 1024, 1, 0, 64, 0.5, 1e9};
    store_.put_throughput(sample_throughput(run, 1024, 1), std::vector{sample, sample});
    store_.put_throughput(sample_throughput(run, 1024, 2), std::vector{sample});
    ThroughputSummary changed = sample_throughput(run, 1024, 1);
    changed.prefill_tokens_per_s = 7;
    store_.put_throughput(changed, std::vector{sample});
    ASSERT_EQ(store_.throughput().size(), 2u);
    EXPECT_EQ(store_.throughput().at(1).record.prefill_tokens_per_s, 7);
    EXPECT_EQ(store_.throughput_samples(run).size(), 2u);

    GenerationRecord generation{run, "a", "b", {1}, FinishReason::Stop, 3, {}, {}, {}};
    store_.put_generation(generation);
    generation.first_difference.reset();
    store_.put_generation(generation);
    EXPECT_EQ(store_.generations().at(0).record, generation);

    store_.put_spectra(run, std::vector{sample_spectrum(run, 0), sample_spectrum(run, 1)});
    store_.put_spectra(run, std::vector{sample_spectrum(other, 2)}); // its run is not what counts
    ASSERT_EQ(store_.spectra().size(), 1u);
    EXPECT_EQ(store_.spectra(run).at(0).record, sample_spectrum(run, 2));
}

TEST_F(Runs, DeletingTakesEverythingOfItAndNothingElse)
{
    const auto fill = [&](RowId run) {
        store_.put_calibration(run, sample_calibration());
        store_.put_token_blocks(run, std::vector<std::uint64_t>{1, 2});
        store_.put_spectra(run, std::vector{sample_spectrum(run)});
        store_.put_metric(run, "loss", 0, 1);
        store_.put_quality(sample_quality(run), std::vector<QualityWindow>{{0, 5, 1, {}, {}}});
        store_.put_throughput(sample_throughput(run),
                              std::vector<ThroughputSample>{{Phase::Decode, 1, 1, 0, 1, 1, {}}});
        store_.put_generation({run, "", "", {}, FinishReason::Stop, {}, {}, {}, {}});
        store_.put_note({0, run, "", "about the run"});
        JobRecord job = store_.job(store_.add_job(RunKind::Ppl, "{}")).value();
        job.run = run;
        store_.update_job(job);
        store_.add_job_event({job.id, "", "stage", "{}"});
    };
    const std::vector<std::string> tables{
        "run",     "calibration",    "moments",    "output_gram",       "token_blocks", "spectrum", "metric",
        "quality", "quality_window", "throughput", "throughput_sample", "generation",   "note",     "memory_ledger"};
    const auto counts = [&] {
        std::vector<std::int64_t> rows;
        for (const std::string& table : tables)
            rows.push_back(ask_sql(folder_ / "a.kvw", "SELECT count(*) FROM " + table));
        return rows;
    };
    const RowId keep = project_.begin();
    fill(keep);
    const std::vector<std::int64_t> before = counts();
    EXPECT_EQ(std::count(before.begin(), before.end(), 0), 0) << "a table without a row tests nothing";
    const RowId parent = project_.begin();
    const RowId child = project_.begin([&](RunRecord& run) { run.parent_run = parent; });
    const RowId grandchild = project_.begin([&](RunRecord& run) { run.parent_run = child; });
    const RowId user = project_.begin([&](RunRecord& run) { run.calibration_run = parent; });
    for (const RowId run : {parent, child, grandchild})
        fill(run);
    store_.delete_run(parent);
    EXPECT_EQ(store_.run(user)->run.calibration_run, parent) << "the number stays as provenance";
    store_.delete_run(user);
    EXPECT_EQ(counts(), before);
    ASSERT_EQ(store_.jobs().size(), 4u);
    EXPECT_EQ(store_.jobs()[0].run, keep);
    EXPECT_EQ(store_.jobs()[3].run, std::nullopt) << "jobs stay, without the run";
    EXPECT_GT(project_.begin(), user) << "a number is not given again";
}

TEST_F(Runs, CreatedAtStaysWhenAChangeLeavesItEmpty)
{
    const RowId job = store_.add_job(RunKind::Ppl, "{}");
    JobRecord record = store_.job(job).value();
    const std::string created = record.created_at;
    record.created_at.clear();
    record.status = JobStatus::Running;
    store_.update_job(record);
    EXPECT_EQ(store_.job(job)->created_at, created);
    EXPECT_EQ(store_.job(job)->status, JobStatus::Running);
    const RowId note = store_.put_note({0, std::nullopt, "", "first"});
    const std::string noted = store_.notes().at(0).created_at;
    EXPECT_EQ(noted.size(), 24u);
    EXPECT_EQ(store_.put_note({note, std::nullopt, "", "second"}), note);
    ASSERT_EQ(store_.notes().size(), 1u);
    EXPECT_EQ(store_.notes()[0], (Note{note, std::nullopt, noted, "second"}));
    store_.delete_note(note);
    EXPECT_TRUE(store_.notes().empty());
}

TEST_F(Runs, ReportHasTheChosenRunsAndTheirDescendants)
{
    const RowId a = project_.begin();
    const RowId b = project_.begin([&](RunRecord& run) { run.parent_run = a; });
    const RowId c = project_.begin([&](RunRecord& run) { run.parent_run = b; });
    const RowId d = project_.begin();
    for (const RowId run : {a, b, c, d}) {
        store_.put_quality(sample_quality(run), {});
        store_.put_throughput(sample_throughput(run), {});
        store_.put_spectra(run, std::vector{sample_spectrum(run)});
    }
    const auto ids = [](const auto& rows) {
        std::vector<RowId> out;
        for (const auto& row : rows)
            out.push_back(row.source.run.id);
        return out;
    };
    const auto check = [&](const std::vector<RowId>& asked, const std::vector<RowId>& expected) {
        const ReportData data = store_.report_data(asked);
        std::vector<RowId> runs;
        for (const Provenance& run : data.runs)
            runs.push_back(run.run.id);
        EXPECT_EQ(runs, expected);
        EXPECT_EQ(ids(data.quality), expected);
        EXPECT_EQ(ids(data.throughput), expected);
        EXPECT_EQ(ids(data.memory), expected);
        EXPECT_EQ(ids(data.spectra), expected);
    };
    check({}, {a, b, c, d});
    check({b}, {b, c});
    check({d, a}, {a, b, c, d});
    check({c, b, c}, {b, c});
}

} // namespace
} // namespace kvw::testing
