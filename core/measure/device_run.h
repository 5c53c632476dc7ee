// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cache/device_decode.h"
#include "core/cache/device_past.h"
#include "core/cache/device_store.h"
#include "core/cache/fit.h"
#include "core/lm/decoder.h"
#include "core/measure/protocol.h"
#include "core/measure/stock_past.h"

#include <memory>
#include <optional>
#include <string>

namespace kvw {

/// What a measurement asks of the kernels of a device beside the configuration.
struct DeviceDemand
{
    int step_sequences = 0;                 ///< whole decode steps of so many sequences; 0: none
    std::optional<Protocol> maybe_protocol; ///< windows that are fed like this
};

/// How a configuration is stored and read on a device.
struct DevicePlan
{
    const kernels::cuda::Operations* kernels = nullptr;
    std::vector<DeviceLayer> layers;
    AttentionShape shape;
    at::Device device = at::kCPU;

    std::unique_ptr<DeviceStore> make_store(int sequences, std::int64_t capacity) const;
};

/// The one place where perplexity, generation and throughput choose between a device's store and the cache of the CPU.
/// `maybe_kernels`: those to use whatever the decoder computes on, over its memory; null: the GPU's where it is on one.
/// None where there are no kernels; where there are and they do not know what is asked, `maybe_why_not` says so.
std::optional<DevicePlan> choose_device(const Decoder& decoder, const FittedConfiguration& fitted,
                                        const kernels::cuda::Operations* maybe_kernels, const DeviceDemand& demand,
                                        std::string& maybe_why_not);

/// One configuration decoded on a device: the prompt is read by the decoder into an uncoded past, which stays, and decoded
/// from with kernels of our own.
class DeviceRun
{
public:
    /// For prompts of up to `prompt_tokens`, and `decode_tokens` after them.
    DeviceRun(Decoder& decoder, const FittedConfiguration& fitted, const DevicePlan& plan, int sequences,
              std::int64_t prompt_tokens, std::int64_t decode_tokens);

    Decoder& decoder() { return decoder_; }       ///< that reads the prompt
    Past& prompt_past() { return *prompt_past_; } ///< that it is read into
    /// The prompt as the configuration stores it, in place of whatever was stored after it.
    void store_prompt();
    /// Whole steps from there on.
    DeviceDecode& decode();
    /// The same store, read layer by layer.
    DevicePast& past();
    /// With `tokens` stored.
    Ledger ledger(std::int64_t tokens) const { return store_->ledger(tokens); }
    DeviceStore& store() { return *store_; }

private:
    Decoder& decoder_;
    std::unique_ptr<StockPast> prompt_past_;
    std::unique_ptr<DeviceStore> store_;
    std::unique_ptr<DeviceDecode> decode_; ///< when first asked for
    std::unique_ptr<DevicePast> past_;     ///< likewise
};

} // namespace kvw
