// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/measured_past.h"

#include "core/base/error.h"
#include "core/measure/device_run.h"

namespace kvw {
namespace {

class CodedPast final : public MeasuredPast
{
public:
    CodedPast(const Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted,
              const MeasuredPastOptions& options)
        : options_(options),
          cache_(decoder.attention_shape(), fitted, {options.sequences, options.protocol.code_when(), options.read_as})
    {}
    Past& past() override { return cache_; }
    void clear() override { cache_.clear(); }
    void settle() override { cache_.settle(); }
    Ledger ledger() const override { return cache_.ledger(); }
    double raw_token_share() const override { return cache_.raw_token_share(); }
    std::int64_t coded_reads() const override { return cache_.coded_keys_read() + cache_.coded_values_read(); }
    std::int64_t predicted_reads() const override
    {
        return predicted_coded_reads(cache_.fitted(), options_.protocol, options_.window_tokens);
    }
    bool on_device() const override { return false; }
    void wreck() override { throw Error(ErrorKind::Internal, "only a device's store can be wrecked"); }

private:
    MeasuredPastOptions options_;
    CodedCache cache_;
};

class StoredPast final : public MeasuredPast
{
public:
    StoredPast(const DevicePlan& plan, const MeasuredPastOptions& options)
        : window_tokens_(options.window_tokens),
          store_(plan.make_store(options.sequences, options.window_tokens)),
          past_(*store_)
    {}
    Past& past() override { return past_; }
    void clear() override { past_.restart_at(0); }
    void settle() override {}
    Ledger ledger() const override { return store_->ledger(past_.length()); }
    double raw_token_share() const override { return store_->raw_token_share(past_.length()); }
    std::int64_t coded_reads() const override { return past_.coded_reads(); }
    std::int64_t predicted_reads() const override
    {
        std::vector<DeviceLayer> layers;
        for (int i = 0; i < store_->layers(); ++i)
            layers.push_back(store_->layer(i));
        return predicted_device_reads(layers, window_tokens_);
    }
    bool on_device() const override { return true; }
    void wreck() override { past_.wreck(); }

private:
    int window_tokens_;
    std::unique_ptr<DeviceStore> store_;
    DevicePast past_;
};

} // namespace

std::unique_ptr<MeasuredPast> open_measured_past(const Decoder& decoder,
                                                 const std::shared_ptr<const FittedConfiguration>& fitted,
                                                 const MeasuredPastOptions& options, std::string& maybe_why_not)
{
    if (const auto plan = choose_device(decoder, *fitted, options.maybe_kernels, {0, options.protocol}, maybe_why_not))
        return std::make_unique<StoredPast>(*plan, options);
    return std::make_unique<CodedPast>(decoder, fitted, options);
}

} // namespace kvw
