// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/crew.h"

#include "kernels/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace kvw::kernels {
namespace {

/// How often each piece was run, by a team of this size.
std::vector<int> counts(std::int64_t pieces, int team, Taking taking)
{
    std::vector<std::atomic<int>> times(static_cast<std::size_t>(pieces));
    std::atomic<int> bad_slots{0};
    for_pieces(pieces, team, taking, [&](std::int64_t piece, int slot) {
        times[static_cast<std::size_t>(piece)].fetch_add(1);
        if (slot < 0 || slot >= team)
            bad_slots.fetch_add(1);
    });
    EXPECT_EQ(bad_slots.load(), 0);
    return {times.begin(), times.end()};
}

TEST(Crew, EveryPieceIsRunOnce)
{
    for (const Taking taking : {Taking::One, Taking::Guided})
        for (const int team : {1, 2, 3, 8})
            for (const std::int64_t pieces : {0, 1, 2, 7, 64, 1000})
                EXPECT_EQ(counts(pieces, team, taking), std::vector<int>(static_cast<std::size_t>(pieces), 1))
                    << pieces << " pieces, " << team << " threads";
}

TEST(Crew, CallsFollowEachOtherAtOnce)
{
    // Thousands of short calls of changing size: a thread that comes late must not touch a later call's pieces.
    std::int64_t sum = 0, wanted = 0;
    for (int call = 0; call < 20'000; ++call) {
        const std::int64_t pieces = 1 + call % 5;
        std::atomic<std::int64_t> here{0};
        for_pieces(pieces, 1 + call % 4, call % 2 == 0 ? Taking::One : Taking::Guided,
                   [&](std::int64_t piece, int) { here.fetch_add(piece + 1); });
        sum += here.load();
        wanted += pieces * (pieces + 1) / 2;
    }
    EXPECT_EQ(sum, wanted);
}

TEST(Crew, ACallFromWithinAPieceRunsOnItsOwnThread)
{
    EXPECT_FALSE(inside_piece());
    std::atomic<int> inner{0}, elsewhere{0};
    for_pieces(8, 4, Taking::One, [&](std::int64_t, int) {
        const auto self = std::this_thread::get_id();
        if (!inside_piece())
            elsewhere.fetch_add(1);
        for_pieces(5, 4, Taking::One, [&](std::int64_t, int slot) {
            inner.fetch_add(1);
            if (std::this_thread::get_id() != self || slot != 0)
                elsewhere.fetch_add(1);
        });
    });
    EXPECT_EQ(inner.load(), 40);
    EXPECT_EQ(elsewhere.load(), 0);
    EXPECT_FALSE(inside_piece());
}

TEST(Crew, SeveralThreadsMayCall)
{
    std::atomic<std::int64_t> sum{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller)
        callers.emplace_back([&] {
            for (int call = 0; call < 500; ++call)
                for_pieces(10, 3, Taking::One, [&](std::int64_t piece, int) { sum.fetch_add(piece); });
        });
    for (std::thread& caller : callers)
        caller.join();
    EXPECT_EQ(sum.load(), 4 * 500 * 45);
}

/// A call beside one that holds the whole crew up is done by its own thread.
TEST(Crew, ACallBesideAnotherGoesOnAlone)
{
    std::atomic<bool> helper_inside{false}, release{false};
    std::thread other([&] {
        for_pieces(2, 2, Taking::One, [&](std::int64_t, int) {
            helper_inside = true;
            while (!release)
                std::this_thread::yield();
        });
    });
    while (!helper_inside)
        std::this_thread::yield();
    EXPECT_EQ(counts(50, 2, Taking::One), std::vector<int>(50, 1));
    release = true;
    other.join();
}

TEST(Crew, ThreadsAreWhatWasSet)
{
    const int before = threads();
    EXPECT_GE(before, 1);
    set_threads(3);
    EXPECT_EQ(threads(), 3);
    set_threads(0);
    EXPECT_EQ(threads(), 1);
    set_threads(before);
    EXPECT_GE(usable_cores(), 1);
}

} // namespace
} // namespace kvw::kernels
