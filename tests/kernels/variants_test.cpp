// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/variants.h"

#include "kernels/cpu/attend_prefill_variants.h"
#include "kernels/cpu/attend_variants.h"
#include "kernels/cpu/linear_variants.h"
#include "kernels/cpu/rows_variants.h"

#include <gtest/gtest.h>

namespace kvw::kernels {
namespace {

TEST(Levels, IncludeWhatStandsBeforeThemButForTheBranch)
{
    for (const CpuLevel level : kCpuLevels) {
        EXPECT_TRUE(includes(level, level)) << name(level);
        EXPECT_TRUE(includes(level, CpuLevel::Baseline)) << name(level);
        EXPECT_EQ(includes(level, CpuLevel::V3), level != CpuLevel::Baseline) << name(level);
        EXPECT_EQ(includes(level, CpuLevel::V3Vnni), level == CpuLevel::V3Vnni) << name(level);
    }
    EXPECT_FALSE(includes(CpuLevel::V3Vnni, CpuLevel::V4));
    EXPECT_TRUE(includes(CpuLevel::Bf16, CpuLevel::Vnni));
}

TEST(Variants, TheBestLevelIsTheHighestThatIsIncluded)
{
    if (!kCpuLevelsAreCompiled) {
        EXPECT_EQ(best_level<RowsVariant>(CpuLevel::Baseline), CpuLevel::Baseline);
        return;
    }
    EXPECT_EQ(best_level<RowsVariant>(CpuLevel::Baseline), CpuLevel::Baseline);
    EXPECT_EQ(best_level<RowsVariant>(CpuLevel::V3Vnni), CpuLevel::V3);
    EXPECT_EQ(best_level<RowsVariant>(CpuLevel::Bf16), CpuLevel::V4);
    EXPECT_EQ(best_level<AttendIntegers>(CpuLevel::Baseline), std::nullopt);
    EXPECT_EQ(best_level<AttendIntegers>(CpuLevel::V3Vnni), CpuLevel::V3Vnni);
    EXPECT_EQ(best_level<AttendIntegers>(CpuLevel::V4), CpuLevel::V3);
    EXPECT_EQ(best_level<AttendIntegers>(CpuLevel::Bf16), CpuLevel::Vnni);
    EXPECT_EQ(best_level<LinearDots>(CpuLevel::Vnni), std::nullopt);
}

TEST(Variants, EveryLevelHasItsOwn)
{
    if (!kCpuLevelsAreCompiled)
        GTEST_SKIP() << "this kind of processor has one level";
    const auto decode = [](CpuLevel level) { return variant_at<RowsVariant>(level).decode; };
    EXPECT_NE(decode(CpuLevel::Baseline), decode(CpuLevel::V3));
    EXPECT_NE(decode(CpuLevel::V3), decode(CpuLevel::V4));
    EXPECT_EQ(decode(CpuLevel::V3), decode(CpuLevel::V3Vnni));
    EXPECT_EQ(maybe_variant_at<LinearDots>(CpuLevel::Vnni), nullptr);
    EXPECT_NE(maybe_variant_at<LinearDots>(CpuLevel::Bf16), nullptr);
}

/// Integers as such wherever they are not given up for wider vectors of floats.
TEST(Variants, AttentionTakesIntegersWhereTheyAreFaster)
{
    if (!kCpuLevelsAreCompiled)
        GTEST_SKIP() << "this kind of processor has one level";
    const auto floats = [](CpuLevel level) { return variant_at<AttendFloats>(level).run; };
    const auto integers = [](CpuLevel level) { return maybe_variant_at<AttendIntegers>(level)->run; };
    for (const CpuLevel level : kCpuLevels)
        EXPECT_EQ(attend_variant(level, Products::Fp32), floats(level)) << name(level);
    for (const CpuLevel level : {CpuLevel::Baseline, CpuLevel::V4})
        EXPECT_EQ(attend_variant(level, Products::Bf16), floats(level)) << name(level);
    for (const CpuLevel level : {CpuLevel::V3, CpuLevel::V3Vnni, CpuLevel::Vnni, CpuLevel::Bf16})
        EXPECT_EQ(attend_variant(level, Products::Bf16), integers(level)) << name(level);
}

TEST(Variants, PrefillTakesPairsOnlyWhereTheyAreWanted)
{
    for (const CpuLevel level : kCpuLevels) {
        EXPECT_EQ(attend_prefill_variant(level, false).pair, 1) << name(level);
        EXPECT_EQ(attend_prefill_variant(level, true).pair, level == CpuLevel::Bf16 && kCpuLevelsAreCompiled ? 2 : 1)
            << name(level);
    }
}

} // namespace
} // namespace kvw::kernels
