// SPDX-License-Identifier: GPL-3.0-or-later
// Encoding, and decoding from its own file, at one level of instructions; see variants.h.
#include "kernels/cpu/rows_decode_body.h"

namespace kvw::kernels {
namespace {

/// Magnitudes from here on are not finite, or round to infinity in the storage type.
constexpr int kBeyondFp32 = 0x7f800000, kBeyondFp16 = 0x477ff000, kBeyondBf16 = 0x7f7f8000;
constexpr float kInfinity = __builtin_inff();

struct Range
{
    Floats lo = all(kInfinity), hi = all(-kInfinity);
};

bool all_below(const float* x, int width, int limit)
{
    Ints beyond = {};
    int i = 0;
    for (; i + kLanes <= width; i += kLanes)
        beyond |= (as_ints(load(x + i)) & 0x7fffffff) >= limit;
    if (i < width)
        beyond |= (as_ints(load_some(x + i, width - i, 0.0f)) & 0x7fffffff) >= limit;
    int any = 0;
    for (int lane = 0; lane < kLanes; ++lane)
        any |= beyond[lane];
    return any == 0;
}

void store_number(RowType type, float value, std::byte* to)
{
    const std::uint16_t half = type == RowType::Fp16 ? to_fp16(value) : to_bf16(value);
    __builtin_memcpy(to, &half, sizeof half);
}

KVW_INLINE void store_numbers(RowType type, Floats values, std::byte* to)
{
#if defined(KVW_ROWS_AVX512)
    __m256i halves;
    if (type == RowType::Fp16) {
        halves = _mm512_cvtps_ph((__m512)values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    } else {
        const Ints bits = as_ints(values);
        halves = _mm512_cvtepi32_epi16((__m512i)((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves);
#else
    for (int lane = 0; lane < kLanes; ++lane)
        store_number(type, values[lane], to + 2 * lane);
#endif
}

bool encode_numbers(const RowFormat& format, const float* x, Index stride, int tokens, std::byte* to)
{
    const int width = format.width;
    const int limit = format.type == RowType::Fp32 ? kBeyondFp32
        : format.type == RowType::Fp16             ? kBeyondFp16
                                                   : kBeyondBf16;
    for (int t = 0; t < tokens; ++t, x += stride) {
        if (!all_below(x, width, limit))
            return false;
        if (format.type == RowType::Fp32) {
            __builtin_memcpy(to, x, static_cast<std::size_t>(width) * 4);
            to += width * 4;
            continue;
        }
        int i = 0;
        for (; i + kLanes <= width; i += kLanes)
            store_numbers(format.type, load(x + i), to + 2 * i);
        for (; i < width; ++i)
            store_number(format.type, x[i], to + 2 * i);
        to += width * 2;
    }
    return true;
}

Range range_of(const float* x, int count)
{
    Range range;
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        range.lo = smaller(load(x + i), range.lo);
        range.hi = larger(load(x + i), range.hi);
    }
    if (i < count) {
        const Floats rest = load_some(x + i, count - i, x[0]);
        range.lo = smaller(rest, range.lo);
        range.hi = larger(rest, range.hi);
    }
    return range;
}

/// The scales while encoding: divisors and offsets by channel.
bool keep_scale(const RowFormat& format, float lo, float hi, const RowsOut& out, Index index, StoredScale& stored)
{
    stored = store_scale(format, lo, hi);
    out.scales[index] = stored.scale;
    if (!format.symmetric)
        out.maybe_zeros[index] = stored.zero;
    return stored.finite;
}

/// Scales of one token, whose channels fall into runs of `group`.
bool fit_row(const RowFormat& format, const float* x, int token, int group, const RowsOut& out, ChannelScales& scales)
{
    const Index groups = format.width / group;
    for (Index g = 0; g < groups; ++g) {
        const Range range = range_of(x + g * group, group);
        StoredScale stored;
        if (!keep_scale(format, smallest_of(range.lo), largest_of(range.hi), out, token * groups + g, stored))
            return false;
        for (int c = 0; c < group; c += kLanes) { // what a group writes too much, the next one overwrites
            store(scales.scale + g * group + c, all(stored.divisor));
            store(scales.zero + g * group + c, all(stored.offset));
        }
    }
    return true;
}

bool fit_channels(const RowFormat& format, const float* x, Index stride, int tokens, const RowsOut& out,
                  ChannelScales& scales)
{
    const int width = format.width;
    for (int first = 0; first < width; first += kLanes) {
        const int count = width - first < kLanes ? width - first : kLanes;
        Range range;
        for (int t = 0; t < tokens; ++t) {
            const float* from = x + t * stride + first;
            const Floats row = count == kLanes ? load(from) : load_some(from, count, 0.0f);
            range.lo = smaller(row, range.lo);
            range.hi = larger(row, range.hi);
        }
        for (int lane = 0; lane < count; ++lane) {
            StoredScale stored;
            if (!keep_scale(format, range.lo[lane], range.hi[lane], out, first + lane, stored))
                return false;
            scales.scale[first + lane] = stored.divisor;
            scales.zero[first + lane] = stored.offset;
        }
    }
    return true;
}

/// codes[c], one byte each, then 8 zeros. x is read up to width only.
void quantise_row(const RowFormat& format, int all_codes, const float* x, const ChannelScales& scales, std::byte* codes)
{
    constexpr float shifter = 12582912.0f; // 1.5 * 2^23: adding it rounds to an integer, ties to even
    const int width = format.width;
    const float middle = format.symmetric ? static_cast<float>(all_codes / 2) : 0.0f;
    const Floats lowest = all(-middle), highest = all(static_cast<float>(all_codes - 1) - middle);
    for (int i = 0; i < width; i += kLanes) {
        const int count = width - i;
        const Floats values = count >= kLanes ? load(x + i) : load_some(x + i, count, 0.0f);
        const Floats divisor = count >= kLanes ? load(scales.scale + i) : load_some(scales.scale + i, count, 1.0f);
        const Floats zero = count >= kLanes ? load(scales.zero + i) : load_some(scales.zero + i, count, 0.0f);
        const Floats steps = smaller(larger((values - zero) / divisor, lowest), highest); // before rounding: the same
        const Ints rounded = as_ints(steps + shifter) - 0x4b400000;
        store_bytes(codes + i, rounded + static_cast<int>(middle));
    }
    *reinterpret_cast<Eight*>(codes + width) = 0;
}

/// Planes of `bits` bits of every code, from bit `from_bit` on, eight bytes at a time.
void pack_planes(const std::byte* codes, int width, int from_bit, int bits, std::byte* row)
{
    const int planes = 8 / bits, count = (width + planes - 1) / planes;
    const std::uint64_t mask = 0x0101010101010101u * ((1u << bits) - 1);
    for (int i = 0; i < count; i += 8) {
        std::uint64_t packed = 0;
        for (int p = 0; p < planes && p * count + i < width; ++p)
            packed |= (*reinterpret_cast<const Eight*>(codes + p * count + i) >> from_bit & mask) << (p * bits);
        if (i + 8 <= count)
            *reinterpret_cast<Eight*>(row + i) = packed;
        else
            for (int k = 0; i + k < count; ++k)
                row[i + k] = static_cast<std::byte>(packed >> (8 * k));
    }
}

template<int Bits>
void pack_row(const std::byte* codes, int width, std::byte* row)
{
    typedef Packed<Bits> Codes;
    pack_planes(codes, width, 0, Codes::kLowBits, row);
    if constexpr (!Codes::kOnePart)
        pack_planes(codes, width, Codes::kLowBits, Codes::kHighBits,
                    row + Codes::low_bytes(static_cast<std::size_t>(width)));
}

bool encode_integers(const RowFormat& format, const float* x, Index stride, int tokens, const RowsOut& out)
{
    const std::size_t bytes = row_bytes(format);
    const int all_codes = 1 << bits(format.type), width = format.width;
    const int group = format.scale_per == ScalePer::Group ? format.group : width;
    ChannelScales scales;
    std::byte codes[kMaxRowWidth + 64];
    for (int t = 0; t < tokens; ++t)
        if (!all_below(x + t * stride, width, kBeyondFp32))
            return false;
    const bool per_channel = format.scale_per == ScalePer::Channel;
    if (per_channel && !fit_channels(format, x, stride, tokens, out, scales))
        return false;
    for (int t = 0; t < tokens; ++t) {
        const float* from = x + t * stride;
        std::byte* row = out.codes + static_cast<std::size_t>(t) * bytes;
        if (!per_channel && !fit_row(format, from, t, group, out, scales))
            return false;
        quantise_row(format, all_codes, from, scales, codes);
        with_packed(
            format.type, [&](auto packed) __attribute__((always_inline)) {
                pack_row<packed.kBits>(codes, width, row);
            });
    }
    return true;
}

bool encode_all(const RowFormat& format, const float* x, Index stride, int tokens, const RowsOut& out)
{
    if (is_integer(format.type))
        return encode_integers(format, x, stride, tokens, out);
    return encode_numbers(format, x, stride, tokens, out.codes);
}

} // namespace

KVW_VARIANT(RowsVariant){encode_all, decode_all};

} // namespace kvw::kernels
