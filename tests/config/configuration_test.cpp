// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/config/configuration.h"
#include "core/config/words.h"
#include "tests/config/config_support.h"
#include "tests/support/paths.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvw {
namespace {

using config_test::error_of;
using ::testing::HasSubstr;

std::string normal(std::string_view text) { return format(parse_configuration(text)); }

TEST(Configuration, EveryPartIsRead)
{
    const Configuration c = parse_configuration(
        "k=kq:56+int8,token v=out:48,weighted+int4,group=16,sym sinks=4 window=64 layers[0,29]{k=bf16 v=bf16}");
    EXPECT_EQ(c.k.transform.kind, TransformKind::Kq);
    EXPECT_EQ(c.k.transform.rank, 56);
    EXPECT_FALSE(c.k.transform.weighted);
    EXPECT_EQ(c.k.quantiser.kind, QuantiserKind::Integer);
    EXPECT_EQ(c.k.quantiser.bits, 8);
    EXPECT_EQ(c.k.quantiser.axis, ScaleAxis::Token);
    EXPECT_EQ(c.v.transform.kind, TransformKind::Out);
    EXPECT_TRUE(c.v.transform.weighted);
    EXPECT_EQ(c.v.quantiser.bits, 4);
    EXPECT_EQ(c.v.quantiser.axis, ScaleAxis::Group);
    EXPECT_EQ(c.v.quantiser.size, 16);
    EXPECT_TRUE(c.v.quantiser.symmetric);
    EXPECT_EQ(c.sinks, 4);
    EXPECT_EQ(c.window, 64);
    ASSERT_EQ(c.overrides.size(), 1u);
    EXPECT_EQ(c.overrides[0].layers, (std::vector<LayerRange>{{0, 0}, {29, 29}}));
    ASSERT_TRUE(c.overrides[0].k);
    EXPECT_EQ(c.overrides[0].k->quantiser.kind, QuantiserKind::Bf16);
    EXPECT_FALSE(c.overrides[0].sinks);
}

struct NormalForm
{
    std::string_view text, wanted;
};

class NormalForms : public ::testing::TestWithParam<NormalForm>
{};

TEST_P(NormalForms, IsPrintedAndStays)
{
    const std::string printed = normal(GetParam().text);
    EXPECT_EQ(printed, GetParam().wanted);
    EXPECT_EQ(normal(printed), printed);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, NormalForms,
    ::testing::Values(NormalForm{"", "identity"}, NormalForm{"identity", "identity"},
                      NormalForm{"  identity ", "identity"}, NormalForm{"k=identity v=identity", "identity"},
                      NormalForm{"sinks=0 window=0", "identity"}, NormalForm{"k=identity v=pca:8", "v=pca:8"},
                      NormalForm{"v=bf16 k=bf16", "k=bf16 v=bf16"}, NormalForm{"k=int8", "k=int8,token"},
                      NormalForm{"k=int8,sym", "k=int8,token,sym"}, NormalForm{"k=int8,sym,token", "k=int8,token,sym"},
                      NormalForm{"k=int4,sym,channel=32", "k=int4,channel=32,sym"},
                      NormalForm{"k=identity+int2,group=8", "k=int2,group=8"},
                      NormalForm{"k=int3+identity", "k=int3,token"}, NormalForm{"k=int8+pca:60", "k=pca:60+int8,token"},
                      NormalForm{"v=pca:60,weighted,uncentred,pooled", "v=pca:60,pooled,uncentred,weighted"},
                      NormalForm{"v=random:60", "v=random:60,seed=0"},
                      NormalForm{"k=noise v=noise,seed=7", "k=noise,seed=0 v=noise,seed=7"},
                      NormalForm{"k=rotate+int4", "k=rotate,seed=0+int4,token"},
                      NormalForm{"k=hadamard", "k=hadamard,seed=0"},
                      NormalForm{"k=rotate,seed=18446744073709551615", "k=rotate,seed=18446744073709551615"},
                      NormalForm{"window=3  sinks=4 v=zero   k=zero", "k=zero v=zero sinks=4 window=3"},
                      NormalForm{"k=pca:0064 sinks=004", "k=pca:64 sinks=4"},
                      NormalForm{"layers[29,3-5,0,4-7,8]{ v=bf16 k=bf16 }", "layers[0,3-8,29]{k=bf16 v=bf16}"},
                      NormalForm{"layers[1]{k=identity sinks=0} k=int8", "k=int8,token layers[1]{k=identity sinks=0}"},
                      NormalForm{"layers[2]{window=5 sinks=1} layers[1]{v=fp32}",
                                 "layers[2]{sinks=1 window=5} layers[1]{v=fp32}"}));

TEST(Configuration, LaterListsWin)
{
    const Configuration c = parse_configuration("k=int8 sinks=4 layers[0-5]{k=int4 sinks=0} layers[3]{k=bf16 v=fp16}");
    EXPECT_EQ(c.layer(0).k.quantiser.bits, 4);
    EXPECT_EQ(c.layer(0).sinks, 0);
    EXPECT_EQ(c.layer(3).k.quantiser.kind, QuantiserKind::Bf16);
    EXPECT_EQ(c.layer(3).v.quantiser.kind, QuantiserKind::Fp16);
    EXPECT_EQ(c.layer(3).sinks, 0);
    EXPECT_EQ(c.layer(6).k.quantiser.bits, 8);
    EXPECT_EQ(c.layer(6).sinks, 4);
}

TEST(Configuration, WhatIsCodedAndWhatItNeeds)
{
    EXPECT_TRUE(parse_configuration("").is_identity());
    EXPECT_TRUE(parse_configuration("sinks=4 layers[0]{k=identity}").is_identity());
    EXPECT_FALSE(parse_configuration("k=bf16").is_identity());
    EXPECT_FALSE(parse_configuration("layers[3]{v=zero}").is_identity());
    EXPECT_FALSE(parse_configuration("k=random:3 v=int8").needs_moments());
    for (const char* text : {"k=pca:3", "k=kq:3", "v=out:3", "layers[2]{v=pca:3}"}) {
        EXPECT_TRUE(parse_configuration(text).needs_moments()) << text;
        EXPECT_FALSE(parse_configuration(text).needs_weighted_moments()) << text;
        const std::string weighted = std::string(text).insert(std::string_view(text).find(":3") + 2, ",weighted");
        EXPECT_TRUE(parse_configuration(weighted).needs_weighted_moments()) << weighted;
    }
}

TEST(Configuration, HashIsThatOfTheNormalForm)
{
    EXPECT_EQ(hash(parse_configuration("v=int8 k=int8")), hash(parse_configuration("k=int8,token  v=int8,token")));
    EXPECT_NE(hash(parse_configuration("k=int8")), hash(parse_configuration("k=int8,sym")));
    // printf identity | sha256sum
    EXPECT_EQ(hash(Configuration{}), "689f6a627384c7dcb2dcc1487e540223e77bdf9dcd0d8be8a326eda65b0ce9a4");
}

struct BadText
{
    std::string text;
    std::size_t column;
    std::string says;  ///< part of the message
    std::string hints; ///< part of the hint
    ErrorKind kind = ErrorKind::InvalidArgument;
};

class BadTexts : public ::testing::TestWithParam<BadText>
{};

TEST_P(BadTexts, PointAtTheWord)
{
    const BadText& bad = GetParam();
    const auto error = error_of([&] { parse_configuration(bad.text); });
    ASSERT_TRUE(error) << bad.text << " was accepted";
    EXPECT_EQ(error->kind(), bad.kind) << error->message();
    EXPECT_THAT(error->message(), HasSubstr(": column " + std::to_string(bad.column) + ": "));
    EXPECT_THAT(error->message(), HasSubstr(bad.says));
    EXPECT_THAT(error->hint(), HasSubstr(bad.hints));
}

INSTANTIATE_TEST_SUITE_P(
    Words, BadTexts,
    ::testing::Values(
        BadText{"k=pca:64+int9", 10, "k=pca:64+int9: column 10: \"int9\" is not a quantiser", "did you mean \"int8\"?"},
        BadText{"k=int5", 3, "5 bits are out of range", "int4"},
        BadText{"k=int16", 3, "16 bits are out of range", "int8"},
        BadText{"k=int1", 3, "1 bits are out of range", "int2"},
        BadText{"k=int0", 3, "0 bits are out of range", "int2"},
        BadText{"k=pcc:4", 3, "neither a transform nor a quantiser", "did you mean \"pca\"?"},
        BadText{"k=Int8", 3, "neither", "did you mean \"int8\"?"},
        BadText{"k=int8+hadamrad", 8, "not a transform", "hadamard"},
        BadText{"k=", 3, "a transform or a quantiser is missing", ""}, BadText{"k=+int8", 3, "missing", ""},
        BadText{"k=pca:8+", 9, "missing", ""}, BadText{"k=pca:8,", 9, "an option is missing", ""},
        BadText{"k=pca:8,,pooled", 9, "an option is missing", ""}, BadText{"k=pca:8++int8", 9, "missing", ""},
        BadText{"k=kvtc:8", 3, "\"kvtc\" is neither a transform nor a quantiser", "known are identity, pca, kq"},
        BadText{"k=lloyd4", 3, "\"lloyd4\" is neither a transform nor a quantiser", "int8, int4, int3, int2"},
        BadText{"k=pca:8+water", 9, "\"water\" is not a quantiser", "known are"},
        BadText{"c=pca:8", 1, "\"c\" is not an item; items are k, v, sinks, window, layers", ""},
        BadText{"sliding=8", 1, "\"sliding\" is not an item; items are k, v, sinks, window, layers", ""},
        BadText{"v=kq:8", 3, "\"kq\" works on keys only", "out"},
        BadText{"k=out:8", 3, "\"out\" works on values only", "kq"}, BadText{"layers[0]{v=kq:8}", 13, "keys only", ""},
        BadText{"k=pca", 3, "\"pca\" needs a rank", "pca:60"}, BadText{"k=pca:", 7, "a rank is missing here", ""},
        BadText{"k=pca:0", 7, "\"0\"", ""},
        BadText{"k=pca:-3", 7, "\"-3\" of \"pca\" is out of range: a whole number from 1 to 4096", ""},
        BadText{"k=pca:4097", 7, "1 to 4096", ""}, BadText{"k=pca:99999999999999999999999", 7, "out of range", ""},
        BadText{"k=pca:x", 7, "\"x\" is not a rank", ""}, BadText{"k=pca:3.5", 7, "not a rank", ""},
        BadText{"k=pca:8..64", 7, "not a rank", "(8..64..8)"}, BadText{"k=int8:3", 7, "\"int8\" takes no number", ""},
        BadText{"k=zero:1", 7, "takes no number", ""}));

INSTANTIATE_TEST_SUITE_P(
    Options, BadTexts,
    ::testing::Values(
        BadText{"k=pca:8,poold", 9, "\"poold\" is not an option of \"pca\"", "did you mean \"pooled\"?"},
        BadText{"k=pca:8,seed=1", 9, "not an option of \"pca\"", "pooled uncentred weighted"},
        BadText{"k=bf16,sym", 8, "not an option of \"bf16\"", "takes no options"},
        BadText{"k=kq:8,pooled", 8, "not an option of \"kq\"", "weighted"},
        BadText{"k=pca:8,pooled,pooled", 16, "second time", ""},
        BadText{"k=int8,token,group=8", 14, "second axis", "choose one"},
        BadText{"k=int8,channel", 8, "needs a number of tokens", "channel=32"},
        BadText{"k=int8,group=0", 14, "out of range", ""}, BadText{"k=int8,group=", 14, "missing here", ""},
        BadText{"k=int8,sym=1", 11, "takes no number", ""}, BadText{"k=pca:8+pooled", 9, "not a quantiser", "comma"},
        BadText{"v=random:8,seed=18446744073709551616", 17, "out of range", ""},
        BadText{"v=random:8,seed=-1", 17, "out of range", ""},
        BadText{"k=pca:8+kq:4", 9, "second transform after \"pca\"", ""},
        BadText{"k=int8+int4", 8, "second quantiser", ""}, BadText{"k=pca:8+identity", 9, "second transform", ""},
        BadText{"k=pca:8+int8+int4", 14, "second quantiser", ""}));

INSTANTIATE_TEST_SUITE_P(
    Items, BadTexts,
    ::testing::Values(
        BadText{"k=int8 k=int4", 8, "\"k\" is given a second time", ""},
        BadText{"sinks=1 k=zero sinks=1", 16, "second time", ""},
        BadText{"layers[0]{k=zero k=zero}", 18, "second time", ""},
        BadText{"sink=4", 1, "not an item", "did you mean \"sinks\"?"}, BadText{"pca:64", 1, "not an item", "k=pca"},
        BadText{"sinks=-1", 7, "out of range", ""}, BadText{"sinks", 6, "\"=\" must follow \"sinks\"", ""},
        BadText{"k =int8", 2, "must follow", ""}, BadText{"window=9999999", 8, "out of range", ""},
        BadText{"identity k=int8", 10, "stands alone", ""}, BadText{"k=int8 identity", 8, "not an item", ""},
        BadText{"k=int8}", 7, "closes nothing", "layers"}, BadText{"k=int8]", 7, "cannot follow here", ""},
        BadText{"k=int8,token:3", 13, "cannot follow here", ""},
        BadText{"layers[0]{k=int8", 17, "\"}\" is missing", ""}, BadText{"layers[0]{}", 11, "nothing stands", ""},
        BadText{"layers[0]{ }", 12, "nothing stands", ""}, BadText{"layers[]{k=int8}", 8, "a layer is missing", ""},
        BadText{"layers[0,]{k=int8}", 10, "missing", ""}, BadText{"layers[5-3]{k=int8}", 8, "run backwards", "3-5"},
        BadText{"layers[-1]{k=int8}", 8, "out of range", ""}, BadText{"layers[99999]{k=int8}", 8, "0 to 9999", ""},
        BadText{"layers[0{k=int8}", 9, "cannot follow a layer", ""}, BadText{"layers[0]", 10, "\"{\" must follow", ""},
        BadText{"layers[0]k=int8", 10, "\"{\" must follow", ""}, BadText{"layers{k=int8}", 7, "\"[\" must follow", ""},
        BadText{"layers[0]{layers[1]{k=int8}}", 11, "cannot stand inside", ""},
        BadText{"layers[0]{k=int8}v=int8", 18, "cannot follow here", "spaces"},
        BadText{"layers[0]{identity}", 11, "not an item", ""}));

INSTANTIATE_TEST_SUITE_P(Characters, BadTexts,
                         ::testing::Values(BadText{"k=int8\tv=int8", 7, "control character 0x09", "spaces"},
                                           BadText{"k=int8\n", 7, "0x0A", ""},
                                           BadText{std::string("k=\0", 3), 3, "0x00", ""},
                                           BadText{"k=\xC3\xA9", 3, "is not ASCII", ""},
                                           BadText{"\xFF", 1, "byte 0xFF is not UTF-8", ""},
                                           BadText{"k=int8\xE2\x80\x8Bv=int8", 7, "not ASCII", ""},
                                           BadText{"k=int8;v=int8", 7, "\";\" has no meaning", ""},
                                           BadText{"k=\xED\xA0\x80", 3, "not UTF-8", ""},
                                           BadText{"k=int8 # comment", 8, "has no meaning", ""},
                                           BadText{"k=pca:\"8\"", 7, "has no meaning", ""}));

TEST(Configuration, AVeryLongTextIsRefused)
{
    const auto error = error_of([] { parse_configuration(std::string(65537, ' ')); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(error->message(), HasSubstr("65537 bytes"));
    EXPECT_LT(error->message().size(), 1000u);
    EXPECT_TRUE(parse_configuration(std::string(65536, ' ')).is_identity());
}

TEST(Configuration, ALongTextIsShownAroundThePlace)
{
    const auto error = error_of([] { parse_configuration(fmt::format("{0:5000}k=foo {0:5000}", "")); });
    ASSERT_TRUE(error);
    EXPECT_THAT(error->message(), HasSubstr("column 5003"));
    EXPECT_THAT(error->message(), HasSubstr("k=foo"));
    EXPECT_LT(error->message().size(), 400u);
    const auto word = error_of([] { parse_configuration("k=" + std::string(60000, 'x')); });
    ASSERT_TRUE(word);
    EXPECT_LT(word->message().size(), 800u);
}

TEST(ConfigurationWords, HelpNamesWhatTheParserKnows)
{
    const std::string help = config::configuration_help();
    std::size_t seen = 0;
    for (const config::Word& word : config::words()) {
        EXPECT_FALSE(word.help.empty()) << word.text;
        EXPECT_THAT(help, HasSubstr("\n  " + config::example(word)));
        ++seen;
    }
    EXPECT_GT(seen, 29u);
    EXPECT_THAT(help, HasSubstr("takes pooled, uncentred, weighted"));
}

/// Every stage of the table with every single option that it takes, on every side it may stand on.
TEST(ConfigurationWords, EveryRowOfTheTableIsReadAndPrinted)
{
    int tried = 0;
    for (const config::Word& stage : config::words()) {
        if (stage.kind != config::WordClass::Transform && stage.kind != config::WordClass::Quantiser)
            continue;
        for (const std::string side : {"k", "v"}) {
            const bool allowed = stage.stands_on(side == "k" ? config::Side::Keys : config::Side::Values);
            std::vector<std::string> texts{side + "=" + config::example(stage)};
            for (const config::Word& option : config::words())
                if (option.kind == config::WordClass::Option && stage.takes_option(option.text))
                    texts.push_back(texts.front() + "," + config::example(option));
            for (const std::string& text : texts) {
                ++tried;
                const auto error = error_of([&] { parse_configuration(text); });
                EXPECT_EQ(error.has_value(), !allowed) << text;
                if (!error) {
                    EXPECT_EQ(parse_configuration(normal(text)), parse_configuration(text)) << text;
                }
            }
        }
    }
    EXPECT_GT(tried, 60);
}

/// What a row says of its word fits together; the cache's tests hold it against what is stored.
TEST(ConfigurationWords, TraitsOfARowFitTogether)
{
    std::set<std::pair<config::WordClass, std::string_view>> seen;
    for (const config::Word& word : config::words()) {
        SCOPED_TRACE(word.text);
        EXPECT_TRUE(seen.insert({word.kind, word.text}).second) << "a second row for one word";
        const bool transform = word.kind == config::WordClass::Transform;
        EXPECT_EQ(transform, std::holds_alternative<TransformKind>(word.meaning));
        EXPECT_EQ(word.kind == config::WordClass::Quantiser, word.bits > 0);
        EXPECT_TRUE(transform || (word.fitted_from == config::FittedFrom::Nothing));
        EXPECT_TRUE(transform || word.canary == config::Canary::None);
        if (!word.family.empty()) {
            EXPECT_EQ(std::string(word.text), std::string(word.family) + std::to_string(word.bits));
        }
        if (word.takes_option("weighted")) {
            EXPECT_NE(word.fitted_from, config::FittedFrom::Nothing) << "there are no moments to weight";
        }
        if (transform) {
            EXPECT_EQ(&config::word_of(std::get<TransformKind>(word.meaning)), &word);
        }
        if (const auto* quantiser = std::get_if<QuantiserSpec>(&word.meaning)) {
            EXPECT_EQ(&config::word_of(*quantiser), &word);
            EXPECT_TRUE(quantiser->bits == 0 || quantiser->bits == word.bits);
        }
    }
    EXPECT_EQ(config::family_bits("int"), (std::vector<int>{2, 3, 4, 8}));
    EXPECT_TRUE(config::family_bits("").empty());
}

TEST(ConfigurationWords, EveryTransformAsksForTheMomentsThatItsRowNames)
{
    for (const config::Word& word : config::words()) {
        if (word.kind != config::WordClass::Transform)
            continue;
        const std::string side = word.stands_on(config::Side::Keys) ? "k=" : "v=";
        EXPECT_EQ(parse_configuration(side + config::example(word)).needs_moments(),
                  word.fitted_from != config::FittedFrom::Nothing)
            << word.text;
    }
}

/// A word that the manual does not explain is not finished.
TEST(ConfigurationWords, TheManualNamesEveryWord)
{
    std::ifstream file(testing::source_folder() / "docs" / "configuration.md");
    const std::string manual{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    ASSERT_FALSE(manual.empty());
    for (const config::Word& word : config::words())
        EXPECT_TRUE(std::regex_search(manual, std::regex(fmt::format("`{}[`:=\\[]", word.text)))) << word.text;
}

TEST(ConfigurationCheck, NumbersAgainstTheModel)
{
    const auto checked = [](std::string_view text, int layers = 30, int head_dim = 64) {
        const Configuration configuration = parse_configuration(text);
        return error_of([&] { check(configuration, layers, head_dim); });
    };
    for (const char* good :
         {"", "k=pca:64", "k=pca:1", "v=int4,group=64", "v=pca:48+int4,group=16", "layers[29]{k=zero}", "k=hadamard"})
        EXPECT_FALSE(checked(good)) << good;
    const auto expect_bad = [&](std::string_view text, std::string_view says) {
        const auto error = checked(text);
        ASSERT_TRUE(error) << text;
        EXPECT_EQ(error->kind(), ErrorKind::InvalidArgument);
        EXPECT_THAT(error->message(), HasSubstr(std::string(says)));
    };
    expect_bad("k=pca:65", "layer 0: k=pca:65: rank 65 is out of range: the head size is 64");
    expect_bad("layers[7]{v=random:65}", "layer 7: v=random:65");
    expect_bad("layers[28-30]{k=zero}", "layer 30 does not exist: the model has 30 layers, 0 to 29");
    expect_bad("v=int4,group=48", "groups of 48 channels do not divide the 64 numbers");
    expect_bad("v=pca:60+int4,group=16", "do not divide the 60 numbers");
    const auto error = checked("k=hadamard", 30, 96);
    ASSERT_TRUE(error);
    EXPECT_THAT(error->message(), HasSubstr("96 is not a power of two"));
}

TEST(ConfigurationCheck, NumbersThatNoTextCanSay)
{
    const auto checked = [](auto change) {
        Configuration configuration;
        change(configuration);
        return error_of([&] { check(configuration, 2, 64); });
    };
    EXPECT_FALSE(checked([](Configuration&) {}));
    EXPECT_TRUE(checked([](Configuration& c) { c.sinks = -1; }));
    EXPECT_TRUE(checked([](Configuration& c) { c.k.transform.kind = TransformKind::Out, c.k.transform.rank = 3; }));
    EXPECT_TRUE(checked([](Configuration& c) { c.k.transform.kind = TransformKind::Pca; }));
    EXPECT_TRUE(checked([](Configuration& c) { c.v.quantiser.kind = QuantiserKind::Integer, c.v.quantiser.bits = 5; }));
    EXPECT_TRUE(checked([](Configuration& c) {
        c.v.quantiser = {QuantiserKind::Integer, 8, ScaleAxis::Channel, 0, false};
    }));
    EXPECT_TRUE(checked([](Configuration& c) { c.overrides.push_back({}); }));
}

} // namespace
} // namespace kvw
