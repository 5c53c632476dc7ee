// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/compute_choice.h"

#include "core/base/error.h"
#include "core/lm/library_product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace kvw {
namespace {

using ::testing::HasSubstr;

std::optional<Error> refusal(double parameters, ComputeType type, std::int64_t available)
{
    try {
        require_memory("folder/model", parameters, type, available);
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

TEST(ComputeChoice, AModelThatFitsInBf16AloneIsToldSo)
{
    const double parameters = 1e9; // 2 GB and 4 GB
    const auto error = refusal(parameters, ComputeType::Fp32, 3'000'000'000);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::OutOfMemory);
    EXPECT_THAT(error->message(), HasSubstr("folder/model"));
    EXPECT_THAT(error->message(), HasSubstr("fp32"));
    EXPECT_THAT(error->hint(), HasSubstr("--type bf16"));
    EXPECT_FALSE(refusal(parameters, ComputeType::Bf16, 3'000'000'000));
    const auto neither = refusal(parameters, ComputeType::Bf16, 1'000'000'000);
    ASSERT_TRUE(neither);
    EXPECT_THAT(neither->hint(), ::testing::Not(HasSubstr("--type")));
    EXPECT_FALSE(refusal(parameters, ComputeType::Fp32, 0)) << "memory that is not known forbids nothing";
    EXPECT_FALSE(refusal(parameters, ComputeType::Fp32, 5'000'000'000));
}

TEST(ComputeChoice, Fp32IsTakenWhereItIsClearlyFasterAndFits)
{
    const double parameters = 1e9; // 2 GB and 4 GB
    const auto type = [&](double bf16, double fp32, std::int64_t available) {
        const TypeChoice choice = choose_compute_type({bf16, fp32}, parameters, available);
        EXPECT_THAT(choice.why, HasSubstr("GFLOP/s"));
        EXPECT_THAT(choice.why,
                    HasSubstr(choice.type == ComputeType::Bf16 ? "computing in bf16" : "computing in fp32"));
        return choice.type;
    };
    EXPECT_EQ(type(110, 105, 0), ComputeType::Bf16);
    EXPECT_EQ(type(100, 120, 0), ComputeType::Bf16) << "half the bytes outweigh a little";
    EXPECT_EQ(type(40, 400, 0), ComputeType::Fp32);
    EXPECT_EQ(type(40, 400, 5'000'000'000), ComputeType::Fp32);
    EXPECT_EQ(type(40, 400, 3'000'000'000), ComputeType::Bf16) << "it does not fit";
    EXPECT_GT(measured_type_speeds().bf16_gflops, 0);
    EXPECT_GT(measured_type_speeds().fp32_gflops, 0);
}

TEST(ComputeChoice, ProductsAreNamedWithoutFiguresAndMeasuredWithThem)
{
    for (const ComputeType type : {ComputeType::Fp32, ComputeType::Bf16}) {
        EXPECT_THAT(products_in_words(type), HasSubstr("products"));
        EXPECT_EQ(products_in_words(type), products_in_words(type));
        EXPECT_THAT(measured_products_in_words(type), HasSubstr("GFLOP/s"));
    }
    const ProductComparison& met = compare_products(96, 64);
    EXPECT_EQ(met.n, 96);
    EXPECT_GT(met.own_gflops, 0);
    EXPECT_GT(met.library_gflops, 0);
    EXPECT_EQ(&compare_products(96, 64), &met) << "a shape is measured once";
}

} // namespace
} // namespace kvw
