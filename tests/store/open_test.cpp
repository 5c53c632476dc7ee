// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/store/store_support.h"

#include "core/base/process.h"

#include <fstream>

#include <sys/stat.h>

namespace kvw::testing {
namespace {

namespace fs = std::filesystem;

class Opening : public ::testing::Test
{
protected:
    /// Refused for writing and for reading, with these words, and nothing in the folder has changed.
    void expect_untouched(const fs::path& file, ErrorKind kind, const std::vector<std::string>& words)
    {
        const auto before = contents(folder_.path());
        for (const Store::Access access : {Store::Access::ReadWrite, Store::Access::ReadOnly}) {
            std::vector<std::string> all = words;
            all.push_back(file.string());
            expect_error(kind, all, [&] { Store::open(file, access); });
            const Error error = error_of([&] { Store::open(file, access); });
            EXPECT_FALSE(error.hint().empty());
        }
        EXPECT_EQ(contents(folder_.path()), before);
    }

    TemporaryFolder folder_;
    const fs::path file_ = folder_ / "a.kvw";
};

TEST_F(Opening, ANewStoreIsMarkedAsOurs)
{
    {
        Store store = Store::open(file_);
        EXPECT_EQ(store.file(), file_);
        EXPECT_EQ(store.access(), Store::Access::ReadWrite);
        EXPECT_EQ(store.notice(), "");
        EXPECT_TRUE(store.runs().empty());
        EXPECT_TRUE(fs::exists(file_.string() + "-wal")) << "the write-ahead log is on";
    }
    EXPECT_EQ(contents(folder_.path()).size(), 1u) << "closing leaves one file";
    const std::string bytes = folder_.read("a.kvw");
    EXPECT_EQ(bytes.substr(0, 15), "SQLite format 3");
    EXPECT_EQ(bytes.substr(68, 4), "KVWB");
    EXPECT_EQ(ask_sql(file_, "PRAGMA application_id"), kStoreApplicationId);
}

TEST_F(Opening, AnEmptyFileIsANewStoreForWritingAndNoneForReading)
{
    folder_.write("a.kvw", "");
    expect_error(ErrorKind::BadInput, {"a.kvw", "empty"}, [&] { Store::open(file_, Store::Access::ReadOnly); });
    EXPECT_EQ(fs::file_size(file_), 0u);
    Project project(file_);
    EXPECT_EQ(project.begin(), 1);
}

TEST_F(Opening, MissingThings)
{
    expect_error(ErrorKind::NotFound, {"a.kvw", "no such file"}, [&] { Store::open(file_, Store::Access::ReadOnly); });
    for (const Store::Access access : {Store::Access::ReadWrite, Store::Access::ReadOnly})
        expect_error(ErrorKind::NotFound, {"b.kvw", "the folder", "missing"},
                     [&] { Store::open(folder_ / "missing" / "b.kvw", access); });
    expect_error(ErrorKind::InvalidArgument, {"not a file name"}, [] { Store::open(""); });
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Opening, WhatIsNoFile)
{
    expect_error(ErrorKind::InvalidArgument, {"a folder", folder_.path().string()},
                 [&] { Store::open(folder_.path()); });
    const fs::path pipe = folder_ / "pipe.kvw";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    expect_error(ErrorKind::InvalidArgument, {"no ordinary file"}, [&] { Store::open(pipe); });
    expect_error(ErrorKind::InvalidArgument, {"no ordinary file"}, [] { Store::open("/dev/null"); });
    expect_error(ErrorKind::InvalidArgument, {}, [&] { Store::open(folder_.path() / std::string(300, 'x')); });
    folder_.write("file", "x");
    expect_error(ErrorKind::NotFound, {"the folder"}, [&] { Store::open(folder_ / "file" / "a.kvw"); });
}

TEST_F(Opening, FilesThatAreNoDatabaseStayAsTheyAre)
{
    std::string noise;
    std::uint64_t state = 1;
    for (int i = 0; i < 20000; ++i)
        noise += static_cast<char>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
    const std::map<std::string, std::string> files{
        {"noise.kvw", noise},      {"zeros.kvw", std::string(8192, '\0')}, {"text.kvw", "k=int8 v=int8\n"},
        {"one.kvw", "S"},          {"almost.kvw", "SQLite format 4"},      {"utf16.kvw", std::string("S\0Q\0L\0", 6)},
        {"json.kvw", "{\"a\": 1}"}};
    for (const auto& [name, bytes] : files) {
        SCOPED_TRACE(name);
        folder_.write(name, bytes);
        expect_untouched(folder_ / name, ErrorKind::BadInput, {"not a project file"});
    }
    folder_.write("head.kvw", std::string("SQLite format 3\0", 16) + std::string(40, 'x'));
    expect_untouched(folder_ / "head.kvw", ErrorKind::BadInput, {"cut off", "56 bytes"});
}

TEST_F(Opening, AnotherProgramsDatabaseStaysAsItIs)
{
    run_sql(file_, "CREATE TABLE bookmark (url TEXT); INSERT INTO bookmark VALUES ('x')");
    expect_untouched(file_, ErrorKind::BadInput, {"another program", "0x00000000", "0x4b565742"});
    run_sql(file_, "PRAGMA application_id = 252006674; PRAGMA user_version = 1");
    expect_untouched(file_, ErrorKind::BadInput, {"another program", "0x0f055112"});
}

TEST_F(Opening, AnotherProgramsDatabaseWithALogStaysAsItIs)
{
    const fs::path other = folder_ / "other";
    fs::create_directory(other);
    {
        SQLite::Database database((other / "b.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        for (const char* suffix : {"", "-wal"}) // as a crash would leave them
            fs::copy_file((other / "b.db").string() + suffix, file_.string() + suffix);
    }
    fs::remove_all(other);
    ASSERT_GT(fs::file_size(file_.string() + "-wal"), 0u);
    expect_untouched(file_, ErrorKind::BadInput, {"another program"});
}

TEST_F(Opening, ALogWithoutItsProjectIsNotDeleted)
{
    write_full_store(file_);
    {
        Store open = Store::open(file_);
        open.put_view_state("dock", "right");
        fs::create_directory(folder_ / "crash");
        for (const char* suffix : {"", "-wal"})
            fs::copy_file(file_.string() + suffix, (folder_ / "crash" / "c.kvw").string() + suffix);
    }
    const fs::path moved = folder_ / "crash" / "c.kvw";
    fs::rename(moved, folder_ / "safe.kvw");
    for (const bool empty : {false, true}) {
        if (empty)
            std::ofstream(moved).flush();
        expect_error(ErrorKind::NotFound, {"c.kvw", "c.kvw-wal", "bytes"}, [&] { Store::open(moved); });
        EXPECT_GT(fs::file_size(moved.string() + "-wal"), 0u);
    }
    fs::rename(folder_ / "safe.kvw", moved);
    EXPECT_EQ(Store::open(moved).view_state("dock"), "right");
}

TEST_F(Opening, OddNamesAndLinks)
{
    for (const char* name :
         {"a b%20#?&.kvw", "\xc3\xa4\xe6\x97\xa5.kvw", "file:x?mode=memory", ":memory:", "-", "no ending"}) {
        const fs::path file = folder_.path() / name;
        write_full_store(file);
        EXPECT_GT(fs::file_size(file), 10000u) << name;
        EXPECT_EQ(Store::open(file, Store::Access::ReadOnly).runs().size(), 1u) << name;
    }
    fs::create_symlink(folder_ / "-", folder_ / "link.kvw");
    Store::open(folder_ / "link.kvw").put_view_state("dock", "through the link");
    EXPECT_EQ(Store::open(folder_ / "-").view_state("dock"), "through the link");
    EXPECT_TRUE(fs::is_symlink(folder_ / "link.kvw"));
    const fs::path before = fs::current_path();
    fs::current_path(folder_.path());
    EXPECT_EQ(Store::open("-").runs().size(), 1u);
    fs::current_path(before);
}

TEST_F(Opening, ReadOnlyReadsAndRefusesToWrite)
{
    write_full_store(file_);
    const auto before = contents(folder_.path());
    {
        Store store = Store::open(file_, Store::Access::ReadOnly);
        EXPECT_EQ(store.access(), Store::Access::ReadOnly);
        EXPECT_EQ(store.notice(), "") << "it was asked for";
        read_everything(store);
        const auto refuse = [](const std::function<void()>& work) {
            expect_error(ErrorKind::InvalidArgument, {"a.kvw", "for reading only"}, work);
        };
        refuse([&] { store.put_view_state("a", "b"); });
        refuse([&] { store.delete_run(1); });
        refuse([&] { store.transaction([] {}); });
    }
    EXPECT_EQ(contents(folder_.path()), before);
}

TEST_F(Opening, AFileThatMayNotBeWrittenIsOpenedForReading)
{
    fs::create_directory(folder_ / "shelf");
    const fs::path file = folder_ / "shelf" / "a.kvw";
    write_full_store(file);
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
    const auto open_as_nobody = [&] {
        return in_child_of_nobody([&] {
            Store store = Store::open(file);
            require(store.access() == Store::Access::ReadOnly, "read-only");
            require(store.notice().find("may not be written") != std::string::npos, store.notice());
            require(store.notice().find("a.kvw") != std::string::npos, store.notice());
            read_everything(store);
            require_error(ErrorKind::InvalidArgument, "may not be written", [&] { store.put_view_state("a", "b"); });
            Store asked = Store::open(file, Store::Access::ReadOnly);
            require(asked.notice().empty() && asked.runs().size() == 1, "asked for reading");
            require_error(ErrorKind::InvalidArgument, "cannot be made",
                          [&] { Store::open(folder_ / "shelf" / "new.kvw"); });
        });
    };
    for (const mode_t folder_mode : {0555, 0777}) { // with the folder read-only, no lock file can be made either
        ASSERT_EQ(::chmod((folder_ / "shelf").c_str(), folder_mode), 0);
        if (folder_mode == 0777)
            ASSERT_EQ(in_child_of_nobody([&] { require(Store::open(file).notice().empty() == false, "a notice"); }), 0);
        else
            EXPECT_EQ(open_as_nobody(), 0);
    }
    ASSERT_EQ(::chmod(file.c_str(), 0), 0);
    EXPECT_EQ(in_child_of_nobody(
                  [&] { require_error(ErrorKind::InvalidArgument, "cannot be read", [&] { Store::open(file); }); }),
              0);
    ::chmod((folder_ / "shelf").c_str(), 0755);
}

TEST_F(Opening, AChangeUnderneathAReaderWithoutLocksIsNoticed)
{
    fs::create_directory(folder_ / "shelf");
    const fs::path file = folder_ / "shelf" / "a.kvw";
    write_full_store(file);
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    ASSERT_EQ(::chmod((folder_ / "shelf").c_str(), 0555), 0);
    int to_child[2], to_parent[2];
    ASSERT_EQ(::pipe(to_child) | ::pipe(to_parent), 0);
    const pid_t writer = ::fork(); // the owner, who may write, while nobody reads
    if (writer == 0) {
        char go = 0;
        if (::read(to_child[0], &go, 1) == 1) {
            ::chmod((folder_ / "shelf").c_str(), 0755);
            Store::open(file).put_view_state("dock", "changed");
            (void)!::write(to_parent[1], "x", 1);
        }
        ::_exit(0);
    }
    EXPECT_EQ(in_child_of_nobody([&] {
                  Store store = Store::open(file);
                  require(store.view_state("dock") == "left", "the first state");
                  char done = 0;
                  require(::write(to_child[1], "x", 1) == 1 && ::read(to_parent[0], &done, 1) == 1, "the writer wrote");
                  require_error(ErrorKind::Busy, "changed", [&] { store.view_state("dock"); });
              }),
              0);
    int status = 0;
    ::waitpid(writer, &status, 0);
    for (const int end : {to_child[0], to_child[1], to_parent[0], to_parent[1]})
        ::close(end);
}

TEST_F(Opening, RunsAndJobsOfDeadProcessesWereInterrupted)
{
    ASSERT_EQ(in_child([&] {
                  Project project(file_);
                  project.begin();
                  const RowId finished = project.begin();
                  project.store.finish_run(finished, RunStatus::Measured, 1);
                  JobRecord job = project.store.job(project.store.add_job(RunKind::Ppl, "{}")).value();
                  project.store.add_job(RunKind::Bench, "{}");
                  job.status = JobStatus::Running;
                  job.process = process_identity();
                  project.store.update_job(job);
              }),
              0);
    {
        Store reading = Store::open(file_, Store::Access::ReadOnly);
        EXPECT_EQ(reading.run(1)->run.status, RunStatus::Running) << "reading changes nothing";
    }
    {
        Project mine(file_);
        EXPECT_EQ(mine.store.run(1)->run.status, RunStatus::Interrupted);
        EXPECT_EQ(mine.store.run(1)->run.process, std::nullopt);
        EXPECT_EQ(mine.store.run(2)->run.status, RunStatus::Measured);
        EXPECT_EQ(mine.store.jobs().at(0).status, JobStatus::Interrupted);
        EXPECT_EQ(mine.store.jobs().at(0).process, std::nullopt);
        EXPECT_EQ(mine.store.jobs().at(1).status, JobStatus::Queued);
        mine.begin(); // 3: of this process, which lives
        mine.begin([](RunRecord& run) { run.process = "another-host boot 1 1"; });
    }
    Store store = Store::open(file_);
    EXPECT_EQ(store.run(3)->run.status, RunStatus::Running);
    EXPECT_EQ(store.run(4)->run.status, RunStatus::Running) << "nobody here knows about another host";
}

TEST_F(Opening, EverySettingIsOn)
{
    Project project(file_);
    // A child of a run that does not exist: only with foreign keys on.
    expect_error(ErrorKind::InvalidArgument, {}, [&] { project.store.put_note({0, 5, "", ""}); });
    EXPECT_EQ(ask_sql(file_, "SELECT value = '0.1.0' FROM meta WHERE name = 'program_version'"), 1);
    const std::int64_t version = project.store.data_version();
    Store::open(file_);
    EXPECT_EQ(project.store.data_version(), version) << "opening writes nothing when there is nothing to say";
    StoreOptions newer;
    newer.program_version = "9.9.9";
    Store::open(file_, Store::Access::ReadWrite, newer);
    EXPECT_NE(project.store.data_version(), version);
    EXPECT_EQ(ask_sql(file_, "SELECT value = '9.9.9' FROM meta WHERE name = 'program_version'"), 1);
}

TEST_F(Opening, StoresMove)
{
    std::optional<Store> first = Store::open(file_);
    Store second = std::move(*first);
    first.reset();
    second.put_view_state("a", "b");
    second = Store::open(folder_ / "b.kvw");
    EXPECT_EQ(second.view_state("a"), std::nullopt);
    EXPECT_EQ(Store::open(file_).view_state("a"), "b");
}

} // namespace
} // namespace kvw::testing
