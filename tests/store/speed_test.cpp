// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/time.h"
#include "tests/store/store_support.h"

namespace kvw::testing {
namespace {

/// 300 ms are wanted; this is for slow machines and builds with sanitizers, and still finds what grows with the square.
constexpr double kLimitSeconds = 3;

TEST(StoreSpeed, TenThousandRunsAreListedQuickly)
{
    constexpr int kRuns = 10'000;
    TemporaryFolder folder;
    const std::filesystem::path file = folder / "a.kvw";
    {
        Project project(file);
        project.store.transaction([&] {
            const RowId parent = project.begin();
            for (int i = 1; i < kRuns; ++i) {
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
    }
    const auto timed = [](const char* what, const auto& work) {
        const Stopwatch watch;
        work();
        const double seconds = watch.seconds();
        ::testing::Test::RecordProperty(what, std::to_string(seconds));
        std::printf("%s: %.3f s\n", what, seconds);
        EXPECT_TRUE(seconds < kLimitSeconds) << what;
    };
    std::optional<Store> store;
    timed("open", [&] { store.emplace(Store::open(file)); });
    timed("runs", [&] { EXPECT_EQ(store->runs().size(), static_cast<std::size_t>(kRuns)); });
    timed("quality", [&] { EXPECT_EQ(store->quality().size(), static_cast<std::size_t>(kRuns - 1)); });
    timed("memory", [&] { EXPECT_EQ(store->memory().size(), static_cast<std::size_t>(kRuns - 1)); });
    timed("by configuration", [&] {
        RunFilter filter;
        for (int i = 1; i < kRuns; i += 100) {
            filter.configuration_hash = fmt::format("{:064}", i);
            EXPECT_EQ(store->quality(filter).size(), 1u);
        }
    });
    timed("one by one", [&] {
        for (RowId run = 1; run <= kRuns; run += 10)
            EXPECT_TRUE(store->run(run));
    });
    const std::vector<RowId> parent{1};
    timed("report", [&] { EXPECT_EQ(store->report_data(parent).quality.size(), static_cast<std::size_t>(kRuns - 1)); });
    timed("delete", [&] { store->delete_run(1); });
    EXPECT_TRUE(store->runs().empty());
}

} // namespace
} // namespace kvw::testing
