// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/attend_prefill.h"
#include "kernels/cpu/variants.h"

namespace kvw::kernels {

inline constexpr int kMaxPrefillWidth = 4096;

/// Up to PrefillVariant::tile tokens that agree in what is coded: what one pass of the innermost loop scores. Places of
/// tokens that are not there are masked.
struct PrefillTile
{
    int position = 0, count = 0; ///< of the first token; tokens
    int key_part = 0, key_row = 0, value_part = 0, value_row = 0;
    bool key_coded = false, value_coded = false;
};

/// The packed layer: per lane and tile, keys [channel steps, tile] and values [channel blocks, token steps, tile], in
/// elements of four bytes: a float, or a pair of bf16 (two channels of a key, two tokens of a value).
struct PrefillPanels
{
    const PrefillTile* tiles = nullptr;
    int tile_count = 0;
    float *keys = nullptr, *values = nullptr;
    std::int64_t key_tile_floats = 0, value_tile_floats = 0; ///< from tile to tile
    std::int64_t tokens = 0;
};

/// One thread's buffers, 64-byte aligned, `rows` of them side by side.
struct PrefillWork
{
    float* scores = nullptr; ///< [rows, score_stride]
    std::int64_t score_stride = 0;
    float *query = nullptr, *query_coded = nullptr; ///< [rows, query_stride]
    std::int64_t query_stride = 0;
    float *sums = nullptr, *sums_coded = nullptr; ///< [rows, sum_stride]
    std::int64_t sum_stride = 0;
    float* tile = nullptr; ///< [tile, tile_stride]: rows that were stored, decoded
    std::int64_t tile_stride = 0;
};

/// Rows first..first + rows of a lane's queries * group rows; row r is query r / group, head r % group.
struct PrefillGroup
{
    int sequence = 0, kv_head = 0;
    std::int64_t first = 0;
    int rows = 0;
    float* maybe_received = nullptr; ///< [tile_count * tile] to add to
};

/// The work at one level of instructions.
struct PrefillVariant
{
    int tile = 0; ///< tokens of a tile and channels of a block
    int rows = 0; ///< rows of a group
    int pair = 0; ///< numbers of an element
    void (*pack_keys)(const float* rows, std::int64_t stride, int count, int width, bool round, float* out) = nullptr;
    void (*pack_values)(const float* rows, std::int64_t stride, int count, int width, bool round, float* out) = nullptr;
    void (*run)(const AttendPrefill& args, const PrefillPanels& panels, const PrefillGroup& group,
                const PrefillWork& work) = nullptr;
};

/// At Bf16 with dot products of bf16 pairs.
KVW_VARIANTS(PrefillVariant, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4, CpuLevel::Bf16);
/// What attend_prefill takes at a level, with such dot products or without.
PrefillVariant attend_prefill_variant(CpuLevel level, bool bf16_products) noexcept;

Status attend_prefill_with(const PrefillVariant& variant, const AttendPrefill& args) noexcept;
/// Enough for every variant.
std::size_t attend_prefill_scratch_floats_with(const PrefillVariant& variant, const AttendPrefill& args) noexcept;

} // namespace kvw::kernels
