// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/side_codec.h"
#include "core/records/moments.h"

#include <string>
#include <vector>

namespace kvw {

/// One layer of a configuration, ready to run.
struct LayerCodec
{
    SideCodec k, v;
    int sinks = 0;
    int window = 0;
};

struct FittedConfiguration
{
    Configuration configuration;
    ComputeType type = ComputeType::Bf16; ///< what raw tokens and unquantised latents are stored in
    std::vector<LayerCodec> layers;
    std::vector<std::string> notes; ///< sentences for the user, each once (sinks that differ from the calibration's)
    double fixed_bytes = 0;         ///< bases and means of all layers
};

/// Checks the configuration against the model and makes every basis from the stored moments, at any rank, in milliseconds.
/// `maybe_calibration` may be null when the configuration needs none. Throws Error{InvalidArgument} (check()),
/// Error{NotFound} when moments are needed and there are none, or none of that kind; never takes another basis instead.
FittedConfiguration fit(const Configuration& configuration, const AttentionShape& shape, ComputeType type,
                        const Calibration* maybe_calibration);

} // namespace kvw
