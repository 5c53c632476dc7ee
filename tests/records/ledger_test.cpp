// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/records/ledger.h"

#include "core/records/moments.h"
#include "core/records/quality.h"
#include "core/records/throughput.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace kvw {
namespace {

TEST(Ledger, AddsUpWhatTheCacheHolds)
{
    // Powers of two: every sum says which of the parts are in it.
    const Ledger ledger{.payload_bytes = 1,
                        .scales_bytes = 2,
                        .raw_bytes = 4,
                        .padding_bytes = 8,
                        .fixed_bytes = 16,
                        .scratch_bytes = 32,
                        .values = 60};
    EXPECT_EQ(ledger.cache_bytes(), 15);
    EXPECT_EQ(ledger.total_bytes(), 63);
    EXPECT_EQ(ledger.bits_per_value(), 2);
    QualityRecord quality;
    quality.ledger = ledger;
    EXPECT_EQ(quality.bits_per_value(), 2);
}

TEST(Ledger, OfAnEmptyCache)
{
    const Ledger nothing;
    EXPECT_EQ(nothing.cache_bytes(), 0);
    EXPECT_EQ(nothing.total_bytes(), 0);
    EXPECT_EQ(nothing.bits_per_value(), 0);
    const Ledger only_bases{.fixed_bytes = 100};
    EXPECT_EQ(only_bases.total_bytes(), 100);
    EXPECT_EQ(only_bases.bits_per_value(), 0);
}

TEST(Ledger, KnownFormats)
{
    // fp16 is 16 bits; int8 with two fp16 numbers for 64 values is 8.5; int4 in groups of 32 is 5.
    EXPECT_EQ((Ledger{.payload_bytes = 2 * 4096, .values = 4096}.bits_per_value()), 16);
    EXPECT_EQ((Ledger{.payload_bytes = 4096, .scales_bytes = 4 * 64, .values = 4096}.bits_per_value()), 8.5);
    EXPECT_EQ((Ledger{.payload_bytes = 2048, .scales_bytes = 4 * 128, .values = 4096}.bits_per_value()), 5);
}

TEST(Ledger, NotANumberIsNotHidden)
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(Ledger{.raw_bytes = nan}.cache_bytes()));
    EXPECT_TRUE(std::isnan(Ledger{.scratch_bytes = nan}.total_bytes()));
    EXPECT_TRUE(std::isnan((Ledger{.payload_bytes = nan, .values = 1}.bits_per_value())));
}

TEST(ThroughputSample, TokensPerSecond)
{
    ThroughputSample sample;
    sample.timed_tokens = 30;
    EXPECT_EQ(sample.tokens_per_s(), 0) << "nothing was timed";
    sample.timed_s = 1.5;
    EXPECT_EQ(sample.tokens_per_s(), 20);
}

TEST(Calibration, FindsTheEntryThatWasAskedFor)
{
    Calibration calibration;
    EXPECT_EQ(calibration.find(0, 0, Quantity::Key, Positions::All, Weighting::Uniform), nullptr);
    EXPECT_EQ(calibration.find_output_gram(0, 0), nullptr);
    for (int layer = 0; layer < 2; ++layer)
        for (int head = 0; head < 3; ++head) {
            for (const Quantity quantity : kQuantities)
                for (const Positions positions : kPositions)
                    for (const Weighting weighting : kWeightings)
                        calibration.entries.push_back({layer, head, quantity, positions, weighting, {}, {}});
            calibration.output_grams.push_back({layer, head, 0, {}});
        }
    std::size_t found = 0;
    for (const HeadMoments& entry : calibration.entries)
        found +=
            calibration.find(entry.layer, entry.kv_head, entry.quantity, entry.positions, entry.weighting) == &entry;
    EXPECT_EQ(found, 2u * 3 * 5 * 2 * 2);
    for (const OutputGram& gram : calibration.output_grams)
        EXPECT_EQ(calibration.find_output_gram(gram.layer, gram.kv_head), &gram);
    EXPECT_EQ(calibration.find(2, 0, Quantity::Key, Positions::All, Weighting::Uniform), nullptr);
    EXPECT_EQ(calibration.find(0, 3, Quantity::Key, Positions::All, Weighting::Uniform), nullptr);
    EXPECT_EQ(calibration.find_output_gram(0, -1), nullptr);
}

} // namespace
} // namespace kvw
