// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/attend_prefill.h"

#include "kernels/cpu/attend_prefill_variants.h"
#include "kernels/cpu/crew.h"
#include "kernels/cpu/linear_variants.h"
#include "kernels/cpu/rows_variants.h"
#include "kernels/threads.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace kvw::kernels {
namespace {

constexpr std::int64_t kLine = 16; // floats of a cache line

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

std::int64_t rounded_up(std::int64_t value, std::int64_t to = kLine) { return divide_up(value, to) * to; }

std::int64_t tokens_of(const PrefillRows* parts, int count)
{
    std::int64_t tokens = 0;
    for (int i = 0; i < count; ++i)
        tokens += std::max(parts[i].tokens(), 0);
    return tokens;
}

/// Walks the tokens of keys or values in order.
struct Cursor
{
    const PrefillRows* parts;
    int part = 0, row = 0;

    /// Tokens left in the present part; there must be one that is not empty.
    int left()
    {
        while (row >= parts[part].tokens()) {
            ++part;
            row = 0;
        }
        return parts[part].tokens() - row;
    }
    bool coded() const { return parts[part].coded(); }
};

/// The tiles in order, into `out` where it is not null; how many there are.
int lay_tiles(const AttendPrefill& args, int tile_tokens, std::int64_t tokens, PrefillTile* out)
{
    Cursor keys{args.keys}, values{args.values};
    int count = 0;
    for (std::int64_t position = 0; position < tokens; ++count) {
        keys.left();
        values.left();
        PrefillTile tile{
            static_cast<int>(position), 0, keys.part, keys.row, values.part, values.row, keys.coded(), values.coded()};
        while (tile.count < tile_tokens && position < tokens) {
            const int here = std::min({tile_tokens - tile.count, keys.left(), values.left()});
            if (keys.coded() != tile.key_coded || values.coded() != tile.value_coded)
                break;
            keys.row += here;
            values.row += here;
            tile.count += here;
            position += here;
        }
        if (out != nullptr)
            out[count] = tile;
    }
    return count;
}

/// How a call is cut, from its shapes alone; and where in the scratch everything lies.
struct Plan
{
    std::int64_t tokens = 0, lanes = 0, rows = 0; ///< rows of a lane: queries * group
    int tiles = 0, threads = 1;
    std::int64_t groups = 0, parts = 0; ///< of a lane: groups of rows; groups in one hand
    std::int64_t key_tile = 0, value_tile = 0;
    std::int64_t score_stride = 0, query_stride = 0, sum_stride = 0, tile_stride = 0;
    std::int64_t table_floats = 0, key_floats = 0, value_floats = 0, received_floats = 0, work_floats = 0;

    std::int64_t floats() const
    {
        return kLine + table_floats + key_floats + value_floats + received_floats + threads * work_floats;
    }
};

Plan plan_of(const PrefillVariant& variant, const AttendPrefill& args)
{
    constexpr std::int64_t small = 128 * 1024; // multiplications; below, waking a thread costs more than it brings
    constexpr std::int64_t hands = 64;         // many more than threads, and the same with any number of them
    Plan plan;
    plan.tokens = tokens_of(args.keys, args.key_parts);
    plan.lanes = static_cast<std::int64_t>(args.sequences) * args.kv_heads;
    plan.rows = args.queries * args.group;
    plan.tiles = lay_tiles(args, variant.tile, plan.tokens, nullptr);
    plan.groups = divide_up(plan.rows, variant.rows);
    plan.parts = std::clamp<std::int64_t>(divide_up(hands, std::max<std::int64_t>(plan.lanes, 1)), 1,
                                          std::max<std::int64_t>(plan.groups, 1));
    const std::int64_t work = plan.lanes * plan.rows * plan.tokens * 2 * args.head_dim;
    plan.threads = work < small || inside_piece() ? 1 : kernels::threads();
    const std::int64_t key_width = std::max(args.head_dim, args.rank_k),
                       value_width = std::max(args.head_dim, args.rank_v);
    plan.key_tile = divide_up(key_width, variant.pair) * variant.tile;
    plan.value_tile = divide_up(value_width, variant.tile) * (variant.tile / variant.pair) * variant.tile;
    const std::int64_t slots = static_cast<std::int64_t>(plan.tiles) * variant.tile;
    plan.score_stride = slots + kLine; // an odd number of lines: no two rows share a set of the cache
    plan.query_stride = rounded_up(key_width + variant.tile);
    plan.sum_stride = rounded_up(value_width, variant.tile);
    plan.tile_stride = rounded_up(std::max(key_width, value_width));
    plan.table_floats =
        rounded_up(static_cast<std::int64_t>(divide_up(plan.tiles * sizeof(PrefillTile), sizeof(float))));
    plan.key_floats = plan.lanes * plan.tiles * plan.key_tile;
    plan.value_floats = plan.lanes * plan.tiles * plan.value_tile;
    plan.received_floats = args.maybe_received != nullptr ? plan.lanes * plan.parts * slots : 0;
    plan.work_floats = rounded_up(variant.rows * (plan.score_stride + 2 * plan.query_stride + 2 * plan.sum_stride)
                                  + variant.tile * plan.tile_stride);
    return plan;
}

PrefillWork carve(const PrefillVariant& variant, const Plan& plan, float* at)
{
    PrefillWork work;
    const auto take = [&at](std::int64_t floats) {
        float* taken = at;
        at += floats;
        return taken;
    };
    work.score_stride = plan.score_stride;
    work.query_stride = plan.query_stride;
    work.sum_stride = plan.sum_stride;
    work.tile_stride = plan.tile_stride;
    work.scores = take(variant.rows * plan.score_stride);
    work.query = take(variant.rows * plan.query_stride);
    work.query_coded = take(variant.rows * plan.query_stride);
    work.sums = take(variant.rows * plan.sum_stride);
    work.sums_coded = take(variant.rows * plan.sum_stride);
    work.tile = take(variant.tile * plan.tile_stride);
    return work;
}

bool good_parts(const PrefillRows* parts, int count, int head_dim, int rank)
{
    if (count < 0 || (count > 0 && parts == nullptr))
        return false;
    for (int i = 0; i < count; ++i) {
        const PrefillRows& part = parts[i];
        if (part.tokens() < 0 || (part.tokens() > 0 && part.coded() && rank < 1))
            return false;
        if (part.maybe_fp32 != nullptr || part.tokens() == 0)
            continue;
        const RowsView& rows = part.stored.rows;
        if (check_view(rows) != Status::Ok || rows.format.width != (part.coded() ? rank : head_dim))
            return false;
        // A tile may begin anywhere in a part; rows that share scales by channel stay one block all the same.
    }
    return true;
}

bool any_coded(const PrefillRows* parts, int count)
{
    return std::any_of(parts, parts + count, [](const PrefillRows& part) { return part.coded() && part.tokens() > 0; });
}

bool good_shape(const AttendPrefill& args)
{
    const auto good_width = [](int width, int least) { return width >= least && width <= kMaxPrefillWidth; };
    if (args.sequences < 0 || args.kv_heads < 0 || args.group < 1 || args.queries < 0 || args.attention_window < 0
        || !good_width(args.head_dim, 1) || !good_width(args.rank_k, 0) || !good_width(args.rank_v, 0))
        return false;
    if (!good_parts(args.keys, args.key_parts, args.head_dim, args.rank_k)
        || !good_parts(args.values, args.value_parts, args.head_dim, args.rank_v))
        return false;
    const std::int64_t tokens = tokens_of(args.keys, args.key_parts);
    if (tokens != tokens_of(args.values, args.value_parts) || tokens > std::numeric_limits<int>::max()
        || tokens < args.queries)
        return false;
    if (args.sequences == 0 || args.kv_heads == 0 || args.queries == 0)
        return true;
    return args.q != nullptr && args.out != nullptr
        && !(any_coded(args.keys, args.key_parts) && args.maybe_q_coded == nullptr)
        && !(any_coded(args.values, args.value_parts) && args.maybe_out_coded == nullptr);
}

/// `count` rows of a lane from (part, row) on: where they lie, or copied and decoded into the thread's tile.
struct Gathered
{
    const float* rows;
    std::int64_t stride;
};

Gathered gather(const PrefillRows* parts, int part, int row, int count, std::int64_t sequence, std::int64_t head,
                std::int64_t lane, int width, const PrefillWork& work)
{
    const auto strided = [&](const PrefillRows& from, int first) {
        return from.maybe_fp32 + sequence * from.sequence_stride + head * from.head_stride + first * from.token_stride;
    };
    if (parts[part].maybe_fp32 != nullptr && row + count <= parts[part].tokens())
        return {strided(parts[part], row), parts[part].token_stride};
    for (int done = 0; done < count; ++part, row = 0) {
        const PrefillRows& from = parts[part];
        const int here = std::min(count - done, from.tokens() - row);
        float* to = work.tile + done * work.tile_stride;
        if (here <= 0)
            continue;
        if (from.maybe_fp32 != nullptr) {
            for (int t = 0; t < here; ++t)
                std::memcpy(to + t * work.tile_stride, strided(from, row + t),
                            static_cast<std::size_t>(width) * sizeof(float));
        } else {
            RowsView rows = from.stored.rows;
            rows.tokens = here;
            rows.codes +=
                lane * from.stored.codes_lane_stride + row * static_cast<std::int64_t>(row_bytes(rows.format));
            if (is_integer(rows.format.type)) {
                const std::int64_t scales = lane * from.stored.scales_lane_stride
                    + (rows.format.scale_per == ScalePer::Channel
                           ? 0
                           : static_cast<std::int64_t>(scale_count(rows.format, row)));
                rows.scales += scales;
                if (rows.maybe_zeros != nullptr)
                    rows.maybe_zeros += scales;
            }
            if (decode_rows(rows, to, work.tile_stride) != Status::Ok) // checked before
                std::fill_n(to, here * work.tile_stride, std::numeric_limits<float>::quiet_NaN());
        }
        done += here;
    }
    return {work.tile, work.tile_stride};
}

void pack_tile(const PrefillVariant& variant, const AttendPrefill& args, const PrefillPanels& panels,
               std::int64_t index, const PrefillWork& work)
{
    const std::int64_t lane = index / panels.tile_count;
    const PrefillTile& tile = panels.tiles[index % panels.tile_count];
    const bool round = args.products == Products::Bf16;
    const std::int64_t sequence = lane / args.kv_heads, head = lane % args.kv_heads;
    const int key_width = tile.key_coded ? args.rank_k : args.head_dim;
    const Gathered keys =
        gather(args.keys, tile.key_part, tile.key_row, tile.count, sequence, head, lane, key_width, work);
    variant.pack_keys(keys.rows, keys.stride, tile.count, key_width, round,
                      panels.keys + index * panels.key_tile_floats);
    const int value_width = tile.value_coded ? args.rank_v : args.head_dim;
    const Gathered values =
        gather(args.values, tile.value_part, tile.value_row, tile.count, sequence, head, lane, value_width, work);
    variant.pack_values(values.rows, values.stride, tile.count, value_width, round,
                        panels.values + index * panels.value_tile_floats);
}

/// One hand's groups of rows: every parts-th, so that all hands have short and long ones.
void run_hand(const PrefillVariant& variant, const AttendPrefill& args, const Plan& plan, const PrefillPanels& panels,
              std::int64_t hand, float* received, const PrefillWork& work)
{
    const std::int64_t lane = hand / plan.parts, slots = static_cast<std::int64_t>(plan.tiles) * variant.tile;
    PrefillGroup group;
    group.sequence = static_cast<int>(lane / args.kv_heads);
    group.kv_head = static_cast<int>(lane % args.kv_heads);
    if (args.maybe_received != nullptr) {
        group.maybe_received = received + hand * slots;
        std::fill_n(group.maybe_received, slots, 0.0f);
    }
    for (std::int64_t index = hand % plan.parts; index < plan.groups; index += plan.parts) {
        group.first = index * variant.rows;
        group.rows = static_cast<int>(std::min<std::int64_t>(variant.rows, plan.rows - group.first));
        variant.run(args, panels, group, work);
    }
}

/// The hands' shares, in their order, from places to tokens.
void add_received(const PrefillVariant& variant, const AttendPrefill& args, const Plan& plan,
                  const PrefillPanels& panels, const float* received)
{
    const std::int64_t slots = static_cast<std::int64_t>(plan.tiles) * variant.tile;
    for (std::int64_t lane = 0; lane < plan.lanes; ++lane) {
        float* out = args.maybe_received + lane * plan.tokens;
        std::fill_n(out, plan.tokens, 0.0f);
        for (std::int64_t part = 0; part < plan.parts; ++part) {
            const float* from = received + (lane * plan.parts + part) * slots;
            for (int tile = 0; tile < plan.tiles; ++tile)
                for (int t = 0; t < panels.tiles[tile].count; ++t)
                    out[panels.tiles[tile].position + t] += from[static_cast<std::int64_t>(tile) * variant.tile + t];
        }
    }
}

float* aligned(float* scratch)
{
    const auto misplaced = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(scratch) / sizeof(float)) % kLine;
    return scratch + (kLine - misplaced) % kLine;
}

} // namespace

PrefillVariant attend_prefill_variant(CpuLevel level, bool bf16_products) noexcept
{
    const bool without = !bf16_products && includes(level, CpuLevel::V4);
    return variant_at<PrefillVariant>(without ? CpuLevel::V4 : level);
}

std::size_t attend_prefill_scratch_floats_with(const PrefillVariant& variant, const AttendPrefill& args) noexcept
{
    return good_shape(args) ? static_cast<std::size_t>(plan_of(variant, args).floats()) : 0;
}

Status attend_prefill_with(const PrefillVariant& variant, const AttendPrefill& args) noexcept
{
    if (!good_shape(args))
        return Status::BadShape;
    const Plan plan = plan_of(variant, args);
    if (plan.lanes == 0 || plan.rows == 0)
        return Status::Ok;
    if (args.scratch == nullptr)
        return Status::BadShape;
    float* at = aligned(args.scratch);
    auto* table = reinterpret_cast<PrefillTile*>(at);
    lay_tiles(args, variant.tile, plan.tokens, table);
    PrefillPanels panels{
        table,           plan.tiles, at + plan.table_floats, at + plan.table_floats + plan.key_floats, plan.key_tile,
        plan.value_tile, plan.tokens};
    float* received = panels.values + plan.value_floats;
    float* works = received + plan.received_floats;
    const std::int64_t tiles = plan.lanes * plan.tiles, hands = plan.lanes * plan.parts;
    const auto work_of = [&](int slot) { return carve(variant, plan, works + slot * plan.work_floats); };
    for_pieces(tiles, plan.threads, Taking::Guided,
               [&](std::int64_t index, int slot) { pack_tile(variant, args, panels, index, work_of(slot)); });
    for_pieces(hands, plan.threads, Taking::One, [&](std::int64_t hand, int slot) {
        run_hand(variant, args, plan, panels, hand, received, work_of(slot));
    });
    if (args.maybe_received != nullptr)
        add_received(variant, args, plan, panels, received);
    return Status::Ok;
}

namespace {

/// Dot products of bf16 pairs where they may be taken and are the faster ones here, as for matrices (linear_choice.h).
PrefillVariant variant_for(const AttendPrefill& args) noexcept
{
    const bool bf16 = args.products == Products::Bf16 && multiplies_pairs(chosen_linear(LinearType::Bf16));
    return attend_prefill_variant(cpu_level(), bf16);
}

} // namespace

std::size_t attend_prefill_scratch_floats(const AttendPrefill& args) noexcept
{
    return attend_prefill_scratch_floats_with(variant_for(args), args);
}

Status attend_prefill(const AttendPrefill& args) noexcept { return attend_prefill_with(variant_for(args), args); }

} // namespace kvw::kernels
