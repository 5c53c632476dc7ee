// SPDX-License-Identifier: GPL-3.0-or-later
// How integer codes lie in the bytes of a row. Constants, and functions that are always inlined: files for any set of
// instructions include it, and so may those that nvcc compiles.
#pragma once

#include <cstddef>

namespace kvw::kernels {

#if defined(__CUDACC__)
#define KVW_PACKED_INLINE __host__ __device__ __forceinline__
#else
#define KVW_PACKED_INLINE [[gnu::always_inline]] inline
#endif

/// Bytes of `codes` neighbouring codes of `bits` bits each, 1, 2, 4 or 8, in planes: byte i holds the codes
/// i, i + f, i + 2 f, ... from the low bits up, f being the bytes that this returns. Codes that are not there are 0.
KVW_PACKED_INLINE constexpr std::size_t plane_bytes(int bits, std::size_t codes)
{
    const auto planes = static_cast<std::size_t>(8 / bits);
    return (codes + planes - 1) / planes;
}

/// Integer codes of `Bits` bits, 0..kMost. A symmetric format takes kMiddle off.
///
/// Codes lie in planes, so that unpacking is one shift and mask over whole vectors. Planes hold 2, 4 or 8 bits of a code;
/// where that is not all of it, the high bits follow in planes of their own: 3 = 2 + 1, 5 = 4 + 1, 6 = 4 + 2.
template<int Bits>
struct Packed
{
    static_assert(Bits >= 2 && Bits <= 8, "the kernels store integers of 2 to 8 bits");

    static constexpr int kBits = Bits;
    static constexpr int kCodes = 1 << Bits; ///< how many different ones there are
    static constexpr int kMost = kCodes - 1;
    static constexpr int kMiddle = kCodes / 2;
    static constexpr int kLowBits = Bits == 8 ? 8 : Bits >= 4 ? 4 : 2; ///< of the first planes
    static constexpr int kHighBits = Bits - kLowBits;                  ///< of the second ones; 0: there are none
    static constexpr bool kOnePart = kHighBits == 0;
    static constexpr int kPlanes = 8 / kLowBits; ///< codes in a byte of the first part
    static_assert(kOnePart || 8 % kHighBits == 0, "a code of this size would need a third part, which no kernel reads");

    KVW_PACKED_INLINE static constexpr std::size_t low_bytes(std::size_t codes) { return plane_bytes(kLowBits, codes); }
    /// Bytes of one row, exact: no padding.
    KVW_PACKED_INLINE static constexpr std::size_t bytes(std::size_t codes)
    {
        if constexpr (kOnePart)
            return low_bytes(codes);
        else
            return low_bytes(codes) + plane_bytes(kHighBits, codes);
    }
};

#undef KVW_PACKED_INLINE

} // namespace kvw::kernels
