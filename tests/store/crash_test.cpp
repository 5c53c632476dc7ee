// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/store/store_support.h"

#include <array>

#include <signal.h>
#include <sys/resource.h>

namespace kvw::testing {
namespace {

namespace fs = std::filesystem;

/// No file of this process may grow beyond this: what a full disk looks like to it. Back with the largest number.
void limit_files(rlim_t bytes)
{
    ::signal(SIGXFSZ, SIG_IGN); // else the signal ends the process before the error is seen
    rlimit limit{};
    require(::getrlimit(RLIMIT_FSIZE, &limit) == 0, "the limit is known");
    limit.rlim_cur = std::min(bytes, limit.rlim_max);
    require(::setrlimit(RLIMIT_FSIZE, &limit) == 0, "the limit is set");
}

/// Whole and consistent, by SQLite's own checks.
void expect_sound(const fs::path& file)
{
    SQLite::Database database(file.string());
    EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
    EXPECT_FALSE(SQLite::Statement(database, "PRAGMA foreign_key_check").executeStep());
}

class Crash : public ::testing::Test
{
protected:
    TemporaryFolder folder_;
    const fs::path file_ = folder_ / "a.kvw";
};

/// A child writes runs with all that belongs to them, and says the number of each when its call has returned.
TEST_F(Crash, WhatWasCommittedSurvivesAKill)
{
    const std::vector<QualityWindow> windows{{0, 5, 1, 0.5, 3}, {1, 5, 2, 0.25, 4}, {2, 5, 3, {}, {}}};
    {
        Project(file_, {});
    }
    std::size_t runs_before = 0;
    for (const int enough : {1, 7, 23}) {
        int pipe[2];
        ASSERT_EQ(::pipe(pipe), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                Project project(file_);
                for (;;) {
                    const RowId run = project.begin();
                    project.store.put_quality(sample_quality(run), windows);
                    project.store.put_calibration(run, sample_calibration());
                    if (::write(pipe[1], &run, sizeof run) != sizeof run)
                        break;
                }
            } catch (const std::exception& error) {
                std::fprintf(stderr, "in the child: %s\n", error.what());
            }
            ::_exit(1);
        }
        ::close(pipe[1]);
        std::vector<RowId> said;
        RowId run = 0;
        while (::read(pipe[0], &run, sizeof run) == sizeof run) {
            said.push_back(run);
            if (static_cast<int>(said.size()) == enough)
                ::kill(child, SIGKILL); // and the rest of the pipe is read
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << status;
        ASSERT_GE(static_cast<int>(said.size()), enough);

        Store store = Store::open(file_);
        for (const RowId number : said) {
            ASSERT_TRUE(store.run(number));
            EXPECT_EQ(store.run(number)->run.status, RunStatus::Interrupted);
            EXPECT_EQ(store.quality_windows(number), windows);
            EXPECT_EQ(store.calibration(number)->entries.size(), sample_calibration().entries.size());
        }
        // One more may have been begun; a quality is there with all its windows or not at all.
        const std::size_t runs = store.runs().size();
        EXPECT_GE(runs, runs_before + said.size());
        EXPECT_LE(runs, runs_before + said.size() + 1);
        runs_before = runs;
        for (const QualityRow& row : store.quality())
            EXPECT_EQ(store.quality_windows(row.record.run).size(), windows.size());
        expect_sound(file_);
    }
}

TEST_F(Crash, AKillInsideATransactionLeavesNothingOfIt)
{
    ASSERT_EQ(in_child([&] {
                  Project project(file_);
                  project.store.put_view_state("before", "there");
                  project.store.transaction([&] {
                      for (int i = 0; i < 200; ++i)
                          project.store.put_calibration(project.begin(), sample_calibration(4, 32));
                      ::kill(::getpid(), SIGKILL);
                  });
              }),
              1000 + SIGKILL);
    Store store = Store::open(file_);
    EXPECT_EQ(store.view_state("before"), "there");
    EXPECT_TRUE(store.runs().empty());
    expect_sound(file_);
}

/// A disk of a certain number of pages, by SQLite's own limit.
TEST_F(Crash, AFullDiskLosesOnlyTheCallThatFilledIt)
{
    StoreOptions small;
    small.largest_pages = 150;
    std::size_t stored = 0;
    {
        Project project(file_, small);
        Store& store = project.store;
        const Calibration calibration = sample_calibration(4, 32);
        const Error error = error_of([&] {
            for (;; ++stored)
                store.transaction([&] { store.put_calibration(project.begin(), calibration); });
        });
        EXPECT_EQ(error.kind(), ErrorKind::NoSpace);
        EXPECT_THAT(error.message(), ::testing::HasSubstr("a.kvw"));
        EXPECT_THAT(error.message(), ::testing::HasSubstr("full"));
        EXPECT_THAT(error.hint(), ::testing::HasSubstr("free some space"));
        EXPECT_GT(stored, 2u);
        EXPECT_EQ(store.runs().size(), stored) << "the run of the failed call went with it";
        expect_same_calibration(store.calibration(static_cast<RowId>(stored)).value(), calibration);
        store.delete_run(1); // making room needs none
        store.transaction([&] { store.put_calibration(project.begin(), calibration); });
    }
    EXPECT_EQ(Store::open(file_).runs().size(), stored);
    expect_sound(file_);
}

TEST_F(Crash, AnErrorInsideATransactionIsNotForgotten)
{
    StoreOptions small;
    small.largest_pages = 120;
    Project project(file_, small);
    Store& store = project.store;
    const auto fill = [&] {
        for (int i = 0; i < 100; ++i)
            store.put_calibration(project.begin(), sample_calibration(4, 32));
    };
    // SQLite has undone the transaction, or a part of it; a caller who goes on is told at the end at the latest.
    bool caught = false;
    try {
        store.transaction([&] {
            store.put_view_state("first", "there");
            try {
                fill();
            } catch (const Error& error) {
                EXPECT_EQ(error.kind(), ErrorKind::NoSpace);
                caught = true;
            }
            store.put_view_state("last", "there");
        });
        EXPECT_EQ(store.view_state("first"), "there");
        EXPECT_EQ(store.view_state("last"), "there");
    } catch (const Error& error) {
        EXPECT_EQ(store.view_state("first"), std::nullopt);
        EXPECT_EQ(store.view_state("last"), std::nullopt);
    }
    EXPECT_TRUE(caught);
    store.put_view_state("after", "there");
    EXPECT_EQ(store.view_state("after"), "there");
}

/// The system refuses to make a file longer: the same errors as of a quota.
TEST_F(Crash, AFileThatMayNotGrowLosesOnlyTheCallThatWanted)
{
    {
        Project(file_, {});
    }
    EXPECT_EQ(in_child([&] {
                  Project project(file_);
                  Store& store = project.store;
                  const Calibration calibration = sample_calibration(4, 32);
                  store.put_calibration(project.begin(), calibration);
                  limit_files(400'000);
                  RowId last = 0;
                  require_error(ErrorKind::NoSpace, "full", [&] {
                      for (;;) {
                          const RowId run = project.begin();
                          store.put_calibration(run, calibration);
                          last = run;
                      }
                  });
                  require(last > 1, "some were stored");
                  require(store.calibration(last)->entries.size() == calibration.entries.size(),
                          "the last one is there");
                  require_error(ErrorKind::NoSpace, "full", [&] {
                      for (;;) // and until nothing fits
                          store.put_view_state(std::to_string(store.notes().size()), std::string(100'000, 'x'));
                  });
                  require(store.calibration(last)->entries.size() == calibration.entries.size(), "still");
                  limit_files(RLIM_INFINITY);
                  store.put_view_state("after", "room was made");
                  store.put_note({0, last, "", "the last one"});
              }),
              0);
    Store store = Store::open(file_);
    EXPECT_EQ(store.view_state("after"), "room was made");
    ASSERT_EQ(store.notes().size(), 1u);
    const RowId last = store.notes()[0].run.value();
    for (RowId run = 1; run <= last; ++run)
        expect_same_calibration(store.calibration(run).value(), sample_calibration(4, 32));
    expect_sound(file_);
}

TEST_F(Crash, NewStoresAndCopiesOnAFullDisk)
{
    write_full_store(file_);
    folder_.write("old.kvw", "what was there before");
    EXPECT_EQ(in_child([&] {
                  Store store = Store::open(file_, Store::Access::ReadOnly);
                  read_everything(store);
                  limit_files(20'000);
                  require_error(ErrorKind::NoSpace, "new.kvw", [&] { Store::open(folder_ / "new.kvw"); });
                  require_error(ErrorKind::NoSpace, "old.kvw", [&] { store.save_as(folder_ / "old.kvw"); });
                  limit_files(0);
                  require_error(ErrorKind::NoSpace, "new2.kvw", [&] { Store::open(folder_ / "new2.kvw"); });
                  read_everything(store);
                  limit_files(RLIM_INFINITY);
                  Store::open(folder_ / "new.kvw").put_view_state("a", "b");
              }),
              0);
    EXPECT_EQ(folder_.read("old.kvw"), "what was there before");
    for (const auto& entry : fs::directory_iterator(folder_.path()))
        EXPECT_EQ(entry.path().extension(), ".kvw") << entry.path();
    EXPECT_EQ(Store::open(folder_ / "new.kvw").view_state("a"), "b");
    EXPECT_NO_THROW(read_everything(Store::open(file_)));
}

} // namespace
} // namespace kvw::testing
