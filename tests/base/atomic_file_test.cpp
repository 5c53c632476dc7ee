// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/atomic_file.h"

#include "core/base/error.h"
#include "tests/base/child_process.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace kvw::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What is thrown, or nothing.
std::optional<Error> refusal(const std::filesystem::path& file, std::string_view bytes = "new")
{
    try {
        write_file_atomically(file, bytes);
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    }
}

std::vector<std::string> names_in(const std::filesystem::path& folder)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

mode_t rights(const std::filesystem::path& file)
{
    struct stat status
    {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 07777;
}

void set_rights(const std::filesystem::path& file, mode_t mode) { ASSERT_EQ(::chmod(file.c_str(), mode), 0) << file; }

/// Everything that `work` throws, by kind: 0 nothing was thrown, 1 + kind, 100 something else.
template<typename Work>
int outcome(Work work)
{
    try {
        work();
        return 0;
    } catch (const Error& error) {
        return 1 + static_cast<int>(error.kind());
    } catch (...) {
        return 100;
    }
}
constexpr int refused_with(ErrorKind kind) { return 1 + static_cast<int>(kind); }

TEST(AtomicFile, WritesAndReplaces)
{
    const TemporaryFolder folder;
    write_file_atomically(folder / "a.txt", "first");
    EXPECT_EQ(folder.read("a.txt"), "first");
    write_file_atomically(folder / "a.txt", "x");
    EXPECT_EQ(folder.read("a.txt"), "x");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a.txt"));
}

TEST(AtomicFile, AnyBytesAndAnyLength)
{
    const TemporaryFolder folder;
    std::string all_bytes;
    for (int i = 0; i < 256; ++i)
        all_bytes += static_cast<char>(i);
    std::string large;
    for (int i = 0; i < 40000; ++i)
        large += all_bytes;
    for (const std::string& bytes : {std::string(), std::string(1, '\0'), all_bytes, large}) {
        write_file_atomically(folder / "a", bytes);
        EXPECT_TRUE(folder.read("a") == bytes) << bytes.size();
    }
}

TEST(AtomicFile, ANewFileHasTheRightsOfTheUmask)
{
    const TemporaryFolder folder;
    for (const mode_t mask : {0022, 0077, 0002}) {
        const std::string name = std::to_string(mask);
        const int result = run_in_child([&] {
            ::umask(mask);
            return outcome([&] { write_file_atomically(folder / name, "x"); });
        });
        EXPECT_EQ(result, 0);
        EXPECT_EQ(rights(folder / name), 0666 & ~mask);
    }
}

TEST(AtomicFile, AnExistingFileKeepsItsRights)
{
    const TemporaryFolder folder;
    for (const mode_t mode : {0600, 0644, 0755, 0666, 0620}) {
        const auto file = folder.write("a", "old");
        set_rights(file, mode);
        write_file_atomically(file, "new");
        EXPECT_EQ(rights(file), mode);
        EXPECT_EQ(folder.read("a"), "new");
    }
}

TEST(AtomicFile, AnExistingFileKeepsItsOwnerWhereRootWrites)
{
    const TemporaryFolder folder;
    const auto file = folder.write("a", "old");
    set_rights(file, 0640);
    // An ordinary user can give nothing away, and the file stays theirs.
    const bool given = ::chown(file.c_str(), 65534, 65534) == 0;
    EXPECT_TRUE(given || ::geteuid() != 0);
    struct stat before
    {
    }, after{};
    ASSERT_EQ(::stat(file.c_str(), &before), 0);
    write_file_atomically(file, "new");
    ASSERT_EQ(::stat(file.c_str(), &after), 0);
    EXPECT_EQ(after.st_uid, before.st_uid);
    EXPECT_EQ(after.st_gid, before.st_gid);
    EXPECT_EQ(rights(file), 0640u);
}

TEST(AtomicFile, FollowsSymbolicLinks)
{
    const TemporaryFolder folder;
    folder.write("data/a.txt", "old");
    std::filesystem::create_symlink("data/a.txt", folder / "relative");
    std::filesystem::create_symlink(folder / "data/a.txt", folder / "absolute");
    std::filesystem::create_symlink("relative", folder / "twice");
    std::filesystem::create_directory_symlink("data", folder / "other");
    for (const char* name : {"relative", "absolute", "twice", "other/a.txt"}) {
        write_file_atomically(folder / name, name);
        EXPECT_EQ(folder.read("data/a.txt"), name);
        EXPECT_FALSE(std::filesystem::is_symlink(folder / "data/a.txt"));
    }
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "relative"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "twice"));
    EXPECT_THAT(names_in(folder / "data"), ElementsAre("a.txt"));
}

TEST(AtomicFile, FollowsALinkToAFileThatIsNotThereYet)
{
    const TemporaryFolder folder;
    folder.write("data/other", "");
    std::filesystem::create_symlink("data/later.txt", folder / "link");
    write_file_atomically(folder / "link", "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
    EXPECT_EQ(folder.read("data/later.txt"), "new");
}

TEST(AtomicFile, LinksThatLeadNowhereAreRefused)
{
    const TemporaryFolder folder;
    std::filesystem::create_symlink("b", folder / "a");
    std::filesystem::create_symlink("a", folder / "b");
    std::filesystem::create_symlink("no/such", folder / "c");
    const auto circle = refusal(folder / "a"), missing = refusal(folder / "c");
    ASSERT_TRUE(circle && missing);
    EXPECT_EQ(circle->kind(), ErrorKind::InvalidArgument);
    EXPECT_EQ(missing->kind(), ErrorKind::NotFound);
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a", "b", "c"));
}

TEST(AtomicFile, AMissingFolderIsNotFound)
{
    const TemporaryFolder folder;
    folder.write("file", "content");
    for (const char* name : {"none/a.txt", "file/a.txt"}) {
        const auto error = refusal(folder / name);
        ASSERT_TRUE(error) << name;
        EXPECT_EQ(error->kind(), ErrorKind::NotFound);
        EXPECT_THAT(error->message(), HasSubstr((folder / name).string()));
        EXPECT_THAT(error->hint(), HasSubstr("folder"));
    }
    EXPECT_THAT(names_in(folder.path()), ElementsAre("file"));
}

TEST(AtomicFile, AFolderIsNoTarget)
{
    const TemporaryFolder folder;
    folder.write("sub/inside", "content");
    std::filesystem::create_directory_symlink("sub", folder / "link");
    for (const char* name : {"sub", "link", "sub/", "sub/.", ""}) {
        const auto error = refusal(folder / name);
        ASSERT_TRUE(error) << name;
        EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument) << name;
    }
    EXPECT_EQ(refusal("")->kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(names_in(folder.path()), ElementsAre("link", "sub"));
    EXPECT_THAT(names_in(folder / "sub"), ElementsAre("inside"));
}

TEST(AtomicFile, APipeIsNotReplaced) // nor a device, which a test that fails must not remove
{
    const TemporaryFolder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    std::filesystem::create_symlink("pipe", folder / "link");
    for (const auto& file : {folder / "pipe", folder / "link"}) {
        const auto error = refusal(file);
        ASSERT_TRUE(error) << file;
        EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
    }
    EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
    EXPECT_THAT(names_in(folder.path()), ElementsAre("link", "pipe"));
}

TEST(AtomicFile, ANameThatIsTooLongIsRefused)
{
    const TemporaryFolder folder;
    const auto error = refusal(folder / std::string(300, 'x'));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(names_in(folder.path()), IsEmpty());
}

TEST(AtomicFile, WhatMayNotBeWrittenStays)
{
    const TemporaryFolder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
    const auto read_only = folder.write("open/read-only", "old"), closed = folder.write("closed/a", "old");
    set_rights(folder / "open", 0777);
    set_rights(read_only, 0444);
    set_rights(closed, 0666);
    set_rights(folder / "closed", 0555);
    for (const auto& file : {read_only, closed, folder / "closed/new"})
        EXPECT_EQ(run_in_child([&] {
                      return become_ordinary_user() ? outcome([&] { write_file_atomically(file, "new"); }) : 99;
                  }),
                  refused_with(ErrorKind::InvalidArgument))
            << file;
    EXPECT_EQ(folder.read("open/read-only"), "old");
    EXPECT_EQ(folder.read("closed/a"), "old");
    EXPECT_THAT(names_in(folder / "open"), ElementsAre("read-only"));
    EXPECT_THAT(names_in(folder / "closed"), ElementsAre("a"));
    set_rights(folder / "closed", 0755); // so that it can be removed
}

/// A file may not grow beyond 64 KiB: the same call fails in the middle as on a full disk.
void limit_file_size()
{
    const rlimit limit{65536, 65536};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
        ::_exit(98);
}

TEST(AtomicFile, AFullDiskKeepsTheOldContentAndLeavesNothingBehind)
{
    const TemporaryFolder folder;
    const auto file = folder.write("a", "old");
    const auto write_too_much = [&](const std::filesystem::path& name) {
        return run_in_child([&] {
            std::signal(SIGXFSZ, SIG_IGN);
            limit_file_size();
            return outcome([&] { write_file_atomically(name, std::string(100000, 'x')); });
        });
    };
    EXPECT_EQ(write_too_much(file), refused_with(ErrorKind::NoSpace));
    EXPECT_EQ(write_too_much(folder / "new"), refused_with(ErrorKind::NoSpace));
    EXPECT_EQ(folder.read("a"), "old");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(AtomicFile, ADeathInTheMiddleKeepsTheOldContent)
{
    const TemporaryFolder folder;
    const auto file = folder.write("a", "old");
    const int result = run_in_child([&] {
        std::signal(SIGXFSZ, SIG_DFL);
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        limit_file_size();
        return outcome([&] { write_file_atomically(file, std::string(100000, 'x')); });
    });
    EXPECT_EQ(result, -SIGXFSZ);
    EXPECT_EQ(folder.read("a"), "old");
    // The next writer is not disturbed by what the dead one left.
    write_file_atomically(file, "newer");
    EXPECT_EQ(folder.read("a"), "newer");
    const std::vector<std::string> names = names_in(folder.path());
    ASSERT_EQ(names.size(), 2u);
    EXPECT_TRUE(names[1].starts_with("a.") && names[1].ends_with(".part")) << names[1];
}

} // namespace
} // namespace kvw::testing
