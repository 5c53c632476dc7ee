// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pretokenizer.h"

#include "core/tokenizer/pretokenizer_pattern.h"
#include "tests/tokenizer/tokenizer_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using namespace tokenizer_test;
using ::testing::ElementsAre;

std::vector<std::string> pieces(const Json& json, std::string_view text)
{
    Pieces pieces;
    pieces.list.push_back({text, true});
    make_pre_tokenizer(JsonPlace(json, "tokenizer.json", "pre_tokenizer"))->apply(pieces);
    std::vector<std::string> out;
    for (const Piece& piece : pieces.list)
        out.emplace_back(piece.text);
    return out;
}

Json split(const Json& pattern, const std::string& behavior, bool invert = false)
{
    return {{"type", "Split"}, {"pattern", pattern}, {"behavior", behavior}, {"invert", invert}};
}

// The expectations are those of the documentation of the package `tokenizers`.
TEST(PreTokenizer, SplitBehaviours)
{
    const std::string text = "the-final--countdown";
    const Json dash = {{"String", "-"}};
    EXPECT_THAT(pieces(split(dash, "Removed"), text), ElementsAre("the", "final", "countdown"));
    EXPECT_THAT(pieces(split(dash, "Isolated"), text), ElementsAre("the", "-", "final", "-", "-", "countdown"));
    EXPECT_THAT(pieces(split(dash, "MergedWithPrevious"), text), ElementsAre("the-", "final-", "-", "countdown"));
    EXPECT_THAT(pieces(split(dash, "MergedWithNext"), text), ElementsAre("the", "-final", "-", "-countdown"));
    EXPECT_THAT(pieces(split(dash, "Contiguous"), text), ElementsAre("the", "-", "final", "--", "countdown"));
}

TEST(PreTokenizer, SplitInverted)
{
    const Json letters = {{"Regex", "[a-z]+"}};
    EXPECT_THAT(pieces(split(letters, "Removed", true), "ab, c!"), ElementsAre("ab", "c"));
    EXPECT_THAT(pieces(split(letters, "MergedWithPrevious", true), "ab, c!"), ElementsAre("ab, ", "c!"));
    EXPECT_THAT(pieces(split(letters, "Isolated", true), "ab, c!"), ElementsAre("ab", ", ", "c", "!"));
}

TEST(PreTokenizer, TextOfAPatternIsLiteral)
{
    EXPECT_THAT(pieces(split({{"String", ".*"}}, "Removed"), "a.*b..c"), ElementsAre("a", "b..c"));
}

TEST(PreTokenizer, EmptyMatchesCutNothingAway)
{
    EXPECT_THAT(pieces(split({{"Regex", "x*"}}, "Isolated"), "axxb"), ElementsAre("a", "xx", "b"));
    EXPECT_THAT(pieces(split({{"Regex", "(?=b)"}}, "Isolated"), "abab"), ElementsAre("a", "ba", "b"));
}

TEST(PreTokenizer, Digits)
{
    EXPECT_THAT(pieces({{"type", "Digits"}, {"individual_digits", true}}, "ab12c\u00BD3"),
                ElementsAre("ab", "1", "2", "c", "\u00BD", "3"));
    EXPECT_THAT(pieces({{"type", "Digits"}}, "ab12c\u00BD3"), ElementsAre("ab", "12", "c", "\u00BD3"));
}

TEST(PreTokenizer, ByteLevelWithThePatternOfGpt2)
{
    const Json json = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
    EXPECT_THAT(pieces(json, "Hello my  friend's 42!?\n"),
                ElementsAre("Hello", "\u0120my", "\u0120", "\u0120friend", "'s", "\u012042", "!?", "\u010A"));
    EXPECT_THAT(pieces(json, "\u00E4"), ElementsAre("\u00C3\u00A4"));
    EXPECT_THAT(pieces({{"type", "ByteLevel"}, {"use_regex", false}}, "a b"), ElementsAre("\u0120a\u0120b"));
    EXPECT_THAT(pieces({{"type", "ByteLevel"}, {"use_regex", false}}, " a b"), ElementsAre("\u0120a\u0120b"));
}

TEST(PreTokenizer, PrefixSpacesComeToEveryPiece)
{
    const Json json = {
        {"type", "Sequence"},
        {"pretokenizers",
         {{{"type", "Digits"}, {"individual_digits", true}}, {{"type", "ByteLevel"}, {"add_prefix_space", true}}}}};
    EXPECT_THAT(pieces(json, "a12 b"), ElementsAre("\u0120a", "\u01201", "\u01202", "\u0120b"));
}

TEST(PreTokenizer, PatternOfLlama3)
{
    const std::string pattern =
        R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+)"
        R"(|\s+(?!\S)|\s+)";
    EXPECT_THAT(pieces(split({{"Regex", pattern}}, "Isolated"), "I'LL pay $12345.67,\r\n\r\n  ok  \n x"),
                ElementsAre("I", "'LL", " pay", " $", "123", "45", ".", "67", ",\r\n\r\n", " ", " ok", "  \n", " x"));
}

TEST(PreTokenizer, Metaspace)
{
    const auto metaspace = [](const std::string& scheme, bool cut) {
        return Json{{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", scheme}, {"split", cut}};
    };
    EXPECT_THAT(pieces(metaspace("always", true), "a b  c"), ElementsAre("_a", "_b", "_", "_c"));
    EXPECT_THAT(pieces(metaspace("never", true), "a b"), ElementsAre("a", "_b"));
    EXPECT_THAT(pieces(metaspace("always", false), " a b"), ElementsAre("_a_b"));
    const Json later = {{"type", "Sequence"},
                        {"pretokenizers", {split({{"String", "-"}}, "Isolated"), metaspace("first", true)}}};
    EXPECT_THAT(pieces(later, "a-b"), ElementsAre("_a", "-", "b"));
}

TEST(PreTokenizer, WhitespaceSplit)
{
    EXPECT_THAT(pieces({{"type", "WhitespaceSplit"}}, " a\u00A0b\u3000\nc\u200Bd"), ElementsAre("a", "b", "c\u200Bd"));
}

TEST(PreTokenizer, OthersAreRefusedByName)
{
    expect_error(
        [] {
            pieces({{"type", "UnicodeScripts"}}, "a");
        },
        ErrorKind::Unsupported, "pre-tokenizer \"UnicodeScripts\"");
    expect_error([] { pieces({{"pattern", 1}}, "a"); }, ErrorKind::BadInput, "the key \"type\"");
    expect_error(
        [] {
            pieces(split({{"Regex", "a"}}, "Shredded"), "a");
        },
        ErrorKind::BadInput, "pre_tokenizer.behavior: found \"Shredded\"");
    expect_error([] { pieces(split({{"Glob", "*"}}, "Isolated"), "a"); }, ErrorKind::BadInput, "the key \"Regex\"");
    expect_error([] { pieces(split({{"Regex", "(a"}}, "Isolated"), "a"); }, ErrorKind::Unsupported, "parenthesis");
}

std::vector<std::string> matches(const std::string& pattern, std::string_view text)
{
    std::vector<Regex::Span> spans;
    Regex(pattern).spans(text, spans);
    std::vector<std::string> out;
    for (const Regex::Span& span : spans) {
        if (span.match)
            out.emplace_back(text.substr(span.begin, span.end - span.begin));
    }
    return out;
}

TEST(PreTokenizerPattern, WhereTheTwoDialectsDiffer)
{
    EXPECT_THAT(matches(R"(\s)", " \u180E\u0085\u200B\u2028"), ElementsAre(" ", "\u0085", "\u2028"));
    EXPECT_THAT(matches(R"([^\s])", " \u180E"), ElementsAre("\u180E"));
    EXPECT_THAT(matches(R"(\h+)", "xfF0 \t"), ElementsAre("fF0"));
    EXPECT_THAT(matches(R"(\v)", "\v\n\u2028"), ElementsAre("\v"));
    EXPECT_THAT(matches(R"(\u4f60)", "\u4F60"), ElementsAre("\u4F60"));
    EXPECT_THAT(matches(R"(a{,2}b)", "aaab"), ElementsAre("aab"));
    EXPECT_THAT(matches(R"(^b$)", "a\nb\nc"), ElementsAre("b"));
    EXPECT_THAT(matches(R"([\s-]+)", "a - b"), ElementsAre(" - "));
    EXPECT_THAT(matches(R"([\s\S]+)", "a\n\U0010FFFF"), ElementsAre("a\n\U0010FFFF"));
    EXPECT_THAT(matches(R"([+-\d]+)", "a+-1"), ElementsAre("+-1"));
    EXPECT_THAT(matches(R"({a})", "{a}"), ElementsAre("{a}"));
    EXPECT_THAT(matches(R"([]a]+)", "]a["), ElementsAre("]a"));
}

TEST(PreTokenizerPattern, NewCharactersHaveTheirCategory)
{
    // U+31350 and U+2EBF0 are letters since Unicode 15 and 15.1, U+116D0 is a digit since Unicode 16.
    EXPECT_THAT(matches(R"(\p{L}+|[^\p{L}]+)", "a\U00031350\U0002EBF0\U000116D0"),
                ElementsAre("a\U00031350\U0002EBF0", "\U000116D0"));
    EXPECT_THAT(matches(R"(\p{N})", "\U00031350\U000116D0"), ElementsAre("\U000116D0"));
    EXPECT_THAT(matches(R"(\P{L})", "\U00031350!"), ElementsAre("!"));
}

TEST(PreTokenizerPattern, WhatIsNotKnownIsRefused)
{
    for (const char* pattern : {R"(\b)",        R"(\1)",  R"([[a]b])", "[a&&b]",  R"(\p{Han})", R"(\pL)",  R"([\P{L}])",
                                R"([\W])",      "(?m:a)", "a(?i)b",    "a{2}+",   "a{2}?",      "(*UTF)a", R"(\Qa\E)",
                                "(?i:straSSe)", R"(\x)",  R"(\xE4)",   R"(\u12)", "[a",         "a\\"})
        expect_error([&] { to_pcre2(pattern); }, ErrorKind::Unsupported, "pattern \"");
}

TEST(PreTokenizerPattern, LongRunsAreNoProblem)
{
    const std::string spaces(1 << 20, ' ');
    EXPECT_EQ(matches(R"(\s*[\r\n]+|\s+(?!\S)|\s+)", spaces + "x").size(), 2u);
    EXPECT_EQ(matches(R"((?:a|b)+)", std::string(1 << 18, 'a')).size(), 1u);
}

} // namespace
} // namespace kvw
