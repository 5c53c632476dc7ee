// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/packed.h"

#include "tests/kernels/row_types.h"

#include <gtest/gtest.h>

namespace kvw::kernels {
namespace {

/// What a reader of the format must be able to rely on, for codes of every size that kernels could store.
template<int Bits>
void expect_whole_codes()
{
    typedef Packed<Bits> Codes;
    static_assert(Codes::kMost == (1 << Bits) - 1 && Codes::kMiddle == 1 << (Bits - 1));
    static_assert(Codes::kLowBits + Codes::kHighBits == Bits && 8 % Codes::kLowBits == 0);
    EXPECT_EQ(Codes::bytes(0), 0u) << Bits;
    for (std::size_t codes = 1; codes <= 300; ++codes) {
        const std::size_t bytes = Codes::bytes(codes);
        // Enough for all of them, and less than a byte a part is lost.
        EXPECT_GE(8 * bytes, codes * Bits) << Bits << " bits, " << codes << " codes";
        EXPECT_LT(8 * bytes, codes * Bits + (Codes::kOnePart ? 8 : 16)) << Bits << " bits, " << codes << " codes";
        if (codes % 8 == 0) {
            EXPECT_EQ(8 * bytes, codes * Bits) << Bits << " bits, " << codes << " codes";
        }
    }
}

TEST(Packed, NoBitIsMissingAndNoByteIsSpare)
{
    expect_whole_codes<2>();
    expect_whole_codes<3>();
    expect_whole_codes<4>();
    expect_whole_codes<5>();
    expect_whole_codes<6>();
    expect_whole_codes<8>();
}

TEST(Packed, PartsAreThoseThatTheFormatsDescribe)
{
    static_assert(Packed<8>::kOnePart && Packed<8>::kPlanes == 1 && Packed<8>::kMost == 255);
    static_assert(Packed<4>::kOnePart && Packed<4>::kPlanes == 2 && Packed<4>::kMost == 15);
    static_assert(Packed<2>::kOnePart && Packed<2>::kPlanes == 4 && Packed<2>::kMost == 3);
    static_assert(Packed<3>::kLowBits == 2 && Packed<3>::kHighBits == 1 && Packed<3>::kMiddle == 4);
    static_assert(Packed<5>::kLowBits == 4 && Packed<5>::kHighBits == 1 && Packed<5>::kMiddle == 16);
    EXPECT_EQ(Packed<3>::low_bytes(60), 15u);
    EXPECT_EQ(Packed<3>::bytes(60), 15u + 8u);
}

TEST(RowTypes, TakeTheBytesOfTheirBits)
{
    for (const RowTypeTraits& traits : kRowTypes) {
        EXPECT_EQ(bits(traits.type), traits.bits);
        EXPECT_EQ(is_integer(traits.type), traits.integer);
        for (const int width : {8, 16, 56, 64, 128, 256, 4096})
            EXPECT_EQ(8 * row_bytes({traits.type, width}), static_cast<std::size_t>(width * traits.bits))
                << traits.bits << " bits, width " << width;
        int visits = 0;
        with_row_type(traits.type, [&](auto is) {
            EXPECT_EQ(is.kType, traits.type);
            EXPECT_EQ(is.kBits, traits.bits);
            ++visits;
        });
        EXPECT_EQ(visits, 1);
        int packed_bits = 0;
        with_packed(traits.type, [&](auto packed) { packed_bits = packed.kBits; });
        EXPECT_EQ(packed_bits, traits.integer ? traits.bits : 0);
    }
}

TEST(RowTypes, IntegersAreFoundByTheirBits)
{
    for (const RowType type : test::integer_row_types())
        EXPECT_EQ(integer_row_type(bits(type)), type);
    EXPECT_FALSE(test::integer_row_types().empty());
    for (const int none : {0, 1, 7, 16, 32})
        EXPECT_EQ(integer_row_type(none), std::nullopt) << none;
}

TEST(RowTypes, WhatIsNoTypeHasNoBits)
{
    const auto none = static_cast<RowType>(99);
    EXPECT_EQ(bits(none), 0);
    EXPECT_FALSE(is_integer(none));
    EXPECT_EQ(row_bytes({none, 64}), 0u);
    std::byte codes[64];
    float x[64] = {};
    EXPECT_EQ(encode_rows({none, 64}, x, 64, 1, {codes, nullptr, nullptr}), Status::BadShape);
}

} // namespace
} // namespace kvw::kernels
