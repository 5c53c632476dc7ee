// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/store/store_support.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <signal.h>

namespace kvw::testing {
namespace {

namespace fs = std::filesystem;

StoreOptions impatient()
{
    StoreOptions options;
    options.busy_timeout_ms = 50;
    return options;
}

/// A slow disk or a busy machine is no failure of a test.
StoreOptions patient()
{
    StoreOptions options;
    options.busy_timeout_ms = 600'000;
    return options;
}

class Sharing : public ::testing::Test
{
protected:
    TemporaryFolder folder_;
    const fs::path file_ = folder_ / "a.kvw";
};

TEST_F(Sharing, TwoConnectionsSeeEachOther)
{
    Project one(file_);
    Store two = Store::open(file_);
    const std::int64_t version = two.data_version();
    EXPECT_EQ(two.data_version(), version);
    const RowId run = one.begin();
    EXPECT_NE(two.data_version(), version);
    ASSERT_TRUE(two.run(run));
    const std::int64_t of_one = one.store.data_version();
    one.store.put_metric(run, "own", 0, 0);
    EXPECT_EQ(one.store.data_version(), of_one) << "one's own writing does not count";
    two.put_metric(run, "other", 0, 0);
    EXPECT_NE(one.store.data_version(), of_one);
    EXPECT_EQ(one.store.metrics(run).size(), 2u);
}

TEST_F(Sharing, ATransactionIsSeenAtItsEnd)
{
    Project one(file_);
    Store two = Store::open(file_, Store::Access::ReadWrite, impatient());
    one.store.transaction([&] {
        one.begin();
        EXPECT_EQ(one.store.runs().size(), 1u);
        EXPECT_TRUE(two.runs().empty()) << "reading goes on beside it";
        expect_error(ErrorKind::Busy, {"a.kvw", "locked"}, [&] { two.put_view_state("a", "b"); });
    });
    EXPECT_EQ(two.runs().size(), 1u);
    two.put_view_state("a", "b");
}

TEST_F(Sharing, WhatThrowsInATransactionIsUndone)
{
    Project project(file_);
    Store& store = project.store;
    struct Mine
    {};
    EXPECT_THROW(store.transaction([&] {
        project.begin();
        throw Mine{};
    }),
                 Mine);
    EXPECT_TRUE(store.runs().empty());
    expect_error(ErrorKind::InvalidArgument, {"inside a transaction"}, [&] {
        store.transaction([&] {
            project.begin();
            store.transaction([] {});
        });
    });
    EXPECT_TRUE(store.runs().empty());
    // A put that failed leaves nothing of itself, the rest of the transaction stays.
    const RowId run = project.begin();
    store.transaction([&] {
        store.put_view_state("a", "b");
        const std::vector<QualityWindow> twice{{0, 1, 1, {}, {}}, {0, 1, 1, {}, {}}};
        expect_error(ErrorKind::InvalidArgument, {"two rows"}, [&] { store.put_quality(sample_quality(run), twice); });
        store.put_view_state("c", "d");
    });
    EXPECT_EQ(store.view_state("a"), "b");
    EXPECT_EQ(store.view_state("c"), "d");
    EXPECT_TRUE(store.quality().empty());
}

TEST_F(Sharing, ALockOfAnotherConnectionIsBusyAndThenOver)
{
    Project project(file_, impatient());
    SQLite::Database other(file_.string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN EXCLUSIVE");
    const Error error = error_of([&] { project.begin(); });
    EXPECT_EQ(error.kind(), ErrorKind::Busy);
    for (const char* word : {"a.kvw", "another process", "locked", "0.05 s"})
        EXPECT_THAT(error.message(), ::testing::HasSubstr(word));
    EXPECT_THAT(error.hint(), ::testing::HasSubstr("try again"));
    expect_error(ErrorKind::Busy, {"locked"}, [&] { project.store.transaction([] {}); });
    EXPECT_TRUE(project.store.runs().empty()) << "reading goes on";
    EXPECT_NO_THROW(Store::open(file_, Store::Access::ReadWrite, impatient()))
        << "and opening, which has nothing to write";
    other.exec("ROLLBACK");
    EXPECT_EQ(project.begin(), 1);
}

TEST_F(Sharing, AStoreThatAnotherProcessKeepsToItselfIsBusy)
{
    write_full_store(file_);
    int ready[2], done[2];
    ASSERT_EQ(::pipe(ready) | ::pipe(done), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        SQLite::Database other(file_.string(), SQLite::OPEN_READWRITE);
        other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE note SET note = 'mine'");
        char end = 0;
        (void)!::write(ready[1], "x", 1);
        (void)!::read(done[0], &end, 1);
        ::_exit(0); // without a commit
    }
    char go = 0;
    ASSERT_EQ(::read(ready[0], &go, 1), 1);
    for (const Store::Access access : {Store::Access::ReadWrite, Store::Access::ReadOnly})
        expect_error(ErrorKind::Busy, {"a.kvw", "another process", "locked"},
                     [&] { Store::open(file_, access, impatient()); });
    ASSERT_EQ(::write(done[1], "x", 1), 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(Store::open(file_).notes().at(0).text, "about the run");
    for (const int end : {ready[0], ready[1], done[0], done[1]})
        ::close(end);
}

TEST_F(Sharing, ALockIsWaitedFor)
{
    Project project(file_, patient());
    SQLite::Database other(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_FULLMUTEX);
    other.exec("BEGIN IMMEDIATE");
    std::atomic<bool> given_back{false};
    std::thread thread([&] {
        // Long enough that the other thread has mostly come to wait; nothing depends on whether it has.
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        given_back = true;
        other.exec("COMMIT");
    });
    EXPECT_EQ(project.begin(), 1);
    EXPECT_TRUE(given_back);
    thread.join();
}

TEST_F(Sharing, ManyWritersLoseNothing)
{
    {
        Project(file_, {});
    }
    constexpr int kWriters = 4, kRuns = 25;
    std::vector<pid_t> children;
    for (int i = 0; i < kWriters; ++i)
        if (children.push_back(::fork()); children.back() == 0) {
            int failed = 0;
            try {
                Project project(file_, patient());
                for (int run = 0; run < kRuns; ++run) {
                    const RowId id = project.begin([&](RunRecord& record) { record.seed = i; });
                    project.store.put_quality(sample_quality(id), {});
                    project.store.finish_run(id, RunStatus::Measured, run);
                }
            } catch (const std::exception& error) {
                std::fprintf(stderr, "in the child: %s\n", error.what());
                failed = 1;
            }
            ::_exit(failed);
        }
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    Store store = Store::open(file_);
    std::map<std::int64_t, int> measured;
    for (const QualityRow& row : store.quality())
        measured[row.source.run.seed.value()] += row.source.run.status == RunStatus::Measured;
    EXPECT_EQ(measured, (std::map<std::int64_t, int>{{0, kRuns}, {1, kRuns}, {2, kRuns}, {3, kRuns}}));
    EXPECT_EQ(ask_sql(file_, "SELECT count(*) FROM environment"), 1);
}

class SaveAs : public Sharing
{};

TEST_F(SaveAs, TheCopyHasEverythingAndIsAStore)
{
    write_full_store(file_);
    Store store = Store::open(file_);
    store.put_view_state("dock", "in the log only");
    const fs::path copy = folder_ / "copy.kvw";
    store.save_as(copy);
    EXPECT_EQ(store.file(), file_);
    store.put_view_state("dock", "later");
    {
        Store other = Store::open(copy);
        read_everything(other);
        EXPECT_EQ(other.access(), Store::Access::ReadWrite);
        EXPECT_EQ(other.view_state("dock"), "in the log only");
        EXPECT_EQ(other.runs(), store.runs());
        other.put_note({0, 1, "", "in the copy"});
        EXPECT_TRUE(fs::exists(copy.string() + "-wal"));
    }
    EXPECT_EQ(ask_sql(copy, "PRAGMA application_id"), kStoreApplicationId);
    EXPECT_EQ(Store::open(copy, Store::Access::ReadOnly).notes().size(), 2u);
    // With the rights of a new file, not of a secret temporary one.
    folder_.write("new", "");
    EXPECT_EQ(fs::status(copy).permissions(), fs::status(folder_ / "new").permissions());
    Store::open(file_, Store::Access::ReadOnly).save_as(copy); // over the old copy, from a reader
    EXPECT_EQ(Store::open(copy).notes().size(), 1u);
    EXPECT_EQ(Store::open(copy).view_state("dock"), "later");
}

TEST_F(SaveAs, TheCopyIsCompact)
{
    Project project(file_);
    for (int i = 0; i < 40; ++i)
        project.store.put_calibration(project.begin(), sample_calibration(4, 32));
    for (RowId run = 1; run < 40; ++run)
        project.store.delete_run(run);
    project.store.save_as(folder_ / "copy.kvw");
    {
        Project closed = std::move(project);
    }
    EXPECT_LT(fs::file_size(folder_ / "copy.kvw") * 2, fs::file_size(file_));
    expect_same_calibration(Store::open(folder_ / "copy.kvw").calibration(40).value(), sample_calibration(4, 32));
}

TEST_F(SaveAs, PlacesThatAreRefused)
{
    write_full_store(file_);
    Store store = Store::open(file_);
    expect_error(ErrorKind::InvalidArgument, {"a.kvw", "itself"}, [&] { store.save_as(file_); });
    fs::create_symlink(file_, folder_ / "link.kvw");
    expect_error(ErrorKind::InvalidArgument, {"itself"}, [&] { store.save_as(folder_ / "link.kvw"); });
    expect_error(ErrorKind::InvalidArgument, {"a folder"}, [&] { store.save_as(folder_.path()); });
    expect_error(ErrorKind::InvalidArgument, {"not a file name"}, [&] { store.save_as(""); });
    fs::create_symlink("loop.kvw", folder_ / "loop.kvw");
    expect_error(ErrorKind::InvalidArgument, {"loop.kvw"}, [&] { store.save_as(folder_ / "loop.kvw"); });
    expect_error(ErrorKind::InvalidArgument, {"loop.kvw"}, [&] { Store::open(folder_ / "loop.kvw"); });
    expect_error(ErrorKind::NotFound, {"missing"}, [&] { store.save_as(folder_ / "missing" / "b.kvw"); });
    expect_error(ErrorKind::InvalidArgument, {"inside a transaction"},
                 [&] { store.transaction([&] { store.save_as(folder_ / "b.kvw"); }); });
    EXPECT_FALSE(fs::exists(folder_ / "b.kvw"));
    {
        Store open = Store::open(folder_ / "open.kvw");
        open.put_view_state("a", "b");
        expect_error(ErrorKind::Busy, {"open.kvw", "another program"}, [&] { store.save_as(folder_ / "open.kvw"); });
        EXPECT_EQ(open.view_state("a"), "b");
    }
    store.save_as(folder_ / "open.kvw"); // closed by now
    EXPECT_EQ(Store::open(folder_ / "open.kvw").view_state("dock"), "left");
    for (const auto& entry : fs::directory_iterator(folder_.path()))
        EXPECT_NE(entry.path().extension(), ".part");
}

} // namespace
} // namespace kvw::testing
