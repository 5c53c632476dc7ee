// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/fit.h"
#include "core/lm/device_decode.h"
#include "core/records/ledger.h"

#include <span>
#include <vector>

namespace kvw {

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

/// Bytes that `tokens` tokens of every sequence take there: whole tiles of 32 tokens.
Ledger device_ledger(std::span<const DeviceLayer> layers, const AttentionShape& shape, int sequences,
                     std::int64_t tokens);

} // namespace kvw
