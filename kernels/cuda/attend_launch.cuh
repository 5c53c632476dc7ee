// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/attend_kernel.cuh"
#include "kernels/cuda/attend_pair.cuh"
#include "kernels/cuda/launch.h"

#include <algorithm>
#include <utility>

namespace kvw::kernels::cuda {

/// Splits that are merged through each other's shared memory: all of them up to 16, else 16, 8, 4 or 2 of them where that
/// divides. None when the blocks fill the device: clusters leave multiprocessors of a group without a partner idle, and
/// there a merge through global memory costs little.
constexpr int attend_cluster(int splits, int units, int multiprocessors)
{
    if (2 * splits * units > multiprocessors)
        return 1;
    for (int cluster = 16; cluster > 1; cluster /= 2)
        if (splits % cluster == 0)
            return cluster;
    return 1;
}

/// Bytes of shared memory of a block: the rings, or what merges if that is more.
template<Format K, Format V, int KeyGroups, int ValueBlocks, bool Wide>
std::size_t attend_shared_bytes(const KvStore& store)
{
    const std::size_t ring = static_cast<std::size_t>(kAttendWarps) * attend_stages<K, V, KeyGroups, ValueBlocks>()
        * static_cast<std::size_t>(tile_bytes(store));
    return std::max(ring, sizeof(device::MergeRoom<ValueBlocks, Wide>));
}

template<Format K, Format V, int KeyGroups, int ValueBlocks, bool Wide, bool Full>
Status attend_launch(const Attend& args, const AttendRequest& request)
{
    const auto kernel = attend_kernel<K, V, KeyGroups, ValueBlocks, Wide, Full>;
    const std::size_t bytes = attend_shared_bytes<K, V, KeyGroups, ValueBlocks, Wide>(args.store);
    if (cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes))
        != cudaSuccess)
        return Status::LaunchFailed;
    if (request.maybe_blocks)
        return cudaOccupancyMaxActiveBlocksPerMultiprocessor(request.maybe_blocks, kernel, kAttendThreads, bytes)
                == cudaSuccess
            ? Status::Ok
            : Status::LaunchFailed;
    int cluster = has_dependent_launch()
        ? attend_cluster(args.splits, args.store.kv_heads * args.store.sequences, multiprocessors())
        : 1;
    if (cluster > 8 && cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1) != cudaSuccess)
        return Status::LaunchFailed;
    cudaLaunchAttribute attributes[2] = {};
    attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[0].val.programmaticStreamSerializationAllowed = 1;
    attributes[1].id = cudaLaunchAttributeClusterDimension;
    attributes[1].val.clusterDim = {static_cast<unsigned>(cluster), 1, 1};
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(static_cast<unsigned>(args.splits), static_cast<unsigned>(args.store.kv_heads),
                          static_cast<unsigned>(args.store.sequences));
    config.blockDim = dim3(kAttendThreads);
    config.dynamicSmemBytes = bytes;
    config.stream = request.stream;
    config.attrs = attributes;
    config.numAttrs = has_dependent_launch() ? 2 : 0;
    if (cluster > 8) { // more than every device promises
        int clusters = 0;
        if (cudaOccupancyMaxActiveClusters(&clusters, kernel, &config) != cudaSuccess || clusters < 1) {
            cluster = 8;
            attributes[1].val.clusterDim.x = 8;
        }
    }
    return cudaLaunchKernelEx(&config, kernel, args, cluster) == cudaSuccess ? Status::Ok : Status::LaunchFailed;
}

template<Format K, Format V>
Status attend_pair(const Attend& args, const AttendRequest& request)
{
    const int keys = padded_key_width(args.store.key_width);
    const int values = padded_value_width(args.store.value_format, args.store.value_width);
    const bool wide = args.heads / args.store.kv_heads > 8;
    const auto pick = [&]<int KeyGroups, int ValueBlocks>(std::integer_sequence<int, KeyGroups, ValueBlocks>) {
        const bool full = keys == KeyGroups * 32 && values == ValueBlocks * 8;
        if (wide)
            return full ? attend_launch<K, V, KeyGroups, ValueBlocks, true, true>(args, request)
                        : attend_launch<K, V, KeyGroups, ValueBlocks, true, false>(args, request);
        return full ? attend_launch<K, V, KeyGroups, ValueBlocks, false, true>(args, request)
                    : attend_launch<K, V, KeyGroups, ValueBlocks, false, false>(args, request);
    };
    if (keys <= 64 && values <= 64)
        return pick(std::integer_sequence<int, 2, 8>{});
    if (keys <= 64 && values <= 128)
        return pick(std::integer_sequence<int, 2, 16>{});
    if (keys <= 128 && values <= 64)
        return pick(std::integer_sequence<int, 4, 8>{});
    if (keys <= 128 && values <= 128)
        return pick(std::integer_sequence<int, 4, 16>{});
    return pick(std::integer_sequence<int, 8, 32>{});
}

} // namespace kvw::kernels::cuda
