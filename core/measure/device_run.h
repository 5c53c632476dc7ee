// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/device_layers.h"
#include "core/cache/fit.h"
#include "core/lm/decoder.h"
#include "core/measure/stock_past.h"

#include <functional>
#include <memory>
#include <string>

namespace kvw {

/// One configuration on a GPU: the prompt is read by the decoder into an uncoded past, which stays, and decoded from with
/// kernels of our own.
class DeviceRun
{
public:
    using Open = std::function<std::unique_ptr<DeviceDecode>(const DeviceModel&, const DeviceDecodeOptions&)>;

    /// For prompts of up to `prompt_tokens`, and `decode_tokens` after them. Throws Error{Unsupported} for what the kernels do
    /// not know of the model or the configuration.
    DeviceRun(Decoder& decoder, const FittedConfiguration& fitted, int sequences, std::int64_t prompt_tokens,
              std::int64_t decode_tokens, const Open& open = open_device_decode);

    Decoder& decoder() { return decoder_; } ///< that reads the prompt
    Past& past() { return *past_; }         ///< that it is read into
    /// The past as the configuration stores it, in place of whatever was stored after it.
    void store_prompt();
    DeviceDecode& decode() { return *decode_; }
    /// With `tokens` stored.
    Ledger ledger(std::int64_t tokens) const;

private:
    Decoder& decoder_;
    AttentionShape shape_;
    int sequences_;
    std::vector<DeviceLayer> layers_;
    std::unique_ptr<StockPast> past_;
    std::unique_ptr<DeviceDecode> decode_;
};

/// A run, or none where the decoder is not on a GPU; `maybe_why_not` then tells of one that is and has no kernels for this.
std::unique_ptr<DeviceRun> maybe_device_run(Decoder& decoder, const FittedConfiguration& fitted, int sequences,
                                            std::int64_t prompt_tokens, std::int64_t decode_tokens,
                                            std::string& maybe_why_not);

} // namespace kvw
