// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/attend.h"

#include "kernels/cpu/attend_variants.h"
#include "kernels/cpu/crew.h"
#include "kernels/cpu/rows_variants.h"
#include "kernels/threads.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace kvw::kernels {
namespace {

constexpr std::int64_t kLine = 16; // floats of a cache line

std::int64_t rounded_up(std::int64_t value) { return (value + kLine - 1) / kLine * kLine; }

std::int64_t tokens_of(const Segment* segments, int count)
{
    std::int64_t tokens = 0;
    for (int i = 0; i < count; ++i)
        tokens += std::max(segments[i].rows.tokens, 0);
    return tokens;
}

/// How a call is cut: the lanes into bundles, every bundle into `pieces` ranges of tokens. Depends on shapes and the number
/// of threads only.
struct Plan
{
    int threads = 1;
    std::int64_t tokens = 0, pieces = 1, bundles = 1;
    std::int64_t width = 0, partial_stride = 0, work_floats = 0;

    std::int64_t units() const { return bundles * pieces; }
    int first_lane(const AttendDecode& args, std::int64_t bundle) const
    {
        return static_cast<int>(args.lanes * bundle / bundles);
    }
    int first_token(std::int64_t piece) const { return static_cast<int>(tokens * piece / pieces); }
};

Plan plan_of(const AttendDecode& args)
{
    constexpr std::int64_t small = 192 * 1024; // multiplications; below, waking a thread costs more than it brings
    constexpr std::int64_t few_tokens = 32, units_per_thread = 4;
    const std::int64_t lanes = std::max(args.lanes, 1), group = std::max(args.group, 0);
    Plan plan;
    plan.tokens = tokens_of(args.keys, args.key_segments);
    plan.width = std::max({args.head_dim, args.rank_k, args.rank_v, 0});
    plan.bundles = (lanes + kMaxAttendLanes - 1) / kMaxAttendLanes;
    const std::int64_t work = lanes * group * plan.tokens * 2 * plan.width;
    plan.threads = work < small || inside_piece() ? 1 : kernels::threads();
    if (plan.threads > 1) {
        // More units than threads, since a thread may be held up; a multiple of the threads, since it mostly is not.
        const std::int64_t even = plan.threads / std::gcd<std::int64_t>(plan.threads, plan.bundles);
        const std::int64_t wanted = (units_per_thread * plan.threads + plan.bundles - 1) / plan.bundles;
        const std::int64_t most = std::max<std::int64_t>(plan.tokens / few_tokens, 1);
        plan.pieces = std::min((wanted + even - 1) / even * even, most);
    }
    const std::int64_t stride = rounded_up(plan.width) + kAttendPad;
    plan.partial_stride =
        kPartialHeader + rounded_up(std::max(args.head_dim, 0)) + rounded_up(std::max(args.rank_v, 0));
    const std::int64_t one_row = std::max<std::int64_t>(stride, kAttendSlots + kAttendPad);
    plan.work_floats = kMaxAttendLanes * group * (kAttendChunk + kAttendPad + 2 * stride)
        + group * (kAttendWeights + kAttendPad + stride) + kAttendTile * stride + 2 * one_row + stride;
    return plan;
}

AttendWork carve(const AttendDecode& args, const Plan& plan, float* at)
{
    const std::int64_t group = args.group;
    AttendWork work;
    const auto take = [&at](std::int64_t floats) {
        float* taken = at;
        at += floats;
        return taken;
    };
    work.stride = rounded_up(plan.width) + kAttendPad;
    const std::int64_t one_row = std::max<std::int64_t>(work.stride, kAttendSlots + kAttendPad);
    work.scores = take(kMaxAttendLanes * group * (kAttendChunk + kAttendPad));
    work.weights = take(group * (kAttendWeights + kAttendPad));
    work.queries = take(kMaxAttendLanes * group * work.stride);
    work.plain = take(kMaxAttendLanes * group * work.stride);
    work.sums = take(group * work.stride);
    work.tile = take(kAttendTile * work.stride);
    work.scales = take(one_row);
    work.zeros = take(one_row);
    work.row = take(work.stride);
    return work;
}

bool good_segments(const Segment* segments, int count, int head_dim, int rank)
{
    if (count < 0 || (count > 0 && segments == nullptr))
        return false;
    for (int i = 0; i < count; ++i) {
        const RowsView& rows = segments[i].rows;
        if (rows.tokens < 0)
            return false;
        if (rows.tokens > 0
            && (check_view(rows) != Status::Ok || rows.format.width != (segments[i].coded ? rank : head_dim)))
            return false;
    }
    return true;
}

bool any_coded(const Segment* segments, int count)
{
    return std::any_of(segments, segments + count, [](const Segment& s) { return s.coded && s.rows.tokens > 0; });
}

bool good_shape(const AttendDecode& args)
{
    if (args.lanes < 0 || args.group < 1 || args.group > kMaxAttendGroup || args.head_dim < 1
        || args.head_dim > kMaxRowWidth || args.rank_k < 0 || args.rank_v < 0)
        return false;
    if (!good_segments(args.keys, args.key_segments, args.head_dim, args.rank_k)
        || !good_segments(args.values, args.value_segments, args.head_dim, args.rank_v))
        return false;
    const std::int64_t tokens = tokens_of(args.keys, args.key_segments);
    if (tokens != tokens_of(args.values, args.value_segments) || tokens > std::numeric_limits<int>::max())
        return false;
    if (args.lanes == 0)
        return true;
    if (args.out_raw == nullptr || (tokens > 0 && (args.q == nullptr || args.scratch == nullptr)))
        return false;
    return !(any_coded(args.keys, args.key_segments) && args.maybe_q_coded == nullptr)
        && !(any_coded(args.values, args.value_segments) && args.maybe_out_coded == nullptr);
}

void clear_outputs(const AttendDecode& args)
{
    const std::int64_t rows = static_cast<std::int64_t>(args.lanes) * args.group;
    std::fill_n(args.out_raw, rows * args.head_dim, 0.0f);
    if (args.maybe_out_coded != nullptr)
        std::fill_n(args.maybe_out_coded, rows * args.rank_v, 0.0f);
    if (args.maybe_coded_mass != nullptr)
        std::fill_n(args.maybe_coded_mass, rows, 0.0f);
}

/// out[i] = sum over pieces of shares[piece] * parts[piece][i], in the order of the pieces.
void merge_sums(const float* part, std::int64_t part_stride, const Plan& plan, const float* shares, float* out,
                int width)
{
    for (int i = 0; i < width; ++i)
        out[i] = shares[0] * part[i];
    for (std::int64_t piece = 1; piece < plan.pieces; ++piece)
        for (int i = 0; i < width; ++i)
            out[i] += shares[piece] * part[piece * part_stride + i];
}

/// One query head from the partial results of its lane's pieces, of which `part` is the first and the others follow at
/// `part_stride`; `shares` [pieces] is written.
void merge_head(const AttendDecode& args, const Plan& plan, std::int64_t row, const float* part,
                std::int64_t part_stride, float* shares)
{
    float maximum = part[0];
    for (std::int64_t piece = 1; piece < plan.pieces; ++piece)
        maximum = std::max(maximum, part[piece * part_stride]);
    float raw = 0, coded = 0;
    for (std::int64_t piece = 0; piece < plan.pieces; ++piece) {
        const float* header = part + piece * part_stride;
        shares[piece] = std::exp(header[0] - maximum);
        raw += shares[piece] * header[1];
        coded += shares[piece] * header[2];
    }
    const float inverse = 1.0f / (raw + coded);
    for (std::int64_t piece = 0; piece < plan.pieces; ++piece)
        shares[piece] *= inverse;
    const float* sums = part + kPartialHeader;
    merge_sums(sums, part_stride, plan, shares, args.out_raw + row * args.head_dim, args.head_dim);
    if (args.maybe_out_coded != nullptr)
        merge_sums(sums + rounded_up(args.head_dim), part_stride, plan, shares,
                   args.maybe_out_coded + row * args.rank_v, args.rank_v);
    if (args.maybe_coded_mass != nullptr)
        args.maybe_coded_mass[row] = coded * inverse;
}

} // namespace

AttendVariant attend_variant(CpuLevel level, Products products) noexcept
{
    // Wider vectors of floats are worth more than narrower ones of integers: so at V4.
    const auto integers = best_level<AttendIntegers>(level);
    if (products == Products::Bf16 && integers && *integers >= *best_level<AttendFloats>(level))
        return maybe_variant_at<AttendIntegers>(level)->run;
    return variant_at<AttendFloats>(level).run;
}

std::size_t attend_scratch_floats(const AttendDecode& args) noexcept
{
    const Plan plan = plan_of(args);
    const std::int64_t partials = args.lanes * plan.pieces * args.group * plan.partial_stride;
    return static_cast<std::size_t>(
        std::max<std::int64_t>(kLine + partials + plan.threads * plan.work_floats + rounded_up(plan.pieces), 0));
}

Status attend_decode_with(AttendVariant variant, const AttendDecode& args) noexcept
{
    if (!good_shape(args))
        return Status::BadShape;
    const Plan plan = plan_of(args);
    if (args.lanes == 0)
        return Status::Ok;
    if (plan.tokens == 0) {
        clear_outputs(args);
        return Status::Ok;
    }
    const auto misplaced =
        static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(args.scratch) / sizeof(float)) % kLine;
    float* partials = args.scratch + (kLine - misplaced) % kLine;
    const std::int64_t units = plan.units(), lane_floats = args.group * plan.partial_stride;
    float* works = partials + args.lanes * plan.pieces * lane_floats;
    for_pieces(units, plan.threads, Taking::Guided, [&](std::int64_t u, int slot) {
        const std::int64_t bundle = u / plan.pieces, piece = u % plan.pieces;
        AttendUnit unit;
        unit.lane = plan.first_lane(args, bundle);
        unit.lanes = plan.first_lane(args, bundle + 1) - unit.lane;
        unit.first = plan.first_token(piece);
        unit.tokens = plan.first_token(piece + 1) - unit.first;
        unit.partial = partials + (unit.lane * plan.pieces + piece * unit.lanes) * lane_floats;
        unit.partial_stride = plan.partial_stride;
        unit.work = carve(args, plan, works + slot * plan.work_floats);
        variant(args, unit);
    });
    float* shares = works + plan.threads * plan.work_floats;
    for (std::int64_t bundle = 0; bundle < plan.bundles; ++bundle) {
        const std::int64_t first = plan.first_lane(args, bundle), lanes = plan.first_lane(args, bundle + 1) - first;
        for (std::int64_t row = 0; row < lanes * args.group; ++row)
            merge_head(args, plan, first * args.group + row,
                       partials + first * plan.pieces * lane_floats + row * plan.partial_stride, lanes * lane_floats,
                       shares);
    }
    return Status::Ok;
}

Status attend_decode(const AttendDecode& args) noexcept
{
    return attend_decode_with(attend_variant(cpu_level(), args.products), args);
}

} // namespace kvw::kernels
