// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/attend.h"

#include <cstddef>
#include <cstdint>

namespace kvw::kernels {

/// Neighbouring tokens' keys or values of every lane: stored rows, or fp32 numbers where they lie.
struct PrefillRows
{
    Segment stored;                    ///< of lane sequence * kv_heads + kv_head; used where maybe_fp32 is null
    const float* maybe_fp32 = nullptr; ///< row (sequence, kv_head, token) lies the strides further on, in elements
    std::int64_t sequence_stride = 0, head_stride = 0, token_stride = 0;
    int fp32_tokens = 0;
    bool fp32_coded = false;

    int tokens() const { return maybe_fp32 != nullptr ? fp32_tokens : stored.rows.tokens; }
    bool coded() const { return maybe_fp32 != nullptr ? fp32_coded : stored.coded; }
};

/// Causal attention of many queries of one layer, over raw and coded tokens as in AttendDecode. Query t stands at position
/// tokens - queries + t and reads the tokens up to itself, with `attention_window` > 0 only that many, itself included.
///     s[t,h,j] = softmax_scale * <q[t,h,:], key[g,j,:]>, or of q_coded + logit_offset[t,h] where token j is coded
///     p = softmax_j(s);  out[t,h,:] = sum over raw j of p value[g,j,:]
///     out_coded[t,h,:] = sum over coded j of p value[g,j,:];  coded_mass[t,h] = sum over coded j of p
///     received[g,j] = sum over t and the group's heads of p^2
/// Keys and values cover the same tokens; which of them are coded, and where they are cut, may differ. A rerun gives the same
/// bits, with any number of threads.
struct AttendPrefill
{
    int sequences = 0, kv_heads = 0;
    int group = 0;                     ///< query heads of a KV head
    int head_dim = 0;                  ///< width of raw rows, 1..4096
    int rank_k = 0, rank_v = 0;        ///< widths of coded rows; 0 where no part is coded
    std::int64_t queries = 0;          ///< of a sequence
    std::int64_t attention_window = 0; ///< 0: all
    float softmax_scale = 1;
    Products products = Products::Fp32;
    const float* q = nullptr; ///< [sequences, queries, heads, head_dim] with these strides
    std::int64_t q_sequence_stride = 0, q_token_stride = 0, q_head_stride = 0;
    const float* maybe_q_coded = nullptr;      ///< [sequences, queries, heads, rank_k]
    const float* maybe_logit_offset = nullptr; ///< [sequences, queries, heads]; null: zeros
    const PrefillRows* keys = nullptr;
    int key_parts = 0;
    const PrefillRows* values = nullptr;
    int value_parts = 0;
    float* out = nullptr;              ///< [sequences, queries, heads, head_dim]
    float* maybe_out_coded = nullptr;  ///< [sequences, queries, heads, rank_v]
    float* maybe_coded_mass = nullptr; ///< [sequences, queries, heads]
    float* maybe_received = nullptr;   ///< [sequences, kv_heads, tokens]
    float* scratch = nullptr;          ///< [attend_prefill_scratch_floats(...)]
};
/// Largest error against fp64 as a share of max |value|, for |s| <= 32: with fp32 products; and what rounding the weights to
/// bf16 adds, given factors that are bf16 numbers already.
inline constexpr float kPrefillRelError = 2e-5f, kPrefillBf16Error = 1.0f / 256;
/// 0 for shapes that do not fit together.
std::size_t attend_prefill_scratch_floats(const AttendPrefill& args) noexcept;
/// BadShape when tokens differ between keys and values, when there are fewer tokens than queries, or a width or a pointer
/// is missing.
[[nodiscard]] Status attend_prefill(const AttendPrefill& args) noexcept;

} // namespace kvw::kernels
