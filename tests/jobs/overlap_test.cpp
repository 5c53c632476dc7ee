// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/overlap.h"

#include "tests/jobs/job_fixture.h"

#include <numeric>

namespace kvw::jobs_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::vector<std::int32_t> counting(int count, int first)
{
    std::vector<std::int32_t> out(static_cast<std::size_t>(count));
    std::iota(out.begin(), out.end(), first);
    return out;
}

constexpr int kBlock = static_cast<int>(kOverlapBlock);

TEST(Overlap, WholeBlocksAreHashedAndTheRestIsNot)
{
    EXPECT_TRUE(token_block_hashes(counting(kBlock - 1, 0)).empty());
    EXPECT_EQ(token_block_hashes(counting(3 * kBlock + 5, 0)).size(), 3u);
    EXPECT_EQ(token_block_hashes(counting(kBlock, 7)), token_block_hashes(counting(kBlock + 9, 7)));
    EXPECT_NE(token_block_hashes(counting(kBlock, 7)), token_block_hashes(counting(kBlock, 8)));
}

TEST(Overlap, IsFoundAtAnyOffset)
{
    const std::vector<std::uint64_t> blocks = token_block_hashes(counting(4 * kBlock, 0));
    std::vector<std::int32_t> text = counting(2 * kBlock + 5, 10'000);
    const std::vector<std::int32_t> taken = counting(2 * kBlock, 0); // the first two blocks
    text.insert(text.begin() + 3, taken.begin(), taken.end());
    const Overlap found = find_overlap(blocks, text);
    EXPECT_EQ(found.shared, 2);
    EXPECT_EQ(found.blocks, 4);
    EXPECT_DOUBLE_EQ(found.share(), 0.5);
}

TEST(Overlap, ABlockThatIsRepeatedCountsOnceAndNothingIsNoShare)
{
    const std::vector<std::int32_t> block = counting(kBlock, 0);
    std::vector<std::int32_t> twice = block;
    twice.insert(twice.end(), block.begin(), block.end());
    EXPECT_EQ(find_overlap(token_block_hashes(block), twice).shared, 1);
    EXPECT_EQ(find_overlap(token_block_hashes(block), counting(500, 100)).shared, 0);
    EXPECT_EQ(find_overlap({}, block).share(), 0);
}

class OverlapOfAJob : public JobTest
{};

TEST_F(OverlapOfAJob, TheCalibrationsTextIsRefusedAndSaidWhenItIsAllowed)
{
    run_calibrate(calibration(), context());
    QualitySpecification job = quality({"k=pca:8"});
    job.text = path("calibration.txt");
    expect_refused([&] { run_quality(RunKind::Ppl, job, context()); }, ErrorKind::InvalidArgument,
                   "is the text that calibration 1 was made from", "--allow-overlap");
    EXPECT_EQ(store_.quality().size(), 0u);
    job.allow_overlap = true;
    EXPECT_EQ(run_quality(RunKind::Ppl, job, context()).results.size(), 2u);
    EXPECT_THAT(sink_.warnings, Contains(HasSubstr("flatter the calibrated bases")));
}

TEST_F(OverlapOfAJob, PartsOfItAreFoundInAnotherText)
{
    run_calibrate(calibration(), context());
    QualitySpecification job = quality({"k=pca:8"});
    job.text = folder_.write("both.txt", "Moved by a few bytes. " + folder_.read("calibration.txt")).string();
    job.tokens = 200;
    expect_refused([&] { run_quality(RunKind::Ppl, job, context()); }, ErrorKind::InvalidArgument, "both.txt shares",
                   "--allow-overlap");
    job.text = path("calibration.txt");
    job.configurations = {"k=int8,token"}; // takes nothing from the calibration
    EXPECT_EQ(run_quality(RunKind::Ppl, job, context()).results.size(), 2u);
}

} // namespace
} // namespace kvw::jobs_test
