// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/store/store_support.h"

#include <cmath>
#include <limits>

namespace kvw::testing {
namespace {

/// Gives every column of a record a value of its own, optional ones too: a new field is tested as soon as it is listed.
class Filler
{
public:
    template<typename T>
    void operator()(const Field& field, T& member)
    {
        if constexpr (sql::IsOptional<T>::value)
            (*this)(field, member.emplace());
        else if constexpr (std::is_same_v<T, std::string>)
            member =
                fmt::format("{} {} with a quote ', a NUL {}, and \u00e4", field.name, ++next_, std::string(1, '\0'));
        else if constexpr (std::is_same_v<T, bool>)
            member = true;
        else if constexpr (std::is_same_v<T, int>)
            member = std::numeric_limits<int>::max() - ++next_;
        else if constexpr (std::is_integral_v<T>)
            member = std::numeric_limits<T>::min() + ++next_;
        else if constexpr (std::is_same_v<T, double>)
            member = -1e300 / (3 + ++next_);
        else if constexpr (std::is_enum_v<T>)
            member = static_cast<T>(1); // not what a default would be
        else if constexpr (std::is_same_v<T, std::vector<double>>)
            member = {1.0 / 3, -0.0, 5e-324, std::numeric_limits<double>::infinity()};
        else
            member = {std::numeric_limits<typename T::value_type>::min(), 0,
                      std::numeric_limits<typename T::value_type>::max()};
    }

private:
    int next_ = 0;
};

template<typename Record>
Record filled(Record record = {})
{
    using namespace kvw::sql;
    visit_row(Filler(), record);
    return record;
}

class RoundTrip : public ::testing::Test
{
protected:
    /// Closes the file and opens it again, so that nothing comes from this connection's memory.
    Store& again()
    {
        reopened_.emplace(Store::open(folder_ / "a.kvw", Store::Access::ReadOnly));
        return *reopened_;
    }

    TemporaryFolder folder_;
    Project project_{folder_ / "a.kvw"};
    Store& store_ = project_.store;
    std::optional<Store> reopened_;
};

TEST_F(RoundTrip, RunWithEveryFieldSet)
{
    const RowId parent = project_.begin(), calibration = project_.begin();
    ModelRecord model = filled<ModelRecord>();
    TextRecord text = filled<TextRecord>();
    store_.put_model(model);
    store_.put_text(text);
    const EnvironmentRecord environment = filled<EnvironmentRecord>();
    RunRecord run = filled<RunRecord>();
    run.model_hash = model.hash;
    run.text_hash = text.hash;
    run.environment = store_.put_environment(environment);
    run.parent_run = parent;
    run.calibration_run = calibration;
    run.id = store_.begin_run(run);
    const std::optional<Provenance> found = again().run(run.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->run, run);
    EXPECT_EQ(row_of(found->run), row_of(run));
    EXPECT_EQ(found->model, model);
    EXPECT_EQ(found->text, text);
    EXPECT_EQ(found->environment, environment);
}

TEST_F(RoundTrip, RunWithEveryOptionalEmpty)
{
    store_.put_text({"t2", "", 0, std::nullopt});
    RunRecord run = bare_run(project_.environment);
    run.status = RunStatus::Estimated; // a running one would get a process
    run.started_at = "2025-03-01T12:34:56.789Z";
    run.id = store_.begin_run(run);
    RunRecord with_text = run;
    with_text.text_hash = "t2";
    with_text.id = store_.begin_run(with_text);
    EXPECT_EQ(again().run(run.id), (Provenance{run, sample_model(), std::nullopt, sample_environment()}));
    EXPECT_EQ(reopened_->run(with_text.id),
              (Provenance{with_text, sample_model(), TextRecord{"t2", "", 0, std::nullopt}, sample_environment()}));
    EXPECT_EQ(reopened_->run(99), std::nullopt);
}

TEST_F(RoundTrip, Quality)
{
    const RowId full = project_.begin(), empty = project_.begin();
    QualityRecord quality = filled<QualityRecord>();
    quality.run = full;
    std::vector<QualityWindow> windows{filled<QualityWindow>(), {7, 2, 0.5, std::nullopt, std::nullopt}};
    store_.put_quality(quality, windows);
    store_.put_quality(sample_quality(empty), {});
    const std::vector<QualityRow> rows = again().quality();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(row_of(rows[0].record), row_of(quality));
    EXPECT_EQ(row_of(rows[1].record), row_of(sample_quality(empty)));
    EXPECT_EQ(rows[1].record.delta_nll, std::nullopt);
    EXPECT_EQ(rows[1].source.run.id, empty);
    EXPECT_EQ(reopened_->quality_windows(full), windows);
    EXPECT_TRUE(reopened_->quality_windows(empty).empty());
}

TEST_F(RoundTrip, Throughput)
{
    const RowId run = project_.begin();
    ThroughputSummary full = filled<ThroughputSummary>();
    full.run = run;
    const ThroughputSummary empty = sample_throughput(run);
    std::vector<ThroughputSample> samples{filled<ThroughputSample>(), {Phase::Prefill, 5, 1, 0, 5, 0.25, std::nullopt}};
    store_.put_throughput(full, samples);
    store_.put_throughput(empty, std::span(samples).first(1));
    const std::vector<ThroughputRow> rows = again().throughput();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(row_of(rows[0].record), row_of(full));
    EXPECT_EQ(row_of(rows[1].record), row_of(empty));
    samples.push_back(samples[0]);
    EXPECT_EQ(reopened_->throughput_samples(run), samples);
}

TEST_F(RoundTrip, MemoryComesFromBothMeasurements)
{
    const RowId run = project_.begin([](RunRecord& record) { record.window_tokens = 512; });
    const RowId no_window = project_.begin();
    ThroughputSummary full = filled<ThroughputSummary>();
    full.run = run;
    full.context = 64;
    full.batch = 4;
    store_.put_throughput(full, {});
    store_.put_quality(sample_quality(run), {});
    store_.put_quality(sample_quality(no_window), {});
    const std::vector<MemoryRow> rows = again().memory();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(
        row_of(rows[0].record),
        row_of(MemoryRecord{run, full.configuration, 64, 4, full.ledger, full.allocator_bytes, full.peak_rss_bytes}));
    EXPECT_EQ(row_of(rows[1].record),
              row_of(MemoryRecord{run, "k=int8,token", 512, 1, sample_ledger(), std::nullopt, std::nullopt}));
    EXPECT_EQ(rows[1].source.run.window_tokens, 512);
}

TEST_F(RoundTrip, Generation)
{
    GenerationRecord full = filled<GenerationRecord>(), empty;
    full.run = project_.begin();
    empty.run = project_.begin();
    store_.put_generation(full);
    store_.put_generation(empty);
    const auto rows = again().generations();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].record, full);
    EXPECT_EQ(rows[1].record, empty);
    EXPECT_TRUE(rows[1].record.token_ids.empty());
}

TEST_F(RoundTrip, Spectra)
{
    const RowId run = project_.begin();
    SpectrumRecord full = filled<SpectrumRecord>(), empty;
    full.run = empty.run = run;
    store_.put_spectra(run, std::vector{full, empty});
    const std::vector<SpectrumRow> rows = again().spectra(run);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(row_of(rows[0].record), row_of(full));
    expect_same_bits(rows[0].record.eigenvalues, full.eigenvalues, "eigenvalues");
    EXPECT_EQ(rows[1].record, empty);
}

TEST_F(RoundTrip, JobWithItsHistory)
{
    const RowId run = project_.begin();
    const RowId id = store_.add_job(RunKind::Bench, R"({"contexts": [1024]})");
    const JobRecord queued = store_.job(id).value();
    EXPECT_EQ(queued.status, JobStatus::Queued);
    EXPECT_EQ(queued.kind, RunKind::Bench);
    EXPECT_EQ(queued.specification_json, R"({"contexts": [1024]})");
    EXPECT_EQ(queued.created_at.size(), 24u);
    EXPECT_EQ(queued,
              (JobRecord{id,
                         RunKind::Bench,
                         queued.specification_json,
                         JobStatus::Queued,
                         queued.created_at,
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {}}));

    JobRecord full = filled<JobRecord>();
    full.id = id;
    full.run = run;
    store_.update_job(full);
    JobEvent event = filled<JobEvent>();
    event.job = id;
    store_.add_job_event(event);
    store_.add_job_event({id, "", "warning", "{}"});
    EXPECT_EQ(again().jobs(), std::vector{full});
    EXPECT_EQ(reopened_->job(id + 1), std::nullopt);
    const std::vector<JobEvent> events = reopened_->job_events(id);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0], event);
    EXPECT_EQ(events[1].at.size(), 24u);
}

TEST_F(RoundTrip, NotesAndTheWindowsState)
{
    Note note = filled<Note>();
    note.id = 0;
    note.run = project_.begin();
    note.id = store_.put_note(note);
    const RowId second = store_.put_note({0, std::nullopt, "", "of the project"});
    store_.put_view_state("dock", std::string_view("\0\xff{}", 4));
    store_.put_view_state("dock", "changed");
    store_.put_view_state("empty", "");
    const std::vector<Note> notes = again().notes();
    ASSERT_EQ(notes.size(), 2u);
    EXPECT_EQ(notes[0], note);
    EXPECT_EQ(notes[1].id, second);
    EXPECT_EQ(notes[1].run, std::nullopt);
    EXPECT_EQ(reopened_->view_state("dock"), "changed");
    EXPECT_EQ(reopened_->view_state("empty"), "");
    EXPECT_EQ(reopened_->view_state("Dock"), std::nullopt);
}

TEST_F(RoundTrip, CurvesAndTokenBlocks)
{
    const RowId run = project_.begin();
    store_.put_metric(run, "subspace_change", 512, 0.5);
    store_.put_metric(run, "loss", 1, std::numeric_limits<double>::infinity());
    store_.put_metric(run, "subspace_change", 256, 0.5);
    const std::vector<std::uint64_t> blocks{~0ull, 3, 3, 1ull << 63, 0};
    store_.put_token_blocks(run, blocks);
    EXPECT_EQ(again().metrics(run),
              (std::vector<Store::MetricPoint>{{"subspace_change", 512, 0.5},
                                               {"loss", 1, std::numeric_limits<double>::infinity()},
                                               {"subspace_change", 256, 0.5}}));
    EXPECT_EQ(reopened_->token_blocks(run), blocks);
    EXPECT_TRUE(reopened_->token_blocks(run + 1).empty());
    store_.put_token_blocks(run, {});
    EXPECT_TRUE(store_.token_blocks(run).empty());
}

TEST_F(RoundTrip, NotANumberIsRefusedAndNothingOfItsRowStays)
{
    const RowId run = project_.begin();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    QualityRecord quality = sample_quality(run);
    quality.ppl = nan;
    expect_error(ErrorKind::NotFinite, {"a.kvw", "quality", "ppl"}, [&] { store_.put_quality(quality, {}); });
    quality.ppl = 1;
    quality.kl_mean = nan; // NULL would say "not measured"
    expect_error(ErrorKind::NotFinite, {"kl_mean"}, [&] { store_.put_quality(quality, {}); });
    const QualityWindow window{0, 1, nan, {}, {}};
    expect_error(ErrorKind::NotFinite, {"quality_window", "nll_sum"},
                 [&] { store_.put_quality(sample_quality(run), std::span(&window, 1)); });
    expect_error(ErrorKind::NotFinite, {"metric", "value"}, [&] { store_.put_metric(run, "loss", 0, nan); });
    expect_error(ErrorKind::NotFinite, {"duration_s"}, [&] { store_.finish_run(run, RunStatus::Measured, nan); });
    EXPECT_TRUE(store_.quality().empty());
    EXPECT_TRUE(store_.metrics(run).empty());
    EXPECT_EQ(store_.run(run)->run.status, RunStatus::Running);

    quality.kl_mean = std::numeric_limits<double>::infinity(); // a destroyed cache has one
    store_.put_quality(quality, {});
    EXPECT_EQ(store_.quality().at(0).record.kl_mean, quality.kl_mean);
}

} // namespace
} // namespace kvw::testing
