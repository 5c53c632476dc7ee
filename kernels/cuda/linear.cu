// SPDX-License-Identifier: GPL-3.0-or-later
// One block takes a tile of 16 or 32 rows of W and the whole of k; its warps take the 32-wide blocks of k in turn, so that
// the block as a whole reads one contiguous stretch of memory. A warp fetches through a ring in shared memory that each
// lane fills and reads for itself, so the loop has no barrier: 16 bytes of a lane are row lane / 4 and k = 8 (lane % 4) .. + 7
// of W and of x alike, which serve as the operands of two products m16n8k16 (W as the 16 rows, x as the 8 columns; which k
// an operand's place stands for is free as long as both sides agree).
#include "kernels/cuda/arguments.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear.h"

#include <array>
#include <iterator>
#include <tuple>
#include <type_traits>

#include <cuda_bf16.h>

namespace kvw::kernels::cuda {
namespace {

constexpr unsigned kAllLanes = 0xffffffffu;
constexpr int kPieceBytes = 512;   // of a warp: 16 bytes a lane
constexpr int kPartialStride = 20; // floats between two columns of a partial tile; 20 keeps the banks apart
constexpr int kAheadBytes = 4096;  // of one request into the second-level cache

__device__ __forceinline__ unsigned shared_address(const void* pointer)
{
    return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

/// 16 bytes of what is read once: past the first-level cache, first to be evicted from the second.
__device__ __forceinline__ void copy_once(unsigned to, const std::byte* from, std::uint64_t policy)
{
    asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "l"(policy)
                 : "memory");
}
__device__ __forceinline__ void copy(unsigned to, const void* from)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ __forceinline__ void close_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template<int kOpen>
__device__ __forceinline__ void wait_groups()
{
    asm volatile("cp.async.wait_group %0;" ::"n"(kOpen) : "memory");
}
__device__ __forceinline__ uint4 load_shared(unsigned from)
{
    uint4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "r"(from)
                 : "memory");
    return v;
}
__device__ __forceinline__ std::uint64_t evict_first()
{
    std::uint64_t policy;
    asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
    return policy;
}
__device__ __forceinline__ void ask_into_l2(const std::byte* from, unsigned bytes)
{
#if __CUDA_ARCH__ >= 900
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(from), "r"(bytes) : "memory");
#endif
}

__device__ __forceinline__ void multiply(float (&sum)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3,
                                         unsigned b0, unsigned b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ std::uint16_t to_bf16(float x) { return __bfloat16_as_ushort(__float2bfloat16_rn(x)); }
__device__ __forceinline__ float from_bf16(std::uint16_t x) { return __uint_as_float(unsigned(x) << 16); }

__device__ __forceinline__ std::uint64_t ordered(float value, int index)
{
    const unsigned bits = __float_as_uint(value);
    const unsigned key = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return std::uint64_t(key) << 32 | static_cast<unsigned>(~index);
}

/// The sum over the 16 lanes that share lane / 16.
__device__ __forceinline__ float sum_of_16(float v)
{
    for (int step = 8; step > 0; step /= 2)
        v += __shfl_xor_sync(kAllLanes, v, step);
    return v;
}

/// A block of the grid: 16 kTiles rows of W, kWarps warps with a ring of kStages each.
template<int kTiles_, int kStages_, int kWarps_>
struct Shape
{
    static constexpr int kTiles = kTiles_, kStages = kStages_, kWarps = kWarps_;
    static constexpr int kStageBytes = (2 * kTiles + 1) * kPieceBytes;
    static constexpr int kRingBytes = kStages * kStageBytes;
    static constexpr int kElements = kTiles * kWeightTile * kLinearRows;
    static_assert(kRingBytes >= kTiles * kLinearRows * kPartialStride * 4 && kElements <= kWarps * 32);
    static_assert(kWarps >= kLinearRows, "warp m computes the norm's factor of row m");
};

/// The share of one warp in the products of a tile: every kWarps-th block of k.
template<typename S>
struct Stream
{
    static constexpr int kTiles = S::kTiles, kStages = S::kStages, kWarps = S::kWarps, kStageBytes = S::kStageBytes;

    const std::byte* weights[kTiles]; ///< this lane's first piece of each tile
    const std::byte* x;
    unsigned ring; ///< this lane's place in the warp's ring
    int count;     ///< blocks of this warp
    bool row_present;
    std::uint64_t policy;

    __device__ Stream(const Linear& args, unsigned warp_ring, int first_tile)
    {
        const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, blocks = block_count(args.k);
        count = warp < blocks ? (blocks - warp + kWarps - 1) / kWarps : 0;
        const int last_tile = weight_tiles(args.n) - 1;
        for (int i = 0; i < kTiles; ++i) {
            // A tile beyond the last reads the last one's weights; its sums go nowhere.
            const int tile = min(first_tile + i, last_tile);
            weights[i] = reinterpret_cast<const std::byte*>(args.weights)
                + (std::size_t(tile) * blocks + warp) * (2 * kPieceBytes) + lane * 16;
        }
        x = reinterpret_cast<const std::byte*>(args.x) + std::size_t(warp) * kPieceBytes + lane * 16;
        ring = warp_ring + lane * 16;
        row_present = lane / 4 < args.rows;
        policy = evict_first();
    }

    __device__ __forceinline__ void fetch_weights(int slot, int i) const
    {
        const std::size_t offset = std::size_t(i) * (kWarps * 2 * kPieceBytes);
        for (int tile = 0; tile < kTiles; ++tile) {
            const unsigned to = ring + slot * kStageBytes + tile * (2 * kPieceBytes);
            copy_once(to, weights[tile] + offset, policy);
            copy_once(to + kPieceBytes, weights[tile] + offset + kPieceBytes, policy);
        }
    }
    __device__ __forceinline__ void fetch_x(int slot, int i) const
    {
        if (row_present)
            copy(ring + slot * kStageBytes + 2 * kTiles * kPieceBytes, x + std::size_t(i) * (kWarps * kPieceBytes));
    }

    /// Before wait_dependency(): the weights of all stages but the last. They belong to the first group.
    __device__ void fetch_first_weights() const
    {
#pragma unroll
        for (int i = 0; i < kStages - 1; ++i)
            if (i < count)
                fetch_weights(i, i);
    }
    /// After it: x of the same stages, a group each.
    __device__ void fetch_first_x() const
    {
#pragma unroll
        for (int i = 0; i < kStages - 1; ++i) {
            if (i < count)
                fetch_x(i, i);
            close_group();
        }
    }

    __device__ void run(float (&sums)[kTiles][4]) const
    {
        int slot = 0, free_slot = kStages - 1;
        for (int i = 0; i < count; ++i) {
            wait_groups<kStages - 2>();
            const unsigned stage = ring + slot * kStageBytes;
            uint4 b = load_shared(stage + 2 * kTiles * kPieceBytes);
            if (!row_present)
                b = make_uint4(0, 0, 0, 0);
            uint4 a[kTiles][2];
#pragma unroll
            for (int tile = 0; tile < kTiles; ++tile) {
                a[tile][0] = load_shared(stage + tile * (2 * kPieceBytes));
                a[tile][1] = load_shared(stage + tile * (2 * kPieceBytes) + kPieceBytes);
            }
            if (i + kStages - 1 < count) {
                fetch_weights(free_slot, i + kStages - 1);
                fetch_x(free_slot, i + kStages - 1);
            }
            close_group();
#pragma unroll
            for (int tile = 0; tile < kTiles; ++tile) {
                multiply(sums[tile], a[tile][0].x, a[tile][1].x, a[tile][0].y, a[tile][1].y, b.x, b.y);
                multiply(sums[tile], a[tile][0].z, a[tile][1].z, a[tile][0].w, a[tile][1].w, b.z, b.w);
            }
            slot = slot + 1 == kStages ? 0 : slot + 1;
            free_slot = free_slot + 1 == kStages ? 0 : free_slot + 1;
        }
        wait_groups<0>();
    }
};

/// The norm's factor of row m, by warp m: each lane adds what it fetched itself.
__device__ __forceinline__ void fetch_squares(const Linear& args, unsigned row_of_warp)
{
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, stride = squares_stride(args.norm_width);
    if (warp < args.rows)
#pragma unroll 2
        for (int i = lane; i < stride / 4; i += 32)
            copy(row_of_warp + i * 16, args.maybe_squares + std::size_t(warp) * stride + i * 4);
}
__device__ __forceinline__ float norm_factor(const Linear& args, unsigned row_of_warp)
{
    float sum = 0;
#pragma unroll 2
    for (int i = threadIdx.x % 32; i < squares_stride(args.norm_width) / 4; i += 32) {
        const uint4 v = load_shared(row_of_warp + i * 16);
        sum += (__uint_as_float(v.x) + __uint_as_float(v.y)) + (__uint_as_float(v.z) + __uint_as_float(v.w));
    }
    for (int step = 16; step > 0; step /= 2)
        sum += __shfl_xor_sync(kAllLanes, sum, step);
    return rsqrtf(sum / static_cast<float>(args.norm_width) + args.norm_eps);
}

/// The element of the output that a thread finishes; columns run fastest, so that half a warp shares a row.
struct Element
{
    int row, column;
    bool present;
    /// What is added to the sum, read while the weights stream.
    float residual = 0, bias = 0, gamma = 0;

    __device__ Element(const Linear& args, int first_tile)
        : row(threadIdx.x / kWeightTile % kLinearRows),
          column((first_tile + threadIdx.x / (kWeightTile * kLinearRows)) * kWeightTile + threadIdx.x % kWeightTile),
          present(row < args.rows && column < args.n)
    {}
};

template<Epilogue kEpilogue>
__device__ __forceinline__ void finish(const Linear& args, const Element& element, float sum, float factor)
{
    const int row = element.row, column = element.column;
    const bool present = element.present;
    const int tile = column / kWeightTile;
    const bool first_of_16 = threadIdx.x % 16 == 0;
    if constexpr (kEpilogue == Epilogue::Plain) {
        if (present)
            args.y[std::size_t(row) * args.n + column] = factor * sum + element.bias;
    } else if constexpr (kEpilogue == Epilogue::SiluGate) {
        const float gate = factor * sum;
        const float up = __shfl_xor_sync(kAllLanes, gate, 8);
        const int feature = tile * 8 + column % 8;
        if (row < args.rows && column % 16 < 8 && feature < args.n / 2)
            args.out_blocks[in_blocks(row, feature)] = to_bf16(gate / (1 + __expf(-gate)) * up);
    } else if constexpr (kEpilogue == Epilogue::Residual) {
        const float value = present ? element.residual + (sum + element.bias) : 0;
        if (present) {
            args.y[std::size_t(row) * args.n + column] = value;
            args.out_blocks[in_blocks(row, column)] = to_bf16(value * element.gamma);
        }
        const float square = sum_of_16(value * value);
        if (first_of_16 && present)
            args.squares_out[row * squares_stride(args.n) + tile] = square;
    } else {
        const float value = factor * sum;
        if (present && args.y)
            args.y[std::size_t(row) * args.n + column] = value;
        std::uint64_t best = present ? ordered(value, column) : 0;
        for (int step = 8; step > 0; step /= 2)
            best = max(
                best,
                static_cast<std::uint64_t>(__shfl_xor_sync(kAllLanes, static_cast<unsigned long long>(best), step)));
        if (first_of_16 && present)
            args.best[std::size_t(row) * weight_tiles(args.n) + tile] = best;
    }
}

/// Asks for all weights of the tiles from `first_tile` on.
template<typename S>
__device__ __forceinline__ void ask_ahead(const Linear& args, int first_tile)
{
    const std::size_t tile_bytes = std::size_t(block_count(args.k)) * (2 * kPieceBytes);
    const std::byte* tile = reinterpret_cast<const std::byte*>(args.weights) + first_tile * tile_bytes;
    const std::size_t bytes = min(S::kTiles, weight_tiles(args.n) - first_tile) * tile_bytes;
#pragma unroll 1
    for (std::size_t at = std::size_t(threadIdx.x) * kAheadBytes; at < bytes; at += S::kWarps * 32 * kAheadBytes)
        ask_into_l2(tile + at, static_cast<unsigned>(min(bytes - at, std::size_t(kAheadBytes))));
}

/// Each warp's sums take the place of its ring, which only this warp has read; then each thread adds up its element.
template<typename S>
__device__ __forceinline__ float sum_over_warps(std::byte* rings, const float (&sums)[S::kTiles][4])
{
    const int lane = threadIdx.x % 32;
    __syncwarp();
    float* partial = reinterpret_cast<float*>(rings + threadIdx.x / 32 * S::kRingBytes);
#pragma unroll
    for (int tile = 0; tile < S::kTiles; ++tile)
#pragma unroll
        for (int i = 0; i < 4; ++i)
            partial[(tile * kLinearRows + 2 * (lane % 4) + i % 2) * kPartialStride + lane / 4 + i / 2 * 8] =
                sums[tile][i];
    __syncthreads();
    if (threadIdx.x >= S::kElements)
        return 0;
    const int place = threadIdx.x / kWeightTile * kPartialStride + threadIdx.x % kWeightTile;
    float sum = 0;
#pragma unroll
    for (int warp = 0; warp < S::kWarps; ++warp)
        sum += reinterpret_cast<const float*>(rings + warp * S::kRingBytes)[place];
    return sum;
}

template<typename S, Epilogue kEpilogue>
__global__ void __launch_bounds__(S::kWarps * 32) linear_kernel(const __grid_constant__ Linear args)
{
    extern __shared__ __align__(128) std::byte memory[]; // rings, factors [8], sums of squares [rows, stride]
    launch_dependents();

    const int warp = threadIdx.x / 32, first_tile = blockIdx.x * S::kTiles;
    float* factors = reinterpret_cast<float*>(memory + S::kWarps * S::kRingBytes);
    const unsigned squares = shared_address(factors + kLinearRows) + warp * squares_stride(args.norm_width) * 4;
    const Stream<S> stream(args, shared_address(memory) + warp * S::kRingBytes, first_tile);
    stream.fetch_first_weights();
    if (args.ask_ahead)
        ask_ahead<S>(args, first_tile);
    Element element(args, first_tile);
    const bool finishes = threadIdx.x < S::kElements;
    if (kEpilogue == Epilogue::Residual && finishes && element.present)
        element.gamma = args.gamma[element.column];
    if ((kEpilogue == Epilogue::Plain || kEpilogue == Epilogue::Residual) && finishes && element.present
        && args.maybe_bias)
        element.bias = args.maybe_bias[element.column];

    wait_dependency();
    if (args.maybe_squares)
        fetch_squares(args, squares);
    stream.fetch_first_x();
    if (kEpilogue == Epilogue::Residual && finishes && element.present)
        element.residual = __ldcg(args.y + std::size_t(element.row) * args.n + element.column);

    float sums[S::kTiles][4] = {};
    stream.run(sums);
    if (args.maybe_squares && warp < args.rows) {
        const float factor = norm_factor(args, squares);
        if (threadIdx.x % 32 == 0)
            factors[warp] = factor;
    }
    const float sum = sum_over_warps<S>(memory, sums);
    if (!finishes)
        return;
    const float factor = args.maybe_squares && element.row < args.rows ? factors[element.row] : 1;
    finish<kEpilogue>(args, element, sum, factor);
}

/// One thread a number.
__global__ void pack_kernel(Pack args)
{
    launch_dependents();
    wait_dependency();
    const std::size_t at = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x;
    if (at >= std::size_t(args.rows) * args.k)
        return;
    const int from_row = static_cast<int>(at / args.k), column = static_cast<int>(at % args.k);
    const int row = args.first_row + packed_row(args.order, from_row);
    args.packed[packed_place(row, column, args.k)] = __ldcg(args.plain + at);
}

constexpr int kPickThreads = 1024;

__device__ int arg_max(const Pick& args)
{
    __shared__ std::uint64_t of_warp[kPickThreads / 32];
    const int tiles = weight_tiles(args.vocab);
    const auto* candidates =
        reinterpret_cast<const unsigned long long*>(args.maybe_best + std::size_t(blockIdx.x) * tiles);
    unsigned long long best = 0;
#pragma unroll 4
    for (int i = threadIdx.x; i < tiles; i += kPickThreads)
        best = max(best, __ldcg(candidates + i));
    for (int step = 16; step > 0; step /= 2)
        best = max(best, __shfl_xor_sync(kAllLanes, best, step));
    if (threadIdx.x % 32 == 0)
        of_warp[threadIdx.x / 32] = best;
    __syncthreads();
    best = of_warp[threadIdx.x % 32];
    for (int step = 16; step > 0; step /= 2)
        best = max(best, __shfl_xor_sync(kAllLanes, best, step));
    return best_index(best);
}

__global__ void __launch_bounds__(kPickThreads) pick_kernel(const __grid_constant__ Pick args)
{
    launch_dependents();
    wait_dependency();
    const int row = blockIdx.x;
    int token = 0;
    if (args.maybe_best) {
        token = arg_max(args);
        if (threadIdx.x == 0)
            args.tokens[row] = token;
    } else {
        token = __ldcg(args.tokens + row);
    }
    if (threadIdx.x == 0 && args.maybe_lengths)
        args.maybe_lengths[row] = __ldcg(args.maybe_lengths + row) + 1;
    // hidden is a multiple of 32, so warps are whole.
    for (int i = threadIdx.x; i < args.hidden; i += kPickThreads) {
        const float value = from_bf16(args.embedding[std::size_t(token) * args.hidden + i]);
        args.x[std::size_t(row) * args.hidden + i] = value;
        args.x_blocks[in_blocks(row, i)] = to_bf16(value * args.gamma[i]);
        const float square = sum_of_16(value * value);
        if (i % 16 == 0)
            args.squares[row * squares_stride(args.hidden) + i / 16] = square;
    }
}

/// Block shapes, in the order of the variants' numbers.
using Shapes =
    std::tuple<Shape<1, 5, 8>, Shape<1, 8, 8>, Shape<1, 5, 16>, Shape<2, 3, 8>, Shape<2, 5, 8>, Shape<2, 5, 16>>;
constexpr const char* kNames[] = {"16 rows, 5 stages, 8 warps",  "16 rows, 8 stages, 8 warps",
                                  "16 rows, 5 stages, 16 warps", "32 rows, 3 stages, 8 warps",
                                  "32 rows, 5 stages, 8 warps",  "32 rows, 5 stages, 16 warps"};
static_assert(std::tuple_size_v<Shapes> == kLinearVariants && std::size(kNames) == kLinearVariants);
constexpr int kManyTiles = 1024; // from here on blocks of 32 rows still fill the device many times over

template<typename S>
Status start(const Linear& args, cudaStream_t stream) noexcept
{
    const dim3 grid((weight_tiles(args.n) + S::kTiles - 1) / S::kTiles), block(S::kWarps * 32);
    const std::size_t floats = kLinearRows + (args.maybe_squares ? args.rows * squares_stride(args.norm_width) : 0);
    const std::size_t bytes = S::kWarps * S::kRingBytes + floats * sizeof(float);
    switch (args.epilogue) {
    case Epilogue::Plain:
        return launch(linear_kernel<S, Epilogue::Plain>, grid, block, bytes, stream, args);
    case Epilogue::SiluGate:
        return launch(linear_kernel<S, Epilogue::SiluGate>, grid, block, bytes, stream, args);
    case Epilogue::Residual:
        return launch(linear_kernel<S, Epilogue::Residual>, grid, block, bytes, stream, args);
    case Epilogue::Logits:
        return launch(linear_kernel<S, Epilogue::Logits>, grid, block, bytes, stream, args);
    }
    return Status::BadShape;
}

} // namespace

Status pack(const Pack& args, cudaStream_t stream) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    const std::size_t numbers = std::size_t(args.rows) * args.k;
    return launch(pack_kernel, dim3(static_cast<unsigned>((numbers + 255) / 256)), dim3(256), 0, stream, args);
}

const char* linear_variant_name(int variant) noexcept
{
    return variant >= 0 && variant < kLinearVariants ? kNames[variant] : nullptr;
}

Status linear(const Linear& args, cudaStream_t stream) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    const int chosen = args.maybe_variant >= 0 ? args.maybe_variant : weight_tiles(args.n) >= kManyTiles ? 3 : 0;
    using Start = Status (*)(const Linear&, cudaStream_t) noexcept;
    constexpr auto kStarts = []<typename... S>(std::type_identity<std::tuple<S...>>) {
        return std::array<Start, sizeof...(S)>{start<S>...};
    }(std::type_identity<Shapes>{});
    return kStarts[static_cast<std::size_t>(chosen)](args, stream);
}

Status pick(const Pick& args, cudaStream_t stream) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    return launch(pick_kernel, dim3(args.rows), dim3(kPickThreads), 0, stream, args);
}

} // namespace kvw::kernels::cuda
