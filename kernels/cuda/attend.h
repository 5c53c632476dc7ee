// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cuda/kv_store.h"
#include "kernels/cuda/stream.h"

namespace kvw::kernels::cuda {

/// Attention of one new token of every sequence over its stored tokens, in one kernel:
///     s[h, t] = <q[h], key[t]>   p = softmax_t(s)   out[h] = sum over t of p[h, t] value[t]
/// q comes from append() (scaled by softmax_scale * log2 e; the softmax is taken in base 2). A block serves all query heads
/// of a KV head over a share of the tokens ("split"); the last block of a KV head to finish merges its splits, in order, so
/// the same input gives the same bits. Products are of 16-bit numbers with fp32 sums; integer codes are turned into fp16
/// exactly and scales are applied to scores and probabilities.
struct Attend
{
    KvStore store;
    int heads = 0;
    const std::uint16_t* q = nullptr; ///< [sequences, heads, padded key width]
    const int* lengths = nullptr;     ///< [sequences] stored tokens before the step; lengths[i] + 1 are attended to
    int splits = 0;                   ///< from attend_splits(); fixed for a captured graph
    float* scratch = nullptr;         ///< [attend_scratch_bytes()]; its first sequences * kv_heads ints start as 0
    float* maybe_out = nullptr;       ///< [sequences, heads, value_width] fp32
    /// The same in bf16, as the next product takes it: [heads * value_width / 32, 8 sequences, 32]; needs sequences <= 8 and
    /// value_width % 8 == 0; places of absent sequences are not written.
    std::uint16_t* maybe_out_blocks = nullptr;
};
/// Splits that fill the device for sequences of up to `tokens` tokens.
int attend_splits(const KvStore& store, int heads, int tokens, int multiprocessors) noexcept;
std::size_t attend_scratch_bytes(const KvStore& store, int heads, int splits) noexcept;
[[nodiscard]] Status attend(const Attend& args, StreamHandle stream) noexcept;

} // namespace kvw::kernels::cuda
