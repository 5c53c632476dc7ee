// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/side_codec.h"
#include "core/lm/decoder.h"
#include "core/records/moments.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvw {

/// One layer of a configuration, ready to run.
struct LayerCodec
{
    SideCodec k, v;
    std::optional<ValueFold> maybe_fold; ///< what the decoder's weights take in
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
    std::shared_ptr<Decoder> maybe_decoder; ///< with the values that the layers fold; null: the model as it is
};

/// The decoder that a configuration is measured with.
inline Decoder& decoder_for(const FittedConfiguration& fitted, Decoder& decoder)
{
    return fitted.maybe_decoder ? *fitted.maybe_decoder : decoder;
}

/// fit() for this model, with the decoder that folded values need.
FittedConfiguration fit(const Configuration& configuration, const Decoder& decoder,
                        const Calibration* maybe_calibration);

/// Checks the configuration against the model and makes every basis from the stored moments, at any rank, in milliseconds.
/// `maybe_calibration` may be null when the configuration needs none. Throws Error{InvalidArgument} (check()),
/// Error{NotFound} when moments are needed and there are none, or none of that kind; never takes another basis instead.
FittedConfiguration fit(const Configuration& configuration, const AttentionShapes& shape, ComputeType type,
                        const Calibration* maybe_calibration);

} // namespace kvw
