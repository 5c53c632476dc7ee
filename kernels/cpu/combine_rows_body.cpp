// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/combine_rows.h"

#include "kernels/cpu/rows_vectors.h"
#include "kernels/cpu/variants.h"

namespace kvw::kernels {
namespace {

/// Sums of `Vectors` of x, from `vector` on, in `Blocks` vectors of columns; the last of them may begin earlier than where
/// the one before ended. So many sums at once hide each other's latency, and the rows are read in one stream.
template<int Vectors, int Blocks>
void combine_blocks(const CombineRows& args, Index vector, Index at)
{
    const Index width = args.width;
    const float* x = args.x + vector * args.count;
    Index columns[Blocks];
#pragma GCC unroll 4
    for (int b = 0; b < Blocks; ++b)
        columns[b] = at + b * kLanes < width - kLanes ? at + b * kLanes : width - kLanes;
    Floats sum[Vectors][Blocks] = {};
    const float* row = args.rows;
    for (Index i = 0; i < args.count; ++i, row += width) {
#pragma GCC unroll 4
        for (int b = 0; b < Blocks; ++b) {
            const Floats values = load(row + columns[b]);
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v)
                sum[v][b] += values * x[v * args.count + i];
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
#pragma GCC unroll 4
        for (int b = 0; b < Blocks; ++b)
            store(args.out + (vector + v) * width + columns[b], sum[v][b]);
}

template<int Vectors>
void combine_vectors(const CombineRows& args, Index vector)
{
    for (Index at = 0; at < args.width;) {
        const Index left = (args.width - at + kLanes - 1) / kLanes;
        if (left >= 3) { // 12 sums
            combine_blocks<Vectors, 4>(args, vector, at);
            at += 4 * kLanes;
        } else if (left == 2) {
            combine_blocks<Vectors, 2>(args, vector, at);
            at += 2 * kLanes;
        } else {
            combine_blocks<Vectors, 1>(args, vector, at);
            at += kLanes;
        }
    }
}

/// Rows that are shorter than a vector.
void combine_short_rows(const CombineRows& args)
{
    for (Index vector = 0; vector < args.vectors; ++vector) {
        Floats sum = {};
        for (Index i = 0; i < args.count; ++i)
            sum += load_some(args.rows + i * args.width, args.width, 0.f) * args.x[vector * args.count + i];
        store_some(args.out + vector * args.width, args.width, sum);
    }
}

} // namespace

KVW_KERNEL(combine_rows, CombineRows)
{
    if (args.vectors < 0 || args.count < 0 || args.width < 1)
        return Status::BadShape;
    if (args.width < kLanes) {
        combine_short_rows(args);
        return Status::Ok;
    }
    Index vector = 0;
    for (; vector + 3 <= args.vectors; vector += 3)
        combine_vectors<3>(args, vector);
    if (args.vectors - vector == 2)
        combine_vectors<2>(args, vector);
    else if (vector < args.vectors)
        combine_vectors<1>(args, vector);
    return Status::Ok;
}

} // namespace kvw::kernels
