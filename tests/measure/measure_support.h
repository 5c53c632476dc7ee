// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/dense_attention.h"
#include "core/measure/generation.h"
#include "core/measure/perplexity.h"
#include "tests/support/tiny_decoder.h"

#include <c10/core/InferenceMode.h>

namespace kvw::test {

inline constexpr int kWindow = 48;
/// More than one batch of protocol `all` (ten windows of 48), the last batch shorter.
inline constexpr int kWindows = 12;

inline std::shared_ptr<const FittedConfiguration> fitted(const Decoder& decoder, std::string_view text,
                                                         const Calibration* maybe_calibration = nullptr)
{
    return std::make_shared<FittedConfiguration>(fit(parse_configuration(text), decoder, maybe_calibration));
}

/// Windows that the model itself says, so that it knows what comes next as long as it can read its past: a random text
/// would be as likely with a destroyed cache.
inline std::vector<std::int32_t> spoken_text(Decoder& decoder, int windows, int window)
{
    std::vector<std::int32_t> text;
    const auto identity = fitted(decoder, "identity");
    SamplingOptions options;
    options.max_new_tokens = window - 1;
    options.temperature = 0.7;
    for (int i = 0; i < windows; ++i) {
        options.seed = static_cast<std::uint64_t>(i);
        const std::int32_t first = 3 + 7 * i % 90;
        const GenerationResult result = generate(decoder, identity, {&first, 1}, options, [](std::int32_t) {});
        text.push_back(first);
        text.insert(text.end(), result.tokens.begin(), result.tokens.end());
    }
    return text;
}

/// fp64 log-probabilities [tokens, vocab] of the next token after each of `tokens`, in one piece without a cache.
inline at::Tensor log_probabilities(Decoder& decoder, std::span<const std::int32_t> tokens)
{
    PlainPast past(decoder.attention(), decoder.compute_type());
    const at::Tensor hidden = decoder.forward(as_row(tokens), 0, past).squeeze(0);
    std::vector<at::Tensor> pieces;
    for (std::int64_t first = 0; first < hidden.size(0); first += kLogitRows) {
        const at::Tensor logits = decoder.logits(hidden.narrow(0, first, std::min(kLogitRows, hidden.size(0) - first)));
        pieces.push_back(at::log_softmax(logits.to(at::kDouble), 1));
    }
    return at::cat(pieces);
}

inline void quiet(std::int64_t, std::int64_t) {}

} // namespace kvw::test
