// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/calibration/gatherer.h"
#include "core/lm/dense_attention.h"

namespace kvw {

/// Attention whose probabilities are looked at: hands the squared attention that every token received to the gatherer
/// (docs/codecs.md, "Weighted moments"), from the same probabilities that make the output.
class WeightedPast final : public PlainPast
{
public:
    WeightedPast(const AttentionShapes& shape, ComputeType type, Gatherer& gatherer)
        : PlainPast(shape, type),
          gatherer_(gatherer)
    {}

    at::Tensor attend(int layer, const at::Tensor& queries) override;

private:
    Gatherer& gatherer_;
};

} // namespace kvw
