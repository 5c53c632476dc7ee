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
    std::string text;
    std::vector<std::int32_t> token_ids; ///< of the text, without the stop token
    FinishReason finish_reason = FinishReason::Length;
    std::optional<std::int64_t> first_difference; ///< position of the first token that differs from the identity run's
    std::optional<double> equal_share;
    std::optional<double> kl_mean;      ///< nats, along the identity run's text
    std::optional<double> tokens_per_s; ///< of decoding; empty when nothing was decoded
    bool operator==(const GenerationRecord&) const = default;
};

template<typename Visitor, RecordOf<GenerationRecord> Record>
void visit_fields(Visitor&& visit, Record& generation)
{
    visit(Field{"run", "", "number of the run"}, generation.run);
    visit(Field{"prompt", "", "what was asked"}, generation.prompt);
    visit(Field{"text", "", "what was answered"}, generation.text);
    visit(Field{"token_ids", "", "the answer's tokens"}, generation.token_ids);
    visit(Field{"finish_reason", "", "stop, or length"}, generation.finish_reason);
    visit(Field{"first_difference", "tokens", "first position that differs from the identity run"},
          generation.first_difference);
    visit(Field{"equal_share", "1", "share of tokens equal to the identity run's"}, generation.equal_share);
    visit(Field{"kl_mean", "nats", "mean KL divergence along the identity run's text"}, generation.kl_mean);
    visit(Field{"tokens_per_s", "tokens/s", "speed of decoding"}, generation.tokens_per_s);
}

} // namespace kvw
