// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/generation.h"

#include "core/analysis/random.h"
#include "core/base/error.h"
#include "core/lm/guarded.h"
#include "core/measure/device_run.h"
#include "core/measure/score.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace kvw {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

at::Tensor as_tokens(std::span<const std::int32_t> tokens)
{
    return at::from_blob(const_cast<std::int32_t*>(tokens.data()), {1, static_cast<std::int64_t>(tokens.size())},
                         at::kInt)
        .to(at::kLong);
}

std::int32_t sample(const at::Tensor& logits, const SamplingOptions& options, RandomGenerator& random)
{
    if (options.temperature == 0)
        return static_cast<std::int32_t>(logits.argmax().item<std::int64_t>());
    const at::Tensor p = at::softmax(logits.to(at::kCPU).to(at::kDouble) / options.temperature, 0);
    const auto [sorted, order] = p.sort(0, true);
    const double* share = sorted.data_ptr<double>();
    const std::int64_t* ids = order.data_ptr<std::int64_t>();
    std::int64_t kept = 0;
    double mass = 0;
    while (kept < p.numel() && (kept == 0 || mass < options.top_p))
        mass += share[kept++];
    double left = random.uniform() * mass;
    for (std::int64_t i = 0; i < kept; ++i) {
        left -= share[i];
        if (left < 0)
            return static_cast<std::int32_t>(ids[i]);
    }
    return static_cast<std::int32_t>(ids[kept - 1]);
}

void check(std::span<const std::int32_t> prompt, const SamplingOptions& options)
{
    if (prompt.empty())
        throw Error(ErrorKind::InvalidArgument, "the prompt has no tokens", "give --prompt a text");
    if (!(options.temperature >= 0))
        throw Error(ErrorKind::InvalidArgument, fmt::format("a temperature of {} is not possible", options.temperature),
                    "use 0 (greedy) or more");
    if (!(options.top_p > 0 && options.top_p <= 1))
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("top_p is {}, wanted a share above 0 and at most 1", options.top_p),
                    "use 1 for all tokens");
}

CodedCache make_cache(const Decoder& decoder, std::shared_ptr<const FittedConfiguration> fitted)
{
    CacheOptions options;
    options.code_when = CodeWhen::Later;
    return CodedCache(decoder.attention_shape(), std::move(fitted), options);
}

/// A text that grows token by token. Logits are [vocab].
class Sequence
{
public:
    virtual ~Sequence() = default;
    virtual at::Tensor read(const at::Tensor& prompt) = 0;
    virtual at::Tensor step(std::int32_t token) = 0;
    virtual Ledger ledger() = 0;
};

class CachedSequence final : public Sequence
{
public:
    CachedSequence(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted)
        : decoder_(decoder_for(*fitted, decoder)),
          cache_(make_cache(decoder, fitted))
    {}
    at::Tensor read(const at::Tensor& prompt) override
    {
        return decoder_.logits(prefill(decoder_, cache_, prompt)).squeeze(0);
    }
    at::Tensor step(std::int32_t token) override
    {
        return decoder_.logits(decoder_.forward(as_tokens({&token, 1}), cache_.length(), cache_).view({1, -1}))
            .squeeze(0);
    }
    Ledger ledger() override
    {
        cache_.settle();
        return cache_.ledger();
    }

private:
    Decoder& decoder_;
    CodedCache cache_;
};

class DeviceSequence final : public Sequence
{
public:
    explicit DeviceSequence(std::unique_ptr<DeviceRun> run) : run_(std::move(run)) {}
    at::Tensor read(const at::Tensor& prompt) override
    {
        const at::Tensor hidden = prefill(run_->decoder(), run_->prompt_past(), prompt);
        run_->store_prompt();
        stored_ = prompt.size(1);
        return run_->decoder().logits(hidden).squeeze(0);
    }
    at::Tensor step(std::int32_t token) override
    {
        run_->decode().put(as_tokens({&token, 1}).view({1}));
        run_->decode().step();
        ++stored_;
        return run_->decode().logits().squeeze(0);
    }
    Ledger ledger() override { return run_->ledger(stored_); }

private:
    std::unique_ptr<DeviceRun> run_;
    std::int64_t stored_ = 0;
};

std::unique_ptr<Sequence> make_sequence(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted,
                                        std::span<const std::int32_t> prompt, const SamplingOptions& options,
                                        GenerationResult& result)
{
    const auto plan = choose_device(decoder, *fitted, options.maybe_kernels, {1, std::nullopt}, result.note);
    if (plan)
        return std::make_unique<DeviceSequence>(std::make_unique<DeviceRun>(
            decoder, *fitted, *plan, 1, static_cast<std::int64_t>(prompt.size()), options.max_new_tokens));
    return std::make_unique<CachedSequence>(decoder, fitted);
}

/// Hidden states that predict each of `text`, fed token by token after the prompt: [text, hidden_size]. Read from where
/// generate() reads.
at::Tensor follow(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& fitted,
                  std::span<const std::int32_t> prompt, std::span<const std::int32_t> text,
                  const kernels::cuda::Operations* maybe_kernels)
{
    Decoder& model = decoder_for(*fitted, decoder);
    std::vector<at::Tensor> hidden;
    const auto feed = [&](Past& past) {
        for (std::size_t i = 0; i + 1 < text.size(); ++i)
            hidden.push_back(model.forward(as_tokens(text.subspan(i, 1)), past.length(), past).view({1, -1}).clone());
    };
    std::string known; // generate() has said it
    if (const auto plan = choose_device(decoder, *fitted, maybe_kernels, {1, std::nullopt}, known)) {
        DeviceRun run(decoder, *fitted, *plan, 1, static_cast<std::int64_t>(prompt.size()),
                      static_cast<std::int64_t>(text.size()));
        hidden.push_back(prefill(model, run.prompt_past(), as_tokens(prompt)).clone());
        run.store_prompt();
        feed(run.past());
    } else {
        CodedCache cache = make_cache(decoder, fitted);
        hidden.push_back(prefill(model, cache, as_tokens(prompt)).clone());
        feed(cache);
    }
    return at::cat(hidden);
}

} // namespace

at::Tensor prefill(Decoder& decoder, Past& past, const at::Tensor& tokens)
{
    at::Tensor hidden;
    for (std::int64_t first = 0; first < tokens.size(1); first += kPrefillChunk) {
        const std::int64_t count = std::min(kPrefillChunk, tokens.size(1) - first);
        hidden = decoder.forward(tokens.narrow(1, first, count), past.length(), past);
    }
    return hidden.select(1, hidden.size(1) - 1);
}

GenerationResult generate(Decoder& decoder, std::shared_ptr<const FittedConfiguration> fitted,
                          std::span<const std::int32_t> prompt, const SamplingOptions& options,
                          const std::function<void(std::int32_t)>& on_token)
{
    check(prompt, options);
    const c10::InferenceMode inference;
    RandomGenerator random(options.seed);
    GenerationResult result;
    guarded("generating", [&] {
        const std::unique_ptr<Sequence> sequence = make_sequence(decoder, fitted, prompt, options, result);
        auto start = Clock::now();
        at::Tensor logits = sequence->read(as_tokens(prompt));
        result.prefill_seconds = seconds_since(start);
        start = Clock::now();
        while (static_cast<int>(result.tokens.size()) < options.max_new_tokens) {
            const std::int32_t next = sample(logits, options, random);
            if (std::find(options.stop_tokens.begin(), options.stop_tokens.end(), next) != options.stop_tokens.end()) {
                result.stopped = true;
                break;
            }
            result.tokens.push_back(next);
            on_token(next);
            if (static_cast<int>(result.tokens.size()) == options.max_new_tokens)
                break;
            logits = sequence->step(next);
            ++result.decode_steps;
        }
        result.decode_seconds = seconds_since(start);
        result.ledger = sequence->ledger();
    });
    return result;
}

Agreement agreement(Decoder& decoder, const std::shared_ptr<const FittedConfiguration>& identity,
                    const std::shared_ptr<const FittedConfiguration>& fitted, std::span<const std::int32_t> prompt,
                    const GenerationResult& identity_result, const GenerationResult& result,
                    const kernels::cuda::Operations* maybe_kernels)
{
    const c10::InferenceMode inference;
    const auto &a = identity_result.tokens, &b = result.tokens;
    const std::size_t common = std::min(a.size(), b.size()), longer = std::max(a.size(), b.size());
    Agreement out;
    std::size_t equal = 0;
    for (std::size_t i = 0; i < common; ++i) {
        equal += a[i] == b[i];
        if (a[i] != b[i] && !out.first_difference)
            out.first_difference = static_cast<int>(i);
    }
    if (!out.first_difference && common < longer)
        out.first_difference = static_cast<int>(common);
    out.equal_share = longer > 0 ? static_cast<double>(equal) / static_cast<double>(longer) : 1;
    if (a.empty())
        return out;
    guarded("comparing the generated texts", [&] {
        const at::Tensor reference = follow(decoder, identity, prompt, a, maybe_kernels),
                         hidden = follow(decoder, fitted, prompt, a, maybe_kernels);
        std::vector<PositionScore> scores;
        double ignored = 0;
        score_rows(decoder, hidden, as_tokens(a).squeeze(0), reference, scores, ignored);
        for (const PositionScore& score : scores)
            out.kl_mean_nats += score.kl_nats / static_cast<double>(scores.size());
    });
    return out;
}

} // namespace kvw
