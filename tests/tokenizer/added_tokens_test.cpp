// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_tokens.h"

#include "tests/tokenizer/tokenizer_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using namespace tokenizer_test;
using ::testing::ElementsAre;

struct Flags
{
    bool single_word = false;
    bool lstrip = false;
    bool rstrip = false;
    bool normalized = false;
    bool special = false;
};

Json added(int id, const std::string& content, Flags flags = {})
{
    return {{"id", id},
            {"content", content},
            {"single_word", flags.single_word},
            {"lstrip", flags.lstrip},
            {"rstrip", flags.rstrip},
            {"normalized", flags.normalized},
            {"special", flags.special}};
}

Tokenizer with(const Json& tokens)
{
    Json json = byte_level_json();
    json["added_tokens"] = tokens;
    return load(json);
}

/// Ids of added tokens as they are, runs of ordinary bytes as -length.
std::vector<int> shape(const Tokenizer& tokenizer, const std::string& text)
{
    std::vector<int> out;
    for (const TokenId id : tokenizer.encode(text)) {
        if (id >= 256)
            out.push_back(id);
        else if (!out.empty() && out.back() < 0)
            --out.back();
        else
            out.push_back(-1);
    }
    return out;
}

TEST(AddedTokens, LeftmostThenLongest)
{
    const Tokenizer tokenizer =
        with(Json::array({added(300, "<a>"), added(301, "<a><b>"), added(302, "b><c"), added(303, "")}));
    EXPECT_THAT(shape(tokenizer, "x<a>y"), ElementsAre(-1, 300, -1));
    EXPECT_THAT(shape(tokenizer, "<a><b><c"), ElementsAre(301, -2));
    EXPECT_THAT(shape(tokenizer, "<a><b"), ElementsAre(300, -2));
    EXPECT_THAT(shape(tokenizer, "<b><c"), ElementsAre(-1, 302));
    EXPECT_THAT(shape(tokenizer, "<a"), ElementsAre(-2));
    EXPECT_THAT(shape(tokenizer, "<a><a>"), ElementsAre(300, 300));
}

TEST(AddedTokens, SingleWords)
{
    const Tokenizer tokenizer = with(Json::array({added(300, "cat", {.single_word = true})}));
    EXPECT_THAT(shape(tokenizer, "cat"), ElementsAre(300));
    EXPECT_THAT(shape(tokenizer, "a cat!"), ElementsAre(-2, 300, -1));
    EXPECT_THAT(shape(tokenizer, "cats"), ElementsAre(-4));
    EXPECT_THAT(shape(tokenizer, "_cat"), ElementsAre(-4));
    EXPECT_THAT(shape(tokenizer, "\u00E4cat"), ElementsAre(-5));
    EXPECT_THAT(shape(tokenizer, "cat\u2014cat\u0301"), ElementsAre(300, -8));
}

TEST(AddedTokens, StripsTakeSpaceWithThem)
{
    const Tokenizer tokenizer =
        with(Json::array({added(300, "<l>", {.lstrip = true}), added(301, "<r>", {.rstrip = true})}));
    EXPECT_THAT(shape(tokenizer, "a \u3000\n<l> b"), ElementsAre(-1, 300, -2));
    EXPECT_THAT(shape(tokenizer, "a <r> \t b"), ElementsAre(-2, 301, -1));
    EXPECT_THAT(shape(tokenizer, "<r>  <l>"), ElementsAre(301, 300));
}

TEST(AddedTokens, SpecialOnesAreLeftOutWhenAsked)
{
    const Tokenizer tokenizer = with(Json::array({added(300, "<s>", {.special = true}), added(301, "<t>")}));
    const std::vector<TokenId> ids = tokenizer.encode("<s>a<t>");
    EXPECT_EQ(tokenizer.decode(ids), "<s>a<t>");
    EXPECT_EQ(tokenizer.decode(ids, Tokenizer::OnSpecial::Skip), "a<t>");
    EXPECT_EQ(tokenizer.token_bytes(300), "<s>");
}

TEST(AddedTokens, NormalisedOnesAreSearchedInTheNormalisedText)
{
    Json json = byte_level_json();
    json["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", "x"}}}, {"content", "y"}};
    json["added_tokens"] = Json::array({added(300, "<x>", {.normalized = true}), added(301, "[x]"), added(302, "[y]")});
    const Tokenizer tokenizer = load(json);
    EXPECT_THAT(shape(tokenizer, "<x>"), ElementsAre(300));
    EXPECT_THAT(shape(tokenizer, "<y>"), ElementsAre(300));
    EXPECT_THAT(shape(tokenizer, "[x]"), ElementsAre(301));
    EXPECT_THAT(shape(tokenizer, "[y]"), ElementsAre(302));
    EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{300, 301}), "<y>[x]");
    EXPECT_EQ(tokenizer.id_of("<x>"), 300);
}

TEST(AddedTokens, EntriesOfTheVocabularyKeepTheirId)
{
    Json json = words_json({"a", "b", "ab"}, {"a b"});
    json["added_tokens"] = Json::array({added(1, "b")});
    EXPECT_THAT(load(json).encode("ab"), ElementsAre(0, 1));
}

TEST(AddedTokens, ContradictionsAreRefused)
{
    Json json = words_json({"a", "b"}, {});
    const auto expect = [&](const Json& tokens, const std::string& words) {
        json["added_tokens"] = tokens;
        expect_error([&] { load(json); }, ErrorKind::BadInput, words);
    };
    expect(Json::array({added(0, "<x>")}), "added_tokens[0]: found id 0 for \"<x>\", which is \"a\" already");
    expect(Json::array({added(5, "b")}), "added_tokens[0]: found id 5 for \"b\", which has id 1 already");
    expect(Json::array({added(5, "<x>"), added(5, "<y>")}), "added_tokens[1]: found id 5 for \"<y>\"");
    expect(Json::array({added(5, "<x>"), added(6, "<x>")}), "added_tokens[1]: found id 6 for \"<x>\"");
    expect(Json::array({added(-1, "<x>")}), "added_tokens[0].id: found -1");
    expect(Json::array({{{"id", 7}}}), "the key \"content\"");
    expect(Json::array({{{"id", 7}, {"content", 7}}}), "added_tokens[0].content: found number, wanted a string");
    expect({{{"id", 7}, {"content", "x"}, {"lstrip", "yes"}}},
           "added_tokens[0].lstrip: found string, wanted true or false");
    expect(Json::object(), "added_tokens: found object, wanted an array");
}

} // namespace
} // namespace kvw
