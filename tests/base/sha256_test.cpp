// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/sha256.h"

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>

namespace kvw::testing {
namespace {

using ::testing::HasSubstr;

// FIPS 180-4 and its published examples.
const std::string kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string kTwoBlocks = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
const std::string kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, KnownAnswers)
{
    EXPECT_EQ(sha256_hex(""), kEmpty);
    EXPECT_EQ(sha256_hex("abc"), kAbc);
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), kTwoBlocks);
    EXPECT_EQ(sha256_hex(std::string(1000000, 'a')), kMillion);
    EXPECT_EQ(sha256_hex(std::as_bytes(std::span("abc", 3))), kAbc);
}

TEST(Sha256, PiecesAreTheWhole)
{
    Sha256 hash;
    hash.update("");
    hash.update("a");
    hash.update(std::as_bytes(std::span("bc", 2)));
    EXPECT_EQ(hash.finish_hex(), kAbc);
    Sha256 many;
    for (std::size_t done = 0, size = 1; done < 1000000;
         done += size, size = std::min<std::size_t>(size % 131 + 1, 1000000 - done))
        many.update(std::string(size, 'a'));
    EXPECT_EQ(many.finish_hex(), kMillion);
}

TEST(Sha256, BeginsAnewAndMoves)
{
    Sha256 hash;
    hash.update("something");
    EXPECT_NE(hash.finish_hex(), kEmpty);
    EXPECT_EQ(hash.finish_hex(), kEmpty);
    hash.update("ab");
    Sha256 other = std::move(hash);
    other.update("c");
    EXPECT_EQ(other.finish_hex(), kAbc);
}

TEST(Sha256, OfFiles)
{
    const TemporaryFolder folder;
    EXPECT_EQ(sha256_hex_of_file(folder.write("empty", "")), kEmpty);
    EXPECT_EQ(sha256_hex_of_file(folder.write("abc", "abc")), kAbc);
    EXPECT_EQ(sha256_hex_of_file(folder.write("million", std::string(1000000, 'a'))), kMillion); // several pieces
    const std::string nul("a\0\r\n\xFF", 5);
    EXPECT_EQ(sha256_hex_of_file(folder.write("nul", nul)), sha256_hex(nul));
}

TEST(Sha256, FilesThatCannotBeRead)
{
    const TemporaryFolder folder;
    try {
        sha256_hex_of_file(folder / "none");
        ADD_FAILURE() << "a missing file has a hash";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::NotFound);
        EXPECT_THAT(error.message(), HasSubstr((folder / "none").string()));
    }
    try {
        sha256_hex_of_file(folder.path());
        ADD_FAILURE() << "a folder has a hash";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::BadInput);
        EXPECT_THAT(error.message(), HasSubstr(folder.path().string()));
    }
}

} // namespace
} // namespace kvw::testing
