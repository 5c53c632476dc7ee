// SPDX-License-Identifier: GPL-3.0-or-later
// The products of a decode step over host memory: sums in fp64, rounded where linear.h says.
#include "kernels/cuda/arguments.h"
#include "kernels/cuda/reference/operations.h"
#include "kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace kvw::kernels::cuda::reference {
namespace {

std::uint64_t ordered(float value, int index)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const std::uint32_t key = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return std::uint64_t{key} << 32 | static_cast<std::uint32_t>(~index);
}

std::size_t at(int row, int column, int columns)
{
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column);
}

double norm_factor(const Linear& args, int row)
{
    if (!args.maybe_squares)
        return 1;
    double sum = 0;
    for (int i = 0; i < squares_stride(args.norm_width); ++i)
        sum += static_cast<double>(args.maybe_squares[at(row, i, squares_stride(args.norm_width))]);
    return 1 / std::sqrt(sum / args.norm_width + static_cast<double>(args.norm_eps));
}

std::vector<double> products(const Linear& args, int row)
{
    std::vector<double> out;
    for (int n = 0; n < args.n; ++n) {
        double sum = 0;
        for (int k = 0; k < args.k; ++k)
            sum += static_cast<double>(from_bf16(args.weights[packed_place(n, k, args.k)]))
                * static_cast<double>(from_bf16(args.x[in_blocks(row, k)]));
        out.push_back(sum);
    }
    return out;
}

void finish_plain(const Linear& args, int row, const std::vector<double>& sums, double factor)
{
    for (int n = 0; n < args.n; ++n)
        args.y[at(row, n, args.n)] = static_cast<float>(
            factor * sums[static_cast<std::size_t>(n)] + static_cast<double>(args.maybe_bias ? args.maybe_bias[n] : 0));
}

void finish_gate(const Linear& args, int row, const std::vector<double>& sums, double factor)
{
    for (int i = 0; i < args.n / 2; ++i) {
        const double gate = factor * sums[static_cast<std::size_t>(packed_row(RowOrder::Gate, i))];
        const double up = factor * sums[static_cast<std::size_t>(packed_row(RowOrder::Up, i))];
        args.out_blocks[in_blocks(row, i)] = to_bf16(static_cast<float>(gate / (1 + std::exp(-gate)) * up));
    }
}

void finish_residual(const Linear& args, int row, const std::vector<double>& sums)
{
    float* squares = args.squares_out + at(row, 0, squares_stride(args.n));
    std::fill_n(squares, weight_tiles(args.n), 0.0f);
    for (int n = 0; n < args.n; ++n) {
        float& y = args.y[at(row, n, args.n)];
        y += static_cast<float>(sums[static_cast<std::size_t>(n)]) + (args.maybe_bias ? args.maybe_bias[n] : 0);
        args.out_blocks[in_blocks(row, n)] = to_bf16(y * args.gamma[n]);
        squares[n / kWeightTile] += y * y;
    }
}

void finish_logits(const Linear& args, int row, const std::vector<double>& sums, double factor)
{
    std::uint64_t* best = args.best + at(row, 0, weight_tiles(args.n));
    std::fill_n(best, weight_tiles(args.n), std::uint64_t{0});
    for (int n = 0; n < args.n; ++n) {
        const auto value = static_cast<float>(factor * sums[static_cast<std::size_t>(n)]);
        if (args.y)
            args.y[at(row, n, args.n)] = value;
        best[n / kWeightTile] = std::max(best[n / kWeightTile], ordered(value, n));
    }
}

} // namespace

Status pack(const Pack& args, StreamHandle) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    for (int row = 0; row < args.rows; ++row)
        for (int k = 0; k < args.k; ++k)
            args.packed[packed_place(args.first_row + packed_row(args.order, row), k, args.k)] =
                args.plain[at(row, k, args.k)];
    return Status::Ok;
}

Status linear(const Linear& args, StreamHandle) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    for (int row = 0; row < args.rows; ++row) {
        const std::vector<double> sums = products(args, row);
        const double factor = norm_factor(args, row);
        switch (args.epilogue) {
        case Epilogue::Plain:
            finish_plain(args, row, sums, factor);
            break;
        case Epilogue::SiluGate:
            finish_gate(args, row, sums, factor);
            break;
        case Epilogue::Residual:
            finish_residual(args, row, sums);
            break;
        case Epilogue::Logits:
            finish_logits(args, row, sums, factor);
            break;
        }
    }
    return Status::Ok;
}

Status pick(const Pick& args, StreamHandle) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    for (int row = 0; row < args.rows; ++row) {
        if (args.maybe_best) {
            const std::uint64_t* best = args.maybe_best + at(row, 0, weight_tiles(args.vocab));
            args.tokens[row] = best_index(*std::max_element(best, best + weight_tiles(args.vocab)));
        }
        if (args.maybe_lengths)
            ++args.maybe_lengths[row];
        float* squares = args.squares + at(row, 0, squares_stride(args.hidden));
        std::fill_n(squares, weight_tiles(args.hidden), 0.0f);
        for (int i = 0; i < args.hidden; ++i) {
            const float x = from_bf16(args.embedding[at(args.tokens[row], i, args.hidden)]);
            args.x[at(row, i, args.hidden)] = x;
            args.x_blocks[in_blocks(row, i)] = to_bf16(x * args.gamma[i]);
            squares[i / kWeightTile] += x * x;
        }
    }
    return Status::Ok;
}

} // namespace kvw::kernels::cuda::reference
