// SPDX-License-Identifier: GPL-3.0-or-later
// Stored rows -> fp32, for the files of one instruction set each; see rows_vectors.h.
#pragma once

#include "kernels/cpu/rows_variants.h"
#include "kernels/cpu/rows_vectors.h"

namespace kvw::kernels {
namespace {

/// Scale and zero of every channel, readable up to a multiple of kLanes.
struct ChannelScales
{
    alignas(64) float scale[kMaxRowWidth + 64];
    alignas(64) float zero[kMaxRowWidth + 64];
};

struct OneScale
{
    Floats scale, zero;
    KVW_INLINE Floats apply(Floats code, int) const { return code * scale + zero; }
};

struct ScaleOfChannel
{
    const ChannelScales& scales;
    KVW_INLINE Floats apply(Floats code, int channel) const
    {
        return code * load(scales.scale + channel) + load(scales.zero + channel);
    }
};

/// One plane of codes: `count` channels from `first` on. `maybe_high` holds further bits of every channel, in place.
struct Plane
{
    const std::byte* codes;
    const std::byte* maybe_high;
    int count, first, shift, mask, middle;
};

template<class Scale>
KVW_INLINE void decode_plane(const Plane& plane, const Scale& scale, float* out)
{
    const auto value = [&](Ints bytes, Ints high, int at) __attribute__((always_inline))
    {
        const Ints code = ((bytes >> plane.shift & plane.mask) | high) - plane.middle;
        return scale.apply(to_floats(code), plane.first + at);
    };
    const std::byte* maybe_high = plane.maybe_high != nullptr ? plane.maybe_high + plane.first : nullptr;
    int i = 0;
    for (; i + kLanes <= plane.count; i += kLanes) {
        const Ints high = maybe_high != nullptr ? load_bytes(maybe_high + i) : Ints{};
        store(out + plane.first + i, value(load_bytes(plane.codes + i), high, i));
    }
    const int rest = plane.count - i;
    if (rest > 0) {
        const Ints high = maybe_high != nullptr ? load_some_bytes(maybe_high + i, rest) : Ints{};
        store_some(out + plane.first + i, rest, value(load_some_bytes(plane.codes + i, rest), high, i));
    }
}

/// The high bits of codes in two parts, in place: of int3 out[c] = 4 or 0. Writes up to 7 bytes beyond width.
template<int Bits>
void spread_high_bits(const std::byte* from, int width, std::byte* out)
{
    typedef Packed<Bits> Codes;
    constexpr int planes = 8 / Codes::kHighBits;
    constexpr std::uint64_t mask = 0x0101010101010101u * ((1u << Codes::kHighBits) - 1);
    const int plane = (width + planes - 1) / planes;
    for (int j = 0; j < planes; ++j) { // ascending: what a plane writes too much, the next one overwrites
        for (int i = 0; i < plane; i += 8) {
            std::uint64_t bytes = 0;
            if (i + 8 <= plane)
                bytes = *reinterpret_cast<const Eight*>(from + i);
            else
                for (int k = 0; i + k < plane; ++k)
                    bytes |= static_cast<std::uint64_t>(from[i + k]) << (8 * k);
            *reinterpret_cast<Eight*>(out + j * plane + i) = (bytes >> (j * Codes::kHighBits) & mask)
                << Codes::kLowBits;
        }
    }
}

/// The high bits of rows that are read one after the other. They are spread one row ahead: loads that follow at once
/// upon the narrow stores that they overlap have to wait.
template<int Bits>
class HighBits
{
    static constexpr bool kAny = !Packed<Bits>::kOnePart;

public:
    explicit HighBits(const RowsView& rows) : rows_(rows), bytes_(row_bytes(rows.format))
    {
        if constexpr (kAny)
            spread(0);
    }

    const std::byte* of_row(int row)
    {
        if constexpr (!kAny) {
            return nullptr;
        } else {
            if (row + 1 < rows_.tokens)
                spread(row + 1);
            return buffer_[row % 2];
        }
    }

private:
    void spread(int row)
    {
        const int width = rows_.format.width;
        const std::byte* codes = rows_.codes + static_cast<std::size_t>(row) * bytes_;
        const std::size_t low_bytes = Packed<Bits>::low_bytes(static_cast<std::size_t>(width));
        spread_high_bits<Bits>(codes + low_bytes, width, buffer_[row % 2]);
    }

    const RowsView& rows_;
    std::size_t bytes_;
    std::byte buffer_[2][kAny ? kMaxRowWidth + 64 : 1];
};

template<int Bits, class Scale>
void decode_row(const std::byte* row, const std::byte* maybe_high, const RowFormat& format, const Scale& scale,
                float* out)
{
    typedef Packed<Bits> Codes;
    constexpr int low_bits = Codes::kLowBits, planes = Codes::kPlanes;
    const int width = format.width, count = (width + planes - 1) / planes;
    const int middle = format.symmetric ? Codes::kMiddle : 0;
#pragma GCC unroll 4
    for (int p = 0; p < planes; ++p) {
        const int first = p * count;
        if (first >= width)
            break;
        const int here = width - first < count ? width - first : count;
        decode_plane(
            Plane{row, Codes::kOnePart ? nullptr : maybe_high, here, first, p * low_bits, (1 << low_bits) - 1, middle},
            scale, out);
    }
}

template<int Bits>
void decode_with_row_scales(const RowsView& rows, std::size_t bytes, float* out, Index stride)
{
    constexpr int block = 64; // converted together, many at a time
    float scale[block + kLanes], zero[block + kLanes] = {};
    HighBits<Bits> high(rows);
    for (int first = 0; first < rows.tokens; first += block) {
        const int here = rows.tokens - first < block ? rows.tokens - first : block;
        expand_fp16(rows.scales + first, here, scale);
        if (!rows.format.symmetric)
            expand_fp16(rows.maybe_zeros + first, here, zero);
        for (int t = first; t < first + here; ++t)
            decode_row<Bits>(rows.codes + static_cast<std::size_t>(t) * bytes, high.of_row(t), rows.format,
                             OneScale{all(scale[t - first]), all(zero[t - first])}, out + t * stride);
    }
}

template<int Bits>
void decode_with_channel_scales(const RowsView& rows, std::size_t bytes, float* out, Index stride)
{
    ChannelScales scales;
    HighBits<Bits> high(rows);
    const int width = rows.format.width;
    expand_fp16(rows.scales, width, scales.scale);
    if (!rows.format.symmetric)
        expand_fp16(rows.maybe_zeros, width, scales.zero);
    for (int c = 0; rows.format.symmetric && c < width; c += kLanes)
        store(scales.zero + c, Floats{});
    for (int t = 0; t < rows.tokens; ++t)
        decode_row<Bits>(rows.codes + static_cast<std::size_t>(t) * bytes, high.of_row(t), rows.format,
                         ScaleOfChannel{scales}, out + t * stride);
}

/// One scale for each run of `group` channels -> one for each channel.
KVW_INLINE void spread_groups(const float* from, int width, int group, float* to)
{
    for (int first = 0; first < width; first += group, ++from)
        for (int c = 0; c < group; c += kLanes) // what a group writes too much, the next one overwrites
            store(to + first + c, all(*from));
}

template<int Bits>
void decode_with_group_scales(const RowsView& rows, std::size_t bytes, float* out, Index stride)
{
    const int width = rows.format.width, group = rows.format.group, groups = width / group;
    const int block = groups < 1024 ? 1024 / groups : 1; // rows whose scales are converted together
    float scale[kMaxRowWidth + 64], zero[kMaxRowWidth + 64];
    ChannelScales scales;
    HighBits<Bits> high(rows);
    for (int c = 0; rows.format.symmetric && c < width; c += kLanes)
        store(scales.zero + c, Floats{});
    for (int first = 0; first < rows.tokens; first += block) {
        const int here = rows.tokens - first < block ? rows.tokens - first : block;
        expand_fp16(rows.scales + static_cast<Index>(first) * groups, here * groups, scale);
        if (!rows.format.symmetric)
            expand_fp16(rows.maybe_zeros + static_cast<Index>(first) * groups, here * groups, zero);
        for (int t = first; t < first + here; ++t) {
            spread_groups(scale + (t - first) * groups, width, group, scales.scale);
            if (!rows.format.symmetric)
                spread_groups(zero + (t - first) * groups, width, group, scales.zero);
            decode_row<Bits>(rows.codes + static_cast<std::size_t>(t) * bytes, high.of_row(t), rows.format,
                             ScaleOfChannel{scales}, out + t * stride);
        }
    }
}

template<int Bits>
void decode_integers(const RowsView& rows, std::size_t bytes, float* out, Index stride)
{
    switch (rows.format.scale_per) {
    case ScalePer::Row:
        return decode_with_row_scales<Bits>(rows, bytes, out, stride);
    case ScalePer::Channel:
        return decode_with_channel_scales<Bits>(rows, bytes, out, stride);
    case ScalePer::Group:
        return decode_with_group_scales<Bits>(rows, bytes, out, stride);
    }
}

template<RowType Type>
KVW_INLINE Floats load_number(const std::byte* from)
{
    static_assert(Type == RowType::Fp32 || Type == RowType::Fp16 || Type == RowType::Bf16);
    if constexpr (Type == RowType::Fp32)
        return load(reinterpret_cast<const float*>(from));
    else if constexpr (Type == RowType::Fp16)
        return load_fp16(from);
    else
        return load_bf16(from);
}

template<RowType Type>
void decode_numbers(const RowsView& rows, float* out, Index stride)
{
    constexpr int size = RowTypeIs<Type>::kBits / 8;
    const int width = rows.format.width;
    const std::byte* row = rows.codes;
    for (int t = 0; t < rows.tokens; ++t, row += width * size, out += stride) {
        int i = 0;
        for (; i + kLanes <= width; i += kLanes)
            store(out + i, load_number<Type>(row + i * size));
        if (i == width)
            continue;
        alignas(4) std::byte rest[kLanes * 4] = {};
        for (int k = 0; k < (width - i) * size; ++k)
            rest[k] = row[i * size + k];
        store_some(out + i, width - i, load_number<Type>(rest));
    }
}

void decode_all(const RowsView& rows, float* out, Index stride)
{
    with_row_type(
        rows.format.type, [&](auto is) __attribute__((always_inline)) {
            if constexpr (is.kInteger)
                decode_integers<is.kBits>(rows, row_bytes(rows.format), out, stride);
            else
                decode_numbers<is.kType>(rows, out, stride);
        });
}

} // namespace
} // namespace kvw::kernels
