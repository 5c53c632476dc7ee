// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/grid.h"
#include "tests/config/config_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using config_test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> expanded(std::string_view text)
{
    std::vector<std::string> texts;
    for (const Configuration& point : expand_grid(text))
        texts.push_back(format(point));
    return texts;
}

TEST(Grid, AConfigurationIsAGridOfOne)
{
    EXPECT_THAT(expanded("k=pca:8 sinks=4"), ElementsAre("k=pca:8 sinks=4"));
    EXPECT_THAT(expanded("identity"), ElementsAre("identity"));
    EXPECT_THAT(expanded("layers[0,3-5]{k=bf16 v=bf16}"), ElementsAre("layers[0,3-5]{k=bf16 v=bf16}"));
}

TEST(Grid, TheLeftmostSetVariesSlowest)
{
    EXPECT_THAT(expanded("k=kq:(16..48..16) sinks=(0|4)"),
                ElementsAre("k=kq:16", "k=kq:16 sinks=4", "k=kq:32", "k=kq:32 sinks=4", "k=kq:48", "k=kq:48 sinks=4"));
    EXPECT_THAT(expanded("(k|v)=pca:(32|48)(|,weighted)"),
                ElementsAre("k=pca:32", "k=pca:32,weighted", "k=pca:48", "k=pca:48,weighted", "v=pca:32",
                            "v=pca:32,weighted", "v=pca:48", "v=pca:48,weighted"));
    EXPECT_THAT(expanded("layers[(0|0-9|10-19)]{v=pca:32}"),
                ElementsAre("layers[0]{v=pca:32}", "layers[0-9]{v=pca:32}", "layers[10-19]{v=pca:32}"));
    EXPECT_THAT(expanded("layers[0]{v=(zero|int8)}"), ElementsAre("layers[0]{v=zero}", "layers[0]{v=int8,token}"));
}

TEST(Grid, SetsNest)
{
    EXPECT_THAT(expanded("k=(pca:(8|9)|kq:(1..2)|int8)"),
                ElementsAre("k=pca:8", "k=pca:9", "k=kq:1", "k=kq:2", "k=int8,token"));
    EXPECT_THAT(expanded("(k=zero|v=zero|k=zero v=zero)"), ElementsAre("k=zero", "v=zero", "k=zero v=zero"));
}

TEST(Grid, Ranges)
{
    EXPECT_THAT(expanded("sinks=(1..3)"), ElementsAre("sinks=1", "sinks=2", "sinks=3"));
    EXPECT_THAT(expanded("sinks=(3..1)"), ElementsAre("sinks=3", "sinks=2", "sinks=1"));
    EXPECT_THAT(expanded("sinks=(1..8..3)"), ElementsAre("sinks=1", "sinks=4", "sinks=7"));
    EXPECT_THAT(expanded("sinks=(9|2..3|7..7)"), ElementsAre("sinks=9", "sinks=2", "sinks=3", "sinks=7"));
    EXPECT_THAT(expanded("k=int(2..4)"), ElementsAre("k=int2,token", "k=int3,token", "k=int4,token"));
}

TEST(Grid, SeveralGridsAndDuplicates)
{
    EXPECT_THAT(expanded("identity; k=pca:(8|9) ;v=int8;k=pca:9"),
                ElementsAre("identity", "k=pca:8", "k=pca:9", "v=int8,token"));
    EXPECT_THAT(expanded("k=int8(|,token)"), ElementsAre("k=int8,token"));
    EXPECT_THAT(expanded("(|k=zero)"), ElementsAre("identity", "k=zero"));
}

TEST(Grid, TheNormalFormIsTheList)
{
    const std::vector<Configuration> points = expand_grid("k=int(8|4); identity");
    EXPECT_EQ(format_grid(points), "k=int8,token; k=int4,token; identity");
    EXPECT_EQ(expand_grid(format_grid(points)), points);
    EXPECT_EQ(hash_grid(points), hash_grid(expand_grid("k=(int8|int4);identity")));
    EXPECT_NE(hash_grid(points), hash_grid(expand_grid("k=(int4|int8);identity")));
}

struct BadGrid
{
    std::string text;
    std::size_t column;
    std::string says, hints;
    ErrorKind kind = ErrorKind::InvalidArgument;
};

class BadGrids : public testing::TestWithParam<BadGrid>
{};

TEST_P(BadGrids, PointIntoTheGrid)
{
    const BadGrid& bad = GetParam();
    const auto error = error_of([&] { expand_grid(bad.text); });
    ASSERT_TRUE(error) << bad.text << " was accepted";
    EXPECT_EQ(error->kind(), bad.kind) << error->message();
    EXPECT_THAT(error->message(), HasSubstr(": column " + std::to_string(bad.column) + ": "));
    EXPECT_THAT(error->message(), HasSubstr(bad.says));
    EXPECT_THAT(error->hint(), HasSubstr(bad.hints));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, BadGrids,
    testing::Values(
        BadGrid{"", 1, "a grid is missing here", "identity"}, BadGrid{"k=zero;", 8, "a grid is missing here", ""},
        BadGrid{"k=zero; ;v=zero", 8, "missing", ""}, BadGrid{"k=pca:(8|9", 7, "never closed", ""},
        BadGrid{"k=pca:8|9", 8, "\"|\" stands outside a set", "(a|b|c)"},
        BadGrid{"k=pca:8)", 8, "\")\" stands outside", ""},
        BadGrid{"k=(zero;v=zero)", 8, "\";\" stands inside a set", ""}, BadGrid{"k=pca:(8..64..0)", 8, "step 0", ""},
        BadGrid{"k=pca:(8..64..8..8)", 8, "too many parts", ""},
        BadGrid{"k=pca:(8..64,pooled)", 8, "is not a range", "alone between"},
        BadGrid{"k=pca:(..8)", 8, "is not a range", ""}, BadGrid{"k=pca:(8..)", 8, "is not a range", ""},
        BadGrid{"k=pca:(-8..8)", 8, "is not a range", ""}, BadGrid{"k=pca:(1..99999999999)", 8, "is not a range", ""},
        BadGrid{std::string(17, '('), 17, "nested more than 16 deep", ""},
        BadGrid{"sinks=(0|4) k=pca:(8|x)", 22,
                "the point \"sinks=0 k=pca:x\" is not a configuration: its column 15: \"x\" is not a rank", ""},
        BadGrid{"k=pca:(0..64..8)", 8, "the point \"k=pca:0\"", ""},
        BadGrid{"k=(pca:8|kvtc:8)", 10, "\"kvtc\"", "known are"}, BadGrid{"k=pca:(8|)", 7, "the point \"k=pca:\"", ""},
        BadGrid{"k=pca:{8..64..8}", 7, "a rank is missing", "in parentheses"},
        BadGrid{"k={pca:8}", 3, "missing", "in parentheses"}, BadGrid{"k={8|9}", 5, "outside a set", "(a|b|c)"},
        BadGrid{"k=\xC3\xA9(8|9)", 3, "not ASCII", ""}));

TEST(Grid, TooManyPointsAreCounted)
{
    const auto count_in = [](std::string_view text) {
        const auto error = error_of([&] { expand_grid(text); });
        return error ? error->message() : std::string("accepted");
    };
    EXPECT_THAT(count_in("sinks=(1..10001)"), HasSubstr("the grid has 10001 points; at most 10000 are allowed"));
    EXPECT_THAT(count_in("sinks=(1..200) window=(1..200)"), HasSubstr("40000 points"));
    EXPECT_THAT(count_in("sinks=(1..6000); window=(1..6000)"), HasSubstr("12000 points"));
    EXPECT_THAT(count_in("sinks=(0..4294967295)(0..4294967295)(0..4294967295)"),
                HasSubstr("more than 18446744073709551615 points"));
    EXPECT_EQ(expand_grid("sinks=(1..10000)").size(), 10000u);
    EXPECT_THAT(count_in(std::string(65537, ' ')), HasSubstr("65537 bytes"));
    EXPECT_THAT(count_in("sinks=(1..9000)" + std::string(60000, ' ')), HasSubstr("more than this program expands"));
}

} // namespace
} // namespace kvw
