// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/throughput.h"

#include "core/base/arena.h"
#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/lm/guarded.h"
#include "core/measure/device_run.h"
#include "core/measure/generation.h"
#include "core/measure/stock_past.h"
#include "kernels/bandwidth.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>

namespace kvw {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBandwidthBytes = std::size_t{512} << 20;
constexpr int kBandwidthPasses = 5;
/// Above this many prompt tokens a prefill is timed in the first round only.
constexpr std::int64_t kLongPrefill = 4096;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double malloc_bytes_in_use()
{
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

/// What is timed: a past that is filled with the prompt once, and decoded from again and again.
class Contender
{
public:
    virtual ~Contender() = default;
    virtual Past& past() = 0;
    virtual Decoder& decoder() = 0; ///< that fills it
    /// Seconds of `steps` steps after one that is not timed, from the filled past on.
    virtual double decode(const at::Tensor& prompt, int steps) const = 0;
    /// Ledger and bytes of a step, once the prompt is in.
    virtual void describe(ThroughputResult& result) = 0;
};

/// One that decodes from a copy of its past, with the prompt's tokens again.
class CopiedContender : public Contender
{
public:
    virtual std::unique_ptr<CopiedContender> clone() const = 0;

    double decode(const at::Tensor& prompt, int steps) const override
    {
        const std::unique_ptr<CopiedContender> copy = clone();
        Past& past = copy->past();
        Decoder& decoder = copy->decoder();
        const auto step = [&](std::int64_t i) {
            const at::Tensor hidden = decoder.forward(prompt.narrow(1, i % prompt.size(1), 1), past.length(), past);
            decoder.logits(hidden.view({prompt.size(0), -1}));
        };
        step(0);
        const auto start = Clock::now();
        for (int i = 1; i <= steps; ++i)
            step(i);
        return seconds_since(start);
    }
};

/// On a GPU with kernels of our own, which choose the tokens that they store.
class DeviceContender final : public Contender
{
public:
    DeviceContender(std::unique_ptr<DeviceRun> run, const ThroughputOptions& options)
        : run_(std::move(run)),
          context_tokens_(options.context_tokens)
    {}

    Past& past() override { return run_->prompt_past(); }
    Decoder& decoder() override { return run_->decoder(); }
    double decode(const at::Tensor& prompt, int steps) const override
    {
        DeviceDecode& decode = run_->decode();
        run_->store_prompt();
        decode.put(prompt.select(1, 0));
        decode.step();
        decode.wait();
        const auto start = Clock::now();
        for (int i = 0; i < steps; ++i)
            decode.step();
        decode.wait();
        return seconds_since(start);
    }
    void describe(ThroughputResult& result) override
    {
        result.ledger = run_->ledger(context_tokens_);
        result.bytes_per_step = result.ledger.payload_bytes + result.ledger.scales_bytes + result.ledger.raw_bytes;
    }

private:
    std::unique_ptr<DeviceRun> run_;
    int context_tokens_;
};

class CodedContender final : public CopiedContender
{
public:
    CodedContender(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted,
                   const ThroughputOptions& options)
        : decoder_(decoder_for(*fitted, decoder))
    {
        CacheOptions cache;
        cache.sequences = options.sequences;
        cache.code_when = CodeWhen::Later;
        cache.read_as = options.read_as;
        cache_ = std::make_unique<CodedCache>(decoder.attention_shape(), fitted, cache);
    }
    CodedContender(Decoder& decoder, std::unique_ptr<CodedCache> cache) : decoder_(decoder), cache_(std::move(cache)) {}

    Past& past() override { return *cache_; }
    Decoder& decoder() override { return decoder_; }
    std::unique_ptr<CopiedContender> clone() const override
    {
        return std::make_unique<CodedContender>(decoder_, cache_->clone());
    }
    void describe(ThroughputResult& result) override
    {
        cache_->settle();
        result.ledger = cache_->ledger();
        result.bytes_per_step = cache_->bytes_per_step();
    }

private:
    Decoder& decoder_;
    std::unique_ptr<CodedCache> cache_;
};

class StockContender final : public CopiedContender
{
public:
    StockContender(Decoder& decoder, const ThroughputOptions& options)
        : decoder_(decoder),
          shape_(decoder.attention_shape()),
          sequences_(options.sequences),
          past_(std::make_unique<StockPast>(
              shape_, decoder.compute_type(), options.sequences,
              static_cast<std::int64_t>(options.context_tokens) + options.decode_tokens + 1, decoder.device()))
    {}
    StockContender(const StockContender& other)
        : decoder_(other.decoder_),
          shape_(other.shape_),
          sequences_(other.sequences_),
          past_(other.past_->clone())
    {}

    Past& past() override { return *past_; }
    Decoder& decoder() override { return decoder_; }
    std::unique_ptr<CopiedContender> clone() const override { return std::make_unique<StockContender>(*this); }
    void describe(ThroughputResult& result) override
    {
        result.ledger = Ledger{};
        result.ledger.payload_bytes = result.bytes_per_step = past_->bytes_filled();
        result.ledger.padding_bytes = past_->bytes_allocated() - past_->bytes_filled();
        result.ledger.values =
            2.0 * shape_.layers * shape_.kv_heads * shape_.head_dim * static_cast<double>(past_->length()) * sequences_;
    }

private:
    Decoder& decoder_;
    AttentionShape shape_;
    int sequences_;
    std::unique_ptr<StockPast> past_;
};

std::unique_ptr<Contender> make_contender(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted,
                                          const ThroughputOptions& options, ThroughputResult& result)
{
    const auto plan =
        choose_device(decoder, *fitted, options.maybe_kernels, {options.sequences, std::nullopt}, result.note);
    if (plan) // the first step is not timed
        return std::make_unique<DeviceContender>(std::make_unique<DeviceRun>(decoder, *fitted, *plan, options.sequences,
                                                                             options.context_tokens,
                                                                             options.decode_tokens + 1),
                                                 options);
    return std::make_unique<CodedContender>(decoder, fitted, options);
}

/// Fills a new past with the prompt, timed.
void fill(const std::function<std::unique_ptr<Contender>()>& make, const at::Tensor& prompt,
          std::unique_ptr<Contender>& filled, ThroughputResult& result)
{
    filled.reset();
    reset_peak_resident_memory();
    const double before = malloc_bytes_in_use();
    filled = make();
    const auto start = Clock::now();
    prefill(filled->decoder(), filled->past(), prompt);
    result.prefill_seconds.push_back(seconds_since(start));
    filled->describe(result);
    result.bytes_per_step += filled->decoder().weight_bytes_per_step();
    result.allocator_bytes = malloc_bytes_in_use() - before;
}

} // namespace

namespace {

double median_of(std::vector<double> rates)
{
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
}

double copy_bandwidth(const at::Device& device)
{
    constexpr int copies = 10;
    const auto options = at::TensorOptions(at::kByte).device(device);
    const at::Tensor from = at::ones({static_cast<std::int64_t>(kBandwidthBytes)}, options);
    at::Tensor to = at::zeros_like(from);
    const auto wait = [&to] { static_cast<void>(to[0].item<std::uint8_t>()); };
    std::vector<double> rates;
    for (int pass = 0; pass <= kBandwidthPasses; ++pass) {
        wait();
        const auto start = Clock::now();
        for (int copy = 0; copy < copies; ++copy)
            to.copy_(from);
        wait();
        if (pass > 0) // the first one wakes the clocks
            rates.push_back(2.0 * copies * static_cast<double>(kBandwidthBytes) / seconds_since(start) / 1e9);
    }
    return median_of(std::move(rates));
}

} // namespace

double measure_read_bandwidth(const at::Device& device)
{
    if (!device.is_cpu())
        return copy_bandwidth(device);
    // In the large pages in which weights and caches lie.
    Arena arena(kBandwidthBytes);
    const auto count = static_cast<std::int64_t>(kBandwidthBytes / sizeof(float));
    float* values = static_cast<float*>(arena.take(kBandwidthBytes));
    std::fill_n(values, count, 1.0f);
    std::vector<double> rates;
    for (int pass = 0; pass < kBandwidthPasses; ++pass) {
        const auto start = Clock::now();
        const double sum = kernels::read_all(values, count);
        const double seconds = seconds_since(start);
        if (!(sum > 0))
            throw Error(ErrorKind::Internal, "the bandwidth measurement read zeros");
        rates.push_back(static_cast<double>(kBandwidthBytes) / seconds / 1e9);
    }
    return median_of(std::move(rates));
}

std::vector<ThroughputResult> measure_throughput(
    Decoder& decoder, std::span<const std::shared_ptr<const FittedConfiguration>> configurations,
    std::span<const std::int32_t> tokens, const ThroughputOptions& options,
    const std::function<void(int done, int total)>& report)
{
    if (static_cast<int>(tokens.size()) < options.context_tokens)
        throw Error(ErrorKind::BadInput,
                    fmt::format("a context of {} tokens was asked for and the text has {}", options.context_tokens,
                                tokens.size()),
                    "give a longer text or a shorter context");
    const c10::InferenceMode inference;
    const at::Tensor row =
        at::from_blob(const_cast<std::int32_t*>(tokens.data()), {1, options.context_tokens}, at::kInt).to(at::kLong);
    const at::Tensor prompt = row.repeat({options.sequences, 1});
    const bool long_prefill = prompt.numel() > kLongPrefill;
    std::vector<ThroughputResult> results(configurations.size() + (options.stock == Stock::Measure ? 1 : 0));
    std::vector<std::function<std::unique_ptr<Contender>()>> makers;
    for (const auto& fitted : configurations)
        makers.emplace_back([&decoder, &fitted, &options, &result = results[makers.size()]] {
            return make_contender(decoder, fitted, options, result);
        });
    if (options.stock == Stock::Measure)
        makers.emplace_back([&decoder, &options] { return std::make_unique<StockContender>(decoder, options); });
    std::vector<std::unique_ptr<Contender>> filled(makers.size());
    const int total = options.rounds * static_cast<int>(makers.size());
    int done = 0;
    guarded("measuring speed", [&] {
        for (int round = 0; round < options.rounds; ++round) {
            for (std::size_t i = 0; i < makers.size(); ++i) {
                if (round == 0 || !long_prefill)
                    fill(makers[i], prompt, filled[i], results[i]);
                results[i].decode_seconds.push_back(filled[i]->decode(prompt, options.decode_tokens));
                results[i].peak_rss_bytes =
                    std::max(results[i].peak_rss_bytes, static_cast<double>(resident_memory().peak_bytes));
                report(++done, total);
            }
        }
    });
    return results;
}

} // namespace kvw
