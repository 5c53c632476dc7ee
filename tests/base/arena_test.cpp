// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/arena.h"

#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <vector>

namespace kvw {
namespace {

TEST(Arena, PiecesAreAlignedAndApart)
{
    Arena arena;
    struct Piece
    {
        std::byte* at;
        std::size_t bytes;
    };
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < 500; ++i) {
        const std::size_t bytes = i * 37 % 5000;
        auto* at = static_cast<std::byte*>(arena.take(bytes));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at) % Arena::kAlignment, 0u);
        std::memset(at, static_cast<int>(i % 251), bytes);
        pieces.push_back({at, bytes});
    }
    for (std::size_t i = 0; i < pieces.size(); ++i)
        for (std::size_t k = 0; k < pieces[i].bytes; ++k)
            ASSERT_EQ(pieces[i].at[k], static_cast<std::byte>(i % 251)) << i;
}

TEST(Arena, WhatIsGivenBackServesTheSameSize)
{
    Arena arena;
    std::set<void*> first, second;
    for (int i = 0; i < 100; ++i)
        first.insert(arena.take(13000));
    EXPECT_EQ(first.size(), 100u);
    EXPECT_EQ(arena.bytes_taken(), 100u * 13056);
    for (void* piece : first)
        arena.give_back(piece, 13000);
    EXPECT_EQ(arena.bytes_taken(), 0u);
    const std::size_t held = arena.bytes_held();
    EXPECT_FALSE(first.contains(arena.take(26000))); // another size takes new memory
    for (int i = 0; i < 100; ++i)
        second.insert(arena.take(13000));
    EXPECT_EQ(second, first);
    EXPECT_LE(arena.bytes_held(), held + held / 8 + 65536);
}

TEST(Arena, HoldsLittleMoreThanItsPieces)
{
    Arena arena;
    for (int i = 0; i < 4000; ++i) {
        arena.take(24576);
        ASSERT_GE(arena.bytes_held(), arena.bytes_taken());
        ASSERT_LE(static_cast<double>(arena.bytes_held()), static_cast<double>(arena.bytes_taken()) * 9 / 8 + 65536);
    }
    EXPECT_EQ(arena.bytes_taken(), 4000u * 24576);
}

TEST(Arena, PiecesLargerThanASlab)
{
    Arena arena(std::size_t{1} << 20);
    void* large = arena.take(std::size_t{3} << 20);
    std::memset(large, 1, std::size_t{3} << 20);
    EXPECT_EQ(arena.bytes_held(), std::size_t{3} << 20);
    arena.take(100);
    EXPECT_EQ(arena.bytes_held(), std::size_t{4} << 20);
}

TEST(Arena, NoMemoryIsAnErrorAndNothingIsTaken)
{
    Arena arena;
    try {
        arena.take(std::numeric_limits<std::size_t>::max() / 4);
        ADD_FAILURE() << "that much memory cannot be there";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::OutOfMemory);
    }
    EXPECT_EQ(arena.bytes_taken(), 0u);
    EXPECT_NE(arena.take(1), nullptr);
}

} // namespace
} // namespace kvw
