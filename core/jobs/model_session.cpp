// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/model_session.h"

#include "core/base/error.h"
#include "kernels/cpu/cpu_features.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

namespace kvw {
namespace {

Tokenizer open_tokenizer(const std::filesystem::path& folder, const ModelConfig& config)
{
    Tokenizer tokenizer = Tokenizer::load(folder / "tokenizer.json");
    if (tokenizer.size() > config.vocab_size)
        throw Error(
            ErrorKind::BadInput,
            fmt::format(
                "{}: the tokenizer has ids up to {}, the model a vocabulary of {}: it is another model's tokenizer",
                (folder / "tokenizer.json").string(), tokenizer.size() - 1, config.vocab_size),
            "take tokenizer.json and the weights from the same model");
    return tokenizer;
}

void require_folder(const std::filesystem::path& folder)
{
    if (!std::filesystem::is_directory(folder))
        throw Error(ErrorKind::NotFound, fmt::format("{}: there is no such model folder", folder.string()),
                    "give a folder with config.json, model.safetensors and tokenizer.json");
}

} // namespace

bool wants_reference(const EngineOptions& options)
{
    if (options.kernels != "fast" && options.kernels != "reference")
        throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" are no kernels", options.kernels),
                    "use fast or reference");
    return options.kernels == "reference";
}

ModelSession open_model(const EngineOptions& options)
{
    require_folder(options.model);
    if (wants_reference(options) && !kernels::use_reference_kernels())
        throw Error(ErrorKind::Internal, "the reference kernels were asked for after others had been chosen");
    DecoderOptions decoder;
    decoder.type = parse_compute_type(options.type);
    decoder.device = options.device;
    if (options.threads > 0)
        at::set_num_threads(options.threads);
    ModelConfig config = read_model_config(options.model);
    auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(options.model));
    Tokenizer tokenizer = open_tokenizer(options.model, config);
    std::string hash = weights->content_hash();
    std::unique_ptr<Decoder> opened = open_decoder(config, weights, decoder);
    return ModelSession{std::move(config), std::move(weights), std::move(tokenizer), std::move(hash),
                        std::move(opened)};
}

ModelFacts inspect_model(const std::filesystem::path& folder)
{
    require_folder(folder);
    ModelFacts facts;
    facts.config = read_model_config(folder);
    const WeightFiles weights = WeightFiles::open(folder);
    facts.weight_bytes = weights.total_bytes();
    facts.weight_files = weights.files();
    facts.tokenizer_size = open_tokenizer(folder, facts.config).size();
    return facts;
}

} // namespace kvw
