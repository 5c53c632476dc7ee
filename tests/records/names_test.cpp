// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/records/names.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kvw {
namespace {

/// `all` has every value of the enumeration in order; the words are as given, differ, and lead back to their values.
template<typename Enumeration, std::size_t N>
void expect_names(const std::array<Enumeration, N>& all, const std::vector<std::string>& words)
{
    ASSERT_EQ(words.size(), N);
    std::set<std::string_view> known;
    for (std::size_t i = 0; i < N; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(all[i]), i) << "the list leaves a value out";
        EXPECT_EQ(name(all[i]), words[i]);
        EXPECT_TRUE(known.insert(name(all[i])).second) << words[i];
        const auto back = parse_name<Enumeration>(words[i]);
        ASSERT_TRUE(back) << words[i];
        EXPECT_EQ(*back, all[i]);
        EXPECT_EQ(words[i].find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << words[i];
    }
    EXPECT_EQ(name(static_cast<Enumeration>(N)), "?") << "the list lacks a value";
    for (const std::string& word : words)
        for (const std::string& other : {word + " ", " " + word, word + "x", word.substr(1),
                                         std::string(1, static_cast<char>(word[0] - 32)) + word.substr(1)})
            EXPECT_TRUE(!parse_name<Enumeration>(other) || known.contains(other)) << other;
    for (const char* other : {"", "?", " ", "unknown", "0"})
        EXPECT_FALSE(parse_name<Enumeration>(other)) << other;
    EXPECT_FALSE(parse_name<Enumeration>(std::string_view(words[0].c_str(), words[0].size() + 1)))
        << "with a NUL behind";
}

TEST(Names, RunKind) { expect_names(kRunKinds, {"calibrate", "ppl", "sweep", "bench", "generate", "import"}); }

TEST(Names, RunStatus)
{
    expect_names(
        kRunStatuses,
        {"running", "measured", "not_measured", "failed", "cancelled", "interrupted", "unsupported", "estimated"});
}

TEST(Names, Phase) { expect_names(kPhases, {"prefill", "decode"}); }

TEST(Names, FinishReason) { expect_names(kFinishReasons, {"length", "stop"}); }

TEST(Names, JobStatus)
{
    expect_names(kJobStatuses, {"queued", "running", "succeeded", "failed", "cancelled", "interrupted"});
}

TEST(Names, Quantity) { expect_names(kQuantities, {"q_pre", "q", "k_pre", "k", "v"}); }

TEST(Names, Positions) { expect_names(kPositions, {"all", "after_sinks"}); }

TEST(Names, Weighting) { expect_names(kWeightings, {"uniform", "attention"}); }

} // namespace
} // namespace kvw
