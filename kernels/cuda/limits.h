// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// What the CUDA kernels were written for. They check it, and whoever chooses between them and other code reads it here.
namespace kvw::kernels::cuda {

/// How the numbers of a stored vector are written.
///
/// Int8: x' = (code - 128) * scale, scale = max|x| / 127, one a token and head.
/// Int4: x' = code * scale + zero, zero = min, scale = (max - min) / 15, one pair a token and head.
/// Int4Channel (keys only): the same with one pair a channel and tile of 32 tokens; needs `buffered` storage.
/// Codes are clamp(round_half_even((x - zero) / scale)) with scale and zero as stored (fp16); a scale below the smallest
/// normal fp16 number is stored as 0 and x' = zero.
enum class Format : int { Fp16, Bf16, Int8, Int4, Int4Channel };

#ifdef __CUDACC__
#define KVW_ON_BOTH __host__ __device__
#else
#define KVW_ON_BOTH
#endif

constexpr const char* name(Format format)
{
    switch (format) {
    case Format::Fp16:
        return "fp16";
    case Format::Bf16:
        return "bf16";
    case Format::Int8:
        return "int8";
    case Format::Int4:
        return "int4";
    case Format::Int4Channel:
        return "int4 by channel";
    }
    return "?";
}
constexpr KVW_ON_BOTH bool is_16_bit(Format format) { return format == Format::Fp16 || format == Format::Bf16; }
constexpr KVW_ON_BOTH int bits(Format format) { return is_16_bit(format) ? 16 : format == Format::Int8 ? 8 : 4; }
/// Whether a tile's tokens share a scale for each channel; else each token has one for all.
constexpr KVW_ON_BOTH bool scales_by_channel(Format format) { return format == Format::Int4Channel; }
/// fp16 numbers that belong to a scale: it and its zero.
constexpr KVW_ON_BOTH int scale_numbers(Format format)
{
    return is_16_bit(format) ? 0 : format == Format::Int8 ? 1 : 2;
}

struct FormatPair
{
    Format keys, values;

    constexpr bool operator==(const FormatPair&) const = default;
};
/// Formats that keys and values may have together; each has its attend_*.cu. Products are of one 16-bit type for both
/// sides, and codes become fp16, so bf16 goes with bf16 alone.
inline constexpr FormatPair kFormatPairs[] = {
    {Format::Fp16, Format::Fp16},        {Format::Bf16, Format::Bf16}, {Format::Fp16, Format::Int8},
    {Format::Int8, Format::Int8},        {Format::Int8, Format::Int4}, {Format::Int4, Format::Int4},
    {Format::Int4Channel, Format::Int4},
};
constexpr bool is_format_pair(Format keys, Format values)
{
    for (const FormatPair& pair : kFormatPairs)
        if (pair == FormatPair{keys, values})
            return true;
    return false;
}

// Of a store and of attention over it.
inline constexpr int kTileTokens = 32; ///< tokens that are laid out together; sinks and windows are multiples of it
inline constexpr int kPageTokens = 64; ///< tokens of a page: two tiles of every KV head
inline constexpr int kMaxGroup = 16;   ///< query heads of a KV head
inline constexpr int kMaxWidth = 256;  ///< numbers of a key, a value or a head
inline constexpr int kHeadDimStep = 2; ///< a head has a multiple of so many numbers
inline constexpr int kMaxSplits = 256; ///< shares of a sequence's tokens

// Of a whole decode step.
inline constexpr int kMaxSequences = 8;     ///< at a time
inline constexpr int kValueWidthStep = 8;   ///< numbers of a value are a multiple of it
inline constexpr int kHiddenStep = 32;      ///< numbers of a hidden state are
inline constexpr int kIntermediateStep = 8; ///< and of the feed-forward part

} // namespace kvw::kernels::cuda
