// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/attend.h"
#include "kernels/cpu/variants.h"

namespace kvw::kernels {

inline constexpr int kMaxAttendGroup = 32;
/// Lanes that one thread goes through together, and most query rows of them.
inline constexpr int kMaxAttendLanes = 4, kMaxAttendRows = kMaxAttendLanes * kMaxAttendGroup;
/// Tokens whose scores are held at a time, and tokens of a tile of decoded rows.
inline constexpr int kAttendChunk = 256, kAttendTile = 64;
/// Runs of values in one integer format that are summed together, and most weights of them: each run's begin a vector.
inline constexpr int kAttendRuns = 8, kAttendSlots = kAttendChunk + 16 * kAttendRuns;
/// Floats for one head's weights: those of a tile in fp32, or of all slots in two digits of a byte.
inline constexpr int kAttendWeights = kAttendTile > kAttendSlots / 2 ? kAttendTile : kAttendSlots / 2;
static_assert(4 * kAttendTile >= kAttendChunk);
/// Floats that a variant may read and write beyond what a buffer is said to hold: a vector, or one for each plane.
inline constexpr int kAttendPad = 64;
/// A partial result begins with maximum, mass of raw tokens, mass of coded tokens.
inline constexpr int kPartialHeader = 16;

/// One thread's buffers, 64-byte aligned.
struct AttendWork
{
    float* scores = nullptr;  ///< [lanes, group, kAttendChunk + kAttendPad]
    float* weights = nullptr; ///< [group, kAttendWeights + kAttendPad]
    float* queries = nullptr; ///< [lanes, group, stride]
    float* plain = nullptr;   ///< likewise
    float* sums = nullptr;    ///< [group, stride]
    float* tile = nullptr;    ///< [kAttendTile, stride], or [kAttendChunk, width] codes of a byte
    float* scales = nullptr;  ///< [stride] or [kAttendSlots + kAttendPad]
    float* zeros = nullptr;   ///< likewise
    float* row = nullptr;     ///< [stride]
    std::int64_t stride = 0;  ///< widest row, rounded up, and kAttendPad
};

/// Tokens first..first + tokens of some lanes. The result is in `partial` [lanes, group, partial_stride]: header, sums over raw
/// tokens [head_dim rounded up to 16], sums over coded tokens [rank_v rounded up], both of exp(s - maximum).
struct AttendUnit
{
    int lane = 0, lanes = 0, first = 0, tokens = 0;
    float* partial = nullptr;
    std::int64_t partial_stride = 0;
    AttendWork work;
};

/// One unit at one level of instructions; shapes are checked by the caller.
using AttendVariant = void (*)(const AttendDecode& args, const AttendUnit& unit);

/// Products of fp32 numbers.
struct AttendFloats
{
    AttendVariant run;
};
KVW_VARIANTS(AttendFloats, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);

/// Integers as such, for Products::Bf16.
struct AttendIntegers
{
    AttendVariant run;
};
KVW_VARIANTS(AttendIntegers, CpuLevel::V3, CpuLevel::V3Vnni, CpuLevel::Vnni);

/// What attend_decode takes at a level.
AttendVariant attend_variant(CpuLevel level, Products products = Products::Fp32) noexcept;

/// attend_decode with a given variant.
Status attend_decode_with(AttendVariant variant, const AttendDecode& args) noexcept;

} // namespace kvw::kernels
