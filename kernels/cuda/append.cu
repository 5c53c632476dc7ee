// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/append.h"

#include "kernels/cuda/arguments.h"
#include "kernels/cuda/encode.cuh"
#include "kernels/cuda/launch.h"

#include <algorithm>

namespace kvw::kernels::cuda {
namespace {

using namespace device;

constexpr float kLog2E = 1.4426950408889634f;

/// Warps of an append block: the queries of a KV head, its key and its value each have one, as far as there are that many.
constexpr int kMaxAppendWarps = 16;

struct Shared
{
    EncodeScales scales;
    float raw[kMaxAppendWarps][kMaxWidth];     ///< a warp's vector as it came
    float rotated[kMaxAppendWarps][kMaxWidth]; ///< and after the rotary embedding
};

/// x [head_dim] -> warp's rotated vector in shared memory.
__device__ const float* rotate(const Append& args, const float* x, int position, Shared& shared, int warp, int lane)
{
    float *const raw = shared.raw[warp], *const rotated = shared.rotated[warp];
    for (int c = lane; c < args.head_dim; c += 32)
        raw[c] = x[c];
    __syncwarp();
    if (!args.maybe_cosine)
        return raw;
    const int half = args.head_dim / 2;
    const float* const cosine = args.maybe_cosine + static_cast<std::size_t>(position) * half;
    const float* const sine = args.maybe_sine + static_cast<std::size_t>(position) * half;
    for (int c = lane; c < half; c += 32) {
        rotated[c] = raw[c] * cosine[c] - raw[c + half] * sine[c];
        rotated[c + half] = raw[c + half] * cosine[c] + raw[c] * sine[c];
    }
    __syncwarp();
    return rotated;
}

/// y = x U, U [head_dim, key_width] fp16 of this KV head, into the warp's other vector.
__device__ const float* project(const Append& args, const float* x, int kv_head, Shared& shared, int warp, int lane)
{
    if (!args.maybe_key_basis)
        return x;
    const int width = args.store.key_width;
    const __half* const basis = reinterpret_cast<const __half*>(args.maybe_key_basis)
        + static_cast<std::size_t>(kv_head) * args.head_dim * width;
    float* const y = x == shared.raw[warp] ? shared.rotated[warp] : shared.raw[warp];
    for (int c = lane; c < width; c += 32) {
        float sum = 0;
#pragma unroll 8
        for (int d = 0; d < args.head_dim; ++d)
            sum = fmaf(x[d], __half2float(basis[d * width + c]), sum);
        y[c] = sum;
    }
    __syncwarp();
    return y;
}

/// Where the new token lies: among the exact ones, or coded at once.
__device__ bool goes_exact(const KvStore& store, int token) { return is_buffered(store) || token < store.sinks; }

__device__ void append_key(const Append& args, const float* key, int token, int sequence, int kv_head, int lane)
{
    const KvStore& store = args.store;
    const bool exact = goes_exact(store, token);
    const Format format = exact ? Format::Fp16 : store.key_format;
    const int tile = token / kTileTokens, t = token % kTileTokens;
    const TilePlace place =
        exact ? exact_place(store, sequence, kv_head, tile) : coded_place(store, sequence, kv_head, tile);
    const Scale scale = token_scale(format, key, store.key_width, lane);
    if (lane < padded_key_width(store.key_width) / 8)
        put_key_piece(format, place.keys, t, lane, key, store.key_width, scale, nullptr);
    if (lane == 0)
        put_scale(format, place.key_scales, t, scale);
}

__device__ void append_value(const Append& args, const float* value, int token, int sequence, int kv_head, int lane)
{
    const KvStore& store = args.store;
    const bool exact = goes_exact(store, token);
    const Format format = exact ? Format::Fp16 : store.value_format;
    const int tile = token / kTileTokens, t = token % kTileTokens;
    const TilePlace place =
        exact ? exact_place(store, sequence, kv_head, tile) : coded_place(store, sequence, kv_head, tile);
    const Scale scale = token_scale(format, value, store.value_width, lane);
    for (int c = lane; c < store.value_width; c += 32)
        put_value(format, place.values, t, c, value[c], scale);
    if (lane == 0)
        put_scale(format, place.value_scales, t, scale);
}

__device__ void write_query(const Append& args, const float* query, int sequence, int head, int lane)
{
    const int width = args.store.key_width, padded = padded_key_width(width);
    std::uint16_t* const to = args.q_out + static_cast<std::size_t>(sequence * args.heads + head) * padded;
    for (int c = lane; c < padded; c += 32)
        put_half(reinterpret_cast<std::byte*>(to + c), c < width ? query[c] * args.softmax_scale * kLog2E : 0.0f,
                 args.store.key_format == Format::Bf16);
}

/// Reads an exact tile back as numbers: keys [32, key_width], values [32, value_width].
__device__ void read_exact_tile(const KvStore& store, const TilePlace& place, float* keys, float* values)
{
    for (int i = threadIdx.x; i < kTileTokens * store.key_width; i += blockDim.x) {
        const int t = i / store.key_width, c = i % store.key_width;
        keys[i] =
            __half2float(reinterpret_cast<const __half*>(place.keys + key_piece_offset(Format::Fp16, t, c / 8))[c % 8]);
    }
    for (int i = threadIdx.x; i < kTileTokens * store.value_width; i += blockDim.x) {
        const int t = i / store.value_width, c = i % store.value_width;
        values[i] =
            __half2float(reinterpret_cast<const __half*>(place.values + value_piece_offset(Format::Fp16, t, c))[t % 8]);
    }
}

/// grid (kv_heads, sequences).
__global__ void __launch_bounds__(kMaxAppendWarps * 32) append_kernel(const Append args)
{
    extern __shared__ __align__(16) std::byte memory[];
    Shared& shared = *reinterpret_cast<Shared*>(memory);
    launch_dependents();
    wait_dependency();
    const KvStore& store = args.store;
    const int kv_head = blockIdx.x, sequence = blockIdx.y;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
    const int group = args.heads / store.kv_heads, d = args.head_dim;
    const int token = args.lengths[sequence];
    const float* const row =
        args.qkv + static_cast<std::size_t>(sequence) * (args.heads * d + store.kv_heads * (d + store.value_width));
    const float* const k = row + args.heads * d + kv_head * d;
    const float* const v = row + (args.heads + store.kv_heads) * d + kv_head * store.value_width;

    for (int item = warp; item < group + 2; item += warps) {
        __syncwarp();
        if (item == 0) {
            const float* const key = rotate(args, k, token, shared, warp, lane);
            append_key(args, project(args, key, kv_head, shared, warp, lane), token, sequence, kv_head, lane);
        } else if (item == 1) {
            append_value(args, v, token, sequence, kv_head, lane);
        } else {
            const int head = kv_head * group + item - 2;
            const float* const query = rotate(args, row + head * d, token, shared, warp, lane);
            write_query(args, project(args, query, kv_head, shared, warp, lane), sequence, head, lane);
        }
    }

    const int before = coded_end(store, token), after = coded_end(store, token + 1);
    if (!is_buffered(store) || after == before)
        return;
    __syncthreads(); // the block's own writes of the token
    float* const keys = reinterpret_cast<float*>(memory + sizeof(Shared));
    float* const values = keys + kTileTokens * store.key_width;
    const int tile = before / kTileTokens;
    read_exact_tile(store, exact_place(store, sequence, kv_head, tile), keys, values);
    __syncthreads();
    encode_tile(store, coded_place(store, sequence, kv_head, tile), store.key_format, store.value_format, keys, values,
                kTileTokens, shared.scales);
}

__device__ float number(std::uint16_t bits, bool bf16)
{
    return bf16 ? __bfloat162float(__ushort_as_bfloat16(bits)) : __half2float(__ushort_as_half(bits));
}

/// grid (tiles, kv_heads, sequences).
__global__ void fill_kernel(const Fill args)
{
    extern __shared__ __align__(16) std::byte memory[];
    EncodeScales& scales = *reinterpret_cast<EncodeScales*>(memory);
    const KvStore& store = args.store;
    const int tile = blockIdx.x, kv_head = blockIdx.y, sequence = blockIdx.z;
    const int first = tile * kTileTokens, count = min(kTileTokens, args.count - first);
    float* const keys = reinterpret_cast<float*>(memory + sizeof(EncodeScales));
    float* const values = keys + kTileTokens * store.key_width;
    const bool bf16 = store.key_format == Format::Bf16;
    const std::size_t row = (static_cast<std::size_t>(sequence) * args.count + first) * store.kv_heads + kv_head;
    for (int i = threadIdx.x; i < count * store.key_width; i += blockDim.x)
        keys[i] = number(args.k[(row + static_cast<std::size_t>(i / store.key_width) * store.kv_heads) * store.key_width
                                + i % store.key_width],
                         bf16);
    for (int i = threadIdx.x; i < count * store.value_width; i += blockDim.x)
        values[i] =
            number(args.v[(row + static_cast<std::size_t>(i / store.value_width) * store.kv_heads) * store.value_width
                          + i % store.value_width],
                   bf16);
    __syncthreads();
    const int end = coded_end(store, args.count);
    if (first >= store.sinks && first < end)
        encode_tile(store, coded_place(store, sequence, kv_head, tile), store.key_format, store.value_format, keys,
                    values, count, scales);
    else
        encode_tile(store, exact_place(store, sequence, kv_head, tile), Format::Fp16, Format::Fp16, keys, values, count,
                    scales);
}

std::size_t staging_bytes(const KvStore& store)
{
    return sizeof(float) * kTileTokens * static_cast<std::size_t>(store.key_width + store.value_width);
}

} // namespace

Status append(const Append& args, cudaStream_t stream) noexcept
{
    const KvStore& store = args.store;
    if (const Status status = check(args); status != Status::Ok)
        return status;
    const int warps = std::min(args.heads / store.kv_heads + 2, kMaxAppendWarps);
    const dim3 grid(static_cast<unsigned>(store.kv_heads), static_cast<unsigned>(store.sequences));
    return launch(append_kernel, grid, dim3(static_cast<unsigned>(warps) * 32),
                  sizeof(Shared) + (is_buffered(store) ? staging_bytes(store) : 0), stream, args);
}

Status fill(const Fill& args, cudaStream_t stream) noexcept
{
    const KvStore& store = args.store;
    if (const Status status = check(args); status != Status::Ok)
        return status;
    const dim3 grid(static_cast<unsigned>((args.count + kTileTokens - 1) / kTileTokens),
                    static_cast<unsigned>(store.kv_heads), static_cast<unsigned>(store.sequences));
    const std::size_t bytes = sizeof(EncodeScales) + staging_bytes(store);
    if (cudaFuncSetAttribute(fill_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes))
        != cudaSuccess)
        return Status::LaunchFailed;
    fill_kernel<<<grid, 256, bytes, stream>>>(args);
    return cudaGetLastError() == cudaSuccess ? Status::Ok : Status::LaunchFailed;
}

} // namespace kvw::kernels::cuda
