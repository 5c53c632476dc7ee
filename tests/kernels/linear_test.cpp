// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/linear.h"

#include "kernels/cpu/linear_bf16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <tuple>
#include <vector>

namespace kvw::kernels {
namespace {

/// Rounding to nearest even, apart from the code under test.
std::uint16_t bf16_of(float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    bits += 0x7fffu + (bits >> 16 & 1u);
    return static_cast<std::uint16_t>(bits >> 16);
}

double value_of(std::uint16_t bf16)
{
    const std::uint32_t bits = static_cast<std::uint32_t>(bf16) << 16;
    float value = 0;
    std::memcpy(&value, &bits, 4);
    return value;
}

struct Free
{
    void operator()(std::byte* data) const { std::free(data); }
};

struct Problem
{
    std::int64_t rows, n, k;
    std::int64_t x_stride, y_stride;
    std::vector<float> x, y;
    std::vector<std::uint16_t> w;
    std::unique_ptr<std::byte, Free> packed;

    Problem(std::int64_t rows_, std::int64_t n_, std::int64_t k_, std::int64_t padding = 5)
        : rows(rows_),
          n(n_),
          k(k_),
          x_stride(k_ + padding),
          y_stride(n_ + 2 * padding)
    {
        std::mt19937 random(static_cast<unsigned>(rows * 131 + n * 17 + k));
        std::normal_distribution<float> normal;
        x.resize(static_cast<std::size_t>(rows * x_stride));
        y.resize(static_cast<std::size_t>(rows * y_stride));
        w.resize(static_cast<std::size_t>(n * k));
        for (float& value : x)
            value = normal(random);
        for (float& value : y)
            value = 3 * normal(random);
        for (std::uint16_t& value : w)
            value = bf16_of(0.1f * normal(random));
        const std::size_t bytes = packed_linear_bytes(n, k);
        packed.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes == 0 ? 64 : bytes)));
        std::memset(packed.get(), 0xff, bytes); // padding that pack_linear forgets would show as NaN
        pack_linear(w.data(), n, k, packed.get());
    }

    LinearBf16 call(LinearOutput output = LinearOutput::Store)
    {
        LinearBf16 args;
        args.rows = rows;
        args.n = n;
        args.k = k;
        args.x = x.data();
        args.x_stride = x_stride;
        args.packed = packed.get();
        args.y = y.data();
        args.y_stride = y_stride;
        args.output = output;
        return args;
    }
};

/// Counts of elements beyond the bound of a k-term fp32 sum, (k + 2) eps sum |x w|, or changed outside [rows, n].
int wrong_elements(const Problem& problem, const std::vector<float>& before, LinearOutput output)
{
    int wrong = 0;
    const double eps = 1.2e-7;
    for (std::int64_t r = 0; r < problem.rows; ++r) {
        for (std::int64_t j = 0; j < problem.y_stride; ++j) {
            const std::size_t at = static_cast<std::size_t>(r * problem.y_stride + j);
            if (j >= problem.n) {
                wrong += problem.y[at] == before[at] ? 0 : 1;
                continue;
            }
            double sum = 0, magnitude = 0;
            for (std::int64_t i = 0; i < problem.k; ++i) {
                const double product = value_of(bf16_of(problem.x[static_cast<std::size_t>(r * problem.x_stride + i)]))
                    * value_of(problem.w[static_cast<std::size_t>(j * problem.k + i)]);
                sum += product;
                magnitude += std::abs(product);
            }
            if (output == LinearOutput::Add) {
                sum += before[at];
                magnitude += std::abs(before[at]);
            }
            if (!(std::abs(problem.y[at] - sum) <= static_cast<double>(problem.k + 2) * eps * magnitude + 1e-30))
                ++wrong;
        }
    }
    return wrong;
}

class Linear : public ::testing::Test
{
protected:
    void SetUp() override
    {
        if (!linear_bf16_available())
            GTEST_SKIP() << "this processor has no bf16 dot product";
    }
};

TEST_F(Linear, EverySizeStoreAndAdd)
{
    int cases = 0;
    for (const std::int64_t rows : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 64, 100})
        for (const std::int64_t n : {1, 15, 16, 17, 33, 960})
            for (const std::int64_t k : {1, 2, 3, 31, 576}) {
                if (rows * n * k > 64 * 33 * 576 && rows != 17 && rows != 1)
                    continue; // the plain loop is slow; the widths and depths are all met with other rows
                for (const LinearOutput output : {LinearOutput::Store, LinearOutput::Add}) {
                    Problem problem(rows, n, k);
                    const std::vector<float> before = problem.y;
                    ASSERT_EQ(linear_bf16(problem.call(output)), Status::Ok);
                    EXPECT_EQ(wrong_elements(problem, before, output), 0) << rows << " x " << n << " x " << k;
                    ++cases;
                }
            }
    EXPECT_GT(cases, 1000);
}

TEST_F(Linear, RowsBeyondOneTaskAndLongSums)
{
    for (const auto& [rows, n, k] :
         {std::tuple{145, 40, 64}, {300, 33, 70}, {2100, 17, 32}, {13, 33, 4700}, {30, 16, 9301}}) {
        Problem problem(rows, n, k, 0);
        const std::vector<float> before = problem.y;
        ASSERT_EQ(linear_bf16(problem.call(LinearOutput::Add)), Status::Ok);
        EXPECT_EQ(wrong_elements(problem, before, LinearOutput::Add), 0) << rows << " x " << n << " x " << k;
    }
}

TEST_F(Linear, BitsDependNeitherOnRowsNorOnThePlan)
{
    Problem problem(150, 100, 1000);
    ASSERT_EQ(linear_bf16(problem.call()), Status::Ok);
    const std::vector<float> whole = problem.y;
    ASSERT_EQ(linear_bf16(problem.call()), Status::Ok);
    EXPECT_EQ(problem.y, whole);

    for (std::int64_t row = 0; row < problem.rows; ++row) {
        LinearBf16 one = problem.call();
        one.rows = 1;
        one.x += row * problem.x_stride;
        one.y += row * problem.y_stride;
        ASSERT_EQ(linear_bf16(one), Status::Ok);
    }
    EXPECT_EQ(problem.y, whole);

    for (const std::int64_t range_pairs : {1, 7, 499, 500}) {
        LinearPlan plan = plan_linear_bf16(problem.call(), 3);
        std::unique_ptr<std::byte, Free> scratch(
            static_cast<std::byte*>(std::aligned_alloc(64, static_cast<std::size_t>(150 * plan.bf16_stride * 2))));
        plan.bf16 = reinterpret_cast<std::uint16_t*>(scratch.get());
        plan.range_pairs = range_pairs;
        plan.chunk_rows = 70;
        plan.threads = 3;
        std::fill(problem.y.begin(), problem.y.end(), 0.f);
        run_linear_bf16(problem.call(), plan);
        for (std::int64_t row = 0; row < problem.rows; ++row)
            ASSERT_EQ(std::memcmp(&problem.y[static_cast<std::size_t>(row * problem.y_stride)],
                                  &whole[static_cast<std::size_t>(row * problem.y_stride)], 4 * 100),
                      0)
                << "ranges of " << range_pairs << ", row " << row;
    }
}

TEST_F(Linear, NoTermsGiveZeroOrLeaveTheSum)
{
    Problem problem(3, 20, 0);
    const std::vector<float> before = problem.y;
    ASSERT_EQ(linear_bf16(problem.call(LinearOutput::Add)), Status::Ok);
    EXPECT_EQ(problem.y, before);
    ASSERT_EQ(linear_bf16(problem.call()), Status::Ok);
    EXPECT_EQ(wrong_elements(problem, before, LinearOutput::Store), 0);
    EXPECT_EQ(problem.y[0], 0.f);
}

TEST_F(Linear, NanReachesItsRowOnly)
{
    Problem problem(14, 33, 64);
    problem.x[static_cast<std::size_t>(2 * problem.x_stride + 7)] = std::nanf("");
    ASSERT_EQ(linear_bf16(problem.call()), Status::Ok);
    for (std::int64_t r = 0; r < problem.rows; ++r)
        for (std::int64_t j = 0; j < problem.n; ++j)
            EXPECT_EQ(std::isnan(problem.y[static_cast<std::size_t>(r * problem.y_stride + j)]), r == 2);
}

TEST(LinearShapes, ContradictionsAreRefused)
{
    Problem problem(3, 20, 10);
    LinearBf16 args = problem.call();
    args.x_stride = 9;
    EXPECT_EQ(linear_bf16(args), Status::BadShape);
    args = problem.call();
    args.y_stride = 19;
    EXPECT_EQ(linear_bf16(args), Status::BadShape);
    args = problem.call();
    args.k = -1;
    EXPECT_EQ(linear_bf16(args), Status::BadShape);
}

TEST(LinearShapes, AbsentInstructionsAreUnsupported)
{
    Problem problem(3, 20, 10);
    const Status wanted = linear_bf16_available() ? Status::Ok : Status::Unsupported;
    EXPECT_EQ(linear_bf16(problem.call()), wanted);
}

TEST(LinearShapes, PackedBytesCountPaddedTiles)
{
    EXPECT_EQ(packed_linear_bytes(0, 10), 0u);
    EXPECT_EQ(packed_linear_bytes(1, 1), 64u);
    EXPECT_EQ(packed_linear_bytes(16, 2), 64u);
    EXPECT_EQ(packed_linear_bytes(17, 3), 256u);
    EXPECT_EQ(packed_linear_bytes(960, 576), 960u * 576u * 2u);
}

TEST(LinearShapes, PackingPairsNeighboursOfK)
{
    std::vector<std::uint16_t> bytes(17 * 3 + 1);
    // One byte off, as in a memory-mapped file.
    std::uint16_t* w = reinterpret_cast<std::uint16_t*>(reinterpret_cast<std::byte*>(bytes.data()) + 1);
    for (std::uint16_t i = 0; i < 17 * 3; ++i)
        std::memcpy(reinterpret_cast<std::byte*>(w) + 2 * i, &i, 2);
    std::vector<std::uint16_t> packed(128, 0xffff);
    pack_linear(w, 17, 3, reinterpret_cast<std::byte*>(packed.data()));
    for (int tile = 0; tile < 2; ++tile)
        for (int k = 0; k < 4; ++k)
            for (int column = 0; column < 16; ++column) {
                const int row = tile * 16 + column;
                const int wanted = row < 17 && k < 3 ? row * 3 + k : 0;
                EXPECT_EQ(packed[static_cast<std::size_t>(tile * 64 + k / 2 * 32 + column * 2 + k % 2)], wanted);
            }
}

} // namespace
} // namespace kvw::kernels
