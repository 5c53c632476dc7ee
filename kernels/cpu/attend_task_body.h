// SPDX-License-Identifier: GPL-3.0-or-later
// One unit of decode attention, see attend_variants.h, at one level of instructions, see variants.h; with KVW_ATTEND_INTEGERS
// by products of integers.
//
// Integers are read as codes less the middle one, x' = code * scale + zero with zero moved to the middle. Scales and
// zeros then need not touch every number:
//     one per token:    s = scale_t <q, code_t> + zero_t sum(q)
//                       sum_t p_t x_t = sum_t (p_t scale_t) code_t + sum_t p_t zero_t
//     one per channel:  s = <q * scale, code_t> + <q, zero>
//                       sum_t p_t x_t = scale * sum_t p_t code_t + zero * sum_t p_t
// Scales per group, int3 and rows narrower than a vector are decoded to a tile first.
#pragma once

#include "kernels/cpu/attend_runs_body.h"
#include "kernels/cpu/exponential_body.h"

namespace kvw::kernels {
namespace {

#if !defined(KVW_ATTEND_INTEGERS)
struct Fetches
{};
#endif

constexpr Index kScoreStride = kAttendChunk + kAttendPad, kWeightStride = kAttendWeights + kAttendPad;

/// Scales and zeros of `count` tokens or channels, zeros moved to the middle code; both are 0 beyond.
void expand_scales(const RowsView& rows, int count, float* scales, float* zeros)
{
    expand_fp16(rows.scales, count, scales);
    if (!rows.format.symmetric)
        expand_fp16(rows.maybe_zeros, count, zeros);
    const float middle = static_cast<float>(1 << (bits(rows.format.type) - 1));
    for (int i = 0; i < count; i += kLanes)
        store(zeros + i, rows.format.symmetric ? Floats{} : load(zeros + i) + load(scales + i) * middle);
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

/// tokens of the run from `first` on, as the products want them; a tile is filled where it is needed.
Rows products_of(const Run& run, const Access& access, Index bytes, int first, int tokens, const AttendWork& work)
{
    const RowsView& rows = run.rows;
    // Fetched meanwhile: the tile after this one, of the same run or the next. Other lanes come in between: time enough.
    const std::byte* ahead = first + tokens < rows.tokens ? rows.codes + (first + tokens) * bytes : run.next.codes;
    if (access.direct)
        return {rows.codes + first * bytes, ahead, bytes, tokens, access.positions};
#if defined(KVW_ATTEND_INTEGERS)
    if (access.integers) {
        auto* codes = reinterpret_cast<std::byte*>(work.tile);
        spread_rows(rows.format, rows.codes + first * bytes, bytes, tokens, codes);
        return {codes, ahead, access.positions, tokens, access.positions};
    }
#endif
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
    // The tile itself needs no fetching; what it is decoded from next does.
    return {reinterpret_cast<const std::byte*>(work.tile), ahead, work.stride * 4, tokens, access.positions};
}

/// A query [width, then zeros] in the order in which score_heads meets it.
void lay_out_query(const float* row, const Access& access, float* out)
{
    const Rows rows{nullptr, nullptr, 0, 0, access.positions};
    const bool even_odd = access.type == RowType::Bf16 && Bf16Row::kOrder == Order::EvenOdd;
    const int step = step_of(access.type), vectors = even_odd ? 2 : access.planes, apart = even_odd ? 2 : 1;
    for (int index = 0; index < rows.steps(step); ++index) {
        const int at = rows.step_at(index, step), met = index * step; // positions before it the steps before have met
        for (int v = 0; v < vectors; ++v, out += kLanes) {
            const int first = even_odd ? at + v : at;
            const float* from = row + (even_odd ? 0 : v * access.positions);
            for (int lane = 0; lane < kLanes; ++lane) {
                const int position = first + lane * apart;
                out[lane] = position < met ? 0.0f : from[position];
            }
        }
    }
}

/// What work.plain and work.queries hold: the queries of a unit as the present format of keys wants them.
struct Queries
{
    HeadTerms terms[kMaxAttendRows]; ///< [lanes, group]
#if defined(KVW_ATTEND_INTEGERS)
    IntegerFactors factors[kMaxAttendRows]; ///< likewise
    float largest[kMaxAttendRows];          ///< magnitude in work.plain, for keys with one scale a channel
    GroupTerms groups[kMaxAttendRows];      ///< for keys with scales by group
#endif
    bool ready = false, coded = false;
    RowFormat format{};

    bool fit(const Run& run) const
    {
        return ready && coded == run.coded && format.type == run.rows.format.type
            && format.width == run.rows.format.width && format.scale_per == run.rows.format.scale_per
            && format.group == run.rows.format.group;
    }
};

/// One lane's queries times the softmax's scale, in the order of the channels, to work.plain: zeros beyond the width.
void scale_queries(const AttendDecode& args, const AttendUnit& unit, int lane, const Run& run,
                   [[maybe_unused]] Queries& queries)
{
    const int width = run.rows.format.width;
    for (int h = 0; h < args.group; ++h) {
        const Index head = static_cast<Index>(lane) * args.group + h;
        const float* q = (run.coded ? args.maybe_q_coded : args.q) + head * width;
        float* to = unit.work.plain + (static_cast<Index>(lane - unit.lane) * args.group + h) * unit.work.stride;
        for (int c = 0; c < round_up(width, 16) + 32; c += kLanes) {
            const int left = width - c;
            const Floats x = left >= kLanes ? load(q + c) : left > 0 ? load_some(q + c, left, 0.0f) : Floats{};
            store(to + c, x * args.softmax_scale);
        }
#if defined(KVW_ATTEND_INTEGERS)
        queries.largest[(lane - unit.lane) * args.group + h] = largest_magnitude(to, width);
#endif
    }
}

float offset_of(const AttendDecode& args, const Run& run, Index head)
{
    return run.coded && args.maybe_logit_offset != nullptr ? args.softmax_scale * args.maybe_logit_offset[head] : 0.0f;
}

/// A query in the order of the channels, zeros beyond the width, to work.queries.
void lay_out(const AttendUnit& unit, Index row, const float* q, [[maybe_unused]] const Run& run, const Access& access,
             [[maybe_unused]] Queries& queries)
{
    float* out = unit.work.queries + row * unit.work.stride;
#if defined(KVW_ATTEND_INTEGERS)
    if (access.integers) {
        queries.factors[row] = round_query(q, run.rows.format.width, access.positions, access.planes, access.bits,
                                           reinterpret_cast<std::byte*>(out));
        return;
    }
#endif
    if (access.positions % kLanes != 0 || step_of(access.type) != kLanes)
        return lay_out_query(q, access, out);
    for (int at = 0; at < access.positions; at += kLanes) // no step meets a position twice
        for (int c = at; c < access.planes * access.positions; c += access.positions, out += kLanes)
            store(out, load(q + c));
}

/// Queries of one lane for keys whose scales do not depend on the channel.
void prepare_lane(const AttendDecode& args, const AttendUnit& unit, int lane, const Run& run, const Access& access,
                  Queries& queries)
{
    scale_queries(args, unit, lane, run, queries);
    for (int h = 0; h < args.group; ++h) {
        const Index row = static_cast<Index>(lane - unit.lane) * args.group + h;
        const float* q = unit.work.plain + row * unit.work.stride;
        Floats sum = {};
        for (int c = 0; c < run.rows.format.width; c += kLanes)
            sum += load(q + c);
        lay_out(unit, row, q, run, access, queries);
        queries.terms[row] = {offset_of(args, run, static_cast<Index>(lane) * args.group + h), sum_of(sum)};
#if defined(KVW_ATTEND_INTEGERS)
        if (access.grouped)
            queries.groups[row] = group_terms(q, run.rows.format, access.positions, queries.factors[row]);
#endif
    }
}

#if defined(KVW_ATTEND_INTEGERS)
/// prepare_channels for integers without remainders; no product exceeds the largest query times the largest scale.
void prepare_integer_channels(const AttendDecode& args, const AttendUnit& unit, int lane, const Run& run,
                              const Access& access, Queries& queries)
{
    const AttendWork& work = unit.work;
    const float largest = largest_magnitude(work.scales, run.rows.format.width);
    for (int h = 0; h < args.group; ++h) {
        const Index row = static_cast<Index>(lane - unit.lane) * args.group + h;
        float constant = 0;
        queries.factors[row] =
            round_scaled_query(work.plain + row * work.stride, work.scales, work.zeros, run.rows.format.width,
                               access.positions, access.bits, rounding_of(queries.largest[row] * largest),
                               reinterpret_cast<std::byte*>(work.queries + row * work.stride), constant);
        queries.terms[row] = {constant + offset_of(args, run, static_cast<Index>(lane) * args.group + h), 0.0f};
    }
}
#endif

/// Queries of one lane for a run of keys with one scale a channel, which becomes part of the query.
void prepare_channels(const AttendDecode& args, const AttendUnit& unit, int lane, const Run& run, const Access& access,
                      Queries& queries)
{
    const AttendWork& work = unit.work;
    const int width = run.rows.format.width;
    expand_scales(run.rows, width, work.scales, work.zeros);
#if defined(KVW_ATTEND_INTEGERS)
    if (access.integers && whole_planes(width, access.positions, access.planes))
        return prepare_integer_channels(args, unit, lane, run, access, queries);
#endif
    for (int h = 0; h < args.group; ++h) {
        const Index row = static_cast<Index>(lane - unit.lane) * args.group + h;
        const float* q = work.plain + row * work.stride;
        Floats constant = {};
        for (int c = 0; c < width; c += kLanes) {
            const Floats x = load(q + c);
            constant += x * load(work.zeros + c);
            store(work.row + c, x * load(work.scales + c));
        }
        for (int c = round_up(width, kLanes); c < round_up(width, 16) + 32; c += kLanes)
            store(work.row + c, Floats{});
        lay_out(unit, row, work.row, run, access, queries);
        queries.terms[row] = {sum_of(constant) + offset_of(args, run, static_cast<Index>(lane) * args.group + h), 0.0f};
    }
}

void prepare_queries(const AttendDecode& args, const AttendUnit& unit, int lane, const Run& run, const Access& access,
                     Queries& queries)
{
    if (!queries.fit(run)) {
        for (int each = unit.lane; each < unit.lane + unit.lanes; ++each) {
            if (access.scale_per_channel)
                scale_queries(args, unit, each, run, queries);
            else
                prepare_lane(args, unit, each, run, access, queries);
        }
        queries.ready = true;
        queries.coded = run.coded;
        queries.format = run.rows.format;
    }
    if (access.scale_per_channel)
        prepare_channels(args, unit, lane, run, access, queries);
}

/// Scores of one lane's run of a stretch, to column `at` of the chunk.
void score_run(const AttendDecode& args, const AttendUnit& unit, int lane, const Stretch& stretch, int at,
               Queries& queries)
{
    const AttendWork& work = unit.work;
    const Access& access = stretch.access;
    const Run run = stretch.run(lane - unit.lane);
    const Index first_row = static_cast<Index>(lane - unit.lane) * args.group;
    const int tokens = run.rows.tokens;
    prefetch_scales(run);
    prepare_queries(args, unit, lane, run, access, queries);
    if (access.scale_per_row)
        expand_scales(run.rows, tokens, work.scales, work.zeros);
    float* scores = work.scores + first_row * kScoreStride + at;
#if defined(KVW_ATTEND_INTEGERS)
    if (access.integers) {
        const Rows rows = products_of(run, access, stretch.row_bytes, 0, tokens, work);
        if (access.grouped)
            return for_integers<ScoreGroups::kMost>(access.type, args.group,
                                                    ScoreGroups{run.rows,
                                                                rows,
                                                                queries.factors + first_row,
                                                                queries.groups + first_row,
                                                                queries.terms + first_row,
                                                                {scores, kScoreStride}});
        const TokenTerms terms{access.scale_per_row ? work.scales : nullptr, work.zeros, queries.terms + first_row};
        return for_integers<ScoreIntegers::kMost>(
            access.type, args.group, ScoreIntegers{rows, queries.factors + first_row, terms, {scores, kScoreStride}});
    }
#endif
    for (int first = 0; first < tokens; first += kAttendTile) {
        const int here = tokens - first < kAttendTile ? tokens - first : kAttendTile;
        const Rows rows = products_of(run, access, stretch.row_bytes, first, here, work);
        const Output out{scores + first, kScoreStride};
        for_type<ScoreRows>(access.type, rows, args.group, {work.queries + first_row * work.stride, work.stride}, out);
    }
    for (int h = 0; h < args.group; ++h, scores += kScoreStride) {
        const HeadTerms& terms = queries.terms[first_row + h];
        for (int t = 0; t < tokens; t += kLanes) {
            Floats s = load(scores + t);
            if (access.scale_per_row)
                s = s * load(work.scales + t) + terms.per_zero * load(work.zeros + t);
            store(scores + t, s + terms.constant);
        }
    }
}

void scale_all(float* x, Index count, float factor)
{
    for (Index i = 0; i < count; i += kLanes)
        store(x + i, load(x + i) * factor);
}

/// Scores of the chunk -> exp(s - maximum), zeros beyond; the unit's sums so far move to the new maximum.
/// `meanwhile` is called with the number of vectors that were weighed.
template<class Meanwhile>
KVW_INLINE void weigh_chunk(const AttendDecode& args, const AttendUnit& unit, int tokens, const Meanwhile& meanwhile)
{
    for (int row = 0; row < unit.lanes * args.group; ++row) {
        float* scores = unit.work.scores + row * kScoreStride;
        float* header = unit.partial + row * unit.partial_stride;
        const int end = round_up(tokens, kLanes);
        for (int t = tokens; t < end; ++t)
            scores[t] = -kInfinity;
        Floats largest = all(header[0]);
        for (int t = 0; t < end; t += kLanes)
            largest = larger(load(scores + t), largest);
        const float maximum = largest_of(largest);
        if (maximum != header[0]) {
            const float shrink = exponential(header[0] - maximum);
            scale_all(header + kPartialHeader, unit.partial_stride - kPartialHeader, shrink);
            header[1] *= shrink;
            header[2] *= shrink;
            header[0] = maximum;
        }
        int t = 0;
        for (; t + 4 * kLanes <= end; t += 4 * kLanes) {
#pragma GCC unroll 4
            for (int i = 0; i < 4; ++i) // side by side, as each waits for itself most of the time
                store(scores + t + i * kLanes, exponential(load(scores + t + i * kLanes) - maximum));
            meanwhile(4);
        }
        for (; t < end; t += kLanes) {
            store(scores + t, exponential(load(scores + t) - maximum));
            meanwhile(1);
        }
        store(scores + end, Floats{});
    }
}

RunTerms terms_of(const float* masses, const float* maybe_zeros, int tokens)
{
    Floats mass = {}, zeros = {};
    for (int t = 0; t < tokens; t += kLanes) {
        const Floats x = tokens - t >= kLanes ? load(masses + t) : load_some(masses + t, tokens - t, 0.0f);
        mass += x;
        if (maybe_zeros != nullptr)
            zeros += x * load(maybe_zeros + t);
    }
    return {sum_of(mass), sum_of(zeros)};
}

/// work.sums = the sums over up to kAttendTile rows of one lane of weight times the number that the row is read as;
/// `terms` [group] are written too. The weights begin at `masses`.
void sum_run(const AttendDecode& args, const AttendUnit& unit, const Stretch& stretch, const Run& run,
             const float* masses, RunTerms* terms)
{
    const AttendWork& work = unit.work;
    const Access& access = stretch.access;
    const int tokens = run.rows.tokens;
    const Output out{work.sums, work.stride};
    prefetch_scales(run);
    const Rows rows = products_of(run, access, stretch.row_bytes, 0, tokens, work);
    if (access.scale_per_row)
        expand_scales(run.rows, tokens, work.scales, work.zeros);
    for (int h = 0; h < args.group; ++h)
        terms[h] = terms_of(masses + h * kScoreStride, access.scale_per_row ? work.zeros : nullptr, tokens);
    if (!access.scale_per_row)
        return for_type<SumRows>(access.type, rows, args.group, {masses, kScoreStride}, out);
    for (int h = 0; h < args.group; ++h)
        for (int t = 0; t < tokens; t += kLanes)
            store(work.weights + h * kWeightStride + t, load(masses + h * kScoreStride + t) * load(work.scales + t));
    for_type<SumRows>(access.type, rows, args.group, {work.weights, kWeightStride}, out);
}

#if defined(KVW_ATTEND_INTEGERS)
/// What a batch of integers lacks when its weights are computed: scales, and the codes that were not fetched before. All of
/// it is to be there before the last lane.
void fill_fetches(const AttendDecode& args, const AttendUnit& unit, const Batch& batch, bool fetched_before,
                  Fetches& fetches)
{
    fetches.clear();
    for (int lane = 0; lane < unit.lanes; ++lane) {
        for (int i = 0; i < batch.count && batch.stretches[i].access.integers && !batch.stretches[i].access.grouped;
             ++i) {
            const Stretch& stretch = batch.stretches[i];
            const Run run = stretch.run(lane);
            const auto scales = static_cast<Index>(2 * scale_count(run.rows.format, stretch.tokens()));
            const Index codes = stretch.tokens() * stretch.row_bytes;
            const Index there = fetched_before ? codes / kFetchedApart : 0;
            fetches.add(run.rows.scales, scales);
            fetches.add(run.rows.maybe_zeros, scales);
            fetches.add(run.rows.codes + there, codes - there);
        }
    }
    const Index vectors = args.group * round_up(batch.tokens, kLanes) / kLanes;
    fetches.rate = fetches.bytes / (vectors * (2 * unit.lanes - 1)) + 1;
}

/// The rows of a lane, counted from the unit's first, in a batch of integers; their scales to work.scales and work.zeros.
Pieces pieces_of(const AttendUnit& unit, const Batch& batch, const Batch& following, int lane)
{
    Pieces pieces;
    pieces.count = batch.count;
    const Access& access = batch.stretches[0].access;
    pieces.bytes = access.direct ? batch.stretches[0].row_bytes : access.positions;
    pieces.positions = access.positions;
    pieces.slots = 0;
    for (int i = 0, column = 0; i < batch.count; ++i) {
        const Stretch& stretch = batch.stretches[i];
        const Run run = stretch.run(lane);
        const int tokens = stretch.tokens(), slot = pieces.slots;
        const std::byte* ahead = i < following.count ? following.stretches[i].codes_of(lane) : run.rows.codes;
        pieces.at[i] = {run.rows.codes, ahead, tokens, column, slot};
        if (!access.direct) {
            auto* codes = reinterpret_cast<std::byte*>(unit.work.tile) + column * access.positions;
            spread_rows(run.rows.format, run.rows.codes, stretch.row_bytes, tokens, codes);
            pieces.at[i].codes = codes;
        }
        if (access.scale_per_row)
            expand_scales(run.rows, tokens, unit.work.scales + slot, unit.work.zeros + slot);
        column += tokens;
        pieces.slots += round_up(tokens, kLanes);
    }
    return pieces;
}

/// sum_run for integers with scales by group.
void sum_group_run(const AttendDecode& args, const AttendUnit& unit, const Stretch& stretch, const Run& run,
                   const float* masses, RunTerms* terms)
{
    const int tokens = run.rows.tokens;
    prefetch_scales(run);
    const Rows rows = products_of(run, stretch.access, stretch.row_bytes, 0, tokens, unit.work);
    for (int h = 0; h < args.group; ++h)
        terms[h] = terms_of(masses + h * kScoreStride, nullptr, tokens);
    GroupScales scales;
    scales.expand(run.rows, 0, tokens, 0);
    for_integers<SumGroups::kMost>(
        stretch.access.type, args.group,
        SumGroups{run.rows, rows, scales, masses, kScoreStride, {unit.work.sums, unit.work.stride}});
}

/// sum_run for all runs of a batch of integers.
void sum_integer_batch(const AttendDecode& args, const AttendUnit& unit, const Batch& batch, const Batch& following,
                       int lane, const float* masses, RunTerms* terms, Fetches& fetches)
{
    const AttendWork& work = unit.work;
    const Access& access = batch.stretches[0].access;
    const Pieces pieces = pieces_of(unit, batch, following, lane);
    IntegerFactors factors[kMaxAttendGroup];
    for (int h = 0; h < args.group; ++h)
        factors[h] = round_weights(masses + h * kScoreStride, pieces, access.scale_per_row ? work.scales : nullptr,
                                   work.zeros, access.bits,
                                   reinterpret_cast<std::byte*>(work.weights + h * kWeightStride), terms[h], fetches);
    for_integers<SumIntegers::kMost>(access.type, args.group, SumIntegers{pieces, factors, {work.sums, work.stride}});
}
#endif

/// Weighted sums of one lane's value rows of a batch, whose weights begin at column `at` of the chunk, to its partial result.
void sum_batch(const AttendDecode& args, const AttendUnit& unit, int lane, const Batch& batch,
               [[maybe_unused]] const Batch& following, int at, [[maybe_unused]] Fetches& fetches)
{
    const AttendWork& work = unit.work;
    const Stretch& stretch = batch.stretches[0];
    const Access& access = stretch.access;
    const Run run = stretch.run(lane - unit.lane);
    const Index first_row = static_cast<Index>(lane - unit.lane) * args.group;
    const int width = run.rows.format.width;
    const float* masses = work.scores + first_row * kScoreStride + at;
    RunTerms terms[kMaxAttendGroup];
#if defined(KVW_ATTEND_INTEGERS)
    if (access.grouped)
        sum_group_run(args, unit, stretch, run, masses, terms);
    else if (access.integers)
        sum_integer_batch(args, unit, batch, following, lane - unit.lane, masses, terms, fetches);
    else
#endif
        sum_run(args, unit, stretch, run, masses, terms);
    if (access.scale_per_channel)
        expand_scales(run.rows, width, work.scales, work.zeros);
    for (int h = 0; h < args.group; ++h) {
        float* header = unit.partial + (first_row + h) * unit.partial_stride;
        float* to = header + kPartialHeader + (run.coded ? round_up(args.head_dim, 16) : 0);
        const float* from = work.sums + h * work.stride;
        header[run.coded ? 2 : 1] += terms[h].mass;
        for (int c = 0; c < width; c += kLanes) {
            Floats sum = load(from + c);
            if (access.scale_per_channel)
                sum = sum * load(work.scales + c) + load(work.zeros + c) * terms[h].mass;
            else if (access.scale_per_row)
                sum = sum + terms[h].zeros;
            store(to + c, load(to + c) + sum);
        }
    }
}

void clear_partials(const AttendDecode& args, const AttendUnit& unit)
{
    for (int row = 0; row < unit.lanes * args.group; ++row) {
        float* partial = unit.partial + row * unit.partial_stride;
        for (Index i = 0; i < unit.partial_stride; i += kLanes)
            store(partial + i, Floats{});
        partial[0] = -kInfinity;
    }
}

void attend_unit(const AttendDecode& args, const AttendUnit& unit)
{
    clear_partials(args, unit);
    Cursor keys(args.keys, args.key_segments, unit.first);
    Batches values{Cursor(args.values, args.value_segments, unit.first), &unit};
    Batch batches[2];
    Batch *batch = &batches[0], *following = &batches[1];
    values.take(*batch);
    Queries queries;
    Fetches fetches;
    const int end_lane = unit.lane + unit.lanes;
    for (int done = 0; done < unit.tokens;) {
        const int left = unit.tokens - done, tokens = left < kAttendChunk ? left : kAttendChunk;
        for (int at = 0; at < tokens;) {
            const Stretch stretch = keys.take(unit, tokens - at);
            for (int lane = unit.lane; lane < end_lane; ++lane)
                score_run(args, unit, lane, stretch, at, queries);
            at += stretch.tokens();
        }
#if defined(KVW_ATTEND_INTEGERS)
        fill_fetches(args, unit, *batch, done > 0, fetches);
        weigh_chunk(args, unit, tokens, [&](int vectors) { fetches.fetch(vectors); });
#else
        weigh_chunk(args, unit, tokens, [](int) {});
#endif
        for (int at = 0; at < tokens;) {
            values.take(*following);
            for (int lane = unit.lane; lane < end_lane; ++lane)
                sum_batch(args, unit, lane, *batch, *following, at, fetches);
            at += batch->tokens;
            Batch* read = batch;
            batch = following;
            following = read;
        }
        done += tokens;
    }
}

} // namespace
} // namespace kvw::kernels
