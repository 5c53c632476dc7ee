// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/score.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <chrono>

namespace kvw {

void score_rows(Decoder& decoder, const at::Tensor& hidden, const at::Tensor& targets, const at::Tensor& maybe_reference,
                std::vector<PositionScore>& out, double& own_seconds)
{
    const std::int64_t rows = hidden.size(0);
    for (std::int64_t first = 0; first < rows; first += kLogitRows) {
        const std::int64_t count = std::min(kLogitRows, rows - first);
        const auto start = std::chrono::steady_clock::now();
        const at::Tensor logits = decoder.logits(hidden.narrow(0, first, count));
        const at::Tensor lse = logits.logsumexp(1, true);
        const at::Tensor nll = (lse - logits.gather(1, targets.narrow(0, first, count).unsqueeze(1))).squeeze(1).to(at::kCPU);
        const at::Tensor best = logits.argmax(1);
        own_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        at::Tensor kl, equal;
        if (maybe_reference.defined()) {
            const at::Tensor reference = decoder.logits(maybe_reference.narrow(0, first, count));
            const at::Tensor reference_lse = reference.logsumexp(1, true);
            const at::Tensor log_p = reference - reference_lse;
            kl = (log_p.exp() * (log_p - logits + lse)).sum(1).to(at::kCPU);
            equal = reference.argmax(1).eq(best).to(at::kCPU);
        }
        for (std::int64_t i = 0; i < count; ++i) {
            PositionScore score;
            score.nll_nats = nll.data_ptr<float>()[i];
            if (kl.defined()) {
                score.kl_nats = kl.data_ptr<float>()[i];
                score.top1_equal = equal.data_ptr<bool>()[i];
            }
            out.push_back(score);
        }
    }
}

} // namespace kvw
