// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/coded_cache.h"
#include "core/lm/decoder.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvw::kernels::cuda {
struct Operations;
}

namespace kvw {

struct SamplingOptions
{
    int max_new_tokens = 64;
    double temperature = 0; ///< 0: greedy
    double top_p = 1;       ///< smallest set of tokens with at least this probability, after the temperature
    std::uint64_t seed = 0;
    std::vector<std::int32_t> stop_tokens;
    const kernels::cuda::Operations* maybe_kernels = nullptr; ///< as choose_device() takes them
};

struct GenerationResult
{
    std::vector<std::int32_t> tokens; ///< without the stop token that ended it
    bool stopped = false;             ///< a stop token came; else the length was reached
    double prefill_seconds = 0;
    double decode_seconds = 0;
    int decode_steps = 0;
    Ledger ledger;    ///< at the end
    std::string note; ///< a sentence for the user, or nothing
};

/// Tokens of one forward pass while a prompt is read.
inline constexpr std::int64_t kPrefillChunk = 512;

/// Reads the prompt in chunks (the last chunk's and older tokens coded as the policy says) and then token by token.
/// `on_token` is called with every token as it comes and may throw Error{Cancelled}. Throws Error{InvalidArgument} for an
/// empty prompt, a negative temperature or a top_p outside (0, 1].
GenerationResult generate(Decoder& decoder, std::shared_ptr<const FittedConfiguration> fitted,
                          std::span<const std::int32_t> prompt, const SamplingOptions& options,
                          const std::function<void(std::int32_t)>& on_token);

/// Agreement of a configuration with the identity run's text (MEASUREMENT.md, Generation).
struct Agreement
{
    std::optional<int> first_difference; ///< position of the first new token that differs; empty when none does
    double equal_share = 0;              ///< over the longer of the two
    double kl_mean_nats = 0;             ///< KL(identity || configuration) along the identity's text
};
Agreement agreement(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& identity,
                    const std::shared_ptr<const FittedConfiguration>& fitted, std::span<const std::int32_t> prompt,
                    const GenerationResult& identity_result, const GenerationResult& result,
                    const kernels::cuda::Operations* maybe_kernels = nullptr);

/// Feeds tokens through the decoder into a past, kPrefillChunk at a time; returns the last position's hidden state,
/// [sequences, hidden_size]. tokens [sequences, n] int64.
at::Tensor prefill(Decoder& decoder, Past& past, const at::Tensor& tokens);

} // namespace kvw
