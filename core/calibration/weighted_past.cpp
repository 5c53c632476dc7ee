// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibration/weighted_past.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <limits>

namespace kvw {
namespace {

constexpr std::int64_t kQueryBlock = 128;

} // namespace

at::Tensor WeightedPast::attend(int layer, const at::Tensor& q)
{
    const std::int64_t sequences = q.size(0), tokens = q.size(1), heads = q.size(2), d = q.size(3);
    const int group = shape().group();
    const std::int64_t kv_heads = shape().kv_heads;
    const at::Tensor k = keys().contiguous(), v = values().contiguous();
    at::Tensor out = at::empty({sequences, tokens, heads, d}, at::kFloat);
    at::Tensor received = at::zeros({sequences, kv_heads, tokens}, at::kFloat);
    const at::Tensor queries = (q * shape().softmax_scale).permute({0, 2, 1, 3}); // [B, H, T, d]
    for (std::int64_t first = 0; first < tokens; first += kQueryBlock) {
        const std::int64_t count = std::min(kQueryBlock, tokens - first), seen = first + count;
        const at::Tensor block = queries.narrow(2, first, count).reshape({sequences, kv_heads, group * count, d});
        at::Tensor logits = at::matmul(block, k.narrow(2, 0, seen).transpose(2, 3)).view({sequences, kv_heads, group, count, seen});
        const at::Tensor allowed = causal_mask(count, seen, shape().attention_window, at::kCPU);
        if (shape().attention_window > 0 && shape().attention_window < seen)
            logits.masked_fill_(allowed.logical_not(), -std::numeric_limits<float>::infinity());
        else // only the block's own square can look ahead
            logits.narrow(4, first, count).masked_fill_(allowed.narrow(1, first, count).logical_not(), -std::numeric_limits<float>::infinity());
        at::Tensor p = at::softmax(logits, -1).view({sequences, kv_heads, group * count, seen});
        const at::Tensor rows = at::matmul(p, v.narrow(2, 0, seen)).view({sequences, heads, count, d});
        out.narrow(1, first, count).copy_(rows.permute({0, 2, 1, 3}));
        received.narrow(2, 0, seen).add_(p.square_().sum(2));
    }
    gatherer_.attention_received(layer, keys().permute({0, 2, 1, 3}), values().permute({0, 2, 1, 3}), received);
    return out.view({sequences, tokens, heads * d});
}

} // namespace kvw
