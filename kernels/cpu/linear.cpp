// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/linear.h"

#include "kernels/cpu/crew.h"
#include "kernels/cpu/linear_variants.h"
#include "kernels/threads.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace kvw::kernels {
namespace {

/// Grows and never shrinks, so that steady use allocates nothing.
class ScratchBuffer
{
public:
    ScratchBuffer() = default;
    ScratchBuffer(const ScratchBuffer&) = delete;
    ScratchBuffer& operator=(const ScratchBuffer&) = delete;
    ~ScratchBuffer() { std::free(data_); }

    /// 64-byte aligned; null when there is no memory.
    void* at_least(std::size_t bytes) noexcept
    {
        if (bytes > bytes_) {
            std::free(data_);
            const std::size_t rounded = (bytes + 4095) / 4096 * 4096;
            data_ = std::aligned_alloc(4096, rounded);
            bytes_ = data_ != nullptr ? rounded : 0;
        }
        return data_;
    }

private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

std::int64_t tiles_of(std::int64_t n) { return divide_up(n, kLinearTile); }

std::int64_t pairs_of(std::int64_t k) { return divide_up(k, 2); }

std::int64_t element_bytes(LinearType type) { return type == LinearType::Fp32 ? 4 : 2; }

/// Bytes of a pair of k of one tile.
std::int64_t pair_bytes(LinearType type) { return 2 * kLinearTile * element_bytes(type); }

/// Where element (row, column) of W lies in the packed form: fp32 pairs are two vectors of the tile's rows, bf16 pairs
/// are neighbours.
std::int64_t place_of(LinearType type, std::int64_t row, std::int64_t column, std::int64_t pairs)
{
    const std::int64_t tile = row / kLinearTile, in_tile = row % kLinearTile;
    const std::int64_t group = (tile * pairs + column / 2) * pair_bytes(type);
    const std::int64_t element =
        type == LinearType::Fp32 ? column % 2 * kLinearTile + in_tile : 2 * in_tile + column % 2;
    return group + element * element_bytes(type);
}

template<std::size_t Bytes>
void pack_tile(LinearType type, const std::byte* w, std::int64_t tile, std::int64_t n, std::int64_t k,
               std::byte* packed)
{
    const std::int64_t pairs = pairs_of(k), step = pair_bytes(type);
    const std::int64_t rows = std::min(n - tile * kLinearTile, kLinearTile);
    if (rows < kLinearTile || k % 2 != 0)
        std::memset(packed + tile * pairs * step, 0, static_cast<std::size_t>(pairs * step));
    for (std::int64_t row = tile * kLinearTile; row < tile * kLinearTile + rows; ++row) {
        const std::byte* from = w + row * k * static_cast<std::int64_t>(Bytes);
        std::byte* even = packed + place_of(type, row, 0, pairs);
        std::byte* odd = packed + place_of(type, row, 1, pairs);
        for (std::int64_t i = 0; i + 1 < k; i += 2, from += 2 * Bytes, even += step, odd += step) {
            std::memcpy(even, from, Bytes); // the source may be unaligned: a memory-mapped file
            std::memcpy(odd, from + Bytes, Bytes);
        }
        if (k % 2 != 0)
            std::memcpy(even, from, Bytes);
    }
}

} // namespace

std::size_t packed_linear_bytes(LinearType type, std::int64_t n, std::int64_t k) noexcept
{
    return static_cast<std::size_t>(tiles_of(n) * pairs_of(k) * pair_bytes(type));
}

void pack_linear(LinearType type, const void* w, std::int64_t n, std::int64_t k, std::byte* packed) noexcept
{
    const auto* from = static_cast<const std::byte*>(w);
    const int team = n * k > 65536 ? threads() : 1;
    for_pieces(tiles_of(n), team, Taking::Guided, [&](std::int64_t tile, int) {
        if (type == LinearType::Fp32)
            pack_tile<4>(type, from, tile, n, k, packed);
        else
            pack_tile<2>(type, from, tile, n, k, packed);
    });
}

void unpack_linear(LinearType type, const std::byte* packed, std::int64_t n, std::int64_t k, void* w) noexcept
{
    auto* to = static_cast<std::byte*>(w);
    const std::int64_t bytes = element_bytes(type), pairs = pairs_of(k);
    for_pieces(n, n * k > 65536 ? threads() : 1, Taking::Guided, [&](std::int64_t row, int) {
        for (std::int64_t column = 0; column < k; ++column)
            std::memcpy(to + (row * k + column) * bytes, packed + place_of(type, row, column, pairs),
                        static_cast<std::size_t>(bytes));
    });
}

bool multiplies_pairs(const LinearVariant& variant) noexcept
{
    const LinearDots* maybe_dots = maybe_variant_at<LinearDots>(CpuLevel::Bf16);
    return maybe_dots != nullptr && maybe_dots->bf16.run == variant.run;
}

LinearVariant linear_variant(LinearType type, CpuLevel level) noexcept
{
    if (type == LinearType::Fp32)
        return variant_at<LinearVariants>(level).fp32;
    const LinearDots* maybe_dots = maybe_variant_at<LinearDots>(level);
    return maybe_dots != nullptr ? maybe_dots->bf16 : variant_at<LinearVariants>(level).bf16;
}

LinearPlan plan_linear(const LinearVariant& variant, const LinearProduct& args, int threads) noexcept
{
    constexpr std::int64_t small_product = 32 * 1024; // below, waking a thread costs more than it brings
    constexpr std::int64_t chunk_bytes = 8 << 20;     // of converted x: stays in the third-level cache
    constexpr std::int64_t tasks_per_thread = 6;      // so that a thread that lost its core leaves little undone

    LinearPlan plan;
    // An odd number of cache lines, so that a tile's rows do not fall into the same cache set.
    const std::int64_t in_line = 64 / variant.element;
    plan.stride = (divide_up(divide_up(args.k, 32) * 32, in_line) | 1) * in_line;
    plan.block_rows = kLinearBlockRows;
    plan.chunk_rows = std::clamp<std::int64_t>(chunk_bytes / (plan.stride * variant.element) / kLinearBlockRows, 2, 14)
        * kLinearBlockRows;
    plan.chunk_rows = std::min(plan.chunk_rows, args.rows);
    plan.range_pairs = variant.range_pairs;
    plan.threads = args.rows * args.n * args.k < small_product ? 1 : threads;
    plan.task_tiles = variant.tiles;
    if (args.rows <= variant.rows)
        plan.task_tiles = std::max<std::int64_t>(variant.tiles, 4);
    const std::int64_t pieces = divide_up(args.rows, plan.block_rows) * divide_up(tiles_of(args.n), plan.task_tiles);
    if (args.rows > variant.rows && pieces < tasks_per_thread * plan.threads) {
        const std::int64_t half = divide_up(plan.block_rows / 2, variant.rows) * variant.rows;
        plan.block_rows = std::clamp<std::int64_t>(half, variant.rows, kLinearBlockRows);
    }
    return plan;
}

void run_linear(const LinearVariant& variant, const LinearProduct& args, const LinearPlan& plan) noexcept
{
    const std::int64_t tiles = tiles_of(args.n), tile_tasks = divide_up(tiles, plan.task_tiles);
    const bool few_rows = args.rows <= variant.rows;
    for (std::int64_t chunk = 0; chunk < args.rows; chunk += plan.chunk_rows) {
        const std::int64_t rows = std::min(args.rows - chunk, plan.chunk_rows);
        const std::int64_t row_tasks = divide_up(rows, plan.block_rows);
        const auto convert = [&](std::int64_t row, int) {
            variant.convert(args.x + (chunk + row) * args.x_stride, args.k,
                            plan.rows + row * plan.stride * variant.element);
        };
        // Few rows by the caller alone: shorter than a call of the others.
        for_pieces(rows, few_rows ? 1 : plan.threads, Taking::Guided, convert);
        const auto task = [&](std::int64_t index, int) {
            LinearTask one;
            one.first_row = chunk;
            one.row = index % row_tasks * plan.block_rows;
            one.rows = std::min(rows - one.row, plan.block_rows);
            one.tile = index / row_tasks * plan.task_tiles;
            one.tile_end = std::min(tiles, one.tile + plan.task_tiles);
            variant.run(args, plan, one);
        };
        // Few rows: long runs first, for the sake of the prefetching, and short ones last: the memory serves the threads
        // unequally.
        for_pieces(tile_tasks * row_tasks, plan.threads, few_rows ? Taking::Guided : Taking::One, task);
    }
}

Status linear(const LinearProduct& args) noexcept
{
    if (args.rows < 0 || args.n < 0 || args.k < 0
        || (args.rows > 1 && (args.x_stride < args.k || args.y_stride < args.n)))
        return Status::BadShape;
    if (args.rows == 0 || args.n == 0)
        return Status::Ok;
    const LinearVariant& variant = chosen_linear(args.type);
    LinearPlan plan = plan_linear(variant, args, inside_piece() ? 1 : threads());
    thread_local ScratchBuffer scratch;
    plan.rows = static_cast<std::byte*>(
        scratch.at_least(static_cast<std::size_t>(plan.chunk_rows * plan.stride * variant.element)));
    if (plan.rows == nullptr)
        return Status::Unsupported;
    run_linear(variant, args, plan);
    return Status::Ok;
}

} // namespace kvw::kernels
