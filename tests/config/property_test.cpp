// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/configuration.h"
#include "core/config/grid.h"
#include "tests/config/config_support.h"

#include <set>

#include <gtest/gtest.h>

namespace kvw {
namespace {

using config_test::Generator;

TEST(ConfigurationProperty, ParseAfterFormatIsTheSame)
{
    Generator generator(1);
    std::set<std::string> texts;
    for (int i = 0; i < 20000; ++i) {
        const Configuration configuration = config_test::random_configuration(generator);
        const std::string text = format(configuration);
        ASSERT_EQ(parse_configuration(text), configuration) << text;
        ASSERT_EQ(format(parse_configuration(text)), text);
        texts.insert(text);
    }
    EXPECT_GT(texts.size(), 15000u);
}

TEST(ConfigurationProperty, DamagedTextsAreReadOrRefusedInWords)
{
    Generator generator(2);
    int read = 0, refused = 0;
    for (int i = 0; i < 60000; ++i) {
        const std::string text = config_test::mutated(generator, format(config_test::random_configuration(generator)));
        try {
            const Configuration configuration = parse_configuration(text);
            const std::string normal = format(configuration);
            ASSERT_EQ(parse_configuration(normal), configuration) << text;
            ASSERT_EQ(format(parse_configuration(normal)), normal) << text;
            ++read;
        } catch (const Error& error) {
            ASSERT_EQ(error.kind(), ErrorKind::InvalidArgument) << text;
            ASSERT_FALSE(error.message().empty());
            ++refused;
        }
    }
    EXPECT_GT(read, 1000);
    EXPECT_GT(refused, 10000);
}

TEST(ConfigurationProperty, DamagedGridsAreExpandedOrRefusedInWords)
{
    Generator generator(3);
    constexpr std::string_view seeds[] = {"k=kq:(16..64..16) sinks=(0|4)", "(k|v)=pca:(32|48|60)(|,weighted)",
                                          "layers[(0|0-9|10-19)]{v=pca:32}; identity; v=(int8|int4,group=(8|16))",
                                          "(k=(pca|kq):(8|9)|v=out:(4..1))"};
    int expanded = 0, refused = 0;
    for (int i = 0; i < 40000; ++i) {
        const std::string text = config_test::mutated(generator, std::string(seeds[i % 4]));
        try {
            const std::vector<Configuration> points = expand_grid(text);
            ASSERT_EQ(expand_grid(format_grid(points)), points) << text;
            ++expanded;
        } catch (const Error& error) {
            ASSERT_EQ(error.kind(), ErrorKind::InvalidArgument) << text;
            ++refused;
        }
    }
    EXPECT_GT(expanded, 500);
    EXPECT_GT(refused, 5000);
}

TEST(ConfigurationProperty, NoiseIsRefusedInWords)
{
    Generator generator(4);
    int refused = 0;
    for (int i = 0; i < 5000; ++i) {
        std::string text(static_cast<std::size_t>(config_test::pick(generator, 1, 200)), '\0');
        for (char& c : text)
            c = static_cast<char>(generator() & 0xFF);
        for (const bool grid : {false, true})
            refused += config_test::error_of([&] {
                           grid ? (void)expand_grid(text) : (void)parse_configuration(text);
                       }).has_value();
    }
    EXPECT_GT(refused, 9900);
}

} // namespace
} // namespace kvw
