// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "kernels/packed.h"
#include "kernels/status.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kvw::kernels {

/// How the numbers of a stored row are written. A new one needs its row in kRowTypes and its case in with_row_type(); what
/// else does not compile, or refuses to by a static_assert, is what does not know it.
enum class RowType { Fp32, Fp16, Bf16, Int8, Int4, Int3, Int2 };

struct RowTypeTraits
{
    RowType type;
    int bits; ///< of a stored number, scales apart
    bool integer;
};
/// In the order of RowType.
inline constexpr RowTypeTraits kRowTypes[] = {
    {RowType::Fp32, 32, false}, {RowType::Fp16, 16, false}, {RowType::Bf16, 16, false}, {RowType::Int8, 8, true},
    {RowType::Int4, 4, true},   {RowType::Int3, 3, true},   {RowType::Int2, 2, true},
};

/// A type of rows as a type.
template<RowType Type>
struct RowTypeIs
{
    static constexpr RowType kType = Type;
    static constexpr RowTypeTraits kTraits = kRowTypes[static_cast<std::size_t>(Type)];
    static_assert(kTraits.type == Type, "kRowTypes is not in the order of RowType");
    static constexpr int kBits = kTraits.bits;
    static constexpr bool kInteger = kTraits.integer;
};

/// use(RowTypeIs<type>{}). Always inlined, since files of several instruction sets include it.
template<class Use>
[[gnu::always_inline]] inline void with_row_type(RowType type, const Use& use)
{
    switch (type) {
    case RowType::Fp32:
        return use(RowTypeIs<RowType::Fp32>{});
    case RowType::Fp16:
        return use(RowTypeIs<RowType::Fp16>{});
    case RowType::Bf16:
        return use(RowTypeIs<RowType::Bf16>{});
    case RowType::Int8:
        return use(RowTypeIs<RowType::Int8>{});
    case RowType::Int4:
        return use(RowTypeIs<RowType::Int4>{});
    case RowType::Int3:
        return use(RowTypeIs<RowType::Int3>{});
    case RowType::Int2:
        return use(RowTypeIs<RowType::Int2>{});
    }
}

/// use(Packed<bits of type>{}) where the numbers are integers, else nothing.
template<class Use>
[[gnu::always_inline]] inline void with_packed(RowType type, const Use& use)
{
    with_row_type(
        type, [&](auto is) __attribute__((always_inline)) {
            if constexpr (decltype(is)::kInteger)
                use(Packed<decltype(is)::kBits>{});
        });
}
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
/// Codes lie in planes, as kernels/packed.h says.
struct RowFormat
{
    RowType type = RowType::Fp32;
    int width = 0;                      ///< numbers per row, 1..4096
    ScalePer scale_per = ScalePer::Row; ///< integers only
    int group = 0;                      ///< Group: channels that share a scale; divides width
    bool symmetric = false;
};

bool is_integer(RowType type) noexcept;
/// Of a stored number, scales apart; 0 for what is no type.
int bits(RowType type) noexcept;
/// The type that stores integers of so many bits, none when there is no such type.
std::optional<RowType> integer_row_type(int bits) noexcept;
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
