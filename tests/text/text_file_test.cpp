// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/text_file.h"

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace kvw {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

class TextFileTest : public ::testing::Test
{
protected:
    std::filesystem::path write(const std::string& name, std::string_view bytes)
    {
        const std::filesystem::path path = folder_.path() / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    void expect_error(const std::filesystem::path& path, ErrorKind kind, const std::string& words)
    {
        try {
            read_text(path);
            ADD_FAILURE() << path << " was read";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), kind) << error.message();
            EXPECT_THAT(error.message(), HasSubstr(words));
            EXPECT_THAT(error.message(), HasSubstr(path.filename().string()));
            EXPECT_FALSE(error.hint().empty());
        }
    }

    TemporaryFolder folder_;
};

TEST_F(TextFileTest, PlainTextIsTakenAsItIs)
{
    const TextFile file = read_text(write("a.txt", "Zwei\r\nZeilen \xC3\xA4\n"));
    EXPECT_EQ(file.text, "Zwei\r\nZeilen \xC3\xA4\n");
    EXPECT_EQ(file.documents, 1);
}

TEST_F(TextFileTest, HashIsThatOfTheBytes)
{
    // The example of FIPS 180-2, appendix B.1.
    EXPECT_EQ(read_text(write("abc.txt", "abc")).hash,
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_NE(read_text(write("bom.txt",
                              "\xEF\xBB\xBF"
                              "abc"))
                  .hash,
              read_text(write("abc.txt", "abc")).hash);
}

TEST_F(TextFileTest, ByteOrderMarkIsLeftOut)
{
    EXPECT_EQ(read_text(write("bom.txt", "\xEF\xBB\xBFtext")).text, "text");
    EXPECT_EQ(read_text(write("bom.jsonl", "\xEF\xBB\xBF\"text\"\n")).text, "text");
    EXPECT_EQ(read_text(write("later.txt", "a\xEF\xBB\xBF")).text, "a\xEF\xBB\xBF");
}

TEST_F(TextFileTest, NulIsACharacter)
{
    EXPECT_EQ(read_text(write("nul.txt", std::string_view("a\0b", 3))).text, std::string("a\0b", 3));
}

TEST_F(TextFileTest, JsonLinesAreDocuments)
{
    const TextFile file = read_text(
        write("a.jsonl", "{\"id\": 1, \"text\": \"one\"}\r\n\n  \n\"two\\nlines\"\n\"\"\n{\"text\": \"three\"}"));
    EXPECT_EQ(file.text, "one\n\ntwo\nlines\n\nthree");
    EXPECT_EQ(file.documents, 3);
    EXPECT_EQ(read_text(write("b.JSON", "\"x\"")).text, "x");
}

TEST_F(TextFileTest, HalfSurrogatePairsBecomeReplacementCharacters)
{
    const auto text = [&](std::string_view json) { return read_text(write("s.jsonl", json)).text; };
    EXPECT_EQ(text(R"("a\ud83dz")"), "a\uFFFDz");
    EXPECT_EQ(text(R"("\ude00")"), "\uFFFD");
    EXPECT_EQ(text(R"("\ud83d\ud83d\ude00")"), "\uFFFD\U0001F600");
    EXPECT_EQ(text(R"("\uD83D\uDE00")"), "\U0001F600");
    EXPECT_EQ(text(R"("\\ud83d")"), "\\ud83d");
    EXPECT_EQ(text(R"("\\\ud83d\"")"), "\\\uFFFD\"");
}

TEST_F(TextFileTest, BrokenLinesAreNamed)
{
    expect_error(write("a.jsonl", "\"good\"\n{\"text\": 3}\n"), ErrorKind::BadInput,
                 "line 2: found number in \"text\"");
    expect_error(write("b.jsonl", "{\"words\": \"x\"}\n"), ErrorKind::BadInput,
                 "line 1: found an object without \"text\"");
    expect_error(write("c.jsonl", "\"a\"\n\n[1]\n"), ErrorKind::BadInput, "line 3: found array");
    expect_error(write("d.jsonl", "{\"text\": \"x\"\n"), ErrorKind::BadInput, "line 1: found no JSON value");
    expect_error(write("e.jsonl", "\"\\ud8\"\n"), ErrorKind::BadInput, "line 1");
}

TEST_F(TextFileTest, NothingThereIsAnError)
{
    expect_error(folder_.path() / "missing.txt", ErrorKind::NotFound, "no such file");
    expect_error(folder_.path(), ErrorKind::BadInput, "is a folder");
    expect_error(write("empty.txt", ""), ErrorKind::BadInput, "holds no text");
    expect_error(write("mark.txt", "\xEF\xBB\xBF"), ErrorKind::BadInput, "holds no text");
    expect_error(write("blank.jsonl", "\n\"\"\n"), ErrorKind::BadInput, "holds no text");
}

TEST_F(TextFileTest, InvalidUtf8IsNamedByItsOffset)
{
    expect_error(write("latin.txt", "caf\xE9 au lait"), ErrorKind::BadInput, "not valid UTF-8 at byte 3 (0xE9)");
    expect_error(write("cut.txt", "ab\xE2\x82"), ErrorKind::BadInput, "at byte 2");
    expect_error(write("marked.txt", "\xEF\xBB\xBF\xFF"), ErrorKind::BadInput, "at byte 3");
    expect_error(write("surrogate.txt", "\xED\xA0\x80"), ErrorKind::BadInput, "at byte 0");
    expect_error(write("wide.txt", std::string_view("\xFF\xFEh\0i\0", 6)), ErrorKind::BadInput, "looks like UTF-16");
}

} // namespace
} // namespace kvw
