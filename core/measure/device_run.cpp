// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/device_run.h"

#include "core/base/error.h"
#include "core/lm/cuda_half.h"

#include <fmt/format.h>

namespace kvw {
namespace {

namespace cuda = kernels::cuda;

void require_known(const DeviceDemand& demand)
{
    if (demand.step_sequences > cuda::kMaxSequences)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("the CUDA kernels decode {} sequences at a time at most, and {} were asked for",
                                cuda::kMaxSequences, demand.step_sequences));
    if (demand.maybe_protocol && demand.maybe_protocol->kind == Protocol::Kind::Past)
        throw Error(ErrorKind::Unsupported,
                    fmt::format("the CUDA kernels store and read token by token, and protocol {} reads whole chunks "
                                "uncoded",
                                format(*demand.maybe_protocol)));
}

} // namespace

std::unique_ptr<DeviceStore> DevicePlan::make_store(int sequences, std::int64_t capacity) const
{
    return std::make_unique<DeviceStore>(layers, shape, sequences, capacity, device, *kernels);
}

std::optional<DevicePlan> choose_device(const Decoder& decoder, const FittedConfiguration& fitted,
                                        const cuda::Operations* maybe_kernels, const DeviceDemand& demand,
                                        std::string& maybe_why_not)
{
    if (decoder.device().is_cpu() && maybe_kernels == nullptr)
        return std::nullopt;
    try {
        require_known(demand);
        decoder.require_device_kernels();
        return DevicePlan{maybe_kernels != nullptr ? maybe_kernels : &cuda_kernels(), device_layers(fitted),
                          decoder.attention_shape(), decoder.device()};
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::Unsupported)
            throw;
        maybe_why_not = fmt::format("{}: read on the CPU instead: {}", format(fitted.configuration), error.what());
        return std::nullopt;
    }
}

DeviceRun::DeviceRun(Decoder& decoder, const FittedConfiguration& fitted, const DevicePlan& plan, int sequences,
                     std::int64_t prompt_tokens, std::int64_t decode_tokens)
    : decoder_(decoder_for(fitted, decoder)),
      store_(plan.make_store(sequences, prompt_tokens + decode_tokens))
{
    std::vector<int> widths;
    for (const DeviceLayer& layer : plan.layers)
        widths.push_back(layer.format.value_width);
    prompt_past_ =
        std::make_unique<StockPast>(plan.shape, decoder.compute_type(), sequences, prompt_tokens, plan.device, widths);
}

void DeviceRun::store_prompt()
{
    for (int layer = 0; layer < store_->layers(); ++layer)
        store_->fill(layer, prompt_past_->keys(layer), prompt_past_->values(layer));
    if (decode_)
        decode_->restart_at(prompt_past_->length());
    if (past_)
        past_->restart_at(prompt_past_->length());
}

DeviceDecode& DeviceRun::decode()
{
    if (!decode_) {
        decode_ = std::make_unique<DeviceDecode>(decoder_.device_model(store_->capacity()), *store_);
        decode_->restart_at(prompt_past_->length());
    }
    return *decode_;
}

DevicePast& DeviceRun::past()
{
    if (!past_) {
        past_ = std::make_unique<DevicePast>(*store_);
        past_->restart_at(prompt_past_->length());
    }
    return *past_;
}

} // namespace kvw
