// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/fit.h"
#include "kernels/cuda/kv_store.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kvw {

/// The cache of one layer as the CUDA kernels store it.
struct DeviceLayer
{
    kernels::cuda::StoreFormat format;
    at::Tensor maybe_key_basis; ///< [kv_heads, head_dim, key_width] fp32, orthonormal columns: keys k U, queries q U
    bool keys_coded = false, values_coded = false; ///< else as the model made them, in 16 bits
};

/// A configuration as the CUDA kernels store it, layer by layer, with the codes that the CPU would store:
///     nothing coded, or a basis alone    bf16; fp16 beside integers, and for tokens of sinks and window
///     int8,sym                           one scale a token
///     int4                               scale and zero by token; keys also by channel=32
///     k=<basis>                          orthonormal, without mean, sinks and window
///     v=<basis>,fold                     a rank that is a multiple of 8
///     sinks, window                      multiples of 32, for both sides
/// With no window a token is read there as it is stored from its own step on, where the CPU's cache reads the newest one raw.
/// Throws Error{Unsupported} naming the first layer and what of it the kernels do not store.
std::vector<DeviceLayer> device_layers(const FittedConfiguration& fitted);

/// Pairs of a query and a coded token that a window of `window_tokens` must read there, keys plus values, of one sequence:
/// what the counter of a DevicePast is held against. Worked out from the rule in kernels/cuda/kv_store.h for which tokens are
/// coded, not from the store.
std::int64_t predicted_device_reads(std::span<const DeviceLayer> layers, int window_tokens);

} // namespace kvw
