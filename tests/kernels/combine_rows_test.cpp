// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/combine_rows.h"

#include "tests/kernels/levels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace kvw::kernels {
namespace {

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

std::vector<float> random_numbers(std::size_t count, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values)
        value = normal(random);
    return values;
}

class CombineRowsAt : public test::AtLevel
{};

TEST_P(CombineRowsAt, EveryLevelEqualsTheFormula)
{
    int checked = 0;
    for (const std::int64_t vectors : {0, 1, 2, 3, 4, 5, 9})
        for (const int count : {0, 1, 2, 31, 64})
            for (const int width : {1, 3, 8, 15, 16, 17, 32, 56, 64, 80}) {
                const std::vector<float> rows = random_numbers(size(count * width), 5);
                const std::vector<float> x = random_numbers(size(vectors * count), 6);
                std::vector<float> out(size(vectors * width + 1), -7.f);
                ASSERT_EQ(combine_rows({vectors, count, width, rows.data(), x.data(), out.data()}, GetParam()),
                          Status::Ok);
                for (std::int64_t v = 0; v < vectors; ++v)
                    for (int c = 0; c < width; ++c) {
                        double exact = 0, magnitude = 0;
                        for (int i = 0; i < count; ++i) {
                            const double term = static_cast<double>(rows[size(i * width + c)]) * x[size(v * count + i)];
                            exact += term;
                            magnitude += std::abs(term);
                        }
                        const double bound = (count + 1) * 1.2e-7 * magnitude;
                        EXPECT_TRUE(std::abs(out[size(v * width + c)] - exact) <= bound)
                            << vectors << " " << count << " " << width;
                        ++checked;
                    }
                EXPECT_EQ(out.back(), -7.f);
            }
    EXPECT_EQ(checked, 24 * 5 * 292);
}

INSTANTIATE_TEST_SUITE_P(Levels, CombineRowsAt, ::testing::ValuesIn(kOperationLevels), test::level_name);

TEST(CombineRowsCall, ContradictionsAreRefused)
{
    const float rows[] = {1, 2, 3, 4}, x[] = {10, 100};
    float out[2] = {};
    EXPECT_EQ(combine_rows({1, 2, 2, rows, x, out}), Status::Ok);
    EXPECT_EQ(out[0], 310.0f);
    EXPECT_EQ(out[1], 420.0f);
    EXPECT_EQ(combine_rows({-1, 2, 2, rows, x, out}), Status::BadShape);
    EXPECT_EQ(combine_rows({1, -1, 2, rows, x, out}), Status::BadShape);
    EXPECT_EQ(combine_rows({1, 2, 0, rows, x, out}), Status::BadShape);
}

} // namespace
} // namespace kvw::kernels
