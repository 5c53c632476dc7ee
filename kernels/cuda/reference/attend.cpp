// SPDX-License-Identifier: GPL-3.0-or-later
// attend() over host memory: softmax and sums in fp64.
#include "kernels/cuda/attend.h"

#include "kernels/cuda/arguments.h"
#include "kernels/cuda/reference/operations.h"
#include "kernels/cuda/reference/store.h"
#include "kernels/rows.h"

#include <algorithm>
#include <cmath>

namespace kvw::kernels::cuda::reference {
namespace {

/// out [value_width] of one query [key_width], keys and values [tokens, width].
std::vector<double> attended(const std::vector<double>& query, const std::vector<float>& keys,
                             const std::vector<float>& values, std::size_t tokens)
{
    const std::size_t key_width = query.size(), value_width = values.size() / tokens;
    std::vector<double> scores(tokens, 0.0), out(value_width, 0.0);
    for (std::size_t t = 0; t < tokens; ++t)
        for (std::size_t c = 0; c < key_width; ++c)
            scores[t] += query[c] * static_cast<double>(keys[t * key_width + c]);
    const double largest = *std::max_element(scores.begin(), scores.end());
    double mass = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
        const double p = std::exp2(scores[t] - largest);
        mass += p;
        for (std::size_t c = 0; c < value_width; ++c)
            out[c] += p * static_cast<double>(values[t * value_width + c]);
    }
    for (double& x : out)
        x /= mass;
    return out;
}

void attend_head(const Attend& args, int sequence, int kv_head)
{
    const KvStore& store = args.store;
    const int group = args.heads / store.kv_heads, tokens = args.lengths[sequence] + 1;
    const int padded = padded_key_width(store.key_width), width = store.value_width;
    const std::vector<float> keys = stored_vectors(store, true, sequence, kv_head, tokens);
    const std::vector<float> values = stored_vectors(store, false, sequence, kv_head, tokens);
    for (int h = kv_head * group; h < (kv_head + 1) * group; ++h) {
        const std::uint16_t* bits = args.q + static_cast<std::ptrdiff_t>(sequence * args.heads + h) * padded;
        std::vector<double> query;
        for (int c = 0; c < store.key_width; ++c)
            query.push_back(
                static_cast<double>(store.key_format == Format::Bf16 ? from_bf16(bits[c]) : from_fp16(bits[c])));
        const std::vector<double> out = attended(query, keys, values, static_cast<std::size_t>(tokens));
        for (int c = 0; c < width; ++c) {
            const auto x = static_cast<float>(out[static_cast<std::size_t>(c)]);
            if (args.maybe_out)
                args.maybe_out[static_cast<std::ptrdiff_t>(sequence * args.heads + h) * width + c] = x;
            if (args.maybe_out_blocks)
                args.maybe_out_blocks[in_blocks(sequence, h * width + c)] = to_bf16(x);
        }
    }
}

} // namespace

Status attend(const Attend& args, StreamHandle) noexcept
{
    if (const Status status = check(args); status != Status::Ok)
        return status;
    for (int sequence = 0; sequence < args.store.sequences; ++sequence)
        for (int kv_head = 0; kv_head < args.store.kv_heads; ++kv_head)
            attend_head(args, sequence, kv_head);
    return Status::Ok;
}

} // namespace kvw::kernels::cuda::reference
