// SPDX-License-Identifier: GPL-3.0-or-later
// The store and attention of a GPU against the reference.
#include "tests/kernels/cuda/store_fixture.h"
#include "tests/support/expect_close.h"

#include <algorithm>
#include <cmath>

namespace kvw::kernels::cuda::test {
namespace {

class AttendTest : public OnDevice, public ::testing::WithParamInterface<Case>
{};

/// Products round q, p and codes to 11 (fp16) or 8 (bf16) bits; the reference has q and the codes as stored, so what is left
/// is p's rounding and the score's fp32 sum, which the exponential turns into a relative error of p.
double tolerance(const Case& c)
{
    const double p = c.key_format == Format::Bf16 ? 8e-3 : 1.5e-3;
    return c.outlier_keys ? 4 * p : p;
}

TEST_P(AttendTest, IsTheAttentionOfTheStoredTokens)
{
    const Case c = GetParam();
    SCOPED_TRACE(describe(c));
    Stored stored(c, 11, machine());
    ASSERT_FALSE(HasFatalFailure());
    const Rows expected = stored.attend_by_reference(), out = stored.attend(), blocks = stored.last_blocks();
    double largest = 0;
    for (const double x : flat(stored.stored_values()))
        largest = std::max(largest, std::abs(x));
    for (std::size_t s = 0; s < out.size(); ++s)
        for (std::size_t h = 0; h < out[s].size(); ++h) {
            EXPECT_TRUE(testing::close(out[s][h], expected[s][h], {tolerance(c) * largest, 0}))
                << "sequence " << s << " head " << h;
            if (!blocks.empty()) {
                EXPECT_TRUE(testing::close(blocks[s][h], out[s][h], {1e-30, 4e-3}))
                    << "blocks, sequence " << s << " head " << h;
            }
        }
}

TEST_P(AttendTest, TokensAreStoredAsTheReferenceStoresThem)
{
    const Case c = GetParam();
    SCOPED_TRACE(describe(c));
    const Stored gpu(c, 12, machine()), reference(c, 12, host());
    ASSERT_FALSE(HasFatalFailure());
    EXPECT_TRUE(testing::close(flat(gpu.stored_keys()), flat(reference.stored_keys()), {1e-12, 1e-7})) << "keys";
    EXPECT_TRUE(testing::close(flat(gpu.stored_values()), flat(reference.stored_values()), {1e-12, 1e-7})) << "values";
    // Scaled by 1 / sqrt(d) and log2(e) in fp32 and rounded to 11 or 8 bits: the last of them may differ.
    const Rows queries = gpu.stored_queries(), wanted = reference.stored_queries();
    for (std::size_t s = 0; s < queries.size(); ++s)
        for (std::size_t h = 0; h < queries[s].size(); ++h)
            EXPECT_TRUE(testing::close(queries[s][h], wanted[s][h], {1e-6, 8e-3})) << "queries";
}

TEST(LinearVariants, HaveNames)
{
    EXPECT_EQ(linear_variant_name(kLinearVariants), nullptr);
    for (int i = 0; i < kLinearVariants; ++i)
        EXPECT_NE(linear_variant_name(i), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Formats, AttendTest, ::testing::ValuesIn(all_cases()));

} // namespace
} // namespace kvw::kernels::cuda::test
