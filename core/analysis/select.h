// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"

#include <string>

namespace kvw {

/// What a codec asks of a calibration. The fields repeat those of TransformSpec and LayerConfiguration.
struct MomentsRequest
{
    int layer = 0;
    int kv_head = 0;                   ///< not read when pooled
    Quantity quantity = Quantity::Key; ///< Key, Value; Query for the other half of kq
    int sinks = 0;                     ///< the policy's: positions that stay raw
    bool pooled = false;               ///< all KV heads of the layer together
    bool weighted = false; ///< attention-weighted; not for queries, which are only stored uniformly weighted
};

struct SelectedMoments
{
    Moments moments;
    Positions positions = Positions::All;
    Weighting weighting = Weighting::Uniform;
    /// Empty, or a sentence for the user: the policy's sinks are not those that the calibration left out.
    std::string note;
};

/// The moments that leave out what the policy keeps raw (docs/codecs.md, "Moments"): Positions::All for sinks == 0,
/// else AfterSinks, whatever number the calibration left out (`note` says so where it differs); Weighting::Attention
/// when weighted (queries: always Uniform); merged over all KV heads of the layer when pooled.
/// Throws Error{InvalidArgument} for a layer, head or negative sinks that the model does not have, Error{NotFound} with
/// the calibration option that would have made it for an entry that is missing. Never takes another entry instead.
SelectedMoments select_moments(const Calibration& calibration, const MomentsRequest& request);

/// The output gram of a head, for out. Throws as select_moments.
const OutputGram& select_output_gram(const Calibration& calibration, int layer, int kv_head);

} // namespace kvw
