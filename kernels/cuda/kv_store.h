// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/limits.h"
#include "kernels/status.h"

#include <cstddef>
#include <cstdint>

namespace kvw::kernels::cuda {

/// How the tokens of one layer are stored, apart from where they lie.
struct StoreFormat
{
    Format key_format = Format::Fp16;
    Format value_format = Format::Fp16;
    int key_width = 0, value_width = 0; ///< numbers per vector, 1..kMaxWidth
    int sinks = 0, window = 0;          ///< tokens in fp16, multiples of kTileTokens; 0 for 16-bit formats
};

/// The stored tokens of one layer, in device memory. Everything the program may read is zeroed when it is allocated:
/// places that no token was written to are read and multiplied by probability 0.
///
/// A tile holds 32 tokens of one KV head, one piece of memory: keys, values, key scales, value scales. Numbers lie in the
/// order in which the tensor cores take them, so that a warp reads 512 consecutive bytes at a time and no byte passes through
/// a transposition:
///   keys    [width / 32] x [4 groups j] x [8 rows n] x [32 channels]; row n of group j is token 8 (n / 2) + 2 j + n % 2
///   values  [width / 8] x [8 channels] x [32 tokens]
/// where eight neighbouring numbers of the last axis are one piece of a lane; 16 bytes hold one piece (16-bit numbers), two
/// pieces (int8: those of groups j, j + 1, of value blocks i, i + 1) or four (int4). In an int4 piece number e has the bits
/// 4 (e / 2) + 16 (e % 2) and up of a 32-bit word. Widths are padded: keys to 32; values to 8, 16 or 32 by format.
///
/// Tokens [0, sinks) and the last `window` or more are kept in fp16 (`exact`); the others are coded. With window = 0 and
/// scales by token a token is coded when it is appended ("direct"); else ("buffered") a tile is coded when its last token
/// has left the window, so that between window and window + 31 tokens are exact.
struct KvStore : StoreFormat
{
    int sequences = 0, kv_heads = 0;
    int pages_per_sequence = 0;
    /// [sequences, pages_per_sequence]; null: page = sequence * pages_per_sequence + i.
    const int* maybe_page_table = nullptr;
    std::byte* tiles = nullptr; ///< [pages, kv_heads, 2, tile_bytes], 16-byte aligned
    std::byte* exact = nullptr; ///< [sequences, kv_heads, exact_tiles, exact_tile_bytes]; null when exact_tiles is 0
};

constexpr KVW_ON_BOTH int round_up(int value, int step) { return (value + step - 1) / step * step; }
constexpr KVW_ON_BOTH int padded_key_width(int width) { return round_up(width, 32); }
constexpr KVW_ON_BOTH int padded_value_width(Format format, int width) { return round_up(width, 128 / bits(format)); }
constexpr KVW_ON_BOTH int key_tile_bytes(Format format, int width)
{
    return kTileTokens * padded_key_width(width) * bits(format) / 8;
}
constexpr KVW_ON_BOTH int value_tile_bytes(Format format, int width)
{
    return kTileTokens * padded_value_width(format, width) * bits(format) / 8;
}
/// fp16 scales, then zeros where there are any.
constexpr KVW_ON_BOTH int scale_bytes(Format format, int padded_width)
{
    return 2 * scale_numbers(format) * (scales_by_channel(format) ? padded_width : kTileTokens);
}
constexpr KVW_ON_BOTH bool is_buffered(const StoreFormat& store)
{
    return store.window > 0 || scales_by_channel(store.key_format);
}
/// Tiles of the exact store: the sinks, then a ring over the window, its unfinished tile and the one that is being coded.
constexpr KVW_ON_BOTH int exact_tiles(const StoreFormat& store)
{
    return store.sinks / kTileTokens + (is_buffered(store) ? store.window / kTileTokens + 2 : 0);
}

/// Where the parts of a tile begin.
struct TileParts
{
    int values = 0, key_scales = 0, value_scales = 0, end = 0; ///< bytes; keys begin at 0
};
constexpr KVW_ON_BOTH TileParts tile_parts(const StoreFormat& store)
{
    TileParts parts;
    parts.values = key_tile_bytes(store.key_format, store.key_width);
    parts.key_scales = parts.values + value_tile_bytes(store.value_format, store.value_width);
    parts.value_scales = parts.key_scales + scale_bytes(store.key_format, padded_key_width(store.key_width));
    parts.end =
        parts.value_scales + scale_bytes(store.value_format, padded_value_width(store.value_format, store.value_width));
    return parts;
}
constexpr KVW_ON_BOTH int tile_bytes(const StoreFormat& store) { return tile_parts(store).end; }
constexpr KVW_ON_BOTH int exact_tile_bytes(const StoreFormat& store)
{
    return key_tile_bytes(Format::Fp16, store.key_width) + value_tile_bytes(Format::Fp16, store.value_width);
}

/// Bytes of one layer's store: what cudaMalloc must give, and what a ledger counts.
struct KvStoreBytes
{
    std::size_t tiles = 0, exact = 0;
    std::size_t total() const { return tiles + exact; }
};
/// `pages`: pages in the pool, sequences * pages_per_sequence when there is no page table.
KvStoreBytes kv_store_bytes(const KvStore& store, std::size_t pages) noexcept;
/// BadShape for widths and windows that are none; Unsupported for formats that are no pair of kFormatPairs.
[[nodiscard]] Status check(const KvStore& store) noexcept;

} // namespace kvw::kernels::cuda
