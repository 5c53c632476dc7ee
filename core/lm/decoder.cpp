// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lm/decoder.h"

#include "core/base/engine_words.h"
#include "core/base/error.h"
#include "core/lm/cpu_setup.h"
#include "core/lm/cuda_half.h"
#include "core/lm/guarded.h"
#include "core/lm/transformer.h"

#include <fmt/format.h>

#include <algorithm>

namespace kvw {

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
    std::unique_ptr<Decoder> decoder;
    guarded("loading the model",
            [&] { decoder = std::make_unique<TransformerDecoder>(config, std::move(weights), options); });
    return decoder;
}

} // namespace kvw
