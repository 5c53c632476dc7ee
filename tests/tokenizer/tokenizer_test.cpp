// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

#include "core/base/error.h"
#include "tests/tokenizer/tokenizer_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace kvw {
namespace {

using namespace tokenizer_test;
using ::testing::ElementsAre;

TEST(Tokenizer, MergesOfLowestRankGoFirst)
{
    // "b c" is the first rule, so "abc" becomes a + bc although "a b" would fit further left.
    const Tokenizer tokenizer =
        load(words_json({"a", "b", "c", "ab", "bc", "abc", "bcbc"}, {"b c", "a b", "bc bc", "a bc"}));
    EXPECT_THAT(tokens(tokenizer, "ab"), ElementsAre("ab"));
    EXPECT_THAT(tokens(tokenizer, "abc"), ElementsAre("abc"));
    EXPECT_THAT(tokens(tokenizer, "abcbc"), ElementsAre("a", "bcbc"));
    EXPECT_THAT(tokens(tokenizer, ""), ElementsAre());
}

TEST(Tokenizer, EqualMergesGoLeftmostFirst)
{
    const Tokenizer tokenizer = load(words_json({"a", "aa", "aaaa"}, {"a a", "aa aa"}));
    EXPECT_THAT(tokens(tokenizer, "aaa"), ElementsAre("aa", "a"));
    EXPECT_THAT(tokens(tokenizer, "aaaaaaa"), ElementsAre("aaaa", "aa", "a"));
}

TEST(Tokenizer, BothSpellingsOfMerges)
{
    Json json = words_json({"a", "b", "ab"}, {});
    json["model"]["merges"] = Json::array({Json::array({"a", "b"})});
    EXPECT_THAT(tokens(load(json), "abab"), ElementsAre("ab", "ab"));
    json["model"]["merges"] = Json::array({"#version: 0.2", "a b"});
    EXPECT_THAT(tokens(load(json), "abab"), ElementsAre("ab", "ab"));
}

TEST(Tokenizer, WholeWordsBeforeMergesWhenAsked)
{
    Json json = words_json({"a", "b", "c", "bc", "abc"}, {"b c"});
    EXPECT_THAT(tokens(load(json), "abc"), ElementsAre("a", "bc"));
    json["model"]["ignore_merges"] = true;
    EXPECT_THAT(tokens(load(json), "abc"), ElementsAre("abc"));
    EXPECT_THAT(tokens(load(json), "abcc"), ElementsAre("a", "bc", "c"));
}

TEST(Tokenizer, UnknownCharacters)
{
    Json json = words_json({"a", "?", "<0xC3>", "<0xA4>"}, {});
    EXPECT_THAT(tokens(load(json), "axya"), ElementsAre("a", "a"));
    json["model"]["unk_token"] = "?";
    EXPECT_THAT(tokens(load(json), "axyax"), ElementsAre("a", "?", "?", "a", "?"));
    json["model"]["fuse_unk"] = true;
    EXPECT_THAT(tokens(load(json), "axyax"), ElementsAre("a", "?", "a", "?"));
    json["model"]["byte_fallback"] = true;
    EXPECT_THAT(tokens(load(json), "a\u00E4\u00E5"), ElementsAre("a", "<0xC3>", "<0xA4>", "?"));
}

TEST(Tokenizer, ByteLevelThereAndBack)
{
    const Tokenizer tokenizer = load(byte_level_json());
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += static_cast<char>(i % 128);
    text += "\u00E4\u4F60\U0001F468\u200D\U0001F469 e\u0301\r\n\n  x\u00A0";
    const std::vector<TokenId> ids = tokenizer.encode(text);
    EXPECT_EQ(ids.size(), text.size());
    EXPECT_EQ(tokenizer.decode(ids), text);
    std::string joined;
    for (const TokenId id : ids)
        joined += tokenizer.token_bytes(id);
    EXPECT_EQ(joined, text);
}

TEST(Tokenizer, PartsOfCharactersDecodeToReplacements)
{
    const Tokenizer tokenizer = load(byte_level_json());
    const std::vector<TokenId> ids = tokenizer.encode("a\u20ACb"); // the euro sign has three bytes
    ASSERT_EQ(ids.size(), 5u);
    EXPECT_EQ(tokenizer.decode(std::span(ids).first(3)), "a\uFFFD");
    EXPECT_EQ(tokenizer.decode(std::span(ids).subspan(3)), "\uFFFDb");
    EXPECT_EQ(tokenizer.token_bytes(ids[1]), "\xE2");
    EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{-1, 100000, ids[0]}), "a");
    EXPECT_EQ(tokenizer.token_bytes(-1), "");
}

TEST(Tokenizer, WithoutADecoderTokensAreJoinedBySpaces)
{
    const Tokenizer tokenizer = load(words_json({"a", "b"}, {}));
    EXPECT_EQ(tokenizer.decode(tokenizer.encode("aba")), "a b a");
}

TEST(Tokenizer, DecoderOfLlama2)
{
    Json json = words_json({"\u2581a", "b", "<0xC3>", "<0xA4>", "\u2581", "a"}, {"\u2581 a"});
    json["normalizer"] = {{"type", "Sequence"},
                          {"normalizers",
                           {{{"type", "Prepend"}, {"prepend", "\u2581"}},
                            {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}};
    json["model"]["byte_fallback"] = true;
    json["decoder"] = {{"type", "Sequence"},
                       {"decoders",
                        {{{"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}},
                         {{"type", "ByteFallback"}},
                         {{"type", "Fuse"}},
                         {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}};
    const Tokenizer tokenizer = load(json);
    const std::vector<TokenId> ids = tokenizer.encode("ab a\u00E4  b");
    EXPECT_THAT(tokens(tokenizer, "ab a\u00E4  b"), ElementsAre(" a", "b", " a", "\xC3", "\xA4", " ", " ", "b"));
    EXPECT_EQ(tokenizer.decode(ids), "ab a\u00E4  b");
    EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{ids[3], ids[1]}), "\uFFFDb");
    EXPECT_EQ(tokenizer.token_bytes(ids[3]), "\xC3");
    EXPECT_EQ(tokenizer.token_bytes(ids[2]), " a");
}

TEST(Tokenizer, TemplateOfThePostProcessor)
{
    Json json = words_json({"a", "<s>", "</s>"}, {});
    const Json special = {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}},
                          {"</s>", {{"id", "</s>"}, {"ids", {2}}, {"tokens", {"</s>"}}}}};
    const Json bos = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}};
    const Json eos = {{"SpecialToken", {{"id", "</s>"}, {"type_id", 0}}}};
    const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    json["post_processor"] = {{"type", "Sequence"},
                              {"processors",
                               {{{"type", "ByteLevel"}},
                                {{"type", "TemplateProcessing"},
                                 {"single", {bos, text, eos}},
                                 {"pair", Json::array()},
                                 {"special_tokens", special}}}}};
    const Tokenizer tokenizer = load(json);
    EXPECT_THAT(tokenizer.encode("aa"), ElementsAre(0, 0));
    EXPECT_THAT(tokenizer.encode("aa", Tokenizer::SpecialTokens::AsConfigured), ElementsAre(1, 0, 0, 2));
    EXPECT_THAT(tokenizer.encode("", Tokenizer::SpecialTokens::AsConfigured), ElementsAre(1, 2));
}

TEST(Tokenizer, TextMustBeUtf8)
{
    const Tokenizer tokenizer = load(byte_level_json());
    expect_error([&] { tokenizer.encode("abc\xFFz"); }, ErrorKind::BadInput, "not valid UTF-8 at byte 3");
    expect_error([&] { tokenizer.encode("\xED\xA0\x80"); }, ErrorKind::BadInput, "at byte 0");
}

TEST(Tokenizer, SizeIsOneMoreThanTheLargestId)
{
    Json json = words_json({"a", "b"}, {});
    EXPECT_EQ(load(json).size(), 2);
    json["added_tokens"] = {{{"id", 9}, {"content", "<x>"}, {"special", true}}};
    const Tokenizer tokenizer = load(json);
    EXPECT_EQ(tokenizer.size(), 10);
    EXPECT_EQ(tokenizer.id_of("<x>"), 9);
    EXPECT_EQ(tokenizer.id_of("b"), 1);
    EXPECT_EQ(tokenizer.id_of("c"), std::nullopt);
    EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{5}), "");
}

TEST(Tokenizer, LongWordsTakeAboutLinearTime)
{
    // Quadratic merging would take hours for this, and ctest's limit end it.
    Json json = byte_level_json();
    json["model"]["vocab"]["aa"] = 256;
    json["model"]["vocab"]["aaaa"] = 257;
    json["model"]["vocab"]["ab"] = 258;
    json["model"]["merges"] = {"a a", "aa aa", "a b"};
    const Tokenizer tokenizer = load(json);
    const std::string text(1 << 20, 'a');
    EXPECT_EQ(tokenizer.encode(text).size(), text.size() / 4);
}

TEST(Tokenizer, ManyThreadsGiveTheSame)
{
    const Tokenizer tokenizer = load(byte_level_json());
    const std::string text = "Some words, 123 numbers \u00E4\u00F6 and  spaces.\n";
    const std::vector<TokenId> wanted = tokenizer.encode(text);
    std::vector<int> equal(4, 0);
    std::vector<std::thread> threads;
    threads.reserve(equal.size());
    for (int& count : equal) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i)
                count += tokenizer.encode(text) == wanted && tokenizer.decode(wanted) == text;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_THAT(equal, ::testing::Each(200));
}

} // namespace
} // namespace kvw
