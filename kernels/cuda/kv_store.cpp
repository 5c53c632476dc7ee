// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/kv_store.h"

namespace kvw::kernels::cuda {

KvStoreBytes kv_store_bytes(const KvStore& store, std::size_t pages) noexcept
{
    const auto heads = static_cast<std::size_t>(store.kv_heads);
    KvStoreBytes bytes;
    bytes.tiles = pages * heads * (kPageTokens / kTileTokens) * static_cast<std::size_t>(tile_bytes(store));
    bytes.exact = static_cast<std::size_t>(store.sequences) * heads * static_cast<std::size_t>(exact_tiles(store))
        * static_cast<std::size_t>(exact_tile_bytes(store));
    return bytes;
}

Status check(const KvStore& store) noexcept
{
    const auto width_fits = [](int width) { return width >= 1 && width <= kMaxWidth; };
    if (!width_fits(store.key_width) || !width_fits(store.value_width) || store.sequences < 1 || store.kv_heads < 1
        || store.pages_per_sequence < 1)
        return Status::BadShape;
    if (store.sinks < 0 || store.sinks % kTileTokens != 0 || store.window < 0 || store.window % kTileTokens != 0)
        return Status::BadShape;
    if (!is_format_pair(store.key_format, store.value_format))
        return Status::Unsupported;
    // 16-bit tokens need no exact copy.
    const bool all_16_bit = is_16_bit(store.key_format) && is_16_bit(store.value_format);
    if (all_16_bit && (store.sinks != 0 || store.window != 0))
        return Status::BadShape;
    return Status::Ok;
}

} // namespace kvw::kernels::cuda
