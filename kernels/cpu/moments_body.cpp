// SPDX-License-Identifier: GPL-3.0-or-later
// Sums of moments at one level of instructions; see variants.h.
#include "kernels/cpu/crew.h"
#include "kernels/cpu/moments_variants.h"

namespace kvw::kernels {
namespace {

using Index = std::int64_t;

// Accumulators of one tile: kRows x kMaxVectors, a little less than the registers.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kRows = 8, kMaxVectors = 3;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32, kRows = 4, kMaxVectors = 3;
#else
constexpr int kVectorBytes = 16, kRows = 4, kMaxVectors = 3;
#endif
typedef double Vector __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
constexpr int kLanes = kVectorBytes / 8;
static_assert(kRows % kLanes == 0); // a block of rows begins on a vector

constexpr int kMaxDim = 512;
constexpr int kMaxStride = kMaxDim + 8;
constexpr int kPanelDoubles = 4 * 1024 + kMaxStride; // 32 KiB and a row
constexpr int kMaxPanelTokens = 64;

/// Tokens of one head in fp64, zeros beyond dim: right = x - shift, left = w (x - shift).
struct Panel
{
    alignas(64) double right[kPanelDoubles];
    alignas(64) double weighted[kPanelDoubles];
    const double* left;
    Index stride;
    int tokens;
};

struct Head
{
    const float* x;
    const float* weights; // or null
    const double* shift;
    double *weight, *sum, *product;
};

Index padded(int dim) { return (dim + kRows - 1) / kRows * kRows; }

/// An odd number of cache lines per token: no two tokens of a tile's column share a set.
Index panel_stride(int dim) { return ((padded(dim) + 7) / 8 | 1) * 8; }

void fill_panel(const AccumulateMoments& args, const Head& head, Index token, int tokens, Index step, Panel& panel)
{
    const int dim = args.dim;
    panel.stride = panel_stride(dim);
    panel.tokens = tokens;
    panel.left = head.weights != nullptr ? panel.weighted : panel.right;
    for (int t = 0; t < tokens; ++t) {
        const float* x = head.x + (token + t) * args.token_stride;
        double* right = panel.right + t * panel.stride;
        for (int i = 0; i < dim; i += 16) // heads lie side by side, so the hardware sees short pieces only
            __builtin_prefetch(x + args.token_stride * step + i);
        for (int i = 0; i < dim; ++i)
            right[i] = static_cast<double>(x[i]) - head.shift[i];
        for (Index i = dim; i < panel.stride; ++i)
            right[i] = 0;
        if (head.weights == nullptr)
            continue;
        const double w = head.weights[token + t];
        double* weighted = panel.weighted + t * panel.stride;
        for (Index i = 0; i < panel.stride; ++i)
            weighted[i] = w * right[i];
    }
}

void add_first_order(const AccumulateMoments& args, const Head& head, Index token, const Panel& panel)
{
    double weight = 0;
    for (int t = 0; t < panel.tokens; ++t) {
        weight += head.weights != nullptr ? static_cast<double>(head.weights[token + t]) : 1.0;
        const double* left = panel.left + t * panel.stride;
        for (int i = 0; i < args.dim; ++i)
            head.sum[i] += left[i];
    }
    *head.weight += weight;
}

/// The part of a tile [kRows, vectors] that lies in the upper triangle and inside [dim, dim].
[[gnu::noinline]] void add_edge(const double (*tile)[kMaxVectors * kLanes], int width, int dim, int row, int column,
                                double* out)
{
    const int end = column + width < dim ? column + width : dim;
    const int last = dim - row < kRows ? dim - row : kRows;
    for (int r = 0; r < last; ++r) {
        double* line = out + static_cast<Index>(r) * dim;
        for (int j = row + r > column ? row + r : column; j < end; ++j)
            line[j] += tile[r][j - column];
    }
}

/// product[row .. row + kRows, column .. ] += over the panel, of the upper triangle inside [dim, dim].
template<int Vectors>
void add_tile(const Panel& panel, int dim, int row, int column, double* product)
{
    Vector sum[kRows][Vectors];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v)
            sum[r][v] = Vector{};
    const double* left = panel.left + row;
    const double* right = panel.right + column;
    for (int t = 0; t < panel.tokens; ++t) {
        Vector values[Vectors];
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v)
            values[v] = *reinterpret_cast<const Vector*>(right + v * kLanes);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
            const Vector factor = left[r] - Vector{}; // to every lane
#pragma GCC unroll 3
            for (int v = 0; v < Vectors; ++v)
                sum[r][v] += factor * values[v];
        }
        left += panel.stride;
        right += panel.stride;
    }
    double* out = product + static_cast<Index>(row) * dim;
    if (column >= row + kRows && column + Vectors * kLanes <= dim && row + kRows <= dim) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 3
            for (int v = 0; v < Vectors; ++v)
                *reinterpret_cast<Vector*>(out + r * dim + column + v * kLanes) += sum[r][v];
        return;
    }
    alignas(64) double tile[kRows][kMaxVectors * kLanes]; // a copy, so that the sums themselves stay in registers
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v)
            *reinterpret_cast<Vector*>(&tile[r][v * kLanes]) = sum[r][v];
    add_edge(tile, Vectors * kLanes, dim, row, column, out);
}

void add_row_block(const Panel& panel, int dim, int row, double* product)
{
    int column = row;
    int left = static_cast<int>(padded(dim) - row) / kLanes;
    while (left > 0) {
        // 4 as 2 + 2: narrow tiles keep the multipliers less busy.
        const int vectors = left >= kMaxVectors && left != 4 ? 3 : left >= 2 ? 2 : 1;
        (vectors == 3 ? add_tile<3> : vectors == 2 ? add_tile<2> : add_tile<1>)(panel, dim, row, column, product);
        column += vectors * kLanes;
        left -= vectors;
    }
}

/// Row blocks of one part, long and short ones in turn: b mod 2 parts is `part` or its mirror image.
void add_part(const AccumulateMoments& args, const Head& head, int part, int parts, Panel& panel)
{
    const int blocks = static_cast<int>(padded(args.dim)) / kRows;
    const Index fitting = kPanelDoubles / panel_stride(args.dim);
    const Index step = fitting < kMaxPanelTokens ? fitting : kMaxPanelTokens;
    for (Index token = 0; token < args.tokens; token += step) {
        const Index left = args.tokens - token;
        fill_panel(args, head, token, static_cast<int>(left < step ? left : step), step, panel);
        if (part == 0)
            add_first_order(args, head, token, panel);
        for (int block = 0; block < blocks; ++block) {
            const int place = block % (2 * parts);
            if (place == part || place == 2 * parts - 1 - part)
                add_row_block(panel, args.dim, block * kRows, head.product);
        }
    }
}

void accumulate(const AccumulateMoments& args, int parts, int threads)
{
    for_pieces(args.heads * parts, threads, Taking::One, [&](Index task, int) {
        Panel panel;
        const Index h = task / parts, dim = args.dim;
        Head head;
        head.x = args.x + h * args.head_stride;
        head.weights = args.maybe_weights != nullptr ? args.maybe_weights + h * args.weight_head_stride : nullptr;
        head.shift = args.shift + h * dim;
        head.weight = args.weight + h;
        head.sum = args.sum + h * dim;
        head.product = args.product + h * dim * dim;
        add_part(args, head, static_cast<int>(task % parts), parts, panel);
    });
}

} // namespace

KVW_VARIANT(MomentsVariant){accumulate};

} // namespace kvw::kernels
