// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/device_run.h"

#include "core/base/error.h"

#include <fmt/format.h>

namespace kvw {

DeviceRun::DeviceRun(Decoder& decoder, const FittedConfiguration& fitted, int sequences, std::int64_t prompt_tokens,
                     std::int64_t decode_tokens, const Open& open)
    : decoder_(decoder_for(fitted, decoder)),
      shape_(decoder.attention_shape()),
      sequences_(sequences),
      layers_(device_layers(fitted))
{
    const std::int64_t capacity = prompt_tokens + decode_tokens;
    std::vector<int> widths;
    for (const DeviceLayer& layer : layers_)
        widths.push_back(layer.value_width);
    past_ =
        std::make_unique<StockPast>(shape_, decoder.compute_type(), sequences, prompt_tokens, decoder.device(), widths);
    decode_ = open(decoder_.device_model(capacity), {layers_, sequences, capacity});
}

void DeviceRun::store_prompt()
{
    for (int layer = 0; layer < shape_.layers; ++layer)
        decode_->fill(layer, past_->keys(layer), past_->values(layer));
}

Ledger DeviceRun::ledger(std::int64_t tokens) const { return device_ledger(layers_, shape_, sequences_, tokens); }

std::unique_ptr<DeviceRun> maybe_device_run(Decoder& decoder, const FittedConfiguration& fitted, int sequences,
                                            std::int64_t prompt_tokens, std::int64_t decode_tokens,
                                            std::string& maybe_why_not)
{
    if (decoder.device().is_cpu())
        return nullptr;
    try {
        return std::make_unique<DeviceRun>(decoder, fitted, sequences, prompt_tokens, decode_tokens);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::Unsupported)
            throw;
        maybe_why_not = fmt::format("{}: read on the CPU instead: {}", format(fitted.configuration), error.what());
        return nullptr;
    }
}

} // namespace kvw
