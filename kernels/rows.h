// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/status.h"

#include <cstddef>
#include <cstdint>

namespace kvw::kernels {

/// How the numbers of a stored row are written.
enum class RowType { Fp32, Fp16, Bf16, Int8, Int4, Int3, Int2 };
/// What shares one scale and zero point: one row; `group` neighbouring channels of one row; one channel over all rows
/// of a block.
enum class ScalePer { Row, Group, Channel };

/// The storage format of rows of `width` numbers.
///
/// Integers: code = clamp(round_half_even((x - zero) / scale), 0, 2^bits - 1), x' = code * scale + zero, with
/// zero = min, scale = (max - min) / (2^bits - 1); symmetric: scale = max|x| / (2^(bits-1) - 1), zero is not stored and
/// x' = (code - 2^(bits-1)) * scale. Scale and zero are fp16 and encoding uses the stored ones; a scale that fp16
/// cannot hold as a normal number (< 6.1e-5) is stored as 0 and then x' = zero (0 when symmetric).
/// docs/codecs.md, "Integers".
///
/// Codes lie in planes, so that unpacking is one shift and mask over whole vectors: with h = ceil(width / 2), int4
/// byte i holds channel i (low) and channel i + h (high); with f = ceil(width / 4), int2 byte i holds channels i, i +
/// f, i + 2f, i + 3f from the low bits up; int3 is an int2 plane of the codes' low two bits (f bytes) and then
/// ceil(width / 8) bytes with the high bits of channels i, i + e, ... (e = ceil(width / 8)). Absent channels are 0.
struct RowFormat
{
    RowType type = RowType::Fp32;
    int width = 0;                      ///< numbers per row, 1..4096
    ScalePer scale_per = ScalePer::Row; ///< integers only
    int group = 0;                      ///< Group: channels that share a scale; divides width
    bool symmetric = false;
};

bool is_integer(RowType type) noexcept;
int bits(RowType type) noexcept;
/// Bytes of the codes of one row, exact: no padding.
std::size_t row_bytes(const RowFormat& format) noexcept;
/// fp16 scales of `tokens` rows (and as many zeros unless symmetric): Row tokens; Group tokens * width / group;
/// Channel width; 0 when not integers.
std::size_t scale_count(const RowFormat& format, int tokens) noexcept;

/// Stored rows; with ScalePer::Channel all rows share the scales, so a view covers one block.
struct RowsView
{
    RowFormat format;
    int tokens = 0;
    const std::byte* codes = nullptr;           ///< [tokens, row_bytes]
    const std::uint16_t* scales = nullptr;      ///< [scale_count] fp16, null when not integers
    const std::uint16_t* maybe_zeros = nullptr; ///< [scale_count] fp16, null when symmetric or not integers
};

struct RowsOut
{
    std::byte* codes = nullptr;
    std::uint16_t* scales = nullptr;
    std::uint16_t* maybe_zeros = nullptr;
};

/// x [tokens, width] fp32, `stride` in elements between rows. NotFinite for NaN, infinity, or a minimum, scale or value
/// beyond the storage type; the output is then unspecified.
[[nodiscard]] Status encode_rows(const RowFormat& format, const float* x, std::int64_t stride, int tokens,
                                 const RowsOut& out) noexcept;
/// out [tokens, width] fp32, `stride` in elements.
[[nodiscard]] Status decode_rows(const RowsView& rows, float* out, std::int64_t stride) noexcept;

std::uint16_t to_fp16(float value) noexcept; ///< round to nearest even
float from_fp16(std::uint16_t value) noexcept;
std::uint16_t to_bf16(float value) noexcept; ///< round to nearest even; NaN stays NaN
float from_bf16(std::uint16_t value) noexcept;

} // namespace kvw::kernels
