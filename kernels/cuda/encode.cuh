// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/layout.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

/// Writing tokens into tiles. The arithmetic is that of kv_store.h, in the same order as the reference on the CPU.
namespace kvw::kernels::cuda::device {

inline constexpr float kSmallestScale = 6.103515625e-05f; ///< smallest normal fp16 number

struct Scale
{
    float scale, zero;
};
__device__ __forceinline__ float stored(float value) { return __half2float(__float2half_rn(value)); }
__device__ __forceinline__ Scale symmetric_scale(float largest)
{
    const float scale = stored(largest / 127.0f);
    return {scale < kSmallestScale ? 0.0f : scale, 0.0f};
}
__device__ __forceinline__ Scale range_scale(float low, float high)
{
    const float zero = stored(low), scale = stored((high - low) / 15.0f);
    return {scale < kSmallestScale ? 0.0f : scale, zero};
}
__device__ __forceinline__ std::uint32_t code_int8(float x, float scale)
{
    const float code = scale > 0 ? rintf(x / scale) : 0.0f;
    return static_cast<std::uint32_t>(static_cast<int>(fminf(fmaxf(code + 128.0f, 0.0f), 255.0f)));
}
__device__ __forceinline__ std::uint32_t code_int4(float x, const Scale& s)
{
    const float code = s.scale > 0 ? rintf((x - s.zero) / s.scale) : 0.0f;
    return static_cast<std::uint32_t>(static_cast<int>(fminf(fmaxf(code, 0.0f), 15.0f)));
}

__device__ __forceinline__ float warp_max(float value)
{
    for (int offset = 16; offset > 0; offset /= 2)
        value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, offset));
    return value;
}
__device__ __forceinline__ float warp_min(float value) { return -warp_max(-value); }

__device__ __forceinline__ void put_half(std::byte* to, float value, bool bf16)
{
    if (bf16)
        *reinterpret_cast<__nv_bfloat16*>(to) = __float2bfloat16_rn(value);
    else
        *reinterpret_cast<__half*>(to) = __float2half_rn(value);
}

/// The scale of one token's vector x [width] in shared memory, by one warp; the same in every lane.
__device__ __forceinline__ Scale token_scale(Format format, const float* x, int width, int lane)
{
    if (is_16_bit(format) || format == Format::Int4Channel)
        return {0, 0};
    float low = INFINITY, high = -INFINITY;
    for (int c = lane; c < width; c += 32) {
        low = fminf(low, x[c]);
        high = fmaxf(high, x[c]);
    }
    low = warp_min(low);
    high = warp_max(high);
    return format == Format::Int8 ? symmetric_scale(fmaxf(high, -low)) : range_scale(low, high);
}
/// scales: of the tile (fp16, then zeros for Int4).
__device__ __forceinline__ void put_scale(Format format, std::byte* scales, int t, const Scale& s)
{
    __half* const at = reinterpret_cast<__half*>(scales);
    if (format == Format::Int8 || format == Format::Int4)
        at[t] = __float2half_rn(s.scale);
    if (format == Format::Int4)
        at[kTileTokens + t] = __float2half_rn(s.zero);
}

/// Key channels 8 p .. 8 p + 7 of token t; absent channels are 0 in 16 bits and code 0 else (queries are 0 there). For
/// Int4Channel `channel_scales` [width] holds the scales.
__device__ __forceinline__ void put_key_piece(Format format, std::byte* tile, int t, int p, const float* x, int width,
                                              const Scale& s, const Scale* channel_scales)
{
    std::byte* const at = tile + key_piece_offset(format, t, p);
    if (is_16_bit(format)) {
        for (int e = 0; e < 8; ++e)
            put_half(at + 2 * e, 8 * p + e < width ? x[8 * p + e] : 0.0f, format == Format::Bf16);
        return;
    }
    std::uint32_t words[2] = {0, 0};
    for (int e = 0; e < 8; ++e) {
        const int c = 8 * p + e;
        if (c >= width)
            continue;
        if (format == Format::Int8)
            words[e / 4] |= code_int8(x[c], s.scale) << (8 * (e % 4));
        else
            words[0] |= code_int4(x[c], format == Format::Int4Channel ? channel_scales[c] : s) << nibble_shift(e);
    }
    reinterpret_cast<std::uint32_t*>(at)[0] = words[0];
    if (format == Format::Int8)
        reinterpret_cast<std::uint32_t*>(at)[1] = words[1];
}

/// Channel c of one token. The seven other tokens of its piece keep what they have.
__device__ __forceinline__ void put_value(Format format, std::byte* tile, int t, int c, float x, const Scale& s)
{
    std::byte* const at = tile + value_piece_offset(format, t, c);
    const int e = t % 8;
    if (is_16_bit(format)) {
        put_half(at + 2 * e, x, format == Format::Bf16);
    } else if (format == Format::Int8) {
        reinterpret_cast<std::uint8_t*>(at)[e] = static_cast<std::uint8_t>(code_int8(x, s.scale));
    } else {
        std::uint32_t* const word = reinterpret_cast<std::uint32_t*>(at);
        *word = (*word & ~(15u << nibble_shift(e))) | (code_int4(x, s) << nibble_shift(e));
    }
}

struct TilePlace
{
    std::byte *keys, *values, *key_scales, *value_scales;
};
/// Tile `tile` of a sequence in the pool of pages.
__device__ __forceinline__ TilePlace coded_place(const KvStore& store, int sequence, int kv_head, int tile)
{
    const int index = sequence * store.pages_per_sequence + tile / 2;
    const int page = store.maybe_page_table ? store.maybe_page_table[index] : index;
    const TileParts parts = tile_parts(store);
    std::byte* const at =
        store.tiles + ((static_cast<std::size_t>(page) * store.kv_heads + kv_head) * 2 + tile % 2) * parts.end;
    return {at, at + parts.values, at + parts.key_scales, at + parts.value_scales};
}
__device__ __forceinline__ TilePlace exact_place(const KvStore& store, int sequence, int kv_head, int tile)
{
    const std::size_t unit =
        (static_cast<std::size_t>(sequence) * store.kv_heads + kv_head) * exact_tiles(store) + exact_slot(store, tile);
    std::byte* const at = store.exact + unit * exact_tile_bytes(store);
    return {at, at + key_tile_bytes(Format::Fp16, store.key_width), nullptr, nullptr};
}

/// The eight tokens 8 o .. 8 o + 7 of value channel c at once; tokens from `count` on become 0.
__device__ __forceinline__ void put_value_piece(Format format, std::byte* tile, int o, int c, const float* values,
                                                int width, int count, const Scale* scales)
{
    std::byte* const at = tile + value_piece_offset(format, 8 * o, c);
    std::uint32_t words[4] = {0, 0, 0, 0};
    for (int e = 0; e < 8; ++e) {
        const int t = 8 * o + e;
        if (t >= count || c >= width)
            continue;
        const float x = values[t * width + c];
        if (format == Format::Fp16)
            words[e / 2] |= static_cast<std::uint32_t>(__half_as_ushort(__float2half_rn(x))) << (16 * (e % 2));
        else if (format == Format::Bf16)
            words[e / 2] |= static_cast<std::uint32_t>(__bfloat16_as_ushort(__float2bfloat16_rn(x))) << (16 * (e % 2));
        else if (format == Format::Int8)
            words[e / 4] |= code_int8(x, scales[t].scale) << (8 * (e % 4));
        else
            words[0] |= code_int4(x, scales[t]) << nibble_shift(e);
    }
    for (int i = 0; i < bits(format) / 4; ++i)
        reinterpret_cast<std::uint32_t*>(at)[i] = words[i];
}

/// Room of encode_tile() in shared memory.
struct EncodeScales
{
    Scale channels[kMaxWidth];
    Scale tokens[kTileTokens];
};
/// Codes `count` tokens of a tile from shared memory, by the whole block: keys [32, key_width], values [32, value_width].
__device__ __forceinline__ void encode_tile(const KvStore& store, const TilePlace& place, Format key_format,
                                            Format value_format, const float* keys, const float* values, int count,
                                            EncodeScales& scales)
{
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
    const int key_width = store.key_width, value_width = store.value_width;
    const int padded = padded_key_width(key_width);
    if (key_format == Format::Int4Channel) {
        for (int c = threadIdx.x; c < padded; c += blockDim.x) {
            Scale s{0, 0};
            if (c < key_width) {
                float low = INFINITY, high = -INFINITY;
                for (int t = 0; t < count; ++t) {
                    low = fminf(low, keys[t * key_width + c]);
                    high = fmaxf(high, keys[t * key_width + c]);
                }
                s = range_scale(low, high);
                scales.channels[c] = s;
            }
            reinterpret_cast<__half*>(place.key_scales)[c] = __float2half_rn(s.scale);
            reinterpret_cast<__half*>(place.key_scales)[padded + c] = __float2half_rn(s.zero);
        }
        __syncthreads();
    }
    for (int t = warp; t < count; t += warps) {
        const float *key = keys + t * key_width, *value = values + t * value_width;
        const Scale key_scale = token_scale(key_format, key, key_width, lane);
        const Scale value_scale = token_scale(value_format, value, value_width, lane);
        if (lane < padded / 8)
            put_key_piece(key_format, place.keys, t, lane, key, key_width, key_scale, scales.channels);
        if (lane == 0) {
            put_scale(key_format, place.key_scales, t, key_scale);
            put_scale(value_format, place.value_scales, t, value_scale);
            scales.tokens[t] = value_scale;
        }
    }
    __syncthreads();
    const int channels = padded_value_width(value_format, value_width);
    for (int i = threadIdx.x; i < channels * 4; i += blockDim.x)
        put_value_piece(value_format, place.values, i / channels, i % channels, values, value_width, count,
                        scales.tokens);
}

} // namespace kvw::kernels::cuda::device
