// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/limits.h"
#include "kernels/cuda/stream.h"
#include "kernels/status.h"

#include <cstddef>
#include <cstdint>

/// Products of a decode step, y = x W^T for up to 8 rows of x: the weights (bf16) pass once from memory to the tensor
/// cores, sums are fp32 and taken in a fixed order, so the same input gives the same bits.
///
/// "Blocks" are how 16-bit rows lie in memory here: [ceil(k / 32), 8 rows, 32], padding zero. The RMS norm in front of a
/// product has no kernel: x holds x * gamma, and the product is multiplied by 1 / sqrt(mean(x^2) + eps) from sums of
/// squares that the producer of x wrote, one for 16 numbers.
namespace kvw::kernels::cuda {

inline constexpr int kLinearRows = kMaxSequences; ///< rows of x at most
inline constexpr int kWeightTile = 16;            ///< rows of W that are laid out together
inline constexpr int kBlockWidth = 32;            ///< numbers of a row in one block

constexpr int weight_tiles(int n) { return (n + kWeightTile - 1) / kWeightTile; }
constexpr int block_count(int k) { return (k + kBlockWidth - 1) / kBlockWidth; }
/// 16-bit numbers of packed weights [n, k]: [ceil(n / 16), ceil(k / 32), 2, 8 rows, 32].
constexpr std::size_t packed_size(int n, int k)
{
    return std::size_t(weight_tiles(n)) * std::size_t(block_count(k)) * kWeightTile * kBlockWidth;
}
/// 16-bit numbers of 8 rows of k numbers in blocks.
constexpr std::size_t blocks_size(int k) { return std::size_t(block_count(k)) * kLinearRows * kBlockWidth; }
/// Floats between the sums of squares of two rows of n numbers: ceil(n / 16), rounded up to 4; the rest is zero.
constexpr int squares_stride(int n) { return (weight_tiles(n) + 3) / 4 * 4; }

/// Which row of the packed matrix a row of the plain one becomes. Gate and Up interleave by eight.
enum class RowOrder : int { Plain, Gate, Up };
constexpr int packed_row(RowOrder order, int row)
{
    return order == RowOrder::Plain ? row : row / 8 * kWeightTile + row % 8 + (order == RowOrder::Up ? 8 : 0);
}
/// Where element (row, column) of packed weights [n, k] lies, in numbers.
constexpr std::size_t packed_place(int row, int column, int k)
{
    const std::size_t block =
        std::size_t(row / kWeightTile) * std::size_t(block_count(k)) + std::size_t(column / kBlockWidth);
    return block * (kWeightTile * kBlockWidth) + std::size_t(row % kWeightTile * kBlockWidth + column % kBlockWidth);
}
/// Where element (row, column) of rows in blocks lies, in numbers.
constexpr std::size_t in_blocks(int row, int column)
{
    return std::size_t(column / kBlockWidth) * (kLinearRows * kBlockWidth)
        + std::size_t(row * kBlockWidth + column % kBlockWidth);
}

/// Puts rows of a plain matrix into a packed one; the packed one is zeroed beforehand.
struct Pack
{
    const std::uint16_t* plain = nullptr; ///< [rows, k] bf16, device memory
    int rows = 0, k = 0;
    int first_row = 0; ///< of the packed matrix; 0 for Gate and Up
    RowOrder order = RowOrder::Plain;
    std::uint16_t* packed = nullptr;
};
[[nodiscard]] Status pack(const Pack& args, StreamHandle stream) noexcept;

/// What becomes of the sums a[m, n] = <x[m], W[n]>; r[m] is the norm's factor or 1.
enum class Epilogue : int {
    Plain,    ///< y = r a + bias
    SiluGate, ///< out_blocks = bf16(silu(r gate) * (r up)), W packed in the orders Gate and Up, n / 2 numbers
    Residual, ///< y += a + bias; out_blocks = bf16(y * gamma); squares_out = sums of y^2
    Logits,   ///< y = r a, where y is given; best = the largest of 16 with its index
};

struct Linear
{
    Epilogue epilogue = Epilogue::Plain;
    const std::uint16_t* weights = nullptr; ///< packed, [n, k]
    int n = 0, k = 0;
    const std::uint16_t* x = nullptr;     ///< blocks; rows that are absent are not read
    int rows = 0;                         ///< 1..8
    const float* maybe_squares = nullptr; ///< [8, squares_stride(norm_width)]; null: no norm
    int norm_width = 0;
    float norm_eps = 0;
    const float* maybe_bias = nullptr;   ///< [n]
    float* y = nullptr;                  ///< [rows, n]; may be null for Logits, not used by SiluGate
    std::uint16_t* out_blocks = nullptr; ///< blocks of n / 2 (SiluGate) or n numbers (Residual)
    const float* gamma = nullptr;        ///< Residual: [n], of the norm that follows
    float* squares_out = nullptr;        ///< Residual: [8, squares_stride(n)]
    std::uint64_t* best = nullptr;       ///< Logits: [8, weight_tiles(n)], see best_index()
    /// The whole of W is asked into the second-level cache while the kernel before still runs, not only the first pieces:
    /// for a product that follows a kernel which leaves the memory idle.
    bool ask_ahead = false;
    int maybe_variant = -1; ///< 0..kLinearVariants - 1: block shapes, for measuring them; -1: chosen by n
};
inline constexpr int kLinearVariants = 6;
/// The variant in words: "16 rows, 6 stages, 8 warps"; null beyond the last.
const char* linear_variant_name(int variant) noexcept;
[[nodiscard]] Status linear(const Linear& args, StreamHandle stream) noexcept;

/// Orders (value, index) as a number: larger values first, then smaller indices; a maximum is exact and needs no order.
constexpr int best_index(std::uint64_t best) { return static_cast<int>(~static_cast<std::uint32_t>(best)); }

/// The end of a step and the beginning of the next, one block a sequence: the arg-max of the logits, its embedding as x,
/// lengths + 1.
struct Pick
{
    const std::uint64_t* maybe_best = nullptr; ///< [8, weight_tiles(vocab)] from Logits; null: `tokens` are given
    int vocab = 0, hidden = 0;                 ///< hidden % 32 == 0
    int rows = 0;                              ///< 1..8
    int* tokens = nullptr;                     ///< [rows], written, or read where maybe_best is null; 0..vocab - 1
    const std::uint16_t* embedding = nullptr;  ///< [vocab, hidden] bf16
    const float* gamma = nullptr;              ///< [hidden], of the first norm
    float* x = nullptr;                        ///< [rows, hidden]
    std::uint16_t* x_blocks = nullptr;
    float* squares = nullptr;     ///< [8, squares_stride(hidden)]
    int* maybe_lengths = nullptr; ///< [rows], each incremented
};
[[nodiscard]] Status pick(const Pick& args, StreamHandle stream) noexcept;

} // namespace kvw::kernels::cuda
