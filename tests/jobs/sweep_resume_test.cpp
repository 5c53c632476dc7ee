// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/jobs/job_fixture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <numeric>
#include <string_view>

namespace kvw::jobs_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// Rows that any connection has read from the table of qualities.
std::int64_t rows_read = 0;

int count_row(unsigned, void*, void* statement, void*)
{
    const char* text = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    if (text != nullptr && std::string_view(text).find("quality") != std::string_view::npos)
        ++rows_read;
    return 0;
}

int watch(sqlite3* database, char**, const struct sqlite3_api_routines*)
{
    return sqlite3_trace_v2(database, SQLITE_TRACE_ROW, count_row, nullptr);
}

class SweepResume : public JobTest
{
protected:
    /// Every point of the grid but the last is measured.
    void interrupt_at_last(const QualitySpecification& job)
    {
        CancelFlag cancel;
        sink_.on_stage = [&](int index, int count) {
            if (index == count)
                cancel.set();
        };
        const auto error = error_of([&] { run_quality(RunKind::Sweep, job, {store_, sink_, cancel}); });
        sink_.on_stage = nullptr;
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::Cancelled);
    }
};

std::string grid_of(int points)
{
    std::vector<int> sinks(static_cast<std::size_t>(points));
    std::iota(sinks.begin(), sinks.end(), 0);
    return fmt::format("k=int8,token sinks=({})", fmt::join(sinks, "|"));
}

TEST_F(SweepResume, GoesOnWhereItWasLeftWithTheFiguresThatAreThere)
{
    const QualitySpecification job = sweep(grid_of(4));
    interrupt_at_last(job);
    const std::vector<QualityRow> before = store_.quality();
    ASSERT_EQ(before.size(), 4u); // the identity and three points
    const QualityOutcome outcome = run_quality(RunKind::Sweep, job, context());
    EXPECT_EQ(outcome.reused, 3);
    EXPECT_THAT(sink_.warnings, Contains(HasSubstr("4 of 5 configurations are measured")));
    ASSERT_EQ(outcome.results.size(), 5u);
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(outcome.results[i].record.run, before[i].record.run) << i;
        EXPECT_EQ(outcome.results[i].record.ppl, before[i].record.ppl) << i;
        EXPECT_EQ(outcome.results[i].record.scoring_s, before[i].record.scoring_s) << "it was measured again: " << i;
    }
    const Provenance parent = store_.run(outcome.run).value();
    EXPECT_EQ(parent.run.status, RunStatus::Measured);

    // What is whole is not gone on with: the same job is a new run.
    const QualityOutcome again = run_quality(RunKind::Sweep, job, context());
    EXPECT_NE(again.run, outcome.run);
    EXPECT_EQ(again.reused, 0);
    for (std::size_t i = 0; i < outcome.results.size(); ++i)
        EXPECT_EQ(again.results[i].record.ppl, outcome.results[i].record.ppl) << i;
}

TEST_F(SweepResume, OtherSettingsOrAgainBeginAnew)
{
    QualitySpecification job = sweep(grid_of(3));
    interrupt_at_last(job);
    QualitySpecification other = job;
    other.window = kWindow / 2;
    EXPECT_EQ(run_quality(RunKind::Sweep, other, context()).reused, 0);
    job.again = true;
    EXPECT_EQ(run_quality(RunKind::Sweep, job, context()).reused, 0);
}

/// So many rows of figures are read as there are points, however many there are: their number is a straight line.
TEST_F(SweepResume, TakingAStoredPointDoesNotReadTheOthersAgain)
{
    ASSERT_EQ(sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch)), SQLITE_OK);
    std::vector<std::int64_t> rows;
    for (const int points : {3, 6, 9}) {
        store_ = Store::open(folder_ / ("points" + std::to_string(points) + ".kvw"));
        const QualitySpecification job = sweep(grid_of(points));
        interrupt_at_last(job);
        rows_read = 0;
        const QualityOutcome outcome = run_quality(RunKind::Sweep, job, context());
        EXPECT_EQ(outcome.reused, points - 1);
        rows.push_back(rows_read);
    }
    sqlite3_reset_auto_extension();
    EXPECT_GT(rows[0], 0) << "nothing was counted";
    EXPECT_EQ(rows[2] - rows[1], rows[1] - rows[0]) << rows[0] << " " << rows[1] << " " << rows[2];
}

} // namespace
} // namespace kvw::jobs_test
