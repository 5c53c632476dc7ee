// SPDX-License-Identifier: GPL-3.0-or-later
// The stored tokens of a unit of attention in the order in which they are read, for the files of one instruction set each.
#pragma once

#include "kernels/cpu/attend_rows_body.h"
#include "kernels/cpu/attend_variants.h"
#if defined(KVW_ATTEND_INTEGERS) && defined(KVW_ROWS_AVX512)
#include "kernels/cpu/attend_group_body.h"
#elif defined(KVW_ATTEND_INTEGERS)
#include "kernels/cpu/attend_words_group_body.h"
#endif

namespace kvw::kernels {
namespace {

constexpr int round_up(int value, int to) { return (value + to - 1) / to * to; }

#if defined(KVW_ATTEND_INTEGERS)
template<int Bits>
KVW_INLINE void spread_row(const std::byte* row, int width, std::byte* out)
{
    typedef Packed<Bits> Codes;
    if (Bits == 3 && width == 64)
        return join_64(row, out);
    if (Bits == 3 && width == 128)
        return join_128(row, out);
    spread_planes(row, width, Codes::kLowBits, 0, false, out);
    if constexpr (!Codes::kOnePart)
        spread_planes(row + Codes::low_bytes(static_cast<std::size_t>(width)), width, Codes::kHighBits, Codes::kLowBits,
                      true, out);
}

/// Rows of `bytes` to a byte for each code, spread_positions() a row; the bytes beyond the width are any, and with AVX2 up to
/// 15 bytes beyond the last row are written.
void spread_rows(const RowFormat& format, const std::byte* row, Index bytes, int tokens, std::byte* out)
{
    const int width = format.width;
    const Index pitch = spread_positions(width);
    with_packed(
        format.type, [&](auto packed) __attribute__((always_inline)) {
            for (int t = 0; t < tokens; ++t, row += bytes, out += pitch)
                spread_row<packed.kBits>(row, width, out);
        });
}
#endif

/// How the rows of a format are read: themselves, or a decoded tile of fp32.
struct Access
{
    bool direct, scale_per_row, scale_per_channel; ///< the scales that are left for the products
    bool integers;                                 ///< multiplied as such, see attend_factors_body.h
    RowType type;                                  ///< of what is read: of codes that are spread to bytes, Int8
    int positions, planes;
    int bits;     ///< of a code
    bool grouped; ///< scales by group, multiplied as such
};

Access access_of(const RowFormat& format)
{
    const bool integer = is_integer(format.type);
    const bool grouped = integer && format.scale_per == ScalePer::Group;
    int planes = 1;
    bool spread = false; // codes in two parts are not read where they lie
    with_packed(
        format.type, [&](auto packed) __attribute__((always_inline)) {
            planes = packed.kOnePart ? packed.kPlanes : 1;
            spread = !packed.kOnePart;
        });
    int positions = (format.width + planes - 1) / planes;
#if defined(KVW_ATTEND_INTEGERS)
    const bool integers = grouped ? group_products(format) : integer_products(format.type, format.width);
    if (integers && (spread || positions < kLeastPositions || (grouped && !whole_groups(format.width, planes)))) {
        planes = 1;
        positions = spread_positions(format.width);
        spread = true;
    }
#else
    const bool integers = false;
#endif
    if (!integers && (spread || grouped || positions < step_of(format.type)))
        return {false, false, false, false, RowType::Fp32, round_up(format.width, kLanes), 1, 32, false};
    return {!spread,
            integer && format.scale_per == ScalePer::Row,
            integer && format.scale_per == ScalePer::Channel,
            integers,
            spread ? RowType::Int8 : format.type,
            positions,
            planes,
            bits(format.type),
            grouped};
}

/// Neighbouring tokens of one segment and lane, and the lane's rows after them.
struct Run
{
    RowsView rows, next;
    bool coded;
};

KVW_INLINE void move_lanes(RowsView& rows, int lanes, Index codes, Index scales)
{
    rows.codes += lanes * codes;
    if (rows.scales != nullptr)
        rows.scales += lanes * scales;
    if (rows.maybe_zeros != nullptr)
        rows.maybe_zeros += lanes * scales;
}

/// A place among the tokens.
struct Place
{
    const Segment* segment;
    int row;

    /// The rows of a lane from here on.
    RowsView rows(int lane) const
    {
        RowsView rows = segment->rows;
        rows.tokens -= row;
        rows.codes += row * static_cast<Index>(row_bytes(rows.format));
        if (is_integer(rows.format.type)) {
            const Index at =
                rows.format.scale_per == ScalePer::Channel ? 0 : static_cast<Index>(scale_count(rows.format, row));
            rows.scales += at;
            rows.maybe_zeros = rows.format.symmetric ? nullptr : rows.maybe_zeros + at;
        } else {
            rows.scales = rows.maybe_zeros = nullptr;
        }
        move_lanes(rows, lane, segment->codes_lane_stride, segment->scales_lane_stride);
        return rows;
    }
};

/// The same tokens of all lanes of a unit. The lanes of a segment lie behind each other and are read in that order, then
/// those of the next one, so that memory is met nearly as it lies.
struct Stretch
{
    Run first; ///< of the unit's first lane
    Access access;
    Index row_bytes;
    Index codes, scales, next_codes, next_scales; ///< to the next lane

    int tokens() const { return first.rows.tokens; }

    /// Of a lane, counted from the unit's first.
    Run run(int lane) const
    {
        Run run = first;
        move_lanes(run.rows, lane, codes, scales);
        move_lanes(run.next, lane, next_codes, next_scales);
        return run;
    }

    const std::byte* codes_of(int lane) const { return first.rows.codes + lane * codes; }
};

struct Cursor
{
    Place place;
    const Segment* end;

    Cursor(const Segment* first, int count, int token) : place{first, token}, end(first + count)
    {
        while (place.row > 0 && place.row >= place.segment->rows.tokens)
            skip();
    }

    void skip()
    {
        place.row -= place.segment->rows.tokens;
        ++place.segment;
    }

    /// The segment of the next token; there must be one.
    const Segment& segment()
    {
        while (place.row >= place.segment->rows.tokens)
            skip();
        return *place.segment;
    }

    /// The next 1..most tokens; there must be some.
    Stretch take(const AttendUnit& unit, int most)
    {
        const Segment& here = segment();
        const int left = here.rows.tokens - place.row;
        Stretch out{{place.rows(unit.lane), {}, here.coded},
                    access_of(here.rows.format),
                    static_cast<Index>(kernels::row_bytes(here.rows.format)),
                    here.codes_lane_stride,
                    here.scales_lane_stride,
                    here.codes_lane_stride,
                    here.scales_lane_stride};
        out.first.rows.tokens = left < most ? left : most;
        place.row += out.first.rows.tokens;
        while (place.segment + 1 < end && place.row >= place.segment->rows.tokens)
            skip();
        out.first.next = out.first.rows; // after the last ones there is nothing to fetch
        if (place.row < place.segment->rows.tokens) {
            out.first.next = place.rows(unit.lane);
            out.next_codes = place.segment->codes_lane_stride;
            out.next_scales = place.segment->scales_lane_stride;
        }
        return out;
    }
};

/// Stretches of values whose sums are added up together: several in one integer format with one scale a token, or one of
/// any other format and up to kAttendTile tokens.
struct Batch
{
    Stretch stretches[kAttendRuns];
    int count = 0, tokens = 0;

    bool fits(const Segment& segment) const
    {
        const Stretch& last = stretches[count - 1];
        const RowFormat &a = last.first.rows.format, &b = segment.rows.format;
        return count < kAttendRuns && last.access.integers && last.access.scale_per_row
            && last.first.coded == segment.coded && a.type == b.type && a.width == b.width && a.scale_per == b.scale_per
            && a.symmetric == b.symmetric;
    }
};

/// The values of a unit, batch by batch, none across the end of a chunk.
struct Batches
{
    Cursor cursor;
    const AttendUnit* unit;
    int taken = 0;

    /// No tokens when there are none left.
    void take(Batch& batch)
    {
        const int in_chunk = kAttendChunk - taken % kAttendChunk, left = unit->tokens - taken;
        const int most = in_chunk < left ? in_chunk : left;
        batch.count = batch.tokens = 0;
        while (batch.tokens < most && (batch.count == 0 || batch.fits(cursor.segment()))) {
            const Access access = access_of(cursor.segment().rows.format);
            const bool integers = access.integers && !access.grouped;
            const int here = most - batch.tokens;
            Stretch& stretch = batch.stretches[batch.count++];
            stretch = cursor.take(*unit, integers || here < kAttendTile ? here : kAttendTile);
            batch.tokens += stretch.tokens();
        }
        taken += batch.tokens;
    }
};

/// Most scales of a run that are fetched ahead: of a tile of 16 groups.
constexpr int kScalesAhead = 16 * kAttendTile;

/// Scales are read all at once when a run begins. Inlined always: a function that only prefetches has no effect in the
/// compiler's eyes, and calls of it are left out.
KVW_INLINE void prefetch_scales(const Run& run)
{
    if (run.next.scales == nullptr)
        return;
    const RowFormat& format = run.next.format;
    const int per_token = format.scale_per == ScalePer::Group ? format.width / format.group : 1;
    const int count = format.scale_per == ScalePer::Channel ? format.width : run.next.tokens * per_token;
    for (int i = 0; i < count && i < kScalesAhead; i += 32) {
        __builtin_prefetch(run.next.scales + i);
        if (run.next.maybe_zeros != nullptr)
            __builtin_prefetch(run.next.maybe_zeros + i);
    }
}

} // namespace
} // namespace kvw::kernels
