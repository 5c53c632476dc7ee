// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"

#include <gtest/gtest.h>

namespace kvw::utf8 {
namespace {

TEST(Utf8, InvalidSequencesAreFound)
{
    for (const char* good : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                             "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
        EXPECT_EQ(first_invalid(good), std::nullopt) << good;
    for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC2", "\xE2\x82"})
        EXPECT_EQ(first_invalid(std::string("xy") + bad), 2u);
}

TEST(Utf8, EveryCharacterThereAndBack)
{
    for (char32_t c = 0; c < 0x110000; ++c) {
        if (c >= 0xD800 && c < 0xE000)
            continue;
        std::string text;
        append(text, c);
        ASSERT_EQ(first_invalid(text), std::nullopt) << static_cast<unsigned>(c);
        const Decoded back = decode_at(text, 0);
        ASSERT_EQ(back.code_point, c);
        ASSERT_EQ(back.bytes, text.size());
    }
    std::string text;
    append(text, 0xD800);
    append(text, 0x110000);
    EXPECT_EQ(text, "\uFFFD\uFFFD");
}

TEST(Utf8, LossyReplacesTheLongestBrokenPart)
{
    // The examples of the Unicode standard, tables 3-8 to 3-11.
    EXPECT_EQ(lossy("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
    EXPECT_EQ(lossy("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
    EXPECT_EQ(lossy("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB");
    EXPECT_EQ(lossy("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), "\uFFFD\uFFFD\uFFFD\uFFFDA");
}

TEST(Utf8, ValidTextStaysAsItIs)
{
    for (const std::string text : {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x99\x82", "\xF4\x8F\xBF\xBF",
                                   "\xEE\x80\x80", "\xED\x9F\xBF", "\xEF\xBF\xBD"})
        EXPECT_EQ(lossy(text), text);
    const std::string nul("a\0b", 3);
    EXPECT_EQ(lossy(nul), nul);
}

TEST(Utf8, WhatIsNoCharacterIsReplaced)
{
    const std::string mark = "\xEF\xBF\xBD";
    EXPECT_EQ(lossy("\x80"), mark);
    EXPECT_EQ(lossy("\xFF"), mark);
    EXPECT_EQ(lossy("\xC3"), mark);                       // cut off
    EXPECT_EQ(lossy("\xC0\xAF"), mark + mark);            // overlong
    EXPECT_EQ(lossy("\xE0\x80\xAF"), mark + mark + mark); // overlong
    EXPECT_EQ(lossy("\xF0\x80\x80\xAF"), mark + mark + mark + mark);
    EXPECT_EQ(lossy("\xED\xA0\x80"), mark + mark + mark); // surrogate
    EXPECT_EQ(lossy("\xF4\x90\x80\x80"), mark + mark + mark + mark);
    EXPECT_EQ(lossy("\xC3(x"), mark + "(x");
    EXPECT_EQ(lossy("a\xE2\x82z"), "a" + mark + "z");
}

TEST(Utf8, DisplayWidth)
{
    EXPECT_EQ(display_width(""), 0u);
    EXPECT_EQ(display_width("abc"), 3u);
    EXPECT_EQ(display_width("caf\xC3\xA9"), 4u);
    EXPECT_EQ(display_width("cafe\xCC\x81"), 4u); // combining accent
    EXPECT_EQ(display_width("\xE6\xA8\xA1\xE5\x9E\x8B"), 4u);
    EXPECT_EQ(display_width("\xF0\x9F\x99\x82"), 2u);
    EXPECT_EQ(display_width("\xE2\x80\x93"), 1u);
    EXPECT_EQ(display_width("\xFF"), 1u);
}

TEST(Utf8, CutsBetweenCharacters)
{
    const std::string text = "a\u00E9\u20AC\U0001F642z"; // 1, 2, 3 and 4 bytes, 1
    const std::size_t starts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (std::size_t offset = 0; offset <= text.size(); ++offset) {
        EXPECT_EQ(character_start(text, offset), starts[offset]) << offset;
        EXPECT_EQ(truncated(text, offset), text.substr(0, starts[offset])) << offset;
        EXPECT_EQ(complete_size(text.substr(0, offset)), starts[offset]) << offset;
    }
    EXPECT_EQ(decode_before(text, 10).code_point, U'\U0001F642');
    EXPECT_EQ(decode_before(text, 1).code_point, U'a');
    // Bytes that begin no character are not waited for, and a cut does not run away from them.
    const std::string stray(8, '\x80');
    EXPECT_EQ(complete_size(stray), stray.size());
    EXPECT_EQ(complete_size("ab\xC0"), 3u);
    EXPECT_EQ(character_start(stray, 5), 5u);
    EXPECT_EQ(truncated(stray, 5), stray.substr(0, 5));
}

TEST(Utf8, NormalisationFormC)
{
    EXPECT_EQ(nfc("plain"), "plain");
    EXPECT_EQ(nfc("cafe\u0301"), "caf\u00E9");
    EXPECT_EQ(nfc("\u212B"), "\u00C5");             // a singleton: the sign of the \u00C5ngstr\u00F6m
    EXPECT_EQ(nfc("\u1112\u1161\u11AB"), "\uD55C"); // Hangul
    EXPECT_EQ(nfc("s\u0307\u0323"), "\u1E69");      // marks in their order
    EXPECT_EQ(nfc("\u0958"), "\u0915\u093C");       // excluded from composition
    EXPECT_EQ(nfc("\uFB01"), "\uFB01");             // compatible, not canonical
    EXPECT_EQ(nfc(std::string("e\u0301\0e\u0301", 7)), std::string("\u00E9\0\u00E9", 5));
}

} // namespace
} // namespace kvw::utf8
