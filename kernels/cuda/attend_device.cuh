// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend.h"
#include "kernels/cuda/layout.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

/// What the attention kernels are made of: copies, the turning of codes into numbers, products.
namespace kvw::kernels::cuda::device {

/// Probabilities are multiplied by the scale of their value's token before they become fp16; the factor keeps small products
/// away from fp16's subnormal numbers.
inline constexpr float kValueScale = 64;

__device__ __forceinline__ std::uint32_t shared_address(const void* shared)
{
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
}

/// A warp's ring of tiles in shared memory. From sm_90 on one lane asks the copy engine for a whole tile and the others wait
/// at a barrier in memory; before, every lane copies its share.
template<int Stages>
struct Ring
{
    std::byte* tiles;        ///< [Stages, stage_bytes]
    std::uint64_t* barriers; ///< [Stages]
    int stage_bytes, lane;
    int stage = 0;       ///< of the next wait()
    unsigned parity = 0; ///< of the barriers' current round, for sm_90

    __device__ void start()
    {
#if __CUDA_ARCH__ >= 900
        if (lane < Stages)
            asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(barriers + lane)) : "memory");
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        __syncwarp();
#endif
    }
    /// Asks for a tile; `from` may be null where there is none left, so that counting stays simple.
    __device__ void request(int into, const std::byte* from)
    {
        std::byte* const to = tiles + into * stage_bytes;
#if __CUDA_ARCH__ >= 900
        if (lane == 0 && from) {
            const std::uint32_t barrier = shared_address(barriers + into);
            asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(stage_bytes)
                         : "memory");
            asm volatile(
                "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                    shared_address(to)),
                "l"(from), "r"(stage_bytes), "r"(barrier)
                : "memory");
        }
#else
        if (from)
            for (int i = lane * 16; i < stage_bytes; i += 512)
                asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to + i)), "l"(from + i)
                             : "memory");
        asm volatile("cp.async.commit_group;" ::: "memory");
#endif
    }
    /// The oldest tile asked for, once it is there. Stages - 1 requests may be under way behind it.
    __device__ const std::byte* wait()
    {
#if __CUDA_ARCH__ >= 900
        const std::uint32_t barrier = shared_address(barriers + stage);
        std::uint32_t done = 0;
        while (!done)
            asm volatile("{\n.reg .pred p;\n"
                         "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
                         "selp.u32 %0, 1, 0, p;\n}"
                         : "=r"(done)
                         : "r"(barrier), "r"(parity)
                         : "memory");
#else
        asm volatile("cp.async.wait_group %0;" ::"n"(Stages - 1) : "memory");
        __syncwarp();
#endif
        return tiles + stage * stage_bytes;
    }
    /// After the last read of the tile that wait() gave.
    __device__ void release()
    {
        __syncwarp();
        if (++stage == Stages) {
            stage = 0;
            parity ^= 1;
        }
    }
};

__device__ __forceinline__ float exp2_fast(float x) ///< 2 units in the last place; exp2(-inf) = 0
{
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ __forceinline__ std::uint32_t bits_of(__half2 value) { return *reinterpret_cast<std::uint32_t*>(&value); }
__device__ __forceinline__ __half2 half2_of(std::uint32_t bits) { return *reinterpret_cast<__half2*>(&bits); }
__device__ __forceinline__ std::uint32_t pack_half2(float low, float high)
{
    return bits_of(__floats2half2_rn(low, high));
}
__device__ __forceinline__ std::uint32_t pack_bf162(float low, float high)
{
    __nv_bfloat162 value = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<std::uint32_t*>(&value);
}
template<bool Bf16>
__device__ __forceinline__ std::uint32_t pack2(float low, float high)
{
    return Bf16 ? pack_bf162(low, high) : pack_half2(low, high);
}
template<bool Bf16>
__device__ __forceinline__ float2 unpack2(std::uint32_t bits)
{
    if constexpr (Bf16)
        return __bfloat1622float2(*reinterpret_cast<__nv_bfloat162*>(&bits));
    else
        return __half22float2(half2_of(bits));
}

/// d += a b, one m16n8k16 product; rows 8..15 of a are zero unless Wide.
template<bool Bf16, bool Wide>
__device__ __forceinline__ void multiply(float (&d)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1)
{
    const std::uint32_t a1 = Wide ? a[1] : 0, a3 = Wide ? a[3] : 0;
    if constexpr (Bf16)
        asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a[0]), "r"(a1), "r"(a[2]), "r"(a3), "r"(b0), "r"(b1));
    else
        asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a[0]), "r"(a1), "r"(a[2]), "r"(a3), "r"(b0), "r"(b1));
}

/// (a & mask) | bits in one instruction.
__device__ __forceinline__ std::uint32_t and_or(std::uint32_t a, std::uint32_t mask, std::uint32_t bits)
{
    std::uint32_t d;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(d) : "r"(a), "r"(mask), "r"(bits));
    return d;
}

/// A byte or nibble put into the mantissa of 1024 is the number 1024 + code (nibbles four bits up: 1024 + 16 code), exactly,
/// in one instruction a pair.
///
/// Keys: piece `index` of 16 loaded bytes as four pairs of 16-bit numbers: code - 128 (int8), code (int4).
template<Format F>
__device__ __forceinline__ void unpack_keys(const uint4& raw, int index, std::uint32_t (&out)[4])
{
    const std::uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
    if constexpr (is_16_bit(F)) {
#pragma unroll
        for (int i = 0; i < 4; ++i)
            out[i] = words[i];
    } else if constexpr (F == Format::Int8) {
        const __half2 middle = half2_of(0x64806480u); // 1024 + 128
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const std::uint32_t word = words[2 * index + i / 2];
            out[i] = bits_of(__hsub2(half2_of(__byte_perm(word, 0x64646464u, i % 2 ? 0x4342u : 0x4140u)), middle));
        }
    } else {
        const __half2 base = half2_of(0x64006400u), sixteenth = half2_of(0x2c002c00u), minus_64 = half2_of(0xd400d400u);
        const std::uint32_t low = words[index], high = low >> 8;
        out[0] = bits_of(__hsub2(half2_of(and_or(low, 0x000f000fu, 0x64006400u)), base));
        out[1] = bits_of(__hfma2(half2_of(and_or(low, 0x00f000f0u, 0x64006400u)), sixteenth, minus_64));
        out[2] = bits_of(__hsub2(half2_of(and_or(high, 0x000f000fu, 0x64006400u)), base));
        out[3] = bits_of(__hfma2(half2_of(and_or(high, 0x00f000f0u, 0x64006400u)), sixteenth, minus_64));
    }
}
/// Values stay what one instruction makes of them: 1024 + code, and 1024 + 16 code in the odd pairs of int4, whose weights
/// are a sixteenth. The sum of the weights times value_offset() is taken away at the end: a product with a constant.
template<Format F>
__device__ __forceinline__ void unpack_values(const uint4& raw, int index, std::uint32_t (&out)[4])
{
    const std::uint32_t words[4] = {raw.x, raw.y, raw.z, raw.w};
    if constexpr (is_16_bit(F)) {
#pragma unroll
        for (int i = 0; i < 4; ++i)
            out[i] = words[i];
    } else if constexpr (F == Format::Int8) {
#pragma unroll
        for (int i = 0; i < 4; ++i)
            out[i] = __byte_perm(words[2 * index + i / 2], 0x64646464u, i % 2 ? 0x4342u : 0x4140u);
    } else {
        const std::uint32_t low = words[index], high = low >> 8;
        out[0] = and_or(low, 0x000f000fu, 0x64006400u);
        out[1] = and_or(low, 0x00f000f0u, 0x64006400u);
        out[2] = and_or(high, 0x000f000fu, 0x64006400u);
        out[3] = and_or(high, 0x00f000f0u, 0x64006400u);
    }
}
/// Two fp16 numbers: 1024 + 128 (int8), 1024 (int4).
template<Format F>
constexpr std::uint32_t value_offset = F == Format::Int8 ? 0x64806480u : 0x64006400u;

/// Scales (and zeros) of a lane's eight tokens of a tile: tokens 8 q .. 8 q + 7.
struct TokenScales
{
    float scale[8], zero[8];
};
/// `scales`: fp16 [32 scales], then [32 zeros] for Int4, of the tile.
template<Format F>
__device__ __forceinline__ void read_scales(const std::byte* scales, int q, TokenScales& out)
{
    if constexpr (F == Format::Int8 || F == Format::Int4) {
        const uint4 s = reinterpret_cast<const uint4*>(scales)[q];
        const std::uint32_t words[4] = {s.x, s.y, s.z, s.w};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const float2 pair = unpack2<false>(words[i]);
            out.scale[2 * i] = pair.x;
            out.scale[2 * i + 1] = pair.y;
        }
    }
    if constexpr (F == Format::Int4) {
        const uint4 z = reinterpret_cast<const uint4*>(scales)[4 + q];
        const std::uint32_t words[4] = {z.x, z.y, z.z, z.w};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const float2 pair = unpack2<false>(words[i]);
            out.zero[2 * i] = pair.x;
            out.zero[2 * i + 1] = pair.y;
        }
    }
}

__device__ __forceinline__ float quad_max(float value)
{
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 1));
    return fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 2));
}
__device__ __forceinline__ float quad_sum(float value)
{
    value += __shfl_xor_sync(0xffffffffu, value, 1);
    return value + __shfl_xor_sync(0xffffffffu, value, 2);
}

} // namespace kvw::kernels::cuda::device
