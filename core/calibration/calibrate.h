// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/records/moments.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace kvw {

struct CalibrationOptions
{
    int window_tokens = 512;
    int sinks = 4;        ///< positions left out of Positions::AfterSinks
    bool weighted = true; ///< attention-weighted moments too
};

struct CalibrationProgress
{
    std::int64_t tokens_done = 0, tokens_total = 0;
    double elapsed_s = 0;
    /// Mean squared sine between the PCA bases (half of the head size) now and at the last report, over a few layers, keys
    /// and values: how much the basis still moves. Empty at the first report.
    std::optional<double> subspace_change;
};

/// One pass over the tokens, cut into windows of `window_tokens` (the last may be shorter), each from position 0.
/// `report` is called after every window and may throw Error{Cancelled}. The forward pass stops at the last layer's
/// attention; logits are never made. Throws Error{BadInput} for fewer than two tokens.
Calibration calibrate(Decoder& decoder, std::span<const std::int32_t> tokens, const CalibrationOptions& options,
                      const std::function<void(const CalibrationProgress&)>& report);

} // namespace kvw
