// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/decoder.h"

#include "core/base/engine_words.h"
#include "core/base/error.h"
#include "core/lm/cpu_setup.h"
#include "core/lm/cuda_half.h"
#include "core/lm/guarded.h"
#include "core/lm/llama.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kvw {
namespace {

using Maker = std::unique_ptr<Decoder> (*)(const ModelConfig&, std::shared_ptr<const WeightFiles>,
                                           const DecoderOptions&);

struct Family
{
    std::string_view architecture;
    Maker make;
};

template<typename T>
std::unique_ptr<Decoder> make(const ModelConfig& config, std::shared_ptr<const WeightFiles> weights,
                              const DecoderOptions& options)
{
    return std::make_unique<T>(config, std::move(weights), options);
}

/// A new family is one file and one row here (and in read_model_config's list of architectures).
constexpr std::array kFamilies{
    Family{"LlamaForCausalLM", make<LlamaDecoder>},
    Family{"MistralForCausalLM", make<LlamaDecoder>},
};

} // namespace

std::string_view name(ComputeType type) noexcept { return type == ComputeType::Fp32 ? "fp32" : "bf16"; }

ComputeType parse_compute_type(std::string_view text)
{
    if (text == "fp32")
        return ComputeType::Fp32;
    if (text == "bf16")
        return ComputeType::Bf16;
    throw Error(ErrorKind::InvalidArgument, fmt::format("\"{}\" is not a type to compute in", text),
                "use auto, fp32 or bf16");
}

std::unique_ptr<Decoder> Decoder::with_folded_values(std::span<const std::optional<ValueFold>>) const
{
    throw Error(ErrorKind::Unsupported,
                fmt::format("values of the family {} cannot be folded into its weights", config().architecture),
                "leave out \"fold\"");
}

void Decoder::require_device_kernels() const
{
    throw Error(ErrorKind::Unsupported,
                fmt::format("the CUDA kernels do not know the family {}", config().architecture));
}

DeviceModel Decoder::device_model(std::int64_t)
{
    require_device_kernels();
    return {};
}

void Decoder::logits_part(const at::Tensor& hidden, std::int64_t first, at::Tensor& out)
{
    for (std::int64_t row = 0; row < hidden.size(0); row += kLogitRows) {
        const std::int64_t rows = std::min(kLogitRows, hidden.size(0) - row);
        out.narrow(0, row, rows).copy_(logits(hidden.narrow(0, row, rows)).narrow(1, first, out.size(1)));
    }
}

std::unique_ptr<Decoder> open_decoder(const ModelConfig& config, std::shared_ptr<const WeightFiles> weights,
                                      const DecoderOptions& options)
{
    static_cast<void>(libraries_are_held()); // by linking what does it
    if (parse_word<DeviceKind>(options.device) == DeviceKind::Cuda)
        require_cuda();
    for (const Family& family : kFamilies) {
        if (family.architecture != config.architecture)
            continue;
        std::unique_ptr<Decoder> decoder;
        guarded("loading the model", [&] { decoder = family.make(config, weights, options); });
        return decoder;
    }
    throw Error(ErrorKind::Unsupported, fmt::format("the architecture {} has no decoder here", config.architecture));
}

} // namespace kvw
