// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/jobs/progress_sink.h"
#include "core/lm/decoder.h"
#include "core/model/model_config.h"
#include "core/protocol/specifications.h"
#include "core/tokenizer/tokenised_text.h"
#include "core/tokenizer/tokenizer.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kvw {

/// A model folder, opened: weights, tokenizer, decoder.
struct ModelSession
{
    ModelConfig config;
    std::shared_ptr<const WeightFiles> weights;
    Tokenizer tokenizer;
    std::string hash; ///< WeightFiles::content_hash
    std::unique_ptr<Decoder> decoder;
};

/// Whether the job asks for the reference kernels; Error{InvalidArgument} for a word that is neither.
bool wants_reference(const EngineOptions& options);

/// Opens everything, checking that the tokenizer fits the vocabulary and the weights the memory. Says in `sink` what was
/// chosen: type, threads, products. Throws what the readers throw.
ModelSession open_model(const EngineOptions& options, ProgressSink& sink);
/// The folder's config, weights' headers and tokenizer without loading weights: `kvw info`.
struct ModelFacts
{
    ModelConfig config;
    std::uint64_t weight_bytes = 0;
    std::vector<std::filesystem::path> weight_files;
    std::int64_t tokenizer_size = 0;
};
ModelFacts inspect_model(const std::filesystem::path& folder);

} // namespace kvw
