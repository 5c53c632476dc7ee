// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenised_text.h"

#include "core/base/environment.h"
#include "core/text/text_file.h"
#include "tests/tokenizer/tokenizer_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <thread>

namespace kvw {
namespace {

using namespace tokenizer_test;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnAllocator = true; // which keeps what was freed
#else
constexpr bool kOwnAllocator = false;
#endif

Json digits_and_bytes()
{
    return byte_level_kind({{"type", "Sequence"},
                            {"pretokenizers",
                             {{{"type", "Digits"}, {"individual_digits", true}},
                              {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}}}});
}

class TokenisedTextTest : public ::testing::Test
{
protected:
    std::filesystem::path write(const std::string& name, std::string_view bytes)
    {
        const std::filesystem::path path = folder_.path() / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    /// About so many MB of `line` again and again.
    std::filesystem::path write_large(const std::string& name, const std::string& line, std::size_t megabytes)
    {
        const std::filesystem::path path = folder_.path() / name;
        std::ofstream file(path, std::ios::binary);
        std::string block;
        while (block.size() < (1u << 20))
            block += line;
        for (std::size_t i = 0; i < megabytes; ++i)
            file << block;
        return path;
    }

    testing::TemporaryFolder folder_;
};

TEST_F(TokenisedTextTest, AnyPieceSizeGivesTheSameAsTheWhole)
{
    const Tokenizer tokenizer = load(digits_and_bytes());
    std::mt19937 random(3);
    for (int i = 0; i < 10; ++i) {
        const std::string text = "\xEF\xBB\xBF" + hostile_text(random, 80);
        const std::filesystem::path plain = write("a.txt", text);
        std::string lines;
        for (int k = 0; k < 9; ++k)
            lines += (k % 2 == 0 ? Json(hostile_text(random, k * 3)) : Json{{"text", hostile_text(random, 4)}}).dump()
                + (k % 3 == 0 ? "\r\n\n" : "\n");
        for (const std::filesystem::path& file : {plain, write("a.jsonl", lines)}) {
            const TextFile whole = read_text(file);
            const std::vector<TokenId> ids = tokenizer.encode(whole.text);
            for (const std::size_t size : {1, 2, 3, 5, 8, 64, 4096}) {
                const TokenisedText got = tokenise(tokenizer, file, 0, size);
                EXPECT_EQ(got.tokens, ids) << size;
                EXPECT_EQ(got.hash, whole.hash);
                EXPECT_EQ(got.hash, sha256_hex(read_bytes(file)));
                EXPECT_EQ(got.bytes, static_cast<std::int64_t>(std::filesystem::file_size(file)));
                EXPECT_EQ(got.name, file.filename());
                const TokenisedText some = tokenise(tokenizer, file, 7, size);
                EXPECT_EQ(some.tokens, std::vector<TokenId>(ids.begin(), ids.begin() + 7));
                EXPECT_EQ(some.hash, whole.hash) << "of the whole file, however little is needed";
                EXPECT_EQ(some.bytes, got.bytes);
            }
        }
    }
}

TEST_F(TokenisedTextTest, MillionsOfTokensAreThoseOfTheWhole)
{
    const Tokenizer tokenizer = load(digits_and_bytes());
    std::mt19937 random(4);
    std::string text;
    while (text.size() < 4'000'000)
        text += hostile_text(random, 50) + "word" + std::to_string(random() % 1000) + " ";
    const std::vector<TokenId> wanted = tokenizer.encode(text);
    ASSERT_GT(wanted.size(), 2u << 20) << "more than are stored together";
    const std::filesystem::path file = write("a.txt", text);
    EXPECT_TRUE(tokenise(tokenizer, file, 0).tokens == wanted);
    const std::size_t limit = (3u << 19) + 7;
    EXPECT_TRUE(tokenise(tokenizer, file, static_cast<std::int64_t>(limit)).tokens
                == std::vector<TokenId>(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(limit)));
}

TEST_F(TokenisedTextTest, WhatIsNotNeededIsStillUtf8ButNotParsed)
{
    const Tokenizer tokenizer = load(digits_and_bytes());
    std::string text;
    while (text.size() < 1000)
        text += "word ";
    const std::size_t offset = text.size();
    for (const std::size_t size : {1, 3, 64, 4096})
        expect_error([&] { tokenise(tokenizer, write("late.txt", text + "\xE9 end"), 4, size); }, ErrorKind::BadInput,
                     "late.txt: not valid UTF-8 at byte " + std::to_string(offset) + " (0xE9)");
    const std::filesystem::path lines = write("a.jsonl", "\"one two three four five six\"\n\"more\"\n{\"text\": 3}\n");
    EXPECT_EQ(tokenise(tokenizer, lines, 2, 16).tokens.size(), 2u);
    for (const std::size_t size : {1, 16, 4096})
        expect_error([&] { tokenise(tokenizer, lines, 0, size); }, ErrorKind::BadInput,
                     "line 3: found number in \"text\"");
}

TEST_F(TokenisedTextTest, ErrorsAreSentences)
{
    const Tokenizer tokenizer = load(digits_and_bytes());
    const auto fails = [&](const std::filesystem::path& file, ErrorKind kind, const std::string& words) {
        for (const std::size_t size : {1, 2, 4096})
            expect_error([&] { tokenise(tokenizer, file, 0, size); }, kind, words);
    };
    fails(folder_.path() / "missing.txt", ErrorKind::NotFound, "no such file");
    fails(folder_.path(), ErrorKind::BadInput, "is a folder");
    fails(write("empty.txt", ""), ErrorKind::BadInput, "holds no text");
    fails(write("mark.txt", "\xEF\xBB\xBF"), ErrorKind::BadInput, "holds no text");
    fails(write("blank.jsonl", "\n\"\"\n"), ErrorKind::BadInput, "holds no text");
    fails(write("one.txt", "a"), ErrorKind::BadInput, "has 1 token(s)");
    fails(write("cut.txt", "ab\xE2\x82"), ErrorKind::BadInput, "at byte 2 (0xE2)");
    fails(write("marked.txt", "\xEF\xBB\xBF\xFF"), ErrorKind::BadInput, "at byte 3");
    fails(write("wide.txt", std::string_view("\xFF\xFEh\0i\0", 6)), ErrorKind::BadInput, "looks like UTF-16");
    expect_error([&] { tokenise(tokenizer, write("a.txt", "text"), -1); }, ErrorKind::InvalidArgument, "-1 tokens");
}

TEST_F(TokenisedTextTest, PipesAreReadOnce)
{
    const Tokenizer tokenizer = load(digits_and_bytes());
    std::string text;
    while (text.size() < 300'000)
        text += "the cat and 23 dogs ";
    const std::filesystem::path pipe = folder_.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    for (const std::int64_t limit : {0, 100}) {
        std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << text; });
        const TokenisedText got = tokenise(tokenizer, pipe, limit);
        writer.join();
        EXPECT_EQ(got.hash, sha256_hex(text));
        EXPECT_EQ(got.bytes, static_cast<std::int64_t>(text.size()));
        std::vector<TokenId> wanted = tokenizer.encode(text);
        if (limit > 0)
            wanted.resize(static_cast<std::size_t>(limit));
        EXPECT_EQ(got.tokens, wanted);
    }
}

TEST_F(TokenisedTextTest, HashAndTextAreOfTheSameBytesWhenTheFileChanges)
{
    const std::filesystem::path file = write("log.txt", std::string(100'000, 'a'));
    TextReader reader(file, 1000);
    std::string text(reader.next());
    std::ofstream(file, std::ios::binary | std::ios::app) << std::string(5000, 'b');
    for (std::string_view piece = reader.next(); !piece.empty(); piece = reader.next())
        text += piece;
    EXPECT_EQ(text, std::string(100'000, 'a') + std::string(5000, 'b'));
    EXPECT_EQ(reader.hash(), sha256_hex(text));

    TextReader shortened(file, 1000);
    text = shortened.next();
    std::filesystem::resize_file(file, 10);
    for (std::string_view piece = shortened.next(); !piece.empty(); piece = shortened.next())
        text += piece;
    EXPECT_LT(text.size(), 105'000u);
    EXPECT_EQ(shortened.hash(), sha256_hex(text));
    EXPECT_EQ(shortened.file_bytes(), static_cast<std::int64_t>(text.size()));
}

/// Growth of the resident set while a file is read, at its highest.
std::int64_t peak_growth(const Tokenizer& tokenizer, const std::filesystem::path& file, std::int64_t limit,
                         std::size_t& tokens)
{
    tokenise(tokenizer, file, 100); // what is made at the first use counts for no text
    if (!reset_peak_resident_memory())
        return -1;
    const ResidentMemory before = resident_memory();
    tokens = tokenise(tokenizer, file, limit).tokens.size();
    return resident_memory().peak_bytes - before.current_bytes;
}

TEST_F(TokenisedTextTest, MemoryDoesNotGrowWithTheFile)
{
    if (kOwnAllocator)
        GTEST_SKIP() << "the sanitizer's allocator keeps what was freed";
    constexpr std::int64_t kBound = 12 << 20; // the files have 32 MB
    const std::string line = "The cat and the dog, 1234 of them, walked there\u2019s end.\n";
    Json llama2 = underline_kind(true);
    llama2["normalizer"] = prepend_and_replace();
    const Tokenizer underline = load(llama2);
    const Tokenizer bytes = load(digits_and_bytes());
    const std::filesystem::path plain = write_large("a.txt", line, 32);
    const std::filesystem::path one_line = write_large("line.txt", "The cat and the dog, 1234 of them, walked ", 32);
    const std::filesystem::path documents = write_large("a.jsonl", Json{{"text", line + line}}.dump() + "\n", 32);
    for (const Tokenizer* tokenizer : {&bytes, &underline}) {
        for (const std::filesystem::path& file : {plain, one_line, documents}) {
            SCOPED_TRACE(file.filename());
            std::size_t tokens = 0;
            const std::int64_t first = peak_growth(*tokenizer, file, 16384, tokens);
            if (first < 0)
                GTEST_SKIP() << "this system does not reset the high-water mark of the resident set";
            EXPECT_EQ(tokens, 16384u);
            EXPECT_LT(first, kBound);
        }
        std::size_t tokens = 0;
        const std::int64_t all = peak_growth(*tokenizer, tokenizer == &bytes ? plain : documents, 0, tokens);
        EXPECT_GT(tokens, 3'000'000u);
        EXPECT_LT(all, static_cast<std::int64_t>(8 * tokens) + kBound) << "4 bytes a token, twice at the end";
    }
}

TEST_F(TokenisedTextTest, TextWithoutASafeCutIsKeptAndRight)
{
    // One word of some hundred kB: the tokenizer has to see its end. Letters that no merge joins, and one that merges do.
    const Tokenizer tokenizer = load(digits_and_bytes());
    std::mt19937 random(5);
    std::string letters;
    for (int i = 0; i < 200'000; ++i)
        letters += i % 1000 == 0 ? "\u4F60" : std::string(1, static_cast<char>('a' + random() % 26));
    for (const std::string& text : {letters, std::string(1 << 19, 'a'), std::string(1 << 19, ' ')})
        EXPECT_EQ(tokenise(tokenizer, write("word.txt", text), 0, 100).tokens, tokenizer.encode(text));
}

} // namespace
} // namespace kvw
