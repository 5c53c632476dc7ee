// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/kv_store.h"

/// Where a number of a tile lies (the layout that kv_store.h describes), for the device and for tests on the host.
namespace kvw::kernels::cuda {

/// Pieces (eight numbers of a lane) in 16 bytes.
constexpr KVW_ON_BOTH int pieces(Format format) { return 16 / bits(format); }

/// Byte at which piece `index` of `lane` begins: key group j of channel group g is index 4 g + j, value block b is index b.
constexpr KVW_ON_BOTH int piece_offset(Format format, int index, int lane)
{
    const int per_load = pieces(format);
    return (index / per_load) * 512 + lane * 16 + (index % per_load) * (16 / per_load);
}
/// The piece of key channels 8 p .. 8 p + 7 of token t of the tile.
constexpr KVW_ON_BOTH int key_piece_offset(Format format, int t, int p)
{
    const int j = (t % 8) / 2, n = 2 * (t / 8) + (t & 1);
    return piece_offset(format, (p / 4) * 4 + j, n * 4 + p % 4);
}
/// The piece of tokens 8 (t / 8) .. of value channel c; the token is number t % 8 of it.
constexpr KVW_ON_BOTH int value_piece_offset(Format format, int t, int c)
{
    return piece_offset(format, c / 8, (c % 8) * 4 + t / 8);
}
constexpr KVW_ON_BOTH int nibble_shift(int e) { return 4 * (e / 2) + 16 * (e & 1); }

/// Tokens [sinks, coded_end) of `tokens` are coded.
constexpr KVW_ON_BOTH int coded_end(const StoreFormat& store, int tokens)
{
    if (tokens <= store.sinks)
        return store.sinks;
    if (!is_buffered(store))
        return tokens;
    const int past = tokens - store.sinks - store.window;
    return store.sinks + (past > 0 ? past / kTileTokens * kTileTokens : 0);
}
/// Place of tile `tile` of a sequence among its exact tiles: the sinks, then a ring.
constexpr KVW_ON_BOTH int exact_slot(const StoreFormat& store, int tile)
{
    const int sinks = store.sinks / kTileTokens;
    return tile < sinks ? tile : sinks + (tile - sinks) % (store.window / kTileTokens + 2);
}

} // namespace kvw::kernels::cuda
