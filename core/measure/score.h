// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"

#include <cstdint>
#include <vector>

namespace kvw {

/// One scored position.
struct PositionScore
{
    float nll_nats = 0;
    float kl_nats = 0;       ///< KL(identity || configuration); 0 without a reference
    bool top1_equal = false; ///< both put the same token first; false without a reference
};

/// Scores hidden states against the tokens that follow, kLogitRows logits at a time.
///     hidden [rows, hidden_size] fp32, targets [rows] int64 on the CPU; maybe_reference [rows, hidden_size]: the identity run's hidden
///     states at the same positions.
/// `own_seconds` is raised by the time that the configuration's own logits and scores took, without the comparison.
void score_rows(Decoder& decoder, const at::Tensor& hidden, const at::Tensor& targets,
                const at::Tensor& maybe_reference, std::vector<PositionScore>& out, double& own_seconds);

} // namespace kvw
