// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/throughput.h"

#include "core/base/error.h"
#include "core/lm/guarded.h"
#include "core/measure/generation.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

namespace kvw {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBandwidthBytes = std::size_t{512} << 20;
constexpr int kBandwidthPasses = 5;
/// Above this many prompt tokens a prefill is timed in the first round only.
constexpr std::int64_t kLongPrefill = 4096;

double seconds_since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double malloc_bytes_in_use()
{
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

/// The kernel's resident high-water mark, restarted where it lets us.
void restart_peak_rss()
{
    std::ofstream("/proc/self/clear_refs") << "5";
}

double peak_rss_bytes()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return std::stod(line.substr(6)) * 1024;
    return 0;
}

std::unique_ptr<CodedCache> empty_cache(const Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted, const ThroughputOptions& options)
{
    CacheOptions cache;
    cache.sequences = options.sequences;
    cache.code_when = CodeWhen::Later;
    cache.read_as = options.read_as;
    return std::make_unique<CodedCache>(decoder.attention_shape(), fitted, cache);
}

void decode_round(Decoder& decoder, const CodedCache& filled, const at::Tensor& prompt, const ThroughputOptions& options, ThroughputResult& result)
{
    const std::unique_ptr<CodedCache> cache = filled.clone();
    const auto step = [&](std::int64_t i) {
        const at::Tensor hidden = decoder.forward(prompt.narrow(1, i % prompt.size(1), 1), cache->length(), *cache);
        decoder.logits(hidden.view({options.sequences, -1}));
    };
    step(0);
    const auto start = Clock::now();
    for (int i = 1; i <= options.decode_tokens; ++i)
        step(i);
    result.decode_seconds.push_back(seconds_since(start));
}

} // namespace

double measure_read_bandwidth()
{
    const at::Tensor buffer = at::ones({static_cast<std::int64_t>(kBandwidthBytes / sizeof(float))}, at::kFloat);
    const float* values = buffer.data_ptr<float>();
    const std::int64_t count = buffer.numel();
    std::vector<double> rates;
    for (int pass = 0; pass < kBandwidthPasses; ++pass) {
        const auto start = Clock::now();
        float sum = 0;
#pragma omp parallel for simd reduction(+ : sum) schedule(static)
        for (std::int64_t i = 0; i < count; ++i)
            sum += values[i];
        const double seconds = seconds_since(start);
        if (!(sum > 0))
            throw Error(ErrorKind::Internal, "the bandwidth measurement read zeros");
        rates.push_back(static_cast<double>(kBandwidthBytes) / seconds / 1e9);
    }
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
}

std::vector<ThroughputResult> measure_throughput(Decoder& decoder, std::span<const std::shared_ptr<const FittedConfiguration>> configurations,
                                                 std::span<const std::int32_t> tokens, const ThroughputOptions& options,
                                                 const std::function<void(int done, int total)>& report)
{
    if (static_cast<int>(tokens.size()) < options.context_tokens)
        throw Error(ErrorKind::BadInput, fmt::format("a context of {} tokens was asked for and the text has {}", options.context_tokens, tokens.size()),
                    "give a longer text or a shorter context");
    const c10::InferenceMode inference;
    const at::Tensor row = at::from_blob(const_cast<std::int32_t*>(tokens.data()), {1, options.context_tokens}, at::kInt).to(at::kLong);
    const at::Tensor prompt = row.repeat({options.sequences, 1});
    const bool long_prefill = prompt.numel() > kLongPrefill;
    std::vector<ThroughputResult> results(configurations.size());
    std::vector<std::unique_ptr<CodedCache>> filled(configurations.size());
    const int total = options.rounds * static_cast<int>(configurations.size());
    int done = 0;
    guarded("measuring speed", [&] {
        for (int round = 0; round < options.rounds; ++round) {
            for (std::size_t i = 0; i < configurations.size(); ++i) {
                ThroughputResult& result = results[i];
                if (round == 0 || !long_prefill) {
                    filled[i].reset();
                    restart_peak_rss();
                    const double before = malloc_bytes_in_use();
                    filled[i] = empty_cache(decoder, configurations[i], options);
                    const auto start = Clock::now();
                    prefill(decoder, *filled[i], prompt);
                    result.prefill_seconds.push_back(seconds_since(start));
                    filled[i]->settle();
                    result.allocator_bytes = malloc_bytes_in_use() - before;
                    result.ledger = filled[i]->ledger();
                    result.bytes_per_step = decoder.weight_bytes_per_step() + filled[i]->bytes_per_step();
                }
                decode_round(decoder, *filled[i], prompt, options, result);
                result.peak_rss_bytes = std::max(result.peak_rss_bytes, peak_rss_bytes());
                report(++done, total);
            }
        }
    });
    return results;
}

} // namespace kvw
