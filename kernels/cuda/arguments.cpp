// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/arguments.h"

namespace kvw::kernels::cuda {
namespace {

Status ok_if(bool holds) { return holds ? Status::Ok : Status::BadShape; }

bool has_outputs(const Linear& args)
{
    switch (args.epilogue) {
    case Epilogue::Plain:
        return args.y != nullptr;
    case Epilogue::SiluGate:
        return args.out_blocks && args.n % kWeightTile == 0;
    case Epilogue::Residual:
        return args.y && args.out_blocks && args.gamma && args.squares_out;
    case Epilogue::Logits:
        return args.best != nullptr;
    }
    return false;
}

} // namespace

bool heads_fit(const KvStore& store, int heads) noexcept
{
    return heads >= store.kv_heads && heads % store.kv_heads == 0 && heads / store.kv_heads <= kMaxGroup;
}

Status check(const Append& args) noexcept
{
    if (const Status status = check(args.store); status != Status::Ok)
        return status;
    const bool head_fits = args.head_dim > 0 && args.head_dim % kHeadDimStep == 0 && args.head_dim <= kMaxWidth;
    return ok_if(heads_fit(args.store, args.heads) && head_fits && args.qkv && args.lengths && args.q_out
                 && (args.maybe_key_basis || args.store.key_width == args.head_dim)
                 && (args.maybe_cosine == nullptr) == (args.maybe_sine == nullptr));
}

Status check(const Fill& args) noexcept
{
    if (const Status status = check(args.store); status != Status::Ok)
        return status;
    return ok_if(args.count >= 1 && args.count <= args.store.pages_per_sequence * kPageTokens && args.k && args.v);
}

Status check(const Attend& args) noexcept
{
    if (const Status status = check(args.store); status != Status::Ok)
        return status;
    const bool fits_blocks = args.store.sequences <= kLinearRows && args.store.value_width % kValueWidthStep == 0;
    return ok_if(heads_fit(args.store, args.heads) && args.splits >= 1 && args.splits <= kMaxSplits && args.q
                 && args.lengths && (args.splits == 1 || args.scratch) && (!args.maybe_out_blocks || fits_blocks));
}

Status check(const Pack& args) noexcept
{
    return ok_if(args.plain && args.packed && args.rows > 0 && args.k > 0 && args.first_row >= 0
                 && (args.order == RowOrder::Plain || args.first_row == 0));
}

Status check(const Linear& args) noexcept
{
    return ok_if(args.weights && args.x && args.n > 0 && args.k > 0 && args.rows >= 1 && args.rows <= kLinearRows
                 && (!args.maybe_squares || args.norm_width > 0) && has_outputs(args)
                 && args.maybe_variant < kLinearVariants);
}

Status check(const Pick& args) noexcept
{
    return ok_if(args.vocab > 0 && args.hidden > 0 && args.hidden % kHiddenStep == 0 && args.rows >= 1
                 && args.rows <= kLinearRows && args.tokens && args.embedding && args.gamma && args.x && args.x_blocks
                 && args.squares);
}

} // namespace kvw::kernels::cuda
