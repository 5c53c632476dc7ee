// SPDX-License-Identifier: GPL-3.0-or-later
// What grows with the square of the number of runs, found by counting SQLite's work: a clock would measure the machine.
#include "tests/store/store_support.h"

#include <sqlite3.h>

namespace kvw::testing {
namespace {

constexpr int kStepsATick = 100; ///< instructions of SQLite's virtual machine
std::int64_t ticks = 0;

int on_tick(void*)
{
    ++ticks;
    return 0;
}

/// Counts the work of every connection that is opened from now on.
int count_work(sqlite3* database, char**, const struct sqlite3_api_routines*)
{
    sqlite3_progress_handler(database, kStepsATick, on_tick, nullptr);
    return SQLITE_OK;
}

class StoreSpeed : public ::testing::Test
{
protected:
    StoreSpeed() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(count_work)); }
    ~StoreSpeed() override { sqlite3_reset_auto_extension(); }

    /// Instructions of each kind of question to a store of `runs` runs.
    std::map<std::string, double> work_of(int runs);

private:
    std::filesystem::path fill(int runs) const
    {
        const std::filesystem::path file = folder_ / (std::to_string(runs) + ".kvw");
        Project project(file);
        project.store.transaction([&] {
            const RowId parent = project.begin();
            for (int i = 1; i < runs; ++i) {
                const RowId run = project.begin([&](RunRecord& record) {
                    record.parent_run = parent;
                    record.text_hash = "t1";
                    record.configuration =
                        fmt::format("k=kq:{}+int8,token v=out:48+int4,group=16 sinks=4 window=64", i);
                    record.configuration_hash = fmt::format("{:064}", i);
                    record.protocol = "past:64";
                    record.window_tokens = 512;
                });
                project.store.put_quality(sample_quality(run), {});
            }
        });
        return file;
    }

    TemporaryFolder folder_;
};

std::map<std::string, double> StoreSpeed::work_of(int runs)
{
    const std::filesystem::path file = fill(runs);
    std::map<std::string, double> out;
    const auto counted = [&](const char* what, const auto& work) {
        const std::int64_t before = ticks;
        work();
        out[what] = static_cast<double>(ticks - before) * kStepsATick;
    };
    const auto size = static_cast<std::size_t>(runs);
    std::optional<Store> store;
    counted("open", [&] { store.emplace(Store::open(file)); });
    counted("runs", [&] { EXPECT_EQ(store->runs().size(), size); });
    counted("quality", [&] { EXPECT_EQ(store->quality().size(), size - 1); });
    counted("memory", [&] { EXPECT_EQ(store->memory().size(), size - 1); });
    counted("by configuration", [&] {
        RunFilter filter;
        for (int i = 1; i < runs; i += 100) {
            filter.configuration_hash = fmt::format("{:064}", i);
            EXPECT_EQ(store->quality(filter).size(), 1u);
        }
    });
    counted("one by one", [&] {
        for (RowId run = 1; run <= runs; run += 10)
            EXPECT_TRUE(store->run(run));
    });
    const std::vector<RowId> parent{1};
    counted("report", [&] { EXPECT_EQ(store->report_data(parent).quality.size(), size - 1); });
    counted("delete", [&] { store->delete_run(1); });
    EXPECT_TRUE(store->runs().empty());
    return out;
}

TEST_F(StoreSpeed, WorkGrowsWithTheNumberOfRunsAndNotWithItsSquare)
{
    constexpr int kFew = 1'000, kTimes = 8;
    const std::map<std::string, double> few = work_of(kFew), many = work_of(kFew * kTimes);
    EXPECT_GT(few.at("quality"), kFew) << "nothing was counted";
    for (const auto& [what, steps] : many) {
        // Eight times the runs are eight times the work and a little for deeper trees; a square would be 64 times.
        EXPECT_TRUE(steps <= 1.5 * kTimes * few.at(what) + 10'000)
            << what << ": " << few.at(what) << " instructions for " << kFew << " runs, " << steps << " for "
            << kFew * kTimes;
        EXPECT_TRUE(steps <= 1'000.0 * kFew * kTimes) << what << ": " << steps << " instructions";
    }
}

} // namespace
} // namespace kvw::testing
