// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/analysis/analysis_support.h"

#include <cmath>
#include <set>

namespace kvw {
namespace {

using namespace analysis_test;

// The reference program's first numbers for this seed.
TEST(SplitMix64, KnownAnswers)
{
    SplitMix64 generator(1234567);
    for (const std::uint64_t wanted : {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
                                       4593380528125082431ULL, 16408922859458223821ULL})
        EXPECT_EQ(generator.next(), wanted);
}

// The reference program's first numbers for the state 1, 2, 3, 4.
TEST(RandomGenerator, KnownAnswersOfAState)
{
    RandomGenerator generator(std::array<std::uint64_t, 4>{1, 2, 3, 4});
    for (const std::uint64_t wanted :
         {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL, 1216172134540287360ULL, 607988272756665600ULL,
          16172922978634559625ULL, 8476171486693032832ULL, 10595114339597558777ULL, 2904607092377533576ULL})
        EXPECT_EQ(generator.next(), wanted);
}

TEST(RandomGenerator, EqualsTheScriptsGenerator)
{
    RandomGenerator words(42), normals(42);
    ASSERT_EQ(vectors().at("generator_seed_42").size(), 8u);
    for (const auto& wanted : vectors().at("generator_seed_42"))
        EXPECT_EQ(std::to_string(words.next()), wanted.get<std::string>());
    ASSERT_EQ(vectors().at("normal_seed_42").size(), 6u);
    for (const auto& wanted : vectors().at("normal_seed_42"))
        EXPECT_NEAR(normals.normal(), wanted.get<double>(), 1e-14);
}

TEST(RandomGenerator, NormalHasTheMomentsOfANormal)
{
    constexpr int draws = 200000;
    RandomGenerator generator(1);
    double mean = 0, square = 0, fourth = 0;
    for (int i = 0; i < draws; ++i) {
        const double value = generator.normal();
        mean += value / draws;
        square += value * value / draws;
        fourth += value * value * value * value / draws;
    }
    // Five standard errors: sqrt(1 / n), sqrt(2 / n), sqrt(96 / n).
    EXPECT_NEAR(mean, 0.0, 5 * std::sqrt(1.0 / draws));
    EXPECT_NEAR(square, 1.0, 5 * std::sqrt(2.0 / draws));
    EXPECT_NEAR(fourth, 3.0, 5 * std::sqrt(96.0 / draws));
}

TEST(RandomGenerator, BelowIsEvenAndInRange)
{
    RandomGenerator generator(3);
    constexpr int draws = 70000;
    std::array<int, 7> counts{};
    for (int i = 0; i < draws; ++i) {
        const std::uint64_t value = generator.below(7);
        ASSERT_LT(value, 7u);
        ++counts[value];
    }
    for (const int count : counts)
        EXPECT_NEAR(count, draws / 7.0, 5 * std::sqrt(draws * (1.0 / 7) * (6.0 / 7)));
    EXPECT_EQ(generator.below(1), 0u);
    EXPECT_EQ(generator.below(0), 0u);
}

// Of 2^64 draws modulo 3 * 2^62 the lowest third would come up twice as often as the others.
TEST(RandomGenerator, BelowHasNoBiasForALargeBound)
{
    RandomGenerator generator(4);
    constexpr int draws = 20000;
    int low = 0;
    for (int i = 0; i < draws; ++i)
        low += generator.below(3ULL << 62) < 1ULL << 62 ? 1 : 0;
    EXPECT_NEAR(low, draws / 3.0, 5 * std::sqrt(draws * (1.0 / 3) * (2.0 / 3)));
}

TEST(RandomGenerator, UniformIsBelowOne)
{
    std::set<double> seen;
    RandomGenerator generator(9);
    for (int i = 0; i < 1000; ++i) {
        const double value = generator.uniform();
        ASSERT_TRUE(value >= 0 && value < 1) << value;
        seen.insert(value);
    }
    EXPECT_EQ(seen.size(), 1000u);
    // With this second word the first draw is 2^64 - 1.
    const std::array<std::uint64_t, 4> state{1, 0x4fc71c71c71c71c7ULL, 3, 4};
    ASSERT_EQ(RandomGenerator(state).next(), ~0ULL);
    EXPECT_EQ(RandomGenerator(state).uniform(), 1.0 - 0x1p-53);
    EXPECT_TRUE(std::isfinite(RandomGenerator(state).normal()));
}

} // namespace
} // namespace kvw
