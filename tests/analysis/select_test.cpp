// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/moments.h"
#include "core/analysis/select.h"
#include "tests/analysis/analysis_support.h"

#include <algorithm>

namespace kvw {
namespace {

using namespace analysis_test;

/// Two layers, three KV heads, every entry with another mean, so that a wrong choice shows.
Calibration calibration()
{
    Calibration result;
    result.layers = 2;
    result.heads = 6;
    result.kv_heads = 3;
    result.head_dim = 4;
    result.sinks = 4;
    result.weighted = true;
    std::uint64_t seed = 0;
    for (int layer = 0; layer < 2; ++layer)
        for (int head = 0; head < 3; ++head) {
            for (const Quantity quantity : kQuantities)
                for (const Positions positions : kPositions)
                    for (const Weighting weighting : kWeightings) {
                        const bool stored = quantity == Quantity::Key || quantity == Quantity::Value;
                        if (weighting == Weighting::Attention && !stored)
                            continue;
                        ++seed;
                        const Moments moments = two_pass(correlated(12, 4, seed), gaussian(12, 1, seed).cwiseAbs2());
                        result.entries.push_back({layer, head, quantity, positions, weighting, moments, {}});
                    }
            result.output_grams.push_back({layer, head, 4, std::vector<double>(16, layer + 0.1 * head)});
        }
    return result;
}

const Moments& stored(const Calibration& from, int layer, int head, Quantity quantity, Positions positions,
                      Weighting weighting)
{
    return from.find(layer, head, quantity, positions, weighting)->moments;
}

TEST(SelectMoments, TakesWhatThePolicyLeavesToTheCodec)
{
    const Calibration all = calibration();
    int cases = 0;
    for (const int sinks : {0, 4})
        for (const bool weighted : {false, true})
            for (const Quantity quantity : {Quantity::Key, Quantity::Value, Quantity::Query})
                for (int head = 0; head < 3; ++head, ++cases) {
                    const SelectedMoments found = select_moments(all, {1, head, quantity, sinks, false, weighted});
                    const Positions positions = sinks == 0 ? Positions::All : Positions::AfterSinks;
                    const Weighting weighting =
                        weighted && quantity != Quantity::Query ? Weighting::Attention : Weighting::Uniform;
                    EXPECT_EQ(found.moments.mean, stored(all, 1, head, quantity, positions, weighting).mean);
                    EXPECT_EQ(found.moments.scatter, stored(all, 1, head, quantity, positions, weighting).scatter);
                    EXPECT_EQ(found.positions, positions);
                    EXPECT_EQ(found.weighting, weighting);
                    EXPECT_EQ(found.note, "");
                }
    EXPECT_EQ(cases, 36);
}

TEST(SelectMoments, PooledMergesTheHeadsOfTheLayer)
{
    const Calibration all = calibration();
    const SelectedMoments found = select_moments(all, {0, 2, Quantity::Value, 0, true, true});
    std::vector<const Moments*> parts;
    for (int head = 0; head < 3; ++head)
        parts.push_back(&stored(all, 0, head, Quantity::Value, Positions::All, Weighting::Attention));
    const Moments wanted = pool(parts);
    EXPECT_EQ(found.moments.mean, wanted.mean);
    EXPECT_EQ(found.moments.scatter, wanted.scatter);
    EXPECT_EQ(found.moments.count, 36);
}

TEST(SelectMoments, SaysWhenTheSinksAreOthers)
{
    const Calibration all = calibration();
    const SelectedMoments found = select_moments(all, {0, 0, Quantity::Key, 8, false, false});
    EXPECT_EQ(found.positions, Positions::AfterSinks);
    EXPECT_EQ(found.note, "sinks=8 with moments gathered without the first 4 positions");
    EXPECT_EQ(select_moments(all, {0, 0, Quantity::Key, 0, false, false}).note, "");
}

TEST(SelectMoments, MissingOnesNameTheOptionThatWouldMakeThem)
{
    Calibration plain = calibration();
    std::erase_if(plain.entries, [](const HeadMoments& entry) { return entry.weighting == Weighting::Attention; });
    plain.weighted = false;
    expect_error(ErrorKind::NotFound, "--no-weighted", [&] {
        select_moments(plain, {0, 0, Quantity::Key, 0, false, true});
    });
    expect_error(ErrorKind::NotFound, "layer 0, kv head 1", [&] {
        select_moments(plain, {0, 1, Quantity::Value, 4, false, true});
    });

    Calibration without = calibration();
    std::erase_if(without.entries, [](const HeadMoments& entry) { return entry.positions == Positions::AfterSinks; });
    without.sinks = 0;
    expect_error(ErrorKind::NotFound, "--sinks 8", [&] {
        select_moments(without, {0, 0, Quantity::Key, 8, false, false});
    });

    Calibration hole = calibration();
    std::erase_if(hole.entries, [](const HeadMoments& entry) { return entry.kv_head == 2; });
    expect_error(ErrorKind::NotFound, "kv head 2", [&] {
        select_moments(hole, {1, 0, Quantity::Key, 0, true, false});
    });
}

TEST(SelectMoments, PlacesOutsideTheModelAreRefused)
{
    const Calibration all = calibration();
    expect_error(ErrorKind::InvalidArgument, "layer 2", [&] {
        select_moments(all, {2, 0, Quantity::Key, 0, false, false});
    });
    expect_error(ErrorKind::InvalidArgument, "layer -1", [&] {
        select_moments(all, {-1, 0, Quantity::Key, 0, false, false});
    });
    expect_error(ErrorKind::InvalidArgument, "kv head 3", [&] {
        select_moments(all, {0, 3, Quantity::Key, 0, false, false});
    });
    expect_error(ErrorKind::InvalidArgument, "sinks=-1", [&] {
        select_moments(all, {0, 0, Quantity::Key, -1, false, false});
    });
}

TEST(SelectOutputGram, FindsTheHeadsOwn)
{
    Calibration all = calibration();
    EXPECT_EQ(select_output_gram(all, 1, 2).gram[0], 1.2);
    expect_error(ErrorKind::InvalidArgument, "kv head 7", [&] { select_output_gram(all, 1, 7); });
    all.output_grams.clear();
    expect_error(ErrorKind::NotFound, "output gram", [&] { select_output_gram(all, 1, 2); });
}

} // namespace
} // namespace kvw
