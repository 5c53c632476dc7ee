// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/rows.h"

#include "kernels/cpu/rows_variants.h"
#include "tests/kernels/levels.h"
#include "tests/kernels/row_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace kvw::kernels {
namespace {

using namespace test;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr int kWidths[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 56, 60, 64, 65, 120, 128, 200, 4096};
constexpr int kTokens[] = {1, 2, 3, 7, 32};
constexpr std::byte kGuard{0xa5};
constexpr std::size_t kGuards = 80;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

std::string describe(const RowFormat& f)
{
    return "bits " + std::to_string(bits(f.type)) + " type " + std::to_string(static_cast<int>(f.type)) + " width "
        + std::to_string(f.width) + " per " + std::to_string(static_cast<int>(f.scale_per)) + " group "
        + std::to_string(f.group) + (f.symmetric ? " symmetric" : "");
}

/// Every format of one width.
std::vector<RowFormat> formats_of(int width)
{
    std::vector<RowFormat> formats;
    for (const RowType type : number_row_types())
        formats.push_back({type, width});
    for (const RowType type : integer_row_types()) {
        for (const bool symmetric : {false, true}) {
            formats.push_back({type, width, ScalePer::Row, 0, symmetric});
            formats.push_back({type, width, ScalePer::Channel, 0, symmetric});
            for (const int group : {1, 3, 8, 16, 32})
                if (width % group == 0 && width / group <= 64)
                    formats.push_back({type, width, ScalePer::Group, group, symmetric});
        }
    }
    return formats;
}

/// Rows with gaps of NaN, which show when a gap is read.
std::vector<float> random_rows(int tokens, int width, std::int64_t stride, float scale, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(size((tokens - 1) * stride + width), kNan);
    for (int t = 0; t < tokens; ++t)
        for (int i = 0; i < width; ++i)
            values[size(t * stride + i)] = scale * (normal(random) + 0.3f * static_cast<float>(i % 5));
    return values;
}

/// Stored rows between guards.
struct Stored
{
    RowFormat format;
    int tokens;
    std::vector<std::byte> codes;
    std::vector<std::uint16_t> scales, zeros;

    Stored(const RowFormat& f, int count)
        : format(f),
          tokens(count),
          codes(row_bytes(f) * size(count) + kGuards, kGuard),
          scales(scale_count(f, count) + kGuards, 0xa5a5),
          zeros((f.symmetric ? 0 : scale_count(f, count)) + kGuards, 0xa5a5)
    {}

    RowsOut out() { return {codes.data(), scales.data(), format.symmetric ? nullptr : zeros.data()}; }
    RowsView view() const
    {
        return {format, tokens, codes.data(), is_integer(format.type) ? scales.data() : nullptr,
                is_integer(format.type) && !format.symmetric ? zeros.data() : nullptr};
    }
    bool guards_hold() const
    {
        const auto kept = [](const auto& values, auto guard) {
            return std::all_of(values.end() - static_cast<std::ptrdiff_t>(kGuards), values.end(),
                               [guard](auto value) { return value == guard; });
        };
        return kept(codes, kGuard) && kept(scales, std::uint16_t{0xa5a5}) && kept(zeros, std::uint16_t{0xa5a5});
    }
};

/// The scale and zero that one number was stored with.
float scale_at(const Stored& rows, int token, int channel, const std::vector<std::uint16_t>& from)
{
    std::size_t index = size(token);
    if (rows.format.scale_per == ScalePer::Channel)
        index = size(channel);
    if (rows.format.scale_per == ScalePer::Group)
        index = size(token * (rows.format.width / rows.format.group) + channel / rows.format.group);
    return from_fp16(from[index]);
}

class Rows : public AtLevel
{
protected:
    const RowsVariant& variant_ = variant_at<RowsVariant>(GetParam());
};

/// Encodes and decodes with the variant and the reference, and wants the same bits, untouched gaps and guards.
void expect_as_reference(const RowsVariant& variant, const RowFormat& format, int tokens, float scale, unsigned seed)
{
    SCOPED_TRACE(describe(format) + " tokens " + std::to_string(tokens));
    const std::int64_t stride = format.width + 3;
    const std::vector<float> x = random_rows(tokens, format.width, stride, scale, seed);
    Stored fast(format, tokens), plain(format, tokens);
    ASSERT_TRUE(rows_reference().encode(format, x.data(), stride, tokens, plain.out()));
    ASSERT_TRUE(variant.encode(format, x.data(), stride, tokens, fast.out()));
    ASSERT_TRUE(fast.guards_hold());
    ASSERT_EQ(fast.codes, plain.codes);
    ASSERT_EQ(fast.scales, plain.scales);
    ASSERT_EQ(fast.zeros, plain.zeros);

    std::vector<float> back(x.size() + kGuards, -77.0f), wanted(x.size() + kGuards, -77.0f);
    variant.decode(fast.view(), back.data(), stride);
    rows_reference().decode(plain.view(), wanted.data(), stride);
    ASSERT_EQ(back, wanted); // gaps and guards too; NaN would be unequal
}

TEST_P(Rows, VariantStoresAndReadsTheSameBitsAsTheReference)
{
    int cases = 0;
    for (const int width : kWidths)
        for (const RowFormat& format : formats_of(width))
            for (const int tokens : kTokens) {
                if (width > 200 && tokens > 2)
                    continue;
                expect_as_reference(variant_, format, tokens, cases % 3 == 0 ? 0.01f : 4.0f,
                                    static_cast<unsigned>(cases));
                ASSERT_FALSE(HasFatalFailure());
                ++cases;
            }
    EXPECT_GT(cases, 2000);
}

TEST_P(Rows, EveryCodeOfEveryByteIsRead)
{
    for (const RowType type : integer_row_types()) {
        for (const int width : {1, 5, 13, 64, 100}) {
            for (const bool symmetric : {false, true}) {
                const RowFormat format{type, width, ScalePer::Row, 0, symmetric};
                Stored rows(format, 256);
                for (std::size_t i = 0; i < rows.codes.size() - kGuards; ++i)
                    rows.codes[i] = static_cast<std::byte>(i / row_bytes(format) + 37 * i);
                std::fill(rows.scales.begin(), rows.scales.end(), to_fp16(0.25f));
                std::fill(rows.zeros.begin(), rows.zeros.end(), to_fp16(-3.5f));
                std::vector<float> back(size(256 * width)), wanted(back.size());
                variant_.decode(rows.view(), back.data(), width);
                rows_reference().decode(rows.view(), wanted.data(), width);
                ASSERT_EQ(back, wanted) << describe(format);
            }
        }
    }
}

TEST_P(Rows, NotFiniteIsFoundWhereverItIs)
{
    for (const int width : {1, 7, 16, 33, 64}) {
        for (const RowFormat& format : formats_of(width)) {
            for (const float bad : {kNan, kInf, -kInf}) {
                for (const int at : {0, width / 2, width - 1}) {
                    std::vector<float> x = random_rows(3, width, width, 1.0f, 5);
                    x[size(2 * width + at)] = bad;
                    Stored rows(format, 3);
                    ASSERT_FALSE(variant_.encode(format, x.data(), width, 3, rows.out()))
                        << describe(format) << " at " << at;
                    ASSERT_TRUE(rows.guards_hold());
                }
            }
        }
    }
}

TEST_P(Rows, ValuesBeyondTheStorageTypeAreRefusedAndThoseWithinAreKept)
{
    struct Limit
    {
        RowType type;
        float kept, refused;
    };
    for (const Limit& limit :
         {Limit{RowType::Fp16, 65519.0f, 65520.0f},
          Limit{RowType::Bf16, std::bit_cast<float>(0x7f7f7fffu), std::bit_cast<float>(0x7f7f8000u)},
          Limit{RowType::Int8, 65519.0f, 65520.0f}}) {
        const RowFormat format{limit.type, 20};
        std::vector<float> x(20, -1.0f);
        Stored rows(format, 1);
        x[18] = -limit.kept;
        EXPECT_TRUE(variant_.encode(format, x.data(), 20, 1, rows.out())) << describe(format);
        x[18] = -limit.refused;
        EXPECT_FALSE(variant_.encode(format, x.data(), 20, 1, rows.out())) << describe(format);
    }
    const RowFormat symmetric{RowType::Int4, 20, ScalePer::Row, 0, true};
    std::vector<float> x(20, 1.0f);
    Stored rows(symmetric, 1);
    x[3] = 65500.0f * 7;
    EXPECT_TRUE(variant_.encode(symmetric, x.data(), 20, 1, rows.out()));
    x[3] = 65530.0f * 7;
    EXPECT_FALSE(variant_.encode(symmetric, x.data(), 20, 1, rows.out()));
    Stored wide({RowType::Int8, 20}, 1);
    x[3] = 3e38f;
    x[4] = -3e38f;
    EXPECT_FALSE(variant_.encode(wide.format, x.data(), 20, 1, wide.out()));
}

TEST_P(Rows, ConstantAndTinyRowsBecomeTheirZero)
{
    for (const RowType type : integer_row_types()) {
        for (const bool symmetric : {false, true}) {
            for (const float value : {0.0f, -0.0f, 0.5f, -1000.0f, 1e-9f}) {
                const RowFormat format{type, 37, ScalePer::Row, 0, symmetric};
                const std::vector<float> x(2 * 37, value);
                Stored rows(format, 2);
                ASSERT_TRUE(variant_.encode(format, x.data(), 37, 2, rows.out()));
                std::vector<float> back(x.size(), kNan);
                variant_.decode(rows.view(), back.data(), 37);
                const float scale = from_fp16(rows.scales[0]);
                if (!symmetric || std::fabs(value) < 6.1e-5f) {
                    EXPECT_EQ(rows.scales[0], 0);
                }
                const float wanted = symmetric ? (scale == 0 ? 0.0f : value) : from_fp16(to_fp16(value));
                for (const float y : back) // a symmetric largest code times the rounded scale: 2^-11 relative
                    EXPECT_TRUE(std::fabs(y - wanted) <= std::fabs(value) * 0x1p-11f * static_cast<float>(scale != 0))
                        << describe(format) << ": " << y << " for " << value;
            }
        }
    }
}

struct Errors
{
    double worst_excess = -1; // |x - x'| beyond the promise
    double mean_square = 0;   // in units of scale^2
    int zeros = 0, wanted_zeros = 0, counted = 0;
};

Errors errors_of(const Stored& rows, const std::vector<float>& x, const std::vector<float>& back)
{
    Errors errors;
    const int width = rows.format.width, levels = 1 << bits(rows.format.type);
    for (int t = 0; t < rows.tokens; ++t) {
        for (int c = 0; c < width; ++c) {
            const double value = x[size(t * width + c)], read = back[size(t * width + c)];
            const double scale = scale_at(rows, t, c, rows.scales);
            // The ends may clip by the rounding of scale and zero: 2^-11 of each.
            const double zero = rows.format.symmetric ? 0.0 : scale_at(rows, t, c, rows.zeros);
            const double clip = 0x1p-11 * (std::fabs(zero) + scale * (levels - 1)) * 1.001;
            const double error = std::fabs(value - read);
            errors.worst_excess =
                std::max(errors.worst_excess, std::isnan(error) ? 1e9 : error - (scale / 2 * 1.00001 + clip));
            errors.mean_square += error * error / (scale * scale);
            errors.zeros += read == 0.0;
            errors.wanted_zeros += std::fabs(value) <= scale / 2;
            ++errors.counted;
        }
    }
    errors.mean_square /= errors.counted;
    return errors;
}

TEST_P(Rows, ErrorsStayWithinHalfAStep)
{
    constexpr int width = 96, tokens = 64;
    std::mt19937 random(11);
    std::uniform_real_distribution<float> uniform(-2.0f, 3.0f);
    std::vector<float> x(size(width * tokens));
    for (float& value : x)
        value = uniform(random);
    int formats = 0;
    for (const RowFormat& format : formats_of(width)) {
        if (!is_integer(format.type) || format.group == 1)
            continue;
        SCOPED_TRACE(describe(format));
        Stored rows(format, tokens);
        ASSERT_TRUE(variant_.encode(format, x.data(), width, tokens, rows.out()));
        std::vector<float> back(x.size(), kNan);
        variant_.decode(rows.view(), back.data(), width);
        const Errors errors = errors_of(rows, x, back);
        EXPECT_TRUE(errors.worst_excess <= 0) << errors.worst_excess;
        EXPECT_TRUE(errors.mean_square <= 1.0 / 12 * 1.35)
            << errors.mean_square; // uniform: 1/12, a little less at ends
        if (format.group != 3) {
            EXPECT_TRUE(errors.mean_square >= 1.0 / 12 * 0.6) << errors.mean_square;
        }
        if (format.symmetric) { // 0 is a code of its own
            EXPECT_EQ(errors.zeros, errors.wanted_zeros);
            EXPECT_GT(errors.zeros, 0);
        }
        ++formats;
    }
    EXPECT_EQ(formats, static_cast<int>(integer_row_types().size()) * 2 * 6);
}

TEST_P(Rows, StoredRowsAreReadBackAsTheyWere)
{
    for (const RowFormat& format : formats_of(48)) {
        SCOPED_TRACE(describe(format));
        const std::vector<float> x = random_rows(16, 48, 48, 1.0f, 3);
        Stored once(format, 16), twice(format, 16);
        std::vector<float> first(x.size()), second(x.size());
        ASSERT_TRUE(variant_.encode(format, x.data(), 48, 16, once.out()));
        variant_.decode(once.view(), first.data(), 48);
        ASSERT_TRUE(variant_.encode(format, first.data(), 48, 16, twice.out()));
        variant_.decode(twice.view(), second.data(), 48);
        if (is_integer(format.type)) { // the rounded scale moves the range a little, and so the second codes
            EXPECT_TRUE(errors_of(twice, first, second).worst_excess <= 0);
            continue;
        }
        EXPECT_EQ(first, second);
        const float relative = format.type == RowType::Fp32 ? 0.0f : format.type == RowType::Fp16 ? 0x1p-11f : 0x1p-8f;
        for (std::size_t i = 0; i < x.size(); ++i)
            ASSERT_TRUE(std::fabs(first[i] - x[i])
                        <= relative * std::fabs(x[i]) + (relative == 0.0f ? 0.0f : 0x1p-25f));
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, Rows, ::testing::ValuesIn(levels_of<RowsVariant>()), level_name);

TEST(RowSizes, BytesAreExact)
{
    EXPECT_EQ(row_bytes({RowType::Int4, 60}), 30u);
    EXPECT_EQ(row_bytes({RowType::Int3, 64}), 24u);
    EXPECT_EQ(row_bytes({RowType::Int3, 60}), 15u + 8u);
    EXPECT_EQ(row_bytes({RowType::Int2, 57}), 15u);
    EXPECT_EQ(row_bytes({RowType::Int4, 57}), 29u);
    EXPECT_EQ(row_bytes({RowType::Int8, 57}), 57u);
    EXPECT_EQ(row_bytes({RowType::Bf16, 57}), 114u);
    EXPECT_EQ(row_bytes({RowType::Fp16, 1}), 2u);
    EXPECT_EQ(row_bytes({RowType::Fp32, 64}), 256u);
    EXPECT_EQ(scale_count({RowType::Int4, 64, ScalePer::Row}, 10), 10u);
    EXPECT_EQ(scale_count({RowType::Int4, 64, ScalePer::Group, 16}, 10), 40u);
    EXPECT_EQ(scale_count({RowType::Int4, 64, ScalePer::Channel}, 10), 64u);
    EXPECT_EQ(scale_count({RowType::Bf16, 64}, 10), 0u);
}

TEST(RowLayout, PlanesLieAsDocumented)
{
    // Symmetric with largest magnitude 7 has scale 1: codes are x + 8.
    const float x4[5] = {-7, 1, 2, 3, 4};
    std::byte codes[4];
    std::uint16_t scale = 0;
    ASSERT_EQ(encode_rows({RowType::Int4, 5, ScalePer::Row, 0, true}, x4, 5, 1, {codes, &scale, nullptr}), Status::Ok);
    EXPECT_EQ(scale, to_fp16(1.0f));
    EXPECT_EQ(codes[0], std::byte{0xb1}); // channels 0 and 3
    EXPECT_EQ(codes[1], std::byte{0xc9}); // 1 and 4
    EXPECT_EQ(codes[2], std::byte{0x0a}); // 2, absent

    const float x2[5] = {0, 1, 2, 3, 1}; // zero 0, scale 1
    std::uint16_t zero = 1;
    ASSERT_EQ(encode_rows({RowType::Int2, 5}, x2, 5, 1, {codes, &scale, &zero}), Status::Ok);
    EXPECT_EQ(zero, 0);
    EXPECT_EQ(codes[0], std::byte{0b00'01'10'00}); // channels 0, 2, 4, absent
    EXPECT_EQ(codes[1], std::byte{0b00'00'11'01}); // 1, 3

    const float x3[5] = {0, 7, 2, 5, 4}; // codes as they are
    ASSERT_EQ(encode_rows({RowType::Int3, 5}, x3, 5, 1, {codes, &scale, &zero}), Status::Ok);
    EXPECT_EQ(codes[0], std::byte{0b00'00'10'00}); // low bits of 0, 2, 4
    EXPECT_EQ(codes[1], std::byte{0b00'00'01'11}); // of 1, 3
    EXPECT_EQ(codes[2], std::byte{0b000'11010});   // high bits of 0..4
}

TEST(RowShapes, ContradictionsAreRefused)
{
    float x[64] = {};
    std::byte codes[256];
    std::uint16_t scales[64], zeros[64];
    const RowsOut out{codes, scales, zeros};
    EXPECT_EQ(encode_rows({RowType::Bf16, 0}, x, 1, 1, out), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Bf16, 4097}, x, 4097, 1, out), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Bf16, 8}, x, 7, 2, out), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Bf16, 8}, x, 8, -1, out), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Int4, 8, ScalePer::Group, 3}, x, 8, 1, out), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Int4, 8, ScalePer::Group, 0}, x, 8, 1, out), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Int4, 8}, x, 8, 1, {codes, scales, nullptr}), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Int4, 8}, x, 8, 1, {codes, nullptr, zeros}), Status::BadShape);
    EXPECT_EQ(encode_rows({RowType::Int4, 8, ScalePer::Row, 0, true}, x, 8, 1, {codes, scales, nullptr}), Status::Ok);
    EXPECT_EQ(encode_rows({RowType::Int4, 8}, nullptr, 8, 0, {}), Status::Ok);
    EXPECT_EQ(decode_rows({{RowType::Int4, 8}, 1, codes, scales, nullptr}, x, 8), Status::BadShape);
    EXPECT_EQ(decode_rows({{RowType::Int4, 8}, 2, codes, scales, zeros}, x, 7), Status::BadShape);
    EXPECT_EQ(decode_rows({{RowType::Int4, 8}, 0, nullptr, nullptr, nullptr}, nullptr, 8), Status::Ok);
    x[3] = kNan;
    EXPECT_EQ(encode_rows({RowType::Fp32, 8}, x, 8, 1, out), Status::NotFinite);
}

/// The value of an fp16 by its definition.
double defined_fp16(unsigned value)
{
    const unsigned exponent = value >> 10 & 31, fraction = value & 1023;
    const double magnitude =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, static_cast<int>(exponent) - 25);
    return (value & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(HalfNumbers, EveryFp16IsReadAndWritten)
{
    for (unsigned value = 0; value < 0x10000; ++value) {
        const auto half = static_cast<std::uint16_t>(value);
        const float read = from_fp16(half);
        if ((value & 0x7c00) == 0x7c00) {
            EXPECT_EQ(std::isnan(read), (value & 1023) != 0);
            EXPECT_TRUE((value & 1023) != 0 || std::isinf(read));
            EXPECT_EQ(std::isnan(from_fp16(to_fp16(read))), std::isnan(read));
            continue;
        }
        ASSERT_EQ(static_cast<double>(read), defined_fp16(value));
        ASSERT_EQ(to_fp16(read), half);
        // Halfway to the next magnitude goes to the even one, a little less or more to the nearer one.
        const double next =
            (value & 0x7fff) == 0x7bff ? std::copysign(65536.0, defined_fp16(value)) : defined_fp16(value + 1);
        const auto half_way = static_cast<float>((defined_fp16(value) + next) / 2);
        const auto after = static_cast<std::uint16_t>(value + 1);
        ASSERT_EQ(to_fp16(half_way), value % 2 == 0 ? half : after) << value;
        ASSERT_EQ(to_fp16(std::nextafterf(half_way, 0.0f)), half) << value;
        ASSERT_EQ(to_fp16(std::nextafterf(half_way, half_way * 2)), after) << value;
    }
}

TEST(HalfNumbers, EveryBf16IsReadAndWritten)
{
    for (unsigned value = 0; value < 0x10000; ++value) {
        const auto half = static_cast<std::uint16_t>(value);
        const float read = from_bf16(half);
        if (std::isnan(read)) {
            EXPECT_TRUE(std::isnan(from_bf16(to_bf16(read))));
            continue;
        }
        ASSERT_EQ(std::bit_cast<std::uint32_t>(read), value << 16);
        ASSERT_EQ(to_bf16(read), half);
        if (std::isinf(read))
            continue;
        const auto half_way = std::bit_cast<float>((value << 16) + 0x8000u);
        ASSERT_EQ(to_bf16(half_way), value % 2 == 0 ? half : value + 1) << value;
        ASSERT_EQ(to_bf16(std::bit_cast<float>((value << 16) + 0x7fffu)), half) << value;
        ASSERT_EQ(to_bf16(std::bit_cast<float>((value << 16) + 0x8001u)), value + 1) << value;
    }
    EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::bit_cast<float>(0x7f800001u))))); // must not become infinity
}

} // namespace
} // namespace kvw::kernels
