// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/model_session.h"

#include "core/base/engine_words.h"
#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/lm/compute_choice.h"
#include "core/lm/cpu_setup.h"
#include "kernels/cpu/cpu_features.h"
#include "kernels/threads.h"

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
    return parse_word<KernelChoice>(options.kernels) == KernelChoice::Reference;
}

ModelSession open_model(const EngineOptions& options, ProgressSink& sink)
{
    require_folder(options.model);
    const auto device = parse_word<DeviceKind>(options.device);
    const auto type = parse_word<WantedType>(options.type);
    if (wants_reference(options) && !kernels::use_reference_kernels())
        throw Error(ErrorKind::Internal, "the reference kernels were asked for after others had been chosen");
    set_cpu_threads(options.threads);
    if (kernels::threads() > kernels::usable_cores())
        sink.warning(
            fmt::format("{} threads were asked for and this process may use {} core(s): threads without a core "
                        "only hold up the others",
                        kernels::threads(), kernels::usable_cores()));
    ModelConfig config = read_model_config(options.model);
    DecoderOptions decoder;
    decoder.device = options.device;
    const double numbers = config.parameters();
    if (type == WantedType::Auto && device == DeviceKind::Cpu) {
        const TypeChoice choice = choose_compute_type(measured_type_speeds(), numbers, available_memory());
        decoder.type = choice.type;
        sink.remark(choice.why);
    } else if (type != WantedType::Auto) { // bf16 on a device
        decoder.type = type == WantedType::Fp32 ? ComputeType::Fp32 : ComputeType::Bf16;
    }
    auto weights = std::make_shared<const WeightFiles>(WeightFiles::open(options.model)); // mapped: address space only
    if (device == DeviceKind::Cpu)
        require_memory(options.model.string(), numbers, decoder.type, available_memory());
    Tokenizer tokenizer = open_tokenizer(options.model, config);
    std::string hash = weights->content_hash();
    std::unique_ptr<Decoder> opened = open_decoder(config, weights, decoder);
    if (device == DeviceKind::Cpu)
        sink.remark(measured_products_in_words(decoder.type));
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
