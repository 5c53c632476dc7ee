// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/rows.h"

#include "kernels/cpu/rows_variants.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace kvw::kernels {
namespace {

/// Null for what is no type.
const RowTypeTraits* traits_of(RowType type) noexcept
{
    const auto index = static_cast<std::size_t>(type);
    return index < std::size(kRowTypes) ? &kRowTypes[index] : nullptr;
}

bool within_fp16(float value) { return std::fabs(value) < 65520.0f; }

} // namespace

bool is_integer(RowType type) noexcept
{
    const RowTypeTraits* maybe_traits = traits_of(type);
    return maybe_traits != nullptr && maybe_traits->integer;
}

int bits(RowType type) noexcept
{
    const RowTypeTraits* maybe_traits = traits_of(type);
    return maybe_traits != nullptr ? maybe_traits->bits : 0;
}

std::optional<RowType> integer_row_type(int bits) noexcept
{
    for (const RowTypeTraits& traits : kRowTypes)
        if (traits.integer && traits.bits == bits)
            return traits.type;
    return std::nullopt;
}

std::size_t row_bytes(const RowFormat& format) noexcept
{
    const auto width = static_cast<std::size_t>(std::max(format.width, 0));
    std::size_t bytes = 0;
    with_row_type(format.type, [&](auto is) {
        if constexpr (is.kInteger)
            bytes = Packed<is.kBits>::bytes(width);
        else
            bytes = width * is.kBits / 8;
    });
    return bytes;
}

std::size_t scale_count(const RowFormat& format, int tokens) noexcept
{
    if (!is_integer(format.type))
        return 0;
    const auto width = static_cast<std::size_t>(std::max(format.width, 0));
    const auto rows = static_cast<std::size_t>(std::max(tokens, 0));
    switch (format.scale_per) {
    case ScalePer::Row:
        return rows;
    case ScalePer::Group:
        return format.group > 0 ? rows * (width / static_cast<std::size_t>(format.group)) : 0;
    case ScalePer::Channel:
        return width;
    }
    return 0;
}

Status check_format(const RowFormat& format) noexcept
{
    if (bits(format.type) == 0 || format.width < 1 || format.width > kMaxRowWidth)
        return Status::BadShape;
    const bool grouped = is_integer(format.type) && format.scale_per == ScalePer::Group;
    return grouped && (format.group < 1 || format.width % format.group != 0) ? Status::BadShape : Status::Ok;
}

Status check_view(const RowsView& rows) noexcept
{
    if (rows.tokens < 0 || check_format(rows.format) != Status::Ok)
        return Status::BadShape;
    if (rows.tokens == 0)
        return Status::Ok;
    const bool scaled = is_integer(rows.format.type);
    if (rows.codes == nullptr || (scaled && rows.scales == nullptr)
        || (scaled && !rows.format.symmetric && rows.maybe_zeros == nullptr))
        return Status::BadShape;
    return Status::Ok;
}

StoredScale store_scale(const RowFormat& format, float lo, float hi) noexcept
{
    constexpr std::uint16_t smallest_normal = 0x0400;
    const int codes = 1 << bits(format.type);
    StoredScale stored;
    float scale = 0;
    if (format.symmetric) {
        scale = std::max(std::fabs(lo), std::fabs(hi)) / static_cast<float>(codes / 2 - 1);
        stored.finite = within_fp16(scale);
    } else {
        scale = (hi - lo) / static_cast<float>(codes - 1);
        stored.finite = within_fp16(scale) && within_fp16(lo);
        stored.zero = to_fp16(lo + 0.0f); // -0 and 0 are one minimum: which was met first must not show
        stored.offset = from_fp16(stored.zero);
    }
    stored.scale = to_fp16(scale);
    if (stored.scale < smallest_normal)
        stored.scale = 0;
    stored.divisor = stored.scale == 0 ? std::numeric_limits<float>::infinity() : from_fp16(stored.scale);
    return stored;
}

Status encode_rows(const RowFormat& format, const float* x, std::int64_t stride, int tokens,
                   const RowsOut& out) noexcept
{
    const RowsView written{format, tokens, out.codes, out.scales, out.maybe_zeros};
    if (check_view(written) != Status::Ok || (tokens > 0 && x == nullptr) || (tokens > 1 && stride < format.width))
        return Status::BadShape;
    if (tokens == 0)
        return Status::Ok;
    return dispatch<RowsVariant>().encode(format, x, stride, tokens, out) ? Status::Ok : Status::NotFinite;
}

Status decode_rows(const RowsView& rows, float* out, std::int64_t stride) noexcept
{
    if (check_view(rows) != Status::Ok || (rows.tokens > 0 && out == nullptr)
        || (rows.tokens > 1 && stride < rows.format.width))
        return Status::BadShape;
    if (rows.tokens > 0)
        dispatch<RowsVariant>().decode(rows, out, stride);
    return Status::Ok;
}

} // namespace kvw::kernels
