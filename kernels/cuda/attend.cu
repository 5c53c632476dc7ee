// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/attend_merge.cuh"

#include "kernels/cuda/arguments.h"
#include "kernels/cuda/attend_pair.cuh"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace kvw::kernels::cuda {
namespace {

using AttendPair = Status (*)(const Attend&, const AttendRequest&);

/// The kernels of kFormatPairs, in its order.
template<std::size_t... Index>
constexpr std::array<AttendPair, sizeof...(Index)> compiled_pairs(std::index_sequence<Index...>)
{
    return {attend_pair<kFormatPairs[Index].keys, kFormatPairs[Index].values>...};
}
constexpr std::array kCompiled = compiled_pairs(std::make_index_sequence<std::size(kFormatPairs)>());

/// Null: keys and values of these formats have no kernel together.
AttendPair pair_of(const KvStore& store)
{
    for (std::size_t i = 0; i < kCompiled.size(); ++i)
        if (kFormatPairs[i] == FormatPair{store.key_format, store.value_format})
            return kCompiled[i];
    return nullptr;
}

} // namespace

int attend_splits(const KvStore& store, int heads, int tokens, int multiprocessors) noexcept
{
    const AttendPair pair = pair_of(store);
    if (!pair || check(store) != Status::Ok || !heads_fit(store, heads))
        return 1;
    Attend args;
    args.store = store;
    args.heads = heads;
    int blocks = 1;
    if (pair(args, {nullptr, &blocks}) != Status::Ok)
        return 1;
    // One wave; and a tile for every warp, since a block without tokens only costs its launch and its share of the merge.
    const int tiles = (std::max(tokens, 1) + kTileTokens - 1) / kTileTokens;
    const int by_tokens = (tiles + kAttendWarps - 1) / kAttendWarps;
    const int most = std::clamp(
        std::min(std::max(1, blocks) * multiprocessors / (store.sequences * store.kv_heads), by_tokens), 1, kMaxSplits);
    int one_cluster = 1;
    while (one_cluster < 16 && 2 * one_cluster <= most)
        one_cluster *= 2;
    if (most <= one_cluster)
        return most;
    // More blocks than a cluster are merged through global memory; fewer blocks have more tiles each.
    constexpr double kMergeMicroseconds = 3, kTileMicroseconds = 0.5, kBytesPerMicrosecond = 65e3;
    const auto rounds = [&](int splits) { return (tiles + splits * kAttendWarps - 1) / (splits * kAttendWarps); };
    const double round = kTileMicroseconds + kAttendWarps * tile_bytes(store) / kBytesPerMicrosecond;
    return (rounds(one_cluster) - rounds(most)) * round > kMergeMicroseconds ? most : one_cluster;
}

std::size_t attend_scratch_bytes(const KvStore& store, int heads, int splits) noexcept
{
    const std::size_t units = static_cast<std::size_t>(store.sequences) * static_cast<std::size_t>(store.kv_heads);
    const int group = heads / store.kv_heads;
    return sizeof(float)
        * ((units + 31) / 32 * 32
           + units * static_cast<std::size_t>(splits)
               * static_cast<std::size_t>(device::partial_floats(group, store.value_width)));
}

Status attend(const Attend& args, cudaStream_t stream) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    const AttendPair pair = pair_of(args.store);
    return pair ? pair(args, {stream, nullptr}) : Status::Unsupported;
}

} // namespace kvw::kernels::cuda
