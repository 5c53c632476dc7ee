// SPDX-License-Identifier: GPL-3.0-or-later
// kernels/rows.h written down plainly, one number at a time: what the fast variants are compared with.
#include "kernels/cpu/rows_variants.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace kvw::kernels {
namespace {

/// `bits` bits of a code: in byte `byte` of the row, from bit `shift` up.
struct Field
{
    std::size_t byte;
    int shift;
};

Field field_of(int width, int bits, int channel, std::size_t first_byte)
{
    const auto plane = static_cast<int>(plane_bytes(bits, static_cast<std::size_t>(width)));
    return {first_byte + static_cast<std::size_t>(channel % plane), bits * (channel / plane)};
}

unsigned read(const std::byte* row, Field field, int bits)
{
    return std::to_integer<unsigned>(row[field.byte]) >> field.shift & ((1u << bits) - 1);
}

void write(std::byte* row, Field field, unsigned value)
{
    row[field.byte] |= static_cast<std::byte>(value << field.shift);
}

unsigned code_at(const RowFormat& format, const std::byte* row, int channel)
{
    unsigned code = 0;
    with_packed(format.type, [&](auto packed) {
        code = read(row, field_of(format.width, packed.kLowBits, channel, 0), packed.kLowBits);
        if constexpr (!packed.kOnePart) {
            const std::size_t high = packed.low_bytes(static_cast<std::size_t>(format.width));
            code |= read(row, field_of(format.width, packed.kHighBits, channel, high), packed.kHighBits)
                << packed.kLowBits;
        }
    });
    return code;
}

void set_code(const RowFormat& format, std::byte* row, int channel, unsigned code)
{
    with_packed(format.type, [&](auto packed) {
        write(row, field_of(format.width, packed.kLowBits, channel, 0), code & ((1u << packed.kLowBits) - 1));
        if constexpr (!packed.kOnePart) {
            const std::size_t high = packed.low_bytes(static_cast<std::size_t>(format.width));
            write(row, field_of(format.width, packed.kHighBits, channel, high), code >> packed.kLowBits);
        }
    });
}

std::size_t scale_index(const RowFormat& format, int token, int channel)
{
    switch (format.scale_per) {
    case ScalePer::Row:
        return static_cast<std::size_t>(token);
    case ScalePer::Group:
        return static_cast<std::size_t>(token) * static_cast<std::size_t>(format.width / format.group)
            + static_cast<std::size_t>(channel / format.group);
    case ScalePer::Channel:
        break;
    }
    return static_cast<std::size_t>(channel);
}

struct Block
{
    const float* x;
    std::int64_t stride;
    int tokens;
    float at(int token, int channel) const { return x[token * stride + channel]; }
};

/// The scale of the numbers that share the one at (token, channel).
StoredScale shared_scale(const RowFormat& format, const Block& x, int token, int channel)
{
    int first_row = token, last_row = token, first = 0, last = format.width - 1;
    if (format.scale_per == ScalePer::Channel) {
        first_row = 0;
        last_row = x.tokens - 1;
        first = last = channel;
    } else if (format.scale_per == ScalePer::Group) {
        first = channel / format.group * format.group;
        last = first + format.group - 1;
    }
    float lo = x.at(first_row, first), hi = lo;
    for (int row = first_row; row <= last_row; ++row) {
        for (int c = first; c <= last; ++c) {
            lo = std::min(lo, x.at(row, c));
            hi = std::max(hi, x.at(row, c));
        }
    }
    return store_scale(format, lo, hi);
}

bool encode_integers(const RowFormat& format, const Block& x, const RowsOut& out)
{
    const int codes = 1 << bits(format.type);
    const float middle = format.symmetric ? static_cast<float>(codes / 2) : 0.0f;
    const std::size_t bytes = row_bytes(format);
    std::memset(out.codes, 0, bytes * static_cast<std::size_t>(x.tokens));
    for (int token = 0; token < x.tokens; ++token) {
        StoredScale stored;
        for (int c = 0; c < format.width; ++c) {
            const bool first_of_group = format.scale_per == ScalePer::Group && c % format.group == 0;
            if (c == 0 || first_of_group || format.scale_per == ScalePer::Channel)
                stored = shared_scale(format, x, token, c);
            if (!stored.finite)
                return false;
            const std::size_t index = scale_index(format, token, c);
            out.scales[index] = stored.scale;
            if (!format.symmetric)
                out.maybe_zeros[index] = stored.zero;
            const float steps = std::nearbyint((x.at(token, c) - stored.offset) / stored.divisor) + middle;
            const float code = std::clamp(steps, 0.0f, static_cast<float>(codes - 1));
            set_code(format, out.codes + static_cast<std::size_t>(token) * bytes, c, static_cast<unsigned>(code));
        }
    }
    return true;
}

bool encode_number(RowType type, float value, std::byte* to)
{
    std::uint16_t half = 0;
    switch (type) {
    case RowType::Fp16:
        half = to_fp16(value);
        std::memcpy(to, &half, sizeof half);
        return std::isfinite(from_fp16(half));
    case RowType::Bf16:
        half = to_bf16(value);
        std::memcpy(to, &half, sizeof half);
        return std::isfinite(from_bf16(half));
    default:
        std::memcpy(to, &value, sizeof value);
        return true;
    }
}

float decode_number(RowType type, const std::byte* from)
{
    std::uint16_t half = 0;
    float value = 0;
    switch (type) {
    case RowType::Fp16:
        std::memcpy(&half, from, sizeof half);
        return from_fp16(half);
    case RowType::Bf16:
        std::memcpy(&half, from, sizeof half);
        return from_bf16(half);
    default:
        std::memcpy(&value, from, sizeof value);
        return value;
    }
}

bool encode(const RowFormat& format, const float* x, std::int64_t stride, int tokens, const RowsOut& out)
{
    const Block block{x, stride, tokens};
    bool finite = true;
    for (int token = 0; token < tokens; ++token)
        for (int c = 0; c < format.width; ++c)
            finite = finite && std::isfinite(block.at(token, c));
    if (!finite)
        return false;
    if (is_integer(format.type))
        return encode_integers(format, block, out);
    const auto size = static_cast<std::size_t>(bits(format.type)) / 8;
    for (int token = 0; token < tokens; ++token) {
        std::byte* row = out.codes + static_cast<std::size_t>(token) * row_bytes(format);
        for (int c = 0; c < format.width; ++c)
            finite = encode_number(format.type, block.at(token, c), row + static_cast<std::size_t>(c) * size) && finite;
    }
    return finite;
}

void decode(const RowsView& rows, float* out, std::int64_t stride)
{
    const RowFormat& format = rows.format;
    const auto size = static_cast<std::size_t>(bits(format.type)) / 8;
    const float middle = format.symmetric ? static_cast<float>(1 << (bits(format.type) - 1)) : 0.0f;
    for (int token = 0; token < rows.tokens; ++token) {
        const std::byte* row = rows.codes + static_cast<std::size_t>(token) * row_bytes(format);
        for (int c = 0; c < format.width; ++c) {
            float& to = out[token * stride + c];
            if (!is_integer(format.type)) {
                to = decode_number(format.type, row + static_cast<std::size_t>(c) * size);
                continue;
            }
            const std::size_t index = scale_index(format, token, c);
            const float zero = format.symmetric ? 0.0f : from_fp16(rows.maybe_zeros[index]);
            to = (static_cast<float>(code_at(format, row, c)) - middle) * from_fp16(rows.scales[index]) + zero;
        }
    }
}

} // namespace

RowsVariant rows_reference() { return {encode, decode}; }

} // namespace kvw::kernels
