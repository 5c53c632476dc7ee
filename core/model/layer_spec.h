// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace kvw {

/// RoPE scaling of Llama 3 ("rope_type": "llama3") or linear.
struct RopeScaling
{
    enum class Kind { Linear, Llama3 } kind = Kind::Linear;
    double factor = 1;
    double low_frequency_factor = 1;
    double high_frequency_factor = 4;
    std::int64_t original_max_positions = 0;

    bool operator==(const RopeScaling&) const = default;
};

/// The rotary embedding of queries and keys.
struct RotarySpec
{
    double theta = 10000;
    std::optional<RopeScaling> scaling; ///< none: plain

    bool operator==(const RotarySpec&) const = default;
};

/// One layer of a decoder-only transformer, as the decoder walks it:
///     x += W_o attend(rotate(W_q n), rotate(W_k n), W_v n) with n = RMSNorm(x), then
///     x += W_down (silu(W_gate n) * (W_up n))              with n = RMSNorm(x)
/// Made by the family's builder from config.json (core/model/family.h). Whoever needs to know how a layer computes reads
/// this: the decoder, folding, the way to a GPU, the cache and calibration.
struct LayerSpec
{
    RotarySpec rotary;
    double softmax_scale = 1; ///< of the query-key products, 1 / sqrt(head_dim) as a rule
    std::optional<std::int64_t>
        attention_window;     ///< a query reaches back this many positions, itself included; none: all
    bool qkv_bias = false;    ///< of q_proj, k_proj and v_proj
    bool output_bias = false; ///< of o_proj
    bool mlp_bias = false;    ///< of gate_proj, up_proj and down_proj

    bool operator==(const LayerSpec&) const = default;
};

} // namespace kvw
