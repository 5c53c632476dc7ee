// SPDX-License-Identifier: GPL-3.0-or-later
// append() and fill() over host memory: the formulas of limits.h, in fp32 as the kernels take them, in the layout of
// kv_store.h.
#include "kernels/cuda/reference/store.h"
#include "kernels/cuda/reference/operations.h"

#include "kernels/cuda/arguments.h"
#include "kernels/cuda/layout.h"
#include "kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace kvw::kernels::cuda::reference {
namespace {

constexpr float kSmallestScale = 6.103515625e-05f; ///< smallest normal fp16 number
constexpr float kLog2E = 1.4426950408889634f;

using Vector = std::vector<float>;

struct Scale
{
    float scale = 0, zero = 0;
};

float as_fp16(float value) { return from_fp16(to_fp16(value)); }
float as_scale(float value) { return as_fp16(value) < kSmallestScale ? 0.0f : as_fp16(value); }

std::uint16_t bits_16(float value, Format format) { return format == Format::Bf16 ? to_bf16(value) : to_fp16(value); }
float from_bits_16(std::uint16_t bits, Format format)
{
    return format == Format::Bf16 ? from_bf16(bits) : from_fp16(bits);
}

template<typename T>
void put(std::byte* to, T value)
{
    std::memcpy(to, &value, sizeof value);
}
template<typename T>
T get(const std::byte* from)
{
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

Scale scale_of(Format format, float low, float high)
{
    if (format == Format::Int8)
        return {as_scale(std::max(high, -low) / 127.0f), 0};
    return {as_scale((high - low) / 15.0f), as_fp16(low)};
}

unsigned code(Format format, float x, const Scale& s)
{
    const float steps = s.scale > 0 ? std::nearbyintf((x - s.zero) / s.scale) : 0.0f;
    return static_cast<unsigned>(format == Format::Int8 ? std::clamp(steps + 128.0f, 0.0f, 255.0f)
                                                        : std::clamp(steps, 0.0f, 15.0f));
}

/// Number e of a piece.
void put_number(Format format, std::byte* piece, int e, float x, const Scale& s)
{
    if (is_16_bit(format)) {
        put(piece + 2 * e, bits_16(x, format));
    } else if (format == Format::Int8) {
        piece[e] = static_cast<std::byte>(code(format, x, s));
    } else {
        const std::uint32_t word = get<std::uint32_t>(piece), shift = static_cast<std::uint32_t>(nibble_shift(e));
        put(piece, (word & ~(15u << shift)) | code(format, x, s) << shift);
    }
}

float number(Format format, const std::byte* piece, int e, const Scale& s)
{
    if (is_16_bit(format))
        return from_bits_16(get<std::uint16_t>(piece + 2 * e), format);
    if (format == Format::Int8)
        return static_cast<float>(static_cast<int>(piece[e]) - 128) * s.scale;
    const std::uint32_t word = get<std::uint32_t>(piece);
    return static_cast<float>(word >> nibble_shift(e) & 15u) * s.scale + s.zero;
}

/// One side of a tile.
struct Side
{
    Format format;
    bool keys;
    int width, padded;
    std::byte *numbers, *scales;

    std::byte* piece(int t, int c) const
    {
        return numbers + (keys ? key_piece_offset(format, t, c / 8) : value_piece_offset(format, t, c));
    }
    int place_in_piece(int t, int c) const { return keys ? c % 8 : t % 8; }
    bool by_channel() const { return scales_by_channel(format); }
    /// Scale `index` (of a token or a channel), among so many.
    void put_scale(int index, const Scale& s) const
    {
        if (is_16_bit(format))
            return;
        put(scales + 2 * index, to_fp16(s.scale));
        if (scale_numbers(format) == 2)
            put(scales + 2 * ((by_channel() ? padded : kTileTokens) + index), to_fp16(s.zero));
    }
    Scale scale(int t, int c) const
    {
        if (is_16_bit(format))
            return {};
        const int index = by_channel() ? c : t, zero = (by_channel() ? padded : kTileTokens) + index;
        return {from_fp16(get<std::uint16_t>(scales + 2 * index)),
                scale_numbers(format) == 1 ? 0 : from_fp16(get<std::uint16_t>(scales + 2 * zero))};
    }
    void put_token(int t, const float* x, const Scale& s) const
    {
        for (int c = 0; c < width; ++c)
            put_number(format, piece(t, c), place_in_piece(t, c), x[c], s);
        put_scale(t, s);
    }
    void put_token(int t, const float* x) const
    {
        const auto [low, high] = std::minmax_element(x, x + width);
        put_token(t, x, is_16_bit(format) ? Scale{} : scale_of(format, *low, *high));
    }
    /// Tokens 0 .. count - 1, x [count, width].
    void put_tile(const Vector& x, int count) const
    {
        if (!by_channel()) {
            for (int t = 0; t < count; ++t)
                put_token(t, x.data() + t * width);
            return;
        }
        for (int c = 0; c < width; ++c) {
            float low = x[static_cast<std::size_t>(c)], high = low;
            const auto at = [&](int t) { return x[static_cast<std::size_t>(t * width + c)]; };
            for (int t = 1; t < count; ++t) {
                low = std::min(low, at(t));
                high = std::max(high, at(t));
            }
            const Scale s = scale_of(format, low, high);
            for (int t = 0; t < count; ++t)
                put_number(format, piece(t, c), place_in_piece(t, c), at(t), s);
            put_scale(c, s);
        }
    }
    void read_token(int t, float* out) const
    {
        for (int c = 0; c < width; ++c)
            out[c] = number(format, piece(t, c), place_in_piece(t, c), scale(t, c));
    }
};

/// Tile `tile` of a KV head: among the coded ones, or those in fp16.
Side side_of(const KvStore& store, bool keys, bool exact, int sequence, int kv_head, int tile)
{
    const auto heads = static_cast<std::size_t>(store.kv_heads), h = static_cast<std::size_t>(kv_head);
    const int width = keys ? store.key_width : store.value_width;
    if (exact) {
        const std::size_t unit =
            (static_cast<std::size_t>(sequence) * heads + h) * static_cast<std::size_t>(exact_tiles(store))
            + static_cast<std::size_t>(exact_slot(store, tile));
        std::byte* const at = store.exact + unit * static_cast<std::size_t>(exact_tile_bytes(store));
        return {Format::Fp16,
                keys,
                width,
                padded_key_width(width),
                at + (keys ? 0 : key_tile_bytes(Format::Fp16, store.key_width)),
                nullptr};
    }
    const int index = sequence * store.pages_per_sequence + tile / 2;
    const auto page = static_cast<std::size_t>(store.maybe_page_table ? store.maybe_page_table[index] : index);
    const TileParts parts = tile_parts(store);
    std::byte* const at = store.tiles
        + ((page * heads + h) * 2 + static_cast<std::size_t>(tile % 2)) * static_cast<std::size_t>(parts.end);
    if (keys)
        return {store.key_format, true, width, padded_key_width(width), at, at + parts.key_scales};
    return {store.value_format,     false, width, padded_value_width(store.value_format, width), at + parts.values,
            at + parts.value_scales};
}

/// x [head_dim], rotated by the token's position.
Vector rotated(const Append& args, const float* x, int position)
{
    Vector out(x, x + args.head_dim);
    if (!args.maybe_cosine)
        return out;
    const int half = args.head_dim / 2;
    const float* cosine = args.maybe_cosine + static_cast<std::ptrdiff_t>(position) * half;
    const float* sine = args.maybe_sine + static_cast<std::ptrdiff_t>(position) * half;
    for (int c = 0; c < half; ++c) {
        out[static_cast<std::size_t>(c)] = x[c] * cosine[c] - x[c + half] * sine[c];
        out[static_cast<std::size_t>(c + half)] = x[c + half] * cosine[c] + x[c] * sine[c];
    }
    return out;
}

Vector projected(const Append& args, Vector x, int kv_head)
{
    if (!args.maybe_key_basis)
        return x;
    const int width = args.store.key_width;
    const std::uint16_t* basis = args.maybe_key_basis + static_cast<std::ptrdiff_t>(kv_head) * args.head_dim * width;
    Vector out(static_cast<std::size_t>(width), 0.0f);
    for (int d = 0; d < args.head_dim; ++d)
        for (int c = 0; c < width; ++c)
            out[static_cast<std::size_t>(c)] += x[static_cast<std::size_t>(d)] * from_fp16(basis[d * width + c]);
    return out;
}

/// Codes the tile that left the window with the newest token, if one did.
void code_tile(const KvStore& store, int sequence, int kv_head, int before, int after)
{
    for (int first = before; first < after; first += kTileTokens)
        for (const bool keys : {true, false}) {
            const int tile = first / kTileTokens;
            const Side from = side_of(store, keys, true, sequence, kv_head, tile);
            Vector numbers(static_cast<std::size_t>(kTileTokens * from.width));
            for (int t = 0; t < kTileTokens; ++t)
                from.read_token(t, numbers.data() + t * from.width);
            side_of(store, keys, false, sequence, kv_head, tile).put_tile(numbers, kTileTokens);
        }
}

void append_head(const Append& args, int sequence, int kv_head)
{
    const KvStore& store = args.store;
    const int group = args.heads / store.kv_heads, d = args.head_dim, token = args.lengths[sequence];
    const float* const row =
        args.qkv + static_cast<std::ptrdiff_t>(sequence) * (args.heads * d + store.kv_heads * (d + store.value_width));
    const float* const k = row + (args.heads + kv_head) * d;
    const float* const v = row + (args.heads + store.kv_heads) * d + kv_head * store.value_width;
    const bool exact = is_buffered(store) || token < store.sinks;
    const int tile = token / kTileTokens, t = token % kTileTokens;
    side_of(store, true, exact, sequence, kv_head, tile)
        .put_token(t, projected(args, rotated(args, k, token), kv_head).data());
    side_of(store, false, exact, sequence, kv_head, tile).put_token(t, v);
    const int padded = padded_key_width(store.key_width);
    for (int h = kv_head * group; h < (kv_head + 1) * group; ++h) {
        const Vector query = projected(args, rotated(args, row + h * d, token), kv_head);
        std::uint16_t* to = args.q_out + static_cast<std::ptrdiff_t>(sequence * args.heads + h) * padded;
        for (int c = 0; c < padded; ++c)
            to[c] =
                bits_16(c < store.key_width ? query[static_cast<std::size_t>(c)] * args.softmax_scale * kLog2E : 0.0f,
                        store.key_format == Format::Bf16 ? Format::Bf16 : Format::Fp16);
    }
    if (is_buffered(store))
        code_tile(store, sequence, kv_head, coded_end(store, token), coded_end(store, token + 1));
}

} // namespace

Status append(const Append& args, StreamHandle) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    for (int sequence = 0; sequence < args.store.sequences; ++sequence)
        for (int kv_head = 0; kv_head < args.store.kv_heads; ++kv_head)
            append_head(args, sequence, kv_head);
    return Status::Ok;
}

Status fill(const Fill& args, StreamHandle) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    const KvStore& store = args.store;
    const int end = coded_end(store, args.count);
    const Format given = store.key_format == Format::Bf16 ? Format::Bf16 : Format::Fp16;
    for (int sequence = 0; sequence < store.sequences; ++sequence)
        for (int kv_head = 0; kv_head < store.kv_heads; ++kv_head)
            for (int first = 0; first < args.count; first += kTileTokens)
                for (const bool keys : {true, false}) {
                    const bool exact = first < store.sinks || first >= end;
                    const Side side = side_of(store, keys, exact, sequence, kv_head, first / kTileTokens);
                    const int count = std::min(kTileTokens, args.count - first);
                    Vector numbers;
                    for (int t = 0; t < count; ++t) {
                        const std::ptrdiff_t row =
                            (static_cast<std::ptrdiff_t>(sequence) * args.count + first + t) * store.kv_heads + kv_head;
                        const std::uint16_t* from = (keys ? args.k : args.v) + row * side.width;
                        for (int c = 0; c < side.width; ++c)
                            numbers.push_back(from_bits_16(from[c], given));
                    }
                    side.put_tile(numbers, count);
                }
    return Status::Ok;
}

Vector stored_vectors(const KvStore& store, bool keys, int sequence, int kv_head, int tokens)
{
    const int width = keys ? store.key_width : store.value_width;
    Vector out(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width));
    for (int token = 0; token < tokens; ++token) {
        const bool exact = exact_tiles(store) > 0 && (token < store.sinks || token >= coded_end(store, tokens));
        side_of(store, keys, exact, sequence, kv_head, token / kTileTokens)
            .read_token(token % kTileTokens, out.data() + static_cast<std::ptrdiff_t>(token) * width);
    }
    return out;
}

} // namespace kvw::kernels::cuda::reference
