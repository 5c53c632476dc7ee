// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/engine_words.h"

#include <set>

#include <gtest/gtest.h>

namespace kvw {
namespace {

template<typename Enum>
class EnumWordsTest : public ::testing::Test
{};
using Tables = ::testing::Types<DeviceKind, WantedType, KernelChoice, Attend>;
TYPED_TEST_SUITE(EnumWordsTest, Tables);

TYPED_TEST(EnumWordsTest, EveryWordIsReadAsItIsPrinted)
{
    std::set<TypeParam> values;
    std::set<std::string_view> texts;
    for (const EnumWord<TypeParam>& word : EnumWords<TypeParam>::words) {
        EXPECT_FALSE(word.text.empty());
        EXPECT_EQ(name_of(word.value), word.text);
        EXPECT_EQ(parse_word<TypeParam>(word.text), word.value);
        EXPECT_NE(list_of<TypeParam>().find(word.text), std::string::npos);
        values.insert(word.value);
        texts.insert(word.text);
    }
    EXPECT_EQ(values.size(), EnumWords<TypeParam>::words.size());
    EXPECT_EQ(texts.size(), EnumWords<TypeParam>::words.size());
}

TYPED_TEST(EnumWordsTest, WhatIsNoWordIsRefusedWithTheListOfThoseThatAre)
{
    for (const std::string text : {"", "x", "CPU", "autobf16"}) {
        EXPECT_FALSE(find_word<TypeParam>(text)) << text;
        try {
            parse_word<TypeParam>(text);
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
            EXPECT_EQ(error.message(), not_a_word<TypeParam>(text));
            EXPECT_EQ(error.hint(), "use " + list_of<TypeParam>());
        }
    }
}

TEST(EnumWordsText, SentencesAreOnesThatAPersonWouldWrite)
{
    EXPECT_EQ(not_a_word<DeviceKind>("x"), "'x' is not a device; it may be cpu or cuda");
    EXPECT_EQ(list_of<WantedType>(), "auto, bf16 or fp32");
    EXPECT_EQ(list_of<Attend>(Meanings::Shown),
              "expand (every token decoded first) or compressed (in rank dimensions)");
}

} // namespace
} // namespace kvw
