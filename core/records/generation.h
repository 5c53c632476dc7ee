// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/ledger.h"
#include "core/records/run.h"

#include <vector>

namespace kvw {

/// A text that one configuration wrote. The agreement is empty for the identity run.
struct GenerationRecord
{
    RowId run = 0;
    std::string prompt;
    std::string generated_text;
    std::vector<std::int32_t> token_ids; ///< of the generated text, without the stop token
    FinishReason finish_reason = FinishReason::Length;
    std::optional<std::int64_t> first_difference; ///< position of the first token that differs from the identity run's
    std::optional<double> equal_share;
    std::optional<double> kl_mean;             ///< nats, along the identity run's text
    std::optional<double> decode_tokens_per_s; ///< empty when nothing was decoded
    bool operator==(const GenerationRecord&) const = default;
};

template<typename Visitor, RecordOf<GenerationRecord> Record>
void visit_fields(Visitor&& visit, Record& generation)
{
    visit(kRunField, generation.run);
    visit(Field{"prompt", Title("Prompt"), "", Form::Words, Sense::Detail, Plot::No, "what was asked"},
          generation.prompt);
    visit(
        Field{"generated_text", Title("Generated text"), "", Form::Words, Sense::Detail, Plot::No, "what was answered"},
        generation.generated_text);
    visit(Field{"token_ids", Title("Token ids"), "", Form::Numbers, Sense::Detail, Plot::No, "the answer's tokens"},
          generation.token_ids);
    visit(Field{"finish_reason", Title("Ended by"), "", Form::Choice, Sense::Detail, Plot::No, "stop, or length"},
          generation.finish_reason);
    visit(Field{"first_difference", Title("First difference"), "tokens", Form::Whole, Sense::HigherIsBetter, Plot::No,
                "first position that differs from the identity run"},
          generation.first_difference);
    visit(Field{"equal_share", Title("Equal tokens"), "1", Form::Percent, Sense::HigherIsBetter, Plot::No,
                "share of tokens equal to the identity run's"},
          generation.equal_share);
    visit(Field{"kl_mean", Title("KL mean"), "nats", Form::Real, Sense::LowerIsBetter, Plot::No,
                "mean KL divergence along the identity run's text"},
          generation.kl_mean);
    visit(Field{"decode_tokens_per_s", Title("Decode speed"), "tokens/s", Form::Real, Sense::HigherIsBetter, Plot::No,
                "speed of decoding"},
          generation.decode_tokens_per_s);
}

} // namespace kvw
