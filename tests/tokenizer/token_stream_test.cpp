// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_stream.h"

#include "tests/tokenizer/tokenizer_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using namespace tokenizer_test;
using ::testing::ElementsAre;

constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kCased =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}{1,3})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// The text in parts of about so many bytes, whole characters.
std::vector<std::string> cut(const std::string& text, std::size_t bytes)
{
    std::vector<std::string> parts;
    for (const std::string& character : characters_of(text)) {
        if (parts.empty() || parts.back().size() >= bytes)
            parts.emplace_back();
        parts.back() += character;
    }
    return parts;
}

std::vector<TokenId> in_parts(const Tokenizer& tokenizer, const std::vector<std::string>& parts, std::int64_t limit = 0)
{
    TokenStream stream(tokenizer, limit);
    for (const std::string& part : parts)
        stream.push(part);
    return stream.finish();
}

/// Whole and in parts of many sizes, on hostile texts; the cases that were looked at.
int expect_same(const Tokenizer& tokenizer, int texts = 40)
{
    std::mt19937 random(7);
    int cases = 0;
    for (int i = 0; i < texts; ++i) {
        const std::string text = hostile_text(random, 1 + random() % 60);
        const std::vector<TokenId> whole = tokenizer.encode(text);
        for (const std::size_t size : {1, 2, 3, 5, 8, 13, 40, 100}) {
            if (in_parts(tokenizer, cut(text, size)) != whole) {
                ADD_FAILURE() << "parts of " << size << " bytes: " << Json(text).dump();
                return cases;
            }
            ++cases;
        }
        const std::size_t limit = 1 + random() % (whole.size() + 2);
        std::vector<TokenId> first = whole;
        first.resize(std::min(limit, first.size()));
        EXPECT_EQ(in_parts(tokenizer, cut(text, 1 + random() % 9), static_cast<std::int64_t>(limit)), first);
    }
    return cases;
}

void expect_same(const Json& json, bool streams = true)
{
    const Tokenizer tokenizer = load(json);
    EXPECT_EQ(TokenStream(tokenizer).streams(), streams);
    EXPECT_EQ(expect_same(tokenizer), 320);
}

Json split(const Json& pattern, const std::string& behaviour, bool invert)
{
    return {{"type", "Split"}, {"pattern", pattern}, {"behavior", behaviour}, {"invert", invert}};
}

Json byte_level(bool prefix, bool regex)
{
    return {{"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"use_regex", regex}};
}

Json sequence(const std::vector<Json>& parts) { return {{"type", "Sequence"}, {"pretokenizers", parts}}; }

Json digits(bool individual) { return {{"type", "Digits"}, {"individual_digits", individual}}; }

TEST(TokenStream, ByteLevelKinds)
{
    for (const bool prefix : {false, true})
        expect_same(byte_level_kind(byte_level(prefix, true)));
    for (const bool individual : {false, true}) {
        expect_same(byte_level_kind(sequence({digits(individual), byte_level(false, true)})));
        expect_same(byte_level_kind(sequence({digits(individual), byte_level(true, true)})));
    }
    Json llama3 = byte_level_kind(sequence({split({{"Regex", kLlama3}}, "Isolated", false), byte_level(false, false)}));
    expect_same(llama3);
    llama3["model"]["ignore_merges"] = true;
    expect_same(llama3);
    expect_same(byte_level_kind(sequence({split({{"Regex", kCased}}, "Removed", true), byte_level(false, false)})));
    expect_same(byte_level_kind(sequence({split({{"Regex", R"(\p{N}{3})"}}, "Contiguous", false), digits(true),
                                          split({{"Regex", R"(\s+)"}}, "MergedWithNext", false),
                                          split({{"Regex", kLlama3}}, "Isolated", false), byte_level(false, false)})));
}

TEST(TokenStream, EverySplitOfEveryBehaviour)
{
    const std::vector<Json> patterns = {{{"Regex", R"(\s+)"}},
                                        {{"Regex", R"([\p{L}-])"}},
                                        {{"String", "e"}},
                                        {{"String", "the"}},
                                        {{"Regex", R"(\w\d?)"}},
                                        {{"Regex", R"([^\w])"}},
                                        {{"Regex", R"(\p{Lu}*)"}},
                                        {{"Regex", R"(^[A-Z]|[.]$)"}},
                                        {{"Regex", R"([\S]{3}[\s\S])"}},
                                        {{"Regex", R"(\h{2}|\W+)"}},
                                        {{"Regex", R"([\p{M}\p{P}\p{S}\p{Z}])"}}};
    for (const Json& pattern : patterns) {
        for (const char* behaviour : {"Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"}) {
            for (const bool invert : {false, true}) {
                SCOPED_TRACE(pattern.dump() + behaviour);
                expect_same(byte_level_kind(sequence({split(pattern, behaviour, invert), byte_level(false, false)})));
            }
        }
    }
}

TEST(TokenStream, PatternsThatLookAround)
{
    for (const char* pattern :
         {R"((?<=\n)\S+)", R"((?<!a)b|(?<=(?<=a)a)a+)", R"(\A\S+)", R"((?<=\A.)\S)", R"(\s+\z|\S+\Z)", R"(^$)", R"($)",
          R"(a(?=b)|a(?!a))", R"((?=[A-Z]))", R"(.*?the)", R"([\s\S]*)", R"((?>\s+)\S|.)", R"(\S+(?=.*z))",
          R"((?i)AND\s*)", R"(()|a)", R"((?<=\s)$)", R"((?<=^a)b)"}) {
        for (const char* behaviour : {"Isolated", "MergedWithPrevious", "Contiguous"}) {
            SCOPED_TRACE(pattern);
            expect_same(
                byte_level_kind(sequence({split({{"Regex", pattern}}, behaviour, false), byte_level(false, false)})));
        }
    }
}

TEST(TokenStream, UnderlineKinds)
{
    for (const bool within_words : {false, true}) {
        Json llama2 = underline_kind(within_words);
        llama2["normalizer"] = prepend_and_replace();
        expect_same(llama2);
        add_tokens(llama2);
        expect_same(llama2);
    }
    for (const char* scheme : {"always", "first", "never"}) {
        for (const bool cuts : {false, true}) {
            Json json = underline_kind(true);
            json["pre_tokenizer"] = {{"type", "Metaspace"}, {"prepend_scheme", scheme}, {"split", cuts}};
            expect_same(json);
            add_tokens(json);
            expect_same(json);
            json["pre_tokenizer"] = sequence({{{"type", "WhitespaceSplit"}}, json["pre_tokenizer"]});
            expect_same(json);
        }
    }
}

TEST(TokenStream, WordsThatAreEntriesAsAWhole)
{
    // No merge makes the entries "the\u2581a", "\u2581ab" and "\u2581the\u2581": only a whole word is one.
    Json json = underline_kind(true);
    TokenId id = 10'000;
    for (const char* entry : {"the\u2581a", "\u2581ab", "\u2581a", "\u2581the\u2581", "\u2581the", "\u2581word"}) {
        if (!json["model"]["vocab"].contains(entry))
            json["model"]["vocab"][entry] = id++;
    }
    json["model"]["ignore_merges"] = true;
    json["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}};
    expect_same(json);
    const Tokenizer tokenizer = load(json);
    for (const char* text :
         {"the a", " ab", " the ", " the", "there is a cat and the word and then there is ab ab ab ab",
          "then a word was the end of a word that was long and the a and the a", "a ab a ab word word"}) {
        for (const std::size_t size : {1, 2, 3, 7, 20}) {
            for (const char* more : {"", " ab", " the", " word", " a"}) {
                const std::string whole = std::string(text) + more;
                EXPECT_EQ(in_parts(tokenizer, cut(whole, size)), tokenizer.encode(whole)) << whole;
            }
        }
    }
}

TEST(TokenStream, UnknownCharacters)
{
    for (const bool fuse : {false, true}) {
        for (const bool bytes : {false, true}) {
            Json json = underline_kind(true);
            json["normalizer"] = prepend_and_replace();
            json["model"]["fuse_unk"] = fuse;
            json["model"]["byte_fallback"] = bytes;
            json["model"]["vocab"].erase("<0xE5>"); // of the unknown character: bytes and then unknown
            expect_same(json);
            json["model"].erase("unk_token");
            expect_same(json);
        }
    }
}

TEST(TokenStream, Normalisers)
{
    for (const char* pattern : {R"(\s+)", R"(a|aa+b)", R"(\s+$|^\s)", R"((?<=t)h)", R"(\p{M}*)"}) {
        Json json = underline_kind(false);
        json["normalizer"] = {{"type", "Sequence"},
                              {"normalizers",
                               {{{"type", "Replace"}, {"pattern", {{"Regex", pattern}}}, {"content", ""}},
                                {{"type", "Prepend"}, {"prepend", "ab"}},
                                {{"type", "Replace"}, {"pattern", {{"Regex", "a+|the"}}}, {"content", " a"}}}}};
        expect_same(json);
        add_tokens(json);
        expect_same(json);
    }
}

TEST(TokenStream, AddedTokens)
{
    Json json = byte_level_kind(byte_level(false, true));
    add_tokens(json);
    expect_same(json);
    json["pre_tokenizer"] = byte_level(true, true);
    expect_same(json);
    for (Json& token : json["added_tokens"])
        token["normalized"] = true;
    json["normalizer"] = {{"type", "Replace"}, {"pattern", {{"Regex", " +"}}}, {"content", " "}};
    expect_same(json);
}

TEST(TokenStream, WhatOnlyTheWholeDecidesIsKept)
{
    const auto with = [](const char* pattern) {
        return byte_level_kind(sequence({split({{"Regex", pattern}}, "Isolated", false), byte_level(false, false)}));
    };
    expect_same(with(R"(\G\S)"), false);
    expect_same(with(R"(a\Kb|\s+)"), false);
    expect_same(with(R"(\R+|\S+)"), false);
    Json json = underline_kind(true);
    json["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "__"}, {"prepend_scheme", "always"}};
    expect_same(json, false);
    json["pre_tokenizer"] = nullptr;
    json["normalizer"] = {{"type", "Replace"}, {"pattern", {{"Regex", R"(\Ga)"}}}, {"content", "b"}};
    expect_same(json, false);
}

TEST(TokenStream, StopsAtTheLimit)
{
    const Tokenizer tokenizer = load(byte_level_kind(sequence({digits(true), byte_level(false, true)})));
    TokenStream stream(tokenizer, 5);
    int pushed = 0;
    for (; pushed < 1000 && !stream.full(); ++pushed)
        stream.push("Some 1 ");
    EXPECT_LT(pushed, 10) << "a text without end must not be needed";
    std::string text;
    for (int i = 0; i < pushed; ++i)
        text += "Some 1 ";
    std::vector<TokenId> wanted = tokenizer.encode(text);
    wanted.resize(5);
    EXPECT_EQ(stream.finish(), wanted);
}

TEST(TokenStream, EmptyAndBroken)
{
    const Tokenizer tokenizer = load(byte_level_json());
    EXPECT_TRUE(TokenStream(tokenizer).finish().empty());
    TokenStream stream(tokenizer);
    stream.push("");
    stream.push("ab");
    stream.push("");
    expect_error([&] { stream.push("c\xFF"); }, ErrorKind::BadInput, "not valid UTF-8 at byte 3");
    EXPECT_THAT(stream.finish(), ElementsAre('a', 'b'));
    expect_error([&] { TokenStream(tokenizer, -1); }, ErrorKind::InvalidArgument, "-1 tokens");
}

} // namespace
} // namespace kvw
