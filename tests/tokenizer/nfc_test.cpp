// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/nfc.h"

#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <random>

namespace kvw {
namespace {

TEST(Nfc, FormCOfPartsIsFormCOfTheWhole)
{
    const char32_t some[] = {U'a',   U'e',  U' ',   0x300,   0x301,   0x323, 0x307,   0x1112, 0x1161, 0x11AB,
                             0xAC00, 0x915, 0x93C,  0x9C7,   0x9BE,   0x9D7, 0xB47,   0xB56,  0x1025, 0x102E,
                             0x212B, 0x344, 0x1E9B, 0x11131, 0x11127, 0x898, 0x11935, 0x11930};
    std::mt19937 random(5);
    for (int round = 0; round < 20000; ++round) {
        std::string whole, settled, open;
        for (int i = 0; i < 8; ++i) {
            std::string character;
            utf8::append(character, some[random() % std::size(some)]);
            whole += character;
            open += character;
            const std::size_t size = tokenizer_nfc_settled_size(open);
            settled += tokenizer_nfc(open.substr(0, size));
            open.erase(0, size);
        }
        ASSERT_EQ(settled + tokenizer_nfc(open), tokenizer_nfc(whole)) << round;
    }
}

TEST(Nfc, MarksNewerThanThePackageStayWhereTheyAre)
{
    // U+0898 has the combining class 230, U+0316 220: by Unicode 15 they would change places.
    EXPECT_EQ(tokenizer_nfc("a\u0898\u0316"), "a\u0898\u0316");
    EXPECT_EQ(utf8::nfc("a\u0898\u0316"), "a\u0316\u0898");
    EXPECT_EQ(tokenizer_nfc("e\u0301\u0898e\u0301"), "\u00E9\u0898\u00E9");
}

} // namespace
} // namespace kvw
