// SPDX-License-Identifier: GPL-3.0-or-later
// Causal attention of many queries at one level of instructions; see variants.h.
//
// A few rows (queries of one KV head's group) at a time: their scores with all tokens they may read, tile by tile; softmax
// in place; the product with the values. Both products run over "elements" of four bytes, a float or two bf16, of which one is
// broadcast from the rows and two vectors are read from the packed tile. Keys and values of one KV head stay in the
// second-level cache meanwhile, scores nearly always too.
#include "kernels/cpu/attend_prefill_variants.h"
#include "kernels/cpu/exponential_body.h"

namespace kvw::kernels {
namespace {

/// Rows that a pass takes, and those of them whose sums are in registers: 12 x 2 accumulators and their operands fill 32
/// registers, 6 x 2 fill 16. Then one half of the rows reads what the other one has just brought into the first-level cache.
constexpr int kRows = 12;
#if defined(KVW_ROWS_AVX512)
constexpr int kBlockRows = kRows;
#else
constexpr int kBlockRows = kRows / 2;
#endif
constexpr int kFewRows = kRows / 3;
template<int Rows>
constexpr int kTogether = Rows < kBlockRows ? Rows : kBlockRows;
/// Tiles of values that are summed for one half of the rows after the other.
constexpr int kTilesAtOnce = 8;
constexpr int kTile = 2 * kLanes;

typedef std::uint16_t Half __attribute__((may_alias));

constexpr int divide_up(int value, int by) { return (value + by - 1) / by; }

KVW_INLINE Floats rounded_to_bf16(Floats x)
{
    const Words bits = reinterpret_cast<const Words&>(x);
    const Words rounded = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    return x == x ? reinterpret_cast<const Floats&>(rounded) : x;
}

/// `count` numbers of a row from `first` on, zeros where it has ended.
KVW_INLINE Floats load_part(const float* row, int first, int width)
{
    const int left = width - first;
    return left >= kLanes ? load(row + first) : left > 0 ? load_some(row + first, left, 0.0f) : Floats{};
}

#if defined(__AVX512BF16__)

constexpr int kPair = 2;
typedef int Element __attribute__((may_alias));

KVW_INLINE Floats multiply_add(Floats sum, const Element* factor, Floats tile)
{
    return (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(*factor), (__m512bh)tile);
}

KVW_INLINE void store_pair_of_vectors(float* to, Floats low, Floats high)
{
    _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
}

/// A row as elements, zeros up to a whole vector.
void pack_row(const float* row, int width, bool, float* out)
{
    for (int c = 0; c < width; c += kTile)
        store_pair_of_vectors(out + c / 2, load_part(row, c, width), load_part(row, c + kLanes, width));
}

/// Weights of one row in place: the tile from `at` on, which lies in the first half of what it was.
KVW_INLINE void store_weights(float* row, Index at, Floats low, Floats high)
{
    store_pair_of_vectors(row + at / 2, low, high);
}

#else

constexpr int kPair = 1;
typedef float Element __attribute__((may_alias));

KVW_INLINE Floats multiply_add(Floats sum, const Element* factor, Floats tile) { return sum + *factor * tile; }

void pack_row(const float* row, int width, bool round, float* out)
{
    for (int c = 0; c < width; c += kLanes) {
        const Floats x = load_part(row, c, width);
        store(out + c, round ? rounded_to_bf16(x) : x);
    }
}

KVW_INLINE void store_weights(float* row, Index at, Floats low, Floats high)
{
    store(row + at, low);
    store(row + at + kLanes, high);
}

#endif

/// A tile of keys [channel steps, tokens]: every row as elements, transposed.
void pack_keys(const float* rows, Index stride, int count, int width, bool round, float* out)
{
    float row[kMaxPrefillWidth + 2 * kTile];
    const int steps = divide_up(width, kPair);
    for (int t = 0; t < kTile; ++t) {
        if (t < count)
            pack_row(rows + t * stride, width, round, row);
        for (int s = 0; s < steps; ++s)
            out[s * kTile + t] = t < count ? row[s] : 0.0f;
    }
}

/// A tile of values [channel blocks, token steps, channels].
void pack_values(const float* rows, Index stride, int count, int width, bool round, float* out)
{
    for (int block = 0; block < width; block += kTile) {
        for (int t = 0; t < kTile; t += kPair) {
            for (int c = block; c < block + kTile; c += kLanes, out += kLanes) {
                Floats x = t < count ? load_part(rows + t * stride, c, width) : Floats{};
                if (round || kPair == 2)
                    x = rounded_to_bf16(x);
                if (kPair == 2) {
                    Floats next = t + 1 < count ? load_part(rows + (t + 1) * stride, c, width) : Floats{};
                    next = rounded_to_bf16(next);
                    x = as_floats((Ints)(reinterpret_cast<const Words&>(x) >> 16) | as_ints(next));
                }
                store(out, x);
            }
        }
    }
}

/// sum[r][:] += over `steps` of row r's element times the tile's two vectors.
template<int Rows>
KVW_INLINE void accumulate(const float* rows, Index stride, const float* tile, Index steps, Floats (&sum)[Rows][2])
{
    const auto* x0 = reinterpret_cast<const Element*>(rows);
    const Element* x4 = x0 + 4 * stride;
    const Element* x8 = x4 + 4 * stride;
    for (const float* end = tile + steps * kTile; tile != end; tile += kTile) {
        const Floats a = load(tile), b = load(tile + kLanes);
#pragma GCC unroll 12
        for (int r = 0; r < Rows; ++r) {
            const Element* factor = (r < 4 ? x0 : r < 8 ? x4 : x8) + (r % 4) * stride;
            sum[r][0] = multiply_add(sum[r][0], factor, a);
            sum[r][1] = multiply_add(sum[r][1], factor, b);
        }
        ++x0;
        ++x4;
        ++x8;
    }
}

template<int Rows>
KVW_INLINE void clear(Floats (&sum)[Rows][2])
{
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r)
        sum[r][0] = sum[r][1] = Floats{};
}

/// What the passes over one group share.
struct Pass
{
    const AttendPrefill& args;
    const PrefillPanels& panels;
    const PrefillGroup& group;
    const PrefillWork& work;
    Index lane;
    int first_tile, last_tile; // [first, last)
    Index positions[kRows];    // of the rows; a row that is not there repeats the last one
    Index query_rows[kRows];   // index of (sequence, query, head) in tensors of queries
    float totals[kRows], coded[kRows];

    float* scores(int row, int tile) const
    {
        return work.scores + row * work.score_stride + static_cast<Index>(tile - first_tile) * kTile;
    }
    const float* key_tile(int tile) const
    {
        return panels.keys + (lane * panels.tile_count + tile) * panels.key_tile_floats;
    }
    const float* value_tile(int tile) const
    {
        return panels.values + (lane * panels.tile_count + tile) * panels.value_tile_floats;
    }
};

void find_rows(Pass& p)
{
    const AttendPrefill& args = p.args;
    p.lane = static_cast<Index>(p.group.sequence) * args.kv_heads + p.group.kv_head;
    const Index heads = static_cast<Index>(args.kv_heads) * args.group;
    for (int r = 0; r < kRows; ++r) {
        const Index row = p.group.first + (r < p.group.rows ? r : p.group.rows - 1);
        const Index query = row / args.group, head = p.group.kv_head * args.group + row % args.group;
        p.positions[r] = p.panels.tokens - args.queries + query;
        p.query_rows[r] = (p.group.sequence * args.queries + query) * heads + head;
    }
}

void find_tiles(Pass& p)
{
    const Index newest = p.positions[p.group.rows - 1];
    int last = p.panels.tile_count;
    while (last > 0 && p.panels.tiles[last - 1].position > newest)
        --last;
    int first = 0;
    if (p.args.attention_window > 0) {
        const Index oldest = p.positions[0] - p.args.attention_window + 1;
        while (first < last && p.panels.tiles[first].position + p.panels.tiles[first].count <= oldest)
            ++first;
    }
    p.first_tile = first;
    p.last_tile = last;
}

void pack_queries(const Pass& p, int rows)
{
    const AttendPrefill& args = p.args;
    const bool round = args.products == Products::Bf16;
    const Index heads = static_cast<Index>(args.kv_heads) * args.group;
    for (int r = 0; r < rows; ++r) {
        const Index head = p.query_rows[r] % heads, query = p.query_rows[r] / heads % args.queries;
        const float* q = args.q + p.group.sequence * args.q_sequence_stride + query * args.q_token_stride
            + head * args.q_head_stride;
        pack_row(q, args.head_dim, round, p.work.query + r * p.work.query_stride);
        if (args.maybe_q_coded != nullptr && args.rank_k > 0)
            pack_row(args.maybe_q_coded + p.query_rows[r] * args.rank_k, args.rank_k, round,
                     p.work.query_coded + r * p.work.query_stride);
    }
}

/// Which places of a tile row r may read: [from, to).
struct Allowed
{
    Index from, to;
};

Allowed allowed_of(const Pass& p, const PrefillTile& tile, int row)
{
    Index to = p.positions[row] - tile.position + 1, from = 0;
    to = to < tile.count ? to : tile.count;
    if (p.args.attention_window > 0)
        from = p.positions[row] - p.args.attention_window + 1 - tile.position;
    return {from > 0 ? from : 0, to > 0 ? to : 0};
}

void mask_tile(const Pass& p, int tile, int rows)
{
    Ints lane{};
    for (int i = 0; i < kLanes; ++i)
        lane[i] = i;
    for (int r = 0; r < rows; ++r) {
        const Allowed allowed = allowed_of(p, p.panels.tiles[tile], r);
        if (allowed.from == 0 && allowed.to == kTile)
            continue;
        float* scores = p.scores(r, tile);
        for (int i = 0; i < kTile; i += kLanes) {
            const Ints place = lane + i;
            const Ints inside = (place >= static_cast<int>(allowed.from < kTile ? allowed.from : kTile))
                & (place < static_cast<int>(allowed.to));
            store(scores + i, inside ? load(scores + i) : all(-kInfinity));
        }
    }
}

void add_offsets(const Pass& p, int tile, int rows)
{
    for (int r = 0; r < rows; ++r) {
        float* scores = p.scores(r, tile);
        const float offset = p.args.maybe_logit_offset[p.query_rows[r]];
        for (int i = 0; i < kTile; i += kLanes)
            store(scores + i, load(scores + i) + offset);
    }
}

template<int Rows>
void score_tiles(const Pass& p)
{
    constexpr int together = kTogether<Rows>;
    for (int tile = p.first_tile; tile < p.last_tile; ++tile) {
        const bool coded = p.panels.tiles[tile].key_coded;
        const float* queries = coded ? p.work.query_coded : p.work.query;
        const Index steps = divide_up(coded ? p.args.rank_k : p.args.head_dim, kPair);
        for (int first = 0; first < Rows; first += together) {
            Floats sum[together][2];
            clear<together>(sum);
            accumulate<together>(queries + first * p.work.query_stride, p.work.query_stride, p.key_tile(tile), steps,
                                 sum);
            float* scores = p.scores(first, tile);
#pragma GCC unroll 12
            for (int r = 0; r < together; ++r) {
                store(scores + r * p.work.score_stride, sum[r][0]);
                store(scores + r * p.work.score_stride + kLanes, sum[r][1]);
            }
        }
        if (coded && p.args.maybe_logit_offset != nullptr)
            add_offsets(p, tile, Rows);
        const Allowed first = allowed_of(p, p.panels.tiles[tile], 0),
                      last = allowed_of(p, p.panels.tiles[tile], Rows - 1);
        if (first.to < kTile || last.from > 0)
            mask_tile(p, tile, Rows);
    }
}

KVW_INLINE float largest_score(const float* scores, Index count)
{
    Floats a = all(-kInfinity), b = a;
    for (Index i = 0; i < count; i += kTile) {
        a = larger(load(scores + i), a);
        b = larger(load(scores + i + kLanes), b);
    }
    return largest_of(larger(a, b));
}

/// Adds the square of every weight of a valid row; `row` holds exp(s - largest) in fp32.
void add_received(const Pass& p, const float* row, float inverse)
{
    float* received = p.group.maybe_received + static_cast<Index>(p.first_tile) * kTile;
    for (Index i = 0; i < static_cast<Index>(p.last_tile - p.first_tile) * kTile; i += kLanes) {
        const Floats weight = load(row + i) * inverse;
        store(received + i, load(received + i) + weight * weight);
    }
}

/// Scores -> exp(s - largest) in fp32 and in place, their sums over all and over the coded values; then the form that the
/// product wants.
void weigh_row(Pass& p, int r)
{
    float* row = p.scores(r, p.first_tile);
    const Index count = static_cast<Index>(p.last_tile - p.first_tile) * kTile;
    const float factor = p.args.softmax_scale * kLog2E, shift = largest_score(row, count) * factor;
    const bool keep = p.group.maybe_received != nullptr && r < p.group.rows;
    Floats sums[2] = {}; // of raw and of coded values
    for (Index i = 0; i < count; i += kTile) {
        Floats& sum = sums[p.panels.tiles[p.first_tile + i / kTile].value_coded ? 1 : 0];
        const Floats a = power_of_two(load(row + i) * factor - shift),
                     b = power_of_two(load(row + i + kLanes) * factor - shift);
        sum += a + b;
        if (keep) {
            store(row + i, a);
            store(row + i + kLanes, b);
        } else {
            store_weights(row, i, a, b);
        }
    }
    p.coded[r] = sum_of(sums[1]);
    p.totals[r] = sum_of(sums[0]) + p.coded[r];
    if (!keep)
        return;
    add_received(p, row, 1.0f / p.totals[r]);
    for (Index i = 0; i < count; i += kTile)
        store_weights(row, i, load(row + i), load(row + i + kLanes));
}

/// sums[r][:] += over neighbouring tiles of weight times value, for one block of channels and the rows from `row` on.
template<int Rows>
KVW_INLINE void sum_block(const Pass& p, int first, int last, int block, int row, float* sums)
{
    Floats sum[Rows][2];
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
        sum[r][0] = load(sums + r * p.work.sum_stride);
        sum[r][1] = load(sums + r * p.work.sum_stride + kLanes);
    }
    const float* weights =
        p.work.scores + row * p.work.score_stride + static_cast<Index>(first - p.first_tile) * kTile / kPair;
    for (int tile = first; tile < last; ++tile, weights += kTile / kPair)
        accumulate<Rows>(weights, p.work.score_stride, p.value_tile(tile) + block * (kTile / kPair * kTile),
                         kTile / kPair, sum);
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
        store(sums + r * p.work.sum_stride, sum[r][0]);
        store(sums + r * p.work.sum_stride + kLanes, sum[r][1]);
    }
}

/// The same for all channels and rows, over tiles that are all raw or all coded.
template<int Rows>
void sum_values(const Pass& p, int first, int last, int width, float* sums)
{
    constexpr int together = kTogether<Rows>;
    for (int block = 0; block * kTile < width; ++block, sums += kTile) {
        if (together == Rows) {
            sum_block<together>(p, first, last, block, 0, sums);
            continue;
        }
        for (int from = first; from < last; from += kTilesAtOnce) {
            const int to = last - from < kTilesAtOnce ? last : from + kTilesAtOnce;
            for (int row = 0; row < Rows; row += together)
                sum_block<together>(p, from, to, block, row, sums + row * p.work.sum_stride);
        }
    }
}

void write_row(const float* sums, int width, float inverse, float* out)
{
    for (int c = 0; c < width; c += kLanes) {
        const Floats value = load(sums + c) * inverse;
        if (width - c >= kLanes)
            store(out + c, value);
        else
            store_some(out + c, width - c, value);
    }
}

void write_rows(const Pass& p)
{
    for (int r = 0; r < p.group.rows; ++r) {
        const float inverse = 1.0f / p.totals[r];
        const Index row = p.query_rows[r];
        write_row(p.work.sums + r * p.work.sum_stride, p.args.head_dim, inverse, p.args.out + row * p.args.head_dim);
        if (p.args.maybe_out_coded != nullptr)
            write_row(p.work.sums_coded + r * p.work.sum_stride, p.args.rank_v, inverse,
                      p.args.maybe_out_coded + row * p.args.rank_v);
        if (p.args.maybe_coded_mass != nullptr)
            p.args.maybe_coded_mass[row] = p.coded[r] * inverse;
    }
}

template<int Rows>
void run_rows(Pass& p)
{
    pack_queries(p, Rows);
    score_tiles<Rows>(p);
    for (int r = 0; r < Rows; ++r)
        weigh_row(p, r);
    for (Index i = 0; i < Rows * p.work.sum_stride; i += kLanes) {
        store(p.work.sums + i, Floats{});
        store(p.work.sums_coded + i, Floats{});
    }
    for (int first = p.first_tile; first < p.last_tile;) {
        const bool coded = p.panels.tiles[first].value_coded;
        int last = first + 1;
        while (last < p.last_tile && p.panels.tiles[last].value_coded == coded)
            ++last;
        sum_values<Rows>(p, first, last, coded ? p.args.rank_v : p.args.head_dim,
                         coded ? p.work.sums_coded : p.work.sums);
        first = last;
    }
    write_rows(p);
}

void run_group(const AttendPrefill& args, const PrefillPanels& panels, const PrefillGroup& group,
               const PrefillWork& work)
{
    Pass pass{args, panels, group, work, 0, 0, 0, {}, {}, {}, {}};
    find_rows(pass);
    find_tiles(pass);
    if (group.rows <= kFewRows)
        run_rows<kFewRows>(pass);
    else if (group.rows <= kBlockRows)
        run_rows<kBlockRows>(pass);
    else
        run_rows<kRows>(pass);
}

} // namespace

KVW_VARIANT(PrefillVariant){kTile, kRows, kPair, pack_keys, pack_values, run_group};

} // namespace kvw::kernels
