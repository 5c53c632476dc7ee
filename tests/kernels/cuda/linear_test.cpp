// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/kernels/cuda/device.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace kvw::kernels::cuda {
namespace {

using test::Array;
using test::bf16;
using test::from_bf16;

/// The rounding of an output to bf16, half a unit in the last of 8 digits.
constexpr double kBf16Error = 1.0 / 256;

/// Sums of k products of numbers around 1 in fp32, as a share of the sum of their magnitudes.
double sum_error(int k) { return (2 + std::sqrt(double(k)) / 2) * std::ldexp(1.0, -23); }

/// One product with everything that its epilogues need, random, and the same in fp64.
struct Case
{
    Case(int rows, int n, int k, Epilogue epilogue, bool norm, int variant, unsigned seed)
        : random(seed),
          rows(rows),
          n(n),
          k(k)
    {
        args.epilogue = epilogue;
        args.n = n;
        args.k = k;
        args.rows = rows;
        args.maybe_variant = variant;
        w = numbers(std::size_t(n) * k);
        x = numbers(std::size_t(rows) * k);
        bias = floats(n);
        gamma = floats(n);
        residual = floats(std::size_t(rows) * n);
        pack_weights();
        put_x(norm);
        y.copy_from(residual);
        out_blocks.copy_from(std::vector<std::uint16_t>(blocks_size(n), kPoison));
        squares_out.copy_from(std::vector<float>(std::size_t(kLinearRows) * squares_stride(n), -1.0f));
        best.copy_from(std::vector<std::uint64_t>(std::size_t(kLinearRows) * weight_tiles(n), 0));
        device_bias.copy_from(bias);
        device_gamma.copy_from(gamma);
        args.y = y.data();
        args.out_blocks = out_blocks.data();
        args.squares_out = squares_out.data();
        args.best = best.data();
        args.gamma = device_gamma.data();
        if (epilogue == Epilogue::Plain || epilogue == Epilogue::Residual)
            args.maybe_bias = device_bias.data();
    }

    std::vector<std::uint16_t> numbers(std::size_t count)
    {
        std::normal_distribution<float> normal;
        std::vector<std::uint16_t> v(count);
        for (auto& e : v)
            e = bf16(normal(random));
        return v;
    }
    std::vector<float> floats(std::size_t count)
    {
        std::normal_distribution<float> normal;
        std::vector<float> v(count);
        for (auto& e : v)
            e = normal(random);
        return v;
    }

    void pack_weights()
    {
        weights.copy_from(std::vector<std::uint16_t>(packed_size(n, k), 0));
        Array<std::uint16_t> plain;
        plain.copy_from(w);
        Pack pack_args;
        pack_args.plain = plain.data();
        pack_args.k = k;
        pack_args.packed = weights.data();
        if (args.epilogue == Epilogue::SiluGate) { // w is the gate's rows, then those of up
            pack_args.rows = n / 2;
            pack_args.order = RowOrder::Gate;
            ASSERT_EQ(test::operations().pack(pack_args, nullptr), Status::Ok);
            pack_args.plain += std::size_t(n / 2) * k;
            pack_args.order = RowOrder::Up;
            ASSERT_EQ(test::operations().pack(pack_args, nullptr), Status::Ok);
        } else { // in two pieces, as q, k and v are packed
            pack_args.rows = n / 3;
            ASSERT_EQ(test::operations().pack(pack_args, nullptr), Status::Ok);
            pack_args.plain += std::size_t(n / 3) * k;
            pack_args.first_row = n / 3;
            pack_args.rows = n - n / 3;
            ASSERT_EQ(test::operations().pack(pack_args, nullptr), Status::Ok);
        }
        test::machine().wait();
        args.weights = weights.data();
    }

    void put_x(bool norm)
    {
        // Absent rows hold NaN: nothing of them may be seen.
        std::vector<std::uint16_t> blocks(blocks_size(k), kNan);
        for (int m = 0; m < rows; ++m)
            for (int i = 0; i < block_count(k) * kBlockWidth; ++i)
                blocks[in_blocks(m, i)] = i < k ? x[std::size_t(m) * k + i] : std::uint16_t(0);
        x_blocks.copy_from(blocks);
        args.x = x_blocks.data();
        if (!norm)
            return;
        std::vector<float> sums(std::size_t(kLinearRows) * squares_stride(k), 0.0f);
        for (int m = 0; m < rows; ++m) {
            double total = 0;
            for (int i = 0; i < k; ++i) {
                const double value = 1.5 * from_bf16(x[std::size_t(m) * k + i]); // x before gamma = 1 / 1.5
                sums[std::size_t(m) * squares_stride(k) + i / kWeightTile] += float(value * value);
                total += value * value;
            }
            factor[m] = 1 / std::sqrt(total / k + 1e-6);
        }
        squares.copy_from(sums);
        args.maybe_squares = squares.data();
        args.norm_width = k;
        args.norm_eps = 1e-6f;
    }

    struct Sum
    {
        double value = 0, magnitude = 0;
    };
    Sum sum(int m, int row) const
    {
        Sum s;
        for (int i = 0; i < k; ++i) {
            const double product =
                double(from_bf16(x[std::size_t(m) * k + i])) * from_bf16(w[std::size_t(row) * k + i]) * factor[m];
            s.value += product;
            s.magnitude += std::fabs(product);
        }
        return s;
    }

    void run()
    {
        ASSERT_EQ(test::operations().linear(args, nullptr), Status::Ok);
        test::machine().wait();
    }

    static constexpr std::uint16_t kPoison = 0x7fc1, kNan = 0x7fc0;
    std::mt19937 random;
    int rows, n, k;
    Linear args;
    std::vector<std::uint16_t> w, x;
    std::vector<float> bias, gamma, residual;
    double factor[kLinearRows] = {1, 1, 1, 1, 1, 1, 1, 1};
    Array<std::uint16_t> weights, x_blocks, out_blocks;
    Array<float> y, squares, squares_out, device_bias, device_gamma;
    Array<std::uint64_t> best;
};

struct Shape
{
    int rows, n, k;
};
const std::vector<Shape> kShapes = {{1, 16, 32},    {2, 48, 64},     {3, 17, 40},    {8, 4608, 3584},
                                    {1, 3584, 672}, {8, 112, 18944}, {5, 1000, 256}, {7, 33, 1792}};

class LinearTest : public test::OnDevice
{};

TEST_F(LinearTest, PlainOutputIsTheNormedProductPlusBias)
{
    unsigned seed = 1;
    for (const Shape& shape : kShapes)
        for (int variant = -1; variant < kLinearVariants; ++variant) {
            SCOPED_TRACE(testing::Message()
                         << shape.rows << "x" << shape.n << "x" << shape.k << " variant " << variant);
            Case c(shape.rows, shape.n, shape.k, Epilogue::Plain, shape.k % 16 == 0, variant, seed++);
            c.run();
            const std::vector<float> y = c.y.to_host();
            for (int m = 0; m < shape.rows; ++m)
                for (int i = 0; i<shape.n; i += shape.n> 1000 ? 13 : 1) {
                    const auto sum = c.sum(m, i);
                    const double limit = sum_error(shape.k) * (sum.magnitude + std::fabs(c.bias[i]));
                    ASSERT_LE(std::fabs(y[std::size_t(m) * shape.n + i] - (sum.value + c.bias[i])), limit)
                        << "row " << m << ", column " << i;
                }
        }
}

TEST_F(LinearTest, SiluOfTheGateTimesUp)
{
    for (const Shape& shape : std::vector<Shape>{{1, 16, 32}, {8, 1024, 256}, {3, 48, 3584}, {8, 17408, 64}}) {
        SCOPED_TRACE(testing::Message() << shape.rows << "x" << shape.n << "x" << shape.k);
        Case c(shape.rows, shape.n, shape.k, Epilogue::SiluGate, true, -1, 77);
        c.run();
        const std::vector<std::uint16_t> out = c.out_blocks.to_host();
        for (int m = 0; m < kLinearRows; ++m)
            for (int i = 0; i<shape.n / 2; i += shape.n> 10000 ? 11 : 1) {
                const std::uint16_t stored = out[in_blocks(m, i)];
                if (m >= shape.rows) {
                    ASSERT_EQ(stored, Case::kPoison) << "an absent row was written";
                    continue;
                }
                const double gate = c.sum(m, i).value, up = c.sum(m, shape.n / 2 + i).value;
                const double wanted = gate / (1 + std::exp(-gate)) * up;
                ASSERT_LE(std::fabs(from_bf16(stored) - wanted), kBf16Error * std::fabs(wanted) + 1e-5)
                    << "row " << m << ", feature " << i;
            }
    }
}

TEST_F(LinearTest, ResidualGivesTheSumItsBlocksAndItsSquares)
{
    for (const Shape& shape : kShapes) {
        SCOPED_TRACE(testing::Message() << shape.rows << "x" << shape.n << "x" << shape.k);
        Case c(shape.rows, shape.n, shape.k, Epilogue::Residual, false, -1, 5);
        c.args.ask_ahead = true;
        c.run();
        const std::vector<float> y = c.y.to_host(), squares = c.squares_out.to_host();
        const std::vector<std::uint16_t> out = c.out_blocks.to_host();
        for (int m = 0; m < shape.rows; ++m)
            for (int tile = 0; tile<weight_tiles(shape.n); tile += shape.n> 1000 ? 7 : 1) {
                double square = 0;
                for (int i = tile * kWeightTile; i < std::min((tile + 1) * kWeightTile, shape.n); ++i) {
                    const float got = y[std::size_t(m) * shape.n + i];
                    const auto sum = c.sum(m, i);
                    const double before = double(c.residual[std::size_t(m) * shape.n + i]) + c.bias[i];
                    const double limit = sum_error(shape.k) * (sum.magnitude + std::fabs(before) + 1);
                    ASSERT_LE(std::fabs(got - (before + sum.value)), limit) << "row " << m << ", column " << i;
                    ASSERT_EQ(out[in_blocks(m, i)], bf16(got * c.gamma[i])) << "row " << m << ", column " << i;
                    square += double(got) * got;
                }
                ASSERT_LE(std::fabs(squares[std::size_t(m) * squares_stride(shape.n) + tile] - square), 1e-5 * square)
                    << "row " << m << ", tile " << tile;
            }
    }
}

TEST_F(LinearTest, LogitsAndTheirMaximum)
{
    for (const Shape& shape : std::vector<Shape>{{1, 1000, 256}, {8, 16, 32}, {4, 20011, 64}}) {
        Case c(shape.rows, shape.n, shape.k, Epilogue::Logits, true, -1, 9);
        c.run();
        const std::vector<float> y = c.y.to_host();
        const std::vector<std::uint64_t> best = c.best.to_host();
        for (int m = 0; m < shape.rows; ++m) {
            const float* logits = y.data() + std::size_t(m) * shape.n;
            const auto sum = c.sum(m, shape.n / 2);
            ASSERT_LE(std::fabs(logits[shape.n / 2] - sum.value), sum_error(shape.k) * sum.magnitude);
            const std::uint64_t* tiles = best.data() + std::size_t(m) * weight_tiles(shape.n);
            EXPECT_EQ(best_index(*std::max_element(tiles, tiles + weight_tiles(shape.n))),
                      std::max_element(logits, logits + shape.n) - logits);
        }
    }
}

TEST_F(LinearTest, TheSameInputGivesTheSameBits)
{
    Case c(8, 3584, 3584, Epilogue::Plain, true, -1, 3);
    c.run();
    const std::vector<float> first = c.y.to_host();
    for (int i = 0; i < 5; ++i) {
        c.run();
        ASSERT_EQ(first, c.y.to_host());
    }
}

TEST_F(LinearTest, PickTakesTheFirstLargestAndItsEmbedding)
{
    const int vocab = 5000, hidden = 96, rows = 3;
    Case c(rows, vocab, 32, Epilogue::Logits, false, -1, 21);
    const std::vector<std::uint16_t> table = c.numbers(std::size_t(vocab) * hidden);
    const std::vector<float> gamma = c.floats(hidden);
    Array<std::uint16_t> embedding, x_blocks;
    Array<float> device_gamma, x, squares;
    Array<int> tokens, lengths;
    embedding.copy_from(table);
    device_gamma.copy_from(gamma);
    x.copy_from(std::vector<float>(rows * hidden, NAN));
    x_blocks.copy_from(std::vector<std::uint16_t>(blocks_size(hidden), Case::kPoison));
    squares.copy_from(std::vector<float>(kLinearRows * squares_stride(hidden), 0.0f));
    tokens.copy_from(std::vector<int>(rows, -1));
    lengths.copy_from({7, 0, 123});
    c.run();
    Pick args;
    args.maybe_best = c.best.data();
    args.vocab = vocab;
    args.hidden = hidden;
    args.rows = rows;
    args.tokens = tokens.data();
    args.embedding = embedding.data();
    args.gamma = device_gamma.data();
    args.x = x.data();
    args.x_blocks = x_blocks.data();
    args.squares = squares.data();
    args.maybe_lengths = lengths.data();
    ASSERT_EQ(test::operations().pick(args, nullptr), Status::Ok);
    test::machine().wait();
    EXPECT_EQ(lengths.to_host(), (std::vector<int>{8, 1, 124}));
    const std::vector<float> logits = c.y.to_host(), x_host = x.to_host(), squares_host = squares.to_host();
    const std::vector<std::uint16_t> blocks = x_blocks.to_host();
    for (int m = 0; m < rows; ++m) {
        const float* row = logits.data() + std::size_t(m) * vocab;
        const int token = static_cast<int>(std::max_element(row, row + vocab) - row);
        ASSERT_EQ(tokens.to_host()[m], token);
        double square = 0;
        for (int i = 0; i < hidden; ++i) {
            const float wanted = from_bf16(table[std::size_t(token) * hidden + i]);
            ASSERT_EQ(x_host[m * hidden + i], wanted);
            ASSERT_EQ(blocks[in_blocks(m, i)], bf16(wanted * gamma[i]));
            square += double(wanted) * wanted;
        }
        double sum = 0;
        for (int i = 0; i < squares_stride(hidden); ++i)
            sum += squares_host[m * squares_stride(hidden) + i];
        EXPECT_NEAR(sum, square, 1e-5 * square);
    }
}

TEST(Linear, WhatDoesNotFitIsRefused)
{
    EXPECT_EQ(test::operations().linear(Linear{}, nullptr), Status::BadShape);
    EXPECT_EQ(test::operations().pack(Pack{}, nullptr), Status::BadShape);
    EXPECT_EQ(test::operations().pick(Pick{}, nullptr), Status::BadShape);
    EXPECT_EQ(test::operations().append(Append{}, nullptr), Status::BadShape);
    EXPECT_EQ(test::operations().fill(Fill{}, nullptr), Status::BadShape);
    EXPECT_EQ(test::operations().attend(Attend{}, nullptr), Status::BadShape);
}

} // namespace
} // namespace kvw::kernels::cuda
