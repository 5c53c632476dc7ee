// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/linear.h"

#include "kernels/cpu/cpu_features.h"
#include "kernels/cpu/linear_bf16.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <omp.h>

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

} // namespace

bool linear_bf16_available() noexcept { return has_avx512_bf16(); }

std::size_t packed_linear_bytes(std::int64_t n, std::int64_t k) noexcept
{
    return static_cast<std::size_t>(tiles_of(n) * pairs_of(k) * kLinearTile * 4);
}

void pack_linear(const std::uint16_t* w, std::int64_t n, std::int64_t k, std::byte* packed) noexcept
{
    const std::int64_t tiles = tiles_of(n), pairs = pairs_of(k);
    const std::byte* from = reinterpret_cast<const std::byte*>(w); // may be unaligned: a memory-mapped file
#pragma omp parallel for schedule(static) if (n * k > 65536)
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
        std::byte* out = packed + tile * pairs * kLinearTile * 4;
        for (std::int64_t column = 0; column < kLinearTile; ++column) {
            const std::int64_t row = tile * kLinearTile + column;
            std::byte* to = out + column * 4;
            if (row >= n) {
                for (std::int64_t pair = 0; pair < pairs; ++pair)
                    std::memset(to + pair * kLinearTile * 4, 0, 4);
                continue;
            }
            for (std::int64_t pair = 0; pair < k / 2; ++pair)
                std::memcpy(to + pair * kLinearTile * 4, from + (row * k + 2 * pair) * 2, 4);
            if (k % 2 != 0) {
                std::byte* last = to + (pairs - 1) * kLinearTile * 4;
                std::memcpy(last, from + (row * k + k - 1) * 2, 2);
                std::memset(last + 2, 0, 2);
            }
        }
    }
}

LinearPlan plan_linear_bf16(const LinearBf16& args, int threads) noexcept
{
    constexpr std::int64_t small_product = 32 * 1024; // below, waking a thread costs more than it brings
    constexpr std::int64_t chunk_bytes = 8 << 20;     // of converted x: stays in the third-level cache

    LinearPlan plan;
    // An odd number of cache lines, so that a tile's rows do not fall into the same cache set.
    plan.bf16_stride = (divide_up(args.k, 32) | 1) * 32;
    plan.chunk_rows =
        std::clamp<std::int64_t>(chunk_bytes / (plan.bf16_stride * 2) / kLinearBlockRows, 2, 14) * kLinearBlockRows;
    plan.chunk_rows = std::min(plan.chunk_rows, args.rows);
    plan.range_pairs = 2304; // two tiles of it: 288 KiB
    plan.threads = args.rows * args.n * args.k < small_product ? 1 : threads;
    plan.task_tiles = 2;
    return plan;
}

Status linear_bf16(const LinearBf16& args) noexcept
{
    if (args.rows < 0 || args.n < 0 || args.k < 0
        || (args.rows > 1 && (args.x_stride < args.k || args.y_stride < args.n)))
        return Status::BadShape;
    if (!linear_bf16_available())
        return Status::Unsupported;
    if (args.rows == 0 || args.n == 0)
        return Status::Ok;
    LinearPlan plan = plan_linear_bf16(args, omp_in_parallel() ? 1 : omp_get_max_threads());
    thread_local ScratchBuffer scratch;
    plan.bf16 = static_cast<std::uint16_t*>(
        scratch.at_least(static_cast<std::size_t>(plan.chunk_rows * plan.bf16_stride) * sizeof(std::uint16_t)));
    if (plan.bf16 == nullptr)
        return Status::Unsupported;
    run_linear_bf16(args, plan);
    return Status::Ok;
}

} // namespace kvw::kernels
