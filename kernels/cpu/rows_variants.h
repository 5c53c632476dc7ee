// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/cpu/variants.h"
#include "kernels/rows.h"

namespace kvw::kernels {

inline constexpr int kMaxRowWidth = 4096;

/// encode_rows and decode_rows. Formats are checked by the caller; a false answer is NotFinite. All variants and the plain
/// reference store and give the same bits.
struct RowsVariant
{
    bool (*encode)(const RowFormat& format, const float* x, std::int64_t stride, int tokens, const RowsOut& out);
    void (*decode)(const RowsView& rows, float* out, std::int64_t stride);
};

KVW_VARIANTS(RowsVariant, CpuLevel::Baseline, CpuLevel::V3, CpuLevel::V4);
/// The formulas of kernels/rows.h, one number at a time.
RowsVariant rows_reference();

/// Ok or BadShape.
Status check_format(const RowFormat& format) noexcept;
Status check_view(const RowsView& rows) noexcept;

/// What is stored for the range lo..hi of numbers that share a scale, and what encoding then computes with. Not inline:
/// the files with more instructions must not bring their own copy.
struct StoredScale
{
    std::uint16_t scale = 0, zero = 0; ///< fp16
    float divisor = 0;                 ///< the stored scale; infinity for 0, so that every code is the middle
    float offset = 0;                  ///< the stored zero
    bool finite = false;               ///< neither is beyond fp16
};
StoredScale store_scale(const RowFormat& format, float lo, float hi) noexcept;

} // namespace kvw::kernels
