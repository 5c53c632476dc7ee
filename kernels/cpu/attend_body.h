// SPDX-License-Identifier: GPL-3.0-or-later
// The body of attend_{baseline,v3,v4}.cpp, which define KVW_ATTEND_VARIANT: one unit of work, see attend_variants.h.
//
// Integers are read as codes less the middle one, x' = code * scale + zero with zero moved to the middle. Scales and
// zeros then need not touch every number:
//     one per token:    s = scale_t <q, code_t> + zero_t sum(q)
//                       sum_t p_t x_t = sum_t (p_t scale_t) code_t + sum_t p_t zero_t
//     one per channel:  s = <q * scale, code_t> + <q, zero>
//                       sum_t p_t x_t = scale * sum_t p_t code_t + zero * sum_t p_t
// Scales per group, int3 and rows narrower than a vector are decoded to a tile first.
#include "kernels/cpu/attend_rows_body.h"
#include "kernels/cpu/attend_variants.h"
#include "kernels/cpu/exponential_body.h"

namespace kvw::kernels {
namespace {

constexpr Index kScoreStride = kAttendChunk + kAttendPad, kWeightStride = kAttendTile + kAttendPad;

constexpr int round_up(int value, int to) { return (value + to - 1) / to * to; }

/// Neighbouring tokens of one segment and lane.
struct Run
{
    RowsView rows;
    bool coded;
};

struct Cursor
{
    const Segment* segment;
    int row;

    Cursor(const Segment* first, int token) : segment(first), row(token)
    {
        while (row > 0 && row >= segment->rows.tokens) {
            row -= segment->rows.tokens;
            ++segment;
        }
    }

    /// The next 1..most tokens; there must be some.
    Run take(int lane, int most)
    {
        while (row >= segment->rows.tokens) {
            ++segment;
            row = 0;
        }
        Run run{segment->rows, segment->coded};
        const RowFormat& format = run.rows.format;
        const int left = segment->rows.tokens - row;
        run.rows.tokens = left < most ? left : most;
        run.rows.codes += lane * segment->codes_lane_stride + row * static_cast<Index>(row_bytes(format));
        if (is_integer(format.type)) {
            const Index at = lane * segment->scales_lane_stride
                + (format.scale_per == ScalePer::Channel ? 0 : static_cast<Index>(scale_count(format, row)));
            run.rows.scales += at;
            if (!format.symmetric)
                run.rows.maybe_zeros += at;
        }
        row += run.rows.tokens;
        return run;
    }
};

/// How the rows of a format are read: themselves, or a decoded tile of fp32.
struct Access
{
    bool direct, scale_per_row, scale_per_channel; ///< the scales that are left for here
    RowType type;
    int positions, planes;
};

Access access_of(const RowFormat& format)
{
    const bool integer = is_integer(format.type);
    const int planes = format.type == RowType::Int4 ? 2 : format.type == RowType::Int2 ? 4 : 1;
    const int positions = (format.width + planes - 1) / planes;
    const bool grouped = integer && format.scale_per == ScalePer::Group;
    if (format.type == RowType::Int3 || grouped || positions < kLanes)
        return {false, false, false, RowType::Fp32, round_up(format.width, kLanes), 1};
    return {true,
            integer && format.scale_per == ScalePer::Row,
            integer && format.scale_per == ScalePer::Channel,
            format.type,
            positions,
            planes};
}

/// Scales and zeros of `count` tokens or channels, zeros moved to the middle code; both are 0 beyond.
void expand_scales(const RowsView& rows, int count, const AttendWork& work)
{
    expand_fp16(rows.scales, count, work.scales);
    if (!rows.format.symmetric)
        expand_fp16(rows.maybe_zeros, count, work.zeros);
    const float middle = static_cast<float>(1 << (bits(rows.format.type) - 1));
    for (int i = 0; i < count; i += kLanes)
        store(work.zeros + i, rows.format.symmetric ? Floats{} : load(work.zeros + i) + load(work.scales + i) * middle);
}

/// Up to kAttendTile rows, with zeros up to a whole vector.
void fill_tile(const RowsView& rows, const AttendWork& work)
{
    const int width = rows.format.width, end = round_up(width, kLanes);
    decode_all(rows, work.tile, work.stride);
    for (int t = 0; width < end && t < rows.tokens; ++t)
        for (int c = width; c < end; ++c)
            work.tile[t * work.stride + c] = 0.0f;
}

/// tokens of `rows` from `first` on, as the products want them; a tile is filled where it is needed.
Rows products_of(const RowsView& rows, const Access& access, int first, int tokens, const AttendWork& work)
{
    const auto bytes = static_cast<Index>(row_bytes(rows.format));
    if (access.direct)
        return {rows.codes + first * bytes, bytes, tokens, access.positions};
    RowsView part = rows;
    part.tokens = tokens;
    part.codes += first * bytes;
    if (is_integer(rows.format.type) && rows.format.scale_per != ScalePer::Channel) {
        const auto at = static_cast<Index>(scale_count(rows.format, first));
        part.scales += at;
        if (!rows.format.symmetric)
            part.maybe_zeros += at;
    }
    fill_tile(part, work);
    return {reinterpret_cast<const std::byte*>(work.tile), work.stride * 4, tokens, access.positions};
}

/// A query [width, then zeros] in the order in which score_heads meets it.
void lay_out_query(const float* row, const Access& access, float* out)
{
    const Rows rows{nullptr, 0, 0, access.positions};
    for (int step = 0; step < rows.steps(); ++step) {
        const int at = rows.step_at(step), twice = step * kLanes - at; // positions that the step before has met
        for (int p = 0; p < access.planes; ++p, out += kLanes) {
            store(out, load(row + p * access.positions + at));
            for (int lane = 0; lane < twice; ++lane)
                out[lane] = 0.0f;
        }
    }
}

/// What is added to every score of a head: `constant`, and `per_zero` times the token's zero.
struct HeadTerms
{
    float constant, per_zero;
};

void prepare_queries(const AttendDecode& args, const AttendUnit& unit, const Run& run, const Access& access,
                     HeadTerms* terms)
{
    const AttendWork& work = unit.work;
    const int width = run.rows.format.width;
    for (int h = 0; h < args.group; ++h) {
        const Index head = static_cast<Index>(unit.lane) * args.group + h;
        const float* q = (run.coded ? args.maybe_q_coded : args.q) + head * width;
        const bool shifted = run.coded && args.maybe_logit_offset != nullptr;
        Floats sum = {}, constant = {};
        for (int c = 0; c < round_up(width, 16) + 32; c += kLanes) {
            const int left = width - c;
            Floats x = left >= kLanes ? load(q + c) : left > 0 ? load_some(q + c, left, 0.0f) : Floats{};
            x = x * args.softmax_scale;
            sum += x;
            if (access.scale_per_channel && left > 0) {
                constant += x * load(work.zeros + c);
                x = x * load(work.scales + c);
            }
            store(work.row + c, x);
        }
        lay_out_query(work.row, access, work.queries + h * work.stride);
        terms[h] = {sum_of(constant) + (shifted ? args.softmax_scale * args.maybe_logit_offset[head] : 0.0f),
                    sum_of(sum)};
    }
}

/// Scores of one run, to column `at` of the chunk.
void score_run(const AttendDecode& args, const AttendUnit& unit, const Run& run, int at)
{
    const AttendWork& work = unit.work;
    const Access access = access_of(run.rows.format);
    const int tokens = run.rows.tokens;
    HeadTerms terms[kMaxAttendGroup];
    if (access.scale_per_channel)
        expand_scales(run.rows, run.rows.format.width, work);
    prepare_queries(args, unit, run, access, terms);
    for (int first = 0; first < tokens; first += kAttendTile) {
        const int here = tokens - first < kAttendTile ? tokens - first : kAttendTile;
        for_type<ScoreRows>(access.type, products_of(run.rows, access, first, here, work), args.group,
                            {work.queries, work.stride}, {work.scores + at + first, kScoreStride});
    }
    if (access.scale_per_row)
        expand_scales(run.rows, tokens, work);
    for (int h = 0; h < args.group; ++h) {
        float* scores = work.scores + h * kScoreStride + at;
        for (int t = 0; t < tokens; t += kLanes) {
            Floats s = load(scores + t);
            if (access.scale_per_row)
                s = s * load(work.scales + t) + terms[h].per_zero * load(work.zeros + t);
            store(scores + t, s + terms[h].constant);
        }
    }
}

void scale_all(float* x, Index count, float factor)
{
    for (Index i = 0; i < count; i += kLanes)
        store(x + i, load(x + i) * factor);
}

/// Scores of the chunk -> exp(s - maximum), zeros beyond; the unit's sums so far move to the new maximum.
void weigh_chunk(const AttendDecode& args, const AttendUnit& unit, int tokens)
{
    for (int h = 0; h < args.group; ++h) {
        float* scores = unit.work.scores + h * kScoreStride;
        float* header = unit.partial + h * unit.partial_stride;
        const int end = round_up(tokens, kLanes);
        for (int t = tokens; t < end; ++t)
            scores[t] = -kInfinity;
        Floats largest = all(header[0]);
        for (int t = 0; t < end; t += kLanes)
            largest = larger(load(scores + t), largest);
        const float maximum = largest_of(largest);
        if (maximum != header[0]) {
            scale_all(header + kPartialHeader, unit.partial_stride - kPartialHeader, exponential(header[0] - maximum));
            header[1] *= exponential(header[0] - maximum);
            header[2] *= exponential(header[0] - maximum);
            header[0] = maximum;
        }
        for (int t = 0; t < end; t += kLanes)
            store(scores + t, exponential(load(scores + t) - maximum));
        for (int t = end; t < end + kLanes; t += kLanes)
            store(scores + t, Floats{});
    }
}

/// The mass of a run's tokens in one head.
float mass_of(const float* weights, int tokens)
{
    Floats mass = {};
    int t = 0;
    for (; t + kLanes <= tokens; t += kLanes)
        mass += load(weights + t);
    return sum_of(t < tokens ? mass + load_some(weights + t, tokens - t, 0.0f) : mass);
}

/// Weighted sums of up to kAttendTile value rows, whose weights begin at column `at` of the chunk.
void sum_run(const AttendDecode& args, const AttendUnit& unit, const Run& run, int at)
{
    const AttendWork& work = unit.work;
    const Access access = access_of(run.rows.format);
    const int tokens = run.rows.tokens, width = run.rows.format.width;
    const Rows rows = products_of(run.rows, access, 0, tokens, work);
    Input weights{work.scores + at, kScoreStride};
    float zero_sums[kMaxAttendGroup];
    if (access.scale_per_row) {
        expand_scales(run.rows, tokens, work);
        for (int h = 0; h < args.group; ++h) {
            Floats zero_sum = {};
            for (int t = 0; t < tokens; t += kLanes) {
                const Floats weight = load(weights.data + h * kScoreStride + t);
                store(work.weights + h * kWeightStride + t, weight * load(work.scales + t));
                zero_sum += weight * load(work.zeros + t);
            }
            zero_sums[h] = sum_of(zero_sum);
        }
        weights = {work.weights, kWeightStride};
    }
    for_type<SumRows>(access.type, rows, args.group, weights, {work.sums, work.stride});
    if (access.scale_per_channel)
        expand_scales(run.rows, width, work);
    for (int h = 0; h < args.group; ++h) {
        float* header = unit.partial + h * unit.partial_stride;
        float* to = header + kPartialHeader + (run.coded ? round_up(args.head_dim, 16) : 0);
        const float* from = work.sums + h * work.stride;
        const float mass = mass_of(work.scores + h * kScoreStride + at, tokens);
        header[run.coded ? 2 : 1] += mass;
        for (int c = 0; c < width; c += kLanes) {
            Floats sum = load(from + c);
            if (access.scale_per_channel)
                sum = sum * load(work.scales + c) + load(work.zeros + c) * mass;
            else if (access.scale_per_row)
                sum = sum + zero_sums[h];
            store(to + c, load(to + c) + sum);
        }
    }
}

} // namespace

void KVW_ATTEND_VARIANT(const AttendDecode& args, const AttendUnit& unit)
{
    for (int h = 0; h < args.group; ++h) {
        float* partial = unit.partial + h * unit.partial_stride;
        for (Index i = 0; i < unit.partial_stride; i += kLanes)
            store(partial + i, Floats{});
        partial[0] = -kInfinity;
    }
    Cursor keys(args.keys, unit.first), values(args.values, unit.first);
    for (int done = 0; done < unit.tokens;) {
        const int left = unit.tokens - done, tokens = left < kAttendChunk ? left : kAttendChunk;
        for (int at = 0; at < tokens;) {
            const Run run = keys.take(unit.lane, tokens - at);
            score_run(args, unit, run, at);
            at += run.rows.tokens;
        }
        weigh_chunk(args, unit, tokens);
        for (int at = 0; at < tokens;) {
            const Run run = values.take(unit.lane, tokens - at < kAttendTile ? tokens - at : kAttendTile);
            sum_run(args, unit, run, at);
            at += run.rows.tokens;
        }
        done += tokens;
    }
}

} // namespace kvw::kernels
