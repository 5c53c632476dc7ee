// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/kv_store.h"

#include <vector>

namespace kvw::kernels::cuda::reference {

/// Tokens 0 .. tokens - 1 of a KV head as they are read back, [tokens, width], from a store in host memory.
std::vector<float> stored_vectors(const KvStore& store, bool keys, int sequence, int kv_head, int tokens);

} // namespace kvw::kernels::cuda::reference
