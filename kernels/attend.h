// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/rows.h"

#include <cstdint>

namespace kvw::kernels {

/// Stored tokens of every lane (a lane is one sequence and KV head); lane l's rows start lane strides further on.
struct Segment
{
    RowsView rows;                       ///< of lane 0
    std::int64_t codes_lane_stride = 0;  ///< bytes
    std::int64_t scales_lane_stride = 0; ///< elements, of scales and zeros alike
    bool coded = false;                  ///< rows are latents of the codec's basis; else raw head vectors
};

/// How exact the factors of attention's products must be. Sums, softmax and results are fp32 either way.
enum class Products {
    Fp32, ///< as they are
    Bf16  ///< may be rounded: many queries, and the weights over them, to bf16; one query over integer codes, and its
          ///< weights, to 16-bit integers of the largest one, which is finer
};

/// One decode step of one layer over raw and coded tokens; keys and values are never expanded (docs/codecs.md,
/// "Attention over coded tokens").
///     s[l,h,t] = softmax_scale * (<q[l,h,:], key[l,t,:]>)                                 raw token
///     s[l,h,t] = softmax_scale * (<q_coded[l,h,:], key[l,t,:]> + logit_offset[l,h])       coded token
///     p = softmax_t(s);  out_raw[l,h,:] = sum over raw t of p value[l,t,:]  (width head_dim)
///     out_coded[l,h,:] = sum over coded t of p value[l,t,:]  (width rank_v);  coded_mass[l,h] = sum over coded t of p
/// Key and value segments cover the same tokens in the same order but may be cut differently.
/// All accumulation is fp32. Work is split over threads by lane and token; the split depends on the shapes and the
/// thread count only, so a rerun gives the same bits.
struct AttendDecode
{
    int lanes = 0;              ///< sequences * kv_heads
    int group = 0;              ///< query heads of a KV head, 1..32
    int head_dim = 0;           ///< width of raw rows
    int rank_k = 0, rank_v = 0; ///< widths of coded rows; 0 where no segment is coded
    float softmax_scale = 1;
    Products products = Products::Fp32;
    const float* q = nullptr;                  ///< [lanes, group, head_dim]
    const float* maybe_q_coded = nullptr;      ///< [lanes, group, rank_k]
    const float* maybe_logit_offset = nullptr; ///< [lanes, group]; null: zeros
    const Segment* keys = nullptr;
    int key_segments = 0;
    const Segment* values = nullptr;
    int value_segments = 0;
    float* out_raw = nullptr;          ///< [lanes, group, head_dim]
    float* maybe_out_coded = nullptr;  ///< [lanes, group, rank_v]
    float* maybe_coded_mass = nullptr; ///< [lanes, group]
    float* scratch = nullptr;          ///< [attend_scratch_floats(...)]
};
/// Largest error against fp64, as a share of max |value|, for |s| <= 32: with Products::Fp32, and with Products::Bf16.
inline constexpr float kAttendRelError = 2e-5f, kAttendRoundedError = 1e-3f;
std::size_t attend_scratch_floats(const AttendDecode& args) noexcept;
/// BadShape when the segments' tokens differ between keys and values or a width is neither head_dim nor the rank.
/// No tokens at all: outputs are 0.
[[nodiscard]] Status attend_decode(const AttendDecode& args) noexcept;

} // namespace kvw::kernels
