// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/linear.h"

#include "kernels/cpu/linear_variants.h"
#include "kernels/linear_choice.h"
#include "kernels/threads.h"
#include "tests/kernels/levels.h"

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
    LinearType type;
    std::vector<float> x, y, w; ///< weights that are bf16 numbers where the type is
    std::unique_ptr<std::byte, Free> packed;

    Problem(LinearType type_, std::int64_t rows_, std::int64_t n_, std::int64_t k_, std::int64_t padding = 5)
        : rows(rows_),
          n(n_),
          k(k_),
          x_stride(k_ + padding),
          y_stride(n_ + 2 * padding),
          type(type_)
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
        for (float& value : w)
            value = type == LinearType::Bf16 ? static_cast<float>(value_of(bf16_of(0.1f * normal(random))))
                                             : 0.1f * normal(random);
        const std::size_t bytes = packed_linear_bytes(type, n, k);
        packed.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes == 0 ? 64 : bytes)));
        std::memset(packed.get(), 0xff, bytes); // padding that pack_linear forgets would show as NaN
        std::vector<std::uint16_t> bits(w.size());
        for (std::size_t i = 0; i < w.size(); ++i)
            bits[i] = bf16_of(w[i]);
        const void* weights = w.data();
        pack_linear(type, type == LinearType::Bf16 ? bits.data() : weights, n, k, packed.get());
    }

    /// What row r of x is multiplied as.
    double factor(std::int64_t r, std::int64_t i) const
    {
        const float value = x[static_cast<std::size_t>(r * x_stride + i)];
        return type == LinearType::Bf16 ? value_of(bf16_of(value)) : static_cast<double>(value);
    }

    LinearProduct call(LinearOutput output = LinearOutput::Store)
    {
        LinearProduct args;
        args.type = type;
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
                const double product =
                    problem.factor(r, i) * static_cast<double>(problem.w[static_cast<std::size_t>(j * problem.k + i)]);
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

struct Path
{
    LinearType type;
    CpuLevel level;
};

std::string path_name(const ::testing::TestParamInfo<Path>& info)
{
    return (info.param.type == LinearType::Bf16 ? "Bf16_" : "Fp32_") + test::word_of(info.param.level);
}

std::vector<Path> all_paths()
{
    std::vector<Path> paths;
    for (const CpuLevel level : test::levels_of<LinearVariants>())
        for (const LinearType type : {LinearType::Fp32, LinearType::Bf16})
            paths.push_back({type, level});
    for (const CpuLevel level : test::levels_of<LinearDots>())
        paths.push_back({LinearType::Bf16, level});
    return paths;
}

/// Every variant that the processor has, whatever the process is held to.
class Linear : public ::testing::TestWithParam<Path>
{
protected:
    void SetUp() override
    {
        if (!cpu_has(GetParam().level))
            GTEST_SKIP() << "this processor does not have " << name(GetParam().level);
        variant_ = linear_variant(GetParam().type, GetParam().level);
        ASSERT_NE(variant_.run, nullptr);
    }

    Problem problem(std::int64_t rows, std::int64_t n, std::int64_t k, std::int64_t padding = 5) const
    {
        return Problem(GetParam().type, rows, n, k, padding);
    }

    /// As linear() does it, with this variant.
    void multiply(const LinearProduct& args, int team = 2) const
    {
        if (args.rows > 0)
            multiply(args, plan_linear(variant_, args, team));
    }
    void multiply(const LinearProduct& args, LinearPlan plan) const
    {
        const std::int64_t bytes = plan.chunk_rows * plan.stride * variant_.element;
        const std::unique_ptr<std::byte, Free> scratch(
            static_cast<std::byte*>(std::aligned_alloc(64, static_cast<std::size_t>((bytes + 63) / 64 * 64))));
        plan.rows = scratch.get();
        run_linear(variant_, args, plan);
    }

    LinearVariant variant_;
};

TEST_P(Linear, EverySizeStoreAndAdd)
{
    int cases = 0;
    for (const std::int64_t rows : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 64, 100})
        for (const std::int64_t n : {1, 15, 16, 17, 33, 960})
            for (const std::int64_t k : {1, 2, 3, 31, 576}) {
                if (rows * n * k > 64 * 33 * 576 && rows != 17 && rows != 1)
                    continue; // the plain loop is slow; the widths and depths are all met with other rows
                for (const LinearOutput output : {LinearOutput::Store, LinearOutput::Add}) {
                    Problem one = problem(rows, n, k);
                    const std::vector<float> before = one.y;
                    multiply(one.call(output));
                    EXPECT_EQ(wrong_elements(one, before, output), 0) << rows << " x " << n << " x " << k;
                    ++cases;
                }
            }
    EXPECT_GT(cases, 1000);
}

TEST_P(Linear, RowsBeyondOneTaskAndLongSums)
{
    for (const auto& [rows, n, k] :
         {std::tuple{145, 40, 64}, {300, 33, 70}, {2100, 17, 32}, {13, 33, 4700}, {30, 16, 9301}}) {
        Problem one = problem(rows, n, k, 0);
        const std::vector<float> before = one.y;
        multiply(one.call(LinearOutput::Add));
        EXPECT_EQ(wrong_elements(one, before, LinearOutput::Add), 0) << rows << " x " << n << " x " << k;
    }
}

TEST_P(Linear, BitsDependNeitherOnRowsNorOnThePlan)
{
    Problem all = problem(150, 100, 1000);
    multiply(all.call());
    const std::vector<float> whole = all.y;
    multiply(all.call(), 1);
    EXPECT_EQ(all.y, whole);

    for (std::int64_t row = 0; row < all.rows; ++row) {
        LinearProduct one = all.call();
        one.rows = 1;
        one.x += row * all.x_stride;
        one.y += row * all.y_stride;
        multiply(one);
    }
    EXPECT_EQ(all.y, whole);

    for (const std::int64_t range_pairs : {1, 7, 64, 499, 500}) {
        LinearPlan plan = plan_linear(variant_, all.call(), 3);
        plan.range_pairs = range_pairs;
        plan.chunk_rows = 70;
        plan.block_rows = 36;
        std::fill(all.y.begin(), all.y.end(), 0.f);
        multiply(all.call(), plan);
        for (std::int64_t row = 0; row < all.rows; ++row)
            ASSERT_EQ(std::memcmp(&all.y[static_cast<std::size_t>(row * all.y_stride)],
                                  &whole[static_cast<std::size_t>(row * all.y_stride)], 4 * 100),
                      0)
                << "ranges of " << range_pairs << ", row " << row;
    }
}

TEST_P(Linear, NoTermsGiveZeroOrLeaveTheSum)
{
    Problem none = problem(3, 20, 0);
    const std::vector<float> before = none.y;
    multiply(none.call(LinearOutput::Add));
    EXPECT_EQ(none.y, before);
    multiply(none.call());
    EXPECT_EQ(wrong_elements(none, before, LinearOutput::Store), 0);
    EXPECT_EQ(none.y[0], 0.f);
}

TEST_P(Linear, NanReachesItsRowOnly)
{
    Problem spoiled = problem(14, 33, 64);
    spoiled.x[static_cast<std::size_t>(2 * spoiled.x_stride + 7)] = std::nanf("");
    multiply(spoiled.call());
    for (std::int64_t r = 0; r < spoiled.rows; ++r)
        for (std::int64_t j = 0; j < spoiled.n; ++j)
            EXPECT_EQ(std::isnan(spoiled.y[static_cast<std::size_t>(r * spoiled.y_stride + j)]), r == 2);
}

TEST_P(Linear, RoundingGoesToTheNearestEvenAndKeepsInfinities)
{
    // One weight of 1: the product is the factor as it is read.
    const float inputs[] = {1.0f,   1.00390625f, 1.01171875f, -1.00390625f, 3.4e38f,
                            1e-30f, HUGE_VALF,   -HUGE_VALF,  -0.0f};
    for (const float input : inputs) {
        Problem one = problem(1, 1, 1);
        one.w[0] = 1;
        const std::uint16_t bits = bf16_of(1.0f);
        const void* weights = one.w.data();
        pack_linear(one.type, one.type == LinearType::Bf16 ? &bits : weights, 1, 1, one.packed.get());
        one.x[0] = input;
        multiply(one.call());
        const auto wanted = static_cast<float>(one.factor(0, 0));
        EXPECT_EQ(one.y[0], wanted) << input;
    }
}

INSTANTIATE_TEST_SUITE_P(Paths, Linear, ::testing::ValuesIn(all_paths()), path_name);

TEST(LinearShapes, TheCallIsOneOfTheVariants)
{
    for (const LinearType type : {LinearType::Fp32, LinearType::Bf16}) {
        const LinearChoice& choice = linear_choice(type);
        ASSERT_GE(choice.count, 1);
        ASSERT_LT(choice.chosen, choice.count);
        for (int i = 0; i < choice.count; ++i)
            EXPECT_GT(choice.candidates[static_cast<std::size_t>(i)].gflops, 0);
        Problem problem(type, 37, 50, 70);
        const std::vector<float> before = problem.y;
        ASSERT_EQ(linear(problem.call()), Status::Ok);
        EXPECT_EQ(wrong_elements(problem, before, LinearOutput::Store), 0);
    }
}

TEST(LinearShapes, ContradictionsAreRefused)
{
    Problem problem(LinearType::Bf16, 3, 20, 10);
    LinearProduct args = problem.call();
    args.x_stride = 9;
    EXPECT_EQ(linear(args), Status::BadShape);
    args = problem.call();
    args.y_stride = 19;
    EXPECT_EQ(linear(args), Status::BadShape);
    args = problem.call();
    args.k = -1;
    EXPECT_EQ(linear(args), Status::BadShape);
}

TEST(LinearShapes, PackedBytesCountPaddedTiles)
{
    EXPECT_EQ(packed_linear_bytes(LinearType::Bf16, 0, 10), 0u);
    EXPECT_EQ(packed_linear_bytes(LinearType::Bf16, 1, 1), 64u);
    EXPECT_EQ(packed_linear_bytes(LinearType::Bf16, 16, 2), 64u);
    EXPECT_EQ(packed_linear_bytes(LinearType::Bf16, 17, 3), 256u);
    EXPECT_EQ(packed_linear_bytes(LinearType::Bf16, 960, 576), 960u * 576u * 2u);
    EXPECT_EQ(packed_linear_bytes(LinearType::Fp32, 17, 3), 512u);
    EXPECT_EQ(packed_linear_bytes(LinearType::Fp32, 960, 576), 960u * 576u * 4u);
}

TEST(LinearShapes, UnpackingGivesBackWhatWasPacked)
{
    for (const auto& [n, k] : {std::pair{1, 1}, {16, 2}, {17, 3}, {33, 64}}) {
        Problem problem(LinearType::Fp32, 1, n, k);
        std::vector<float> back(problem.w.size());
        unpack_linear(LinearType::Fp32, problem.packed.get(), n, k, back.data());
        EXPECT_EQ(back, problem.w);
        Problem rounded(LinearType::Bf16, 1, n, k);
        std::vector<std::uint16_t> bits(rounded.w.size());
        unpack_linear(LinearType::Bf16, rounded.packed.get(), n, k, bits.data());
        for (std::size_t i = 0; i < bits.size(); ++i)
            EXPECT_EQ(bits[i], bf16_of(rounded.w[i]));
    }
}

TEST(LinearShapes, PackingPairsNeighboursOfK)
{
    std::vector<std::uint16_t> bytes(17 * 3 + 1);
    // One byte off, as in a memory-mapped file.
    std::uint16_t* w = reinterpret_cast<std::uint16_t*>(reinterpret_cast<std::byte*>(bytes.data()) + 1);
    for (std::uint16_t i = 0; i < 17 * 3; ++i)
        std::memcpy(reinterpret_cast<std::byte*>(w) + 2 * i, &i, 2);
    std::vector<std::uint16_t> packed(128, 0xffff);
    pack_linear(LinearType::Bf16, w, 17, 3, reinterpret_cast<std::byte*>(packed.data()));
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
