// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/perplexity.h"

#include "core/base/error.h"
#include "core/config/words.h"
#include "core/lm/dense_attention.h"
#include "core/lm/guarded.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace kvw {
namespace {

/// Rows of one forward pass that keep the matrix products busy.
constexpr std::int64_t kBusyRows = 512;
/// Sequences stepped together in protocol `step`: a step reads all weights once for all of them.
constexpr std::int64_t kStepSequences = 32;
/// Canary: rounding may move a window's mean NLL by this much (nats) between the stored and the plain path.
constexpr double kIdentityTolerance = 5e-3;

void add_to(Ledger& total, const Ledger& part, double share)
{
    total.payload_bytes += part.payload_bytes * share;
    total.scales_bytes += part.scales_bytes * share;
    total.raw_bytes += part.raw_bytes * share;
    total.padding_bytes += part.padding_bytes * share;
    total.values += part.values * share;
    total.fixed_bytes = part.fixed_bytes;
    total.scratch_bytes = std::max(total.scratch_bytes, part.scratch_bytes);
}

} // namespace

std::int64_t PerplexityResult::scored() const
{
    std::int64_t count = 0;
    for (const WindowScore& window : windows)
        count += window.tokens;
    return count;
}

double PerplexityResult::mean_nll() const
{
    double sum = 0;
    for (const WindowScore& window : windows)
        sum += window.nll_sum;
    return sum / static_cast<double>(scored());
}

double PerplexityResult::perplexity() const { return std::exp(mean_nll()); }

PerplexityMeter::PerplexityMeter(Decoder& decoder, std::span<const std::int32_t> tokens,
                                 const PerplexityOptions& options)
    : decoder_(decoder),
      tokens_(tokens.begin(), tokens.end()),
      options_(options)
{
    if (tokens.size() < 2)
        throw Error(ErrorKind::BadInput,
                    fmt::format("the text has {} token(s); a perplexity needs at least 2", tokens.size()),
                    "give a longer text");
    if (options.window_tokens < 2)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("a window of {} token(s) has nothing to score", options.window_tokens),
                    "use --window 2 or more");
    options_.window_tokens = std::min(options.window_tokens, static_cast<int>(tokens.size()));
    windows_ = static_cast<std::int64_t>(tokens.size()) / options_.window_tokens;
}

std::int64_t PerplexityMeter::batch_windows() const
{
    if (options_.protocol.kind == Protocol::Kind::Step)
        return std::min(kStepSequences, windows_);
    return std::clamp<std::int64_t>(kBusyRows / options_.protocol.chunk(options_.window_tokens), 1, windows_);
}

const PerplexityResult& PerplexityMeter::measure_identity(const Report& report)
{
    run_canaries();
    identity_hidden_.clear();
    identity_ = run(plain_fit("identity"), windows_, Reference::Keep, report);
    return identity_;
}

PerplexityResult PerplexityMeter::measure(std::shared_ptr<const FittedConfiguration> fitted, const Report& report)
{
    if (identity_hidden_.empty())
        throw Error(ErrorKind::Internal, "a configuration was measured before the identity run");
    next_hidden_ = 0;
    PerplexityResult result = run(fitted, windows_, Reference::Compare, report);
    const std::int64_t predicted = predicted_reads_ * windows_;
    const std::int64_t shortest = decoder_.attention().shortest_window();
    const bool cut = shortest > 0 && shortest < options_.window_tokens;
    if (!cut && predicted != result.coded_tokens_read)
        throw Error(ErrorKind::Internal,
                    fmt::format("canary: {} read {} coded tokens where protocol {} predicts {}",
                                format(fitted->configuration), result.coded_tokens_read, format(options_.protocol),
                                predicted),
                    "the figures of this configuration would not be of the cache under test; please report it");
    return result;
}

PerplexityResult PerplexityMeter::run(const std::shared_ptr<const FittedConfiguration>& fitted, std::int64_t windows,
                                      Reference reference, const Report& report, Canary canary)
{
    const c10::InferenceMode inference;
    PerplexityResult result;
    const std::int64_t batch = std::min(batch_windows(), windows);
    std::unique_ptr<MeasuredPast> cache;
    for (std::int64_t first = 0; first < windows; first += batch) {
        const std::int64_t count = std::min(batch, windows - first);
        MeasuredPastOptions options;
        options.sequences = static_cast<int>(count);
        options.window_tokens = options_.window_tokens;
        options.protocol = options_.protocol;
        options.read_as = options_.protocol.kind == Protocol::Kind::Step ? ReadAs::Compressed : options_.read_as;
        options.maybe_kernels = options_.maybe_kernels;
        guarded(fmt::format("measuring {}", format(fitted->configuration)), [&] {
            if (!cache || count != batch)
                cache = open_measured_past(decoder_, fitted, options, result.note);
            if (canary == Canary::Wreck)
                cache->wreck();
            cache->clear();
            run_batch(decoder_for(*fitted, decoder_), cache->past(), first, count, reference, result);
        });
        result.coded_tokens_read += cache->coded_reads();
        cache->settle();
        add_to(result.ledger, cache->ledger(), 1.0 / static_cast<double>(windows));
        result.raw_token_share = cache->raw_token_share(); // the same for all windows, which have one length
        report((first + count) * options_.window_tokens, windows * options_.window_tokens);
    }
    predicted_reads_ = cache->predicted_reads();
    ran_on_device_ = cache->on_device();
    return result;
}

void PerplexityMeter::run_batch(Decoder& decoder, Past& past, std::int64_t first_window, std::int64_t count,
                                Reference reference, PerplexityResult& result)
{
    const std::int64_t window = options_.window_tokens, chunk = options_.protocol.chunk(options_.window_tokens);
    const at::Tensor ids =
        at::from_blob(tokens_.data() + first_window * window, {count, window}, at::kInt).to(at::kLong);
    const std::size_t base = result.windows.size();
    result.windows.resize(base + static_cast<std::size_t>(count));
    std::vector<PositionScore> scores;
    for (std::int64_t first = 0; first < window; first += chunk) {
        const std::int64_t tokens = std::min(chunk, window - first);
        const auto start = std::chrono::steady_clock::now();
        const at::Tensor hidden = decoder.forward(ids.narrow(1, first, tokens), first, past);
        result.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        const std::int64_t scored = std::min(tokens, window - 1 - first); // the window's last token has no successor
        if (scored <= 0)
            continue;
        const at::Tensor rows = hidden.narrow(1, 0, scored).reshape({count * scored, hidden.size(2)});
        const at::Tensor targets = ids.narrow(1, first + 1, scored).reshape({count * scored});
        at::Tensor reference_rows;
        if (reference == Reference::Keep)
            identity_hidden_.push_back(decoder_.compute_type() == ComputeType::Bf16 ? rows.to(at::kBFloat16)
                                                                                    : rows.clone());
        else if (reference == Reference::Compare)
            reference_rows = identity_hidden_.at(next_hidden_++).to(at::kFloat);
        scores.clear();
        score_rows(decoder_, rows, targets, reference_rows, scores, result.seconds);
        for (std::size_t i = 0; i < scores.size(); ++i) {
            WindowScore& into = result.windows[base + i / static_cast<std::size_t>(scored)];
            ++into.tokens;
            into.nll_sum += scores[i].nll_nats;
            into.kl_sum += scores[i].kl_nats;
            into.top1_equal += scores[i].top1_equal;
            if (reference == Reference::Compare)
                result.kl_nats.push_back(scores[i].kl_nats);
        }
    }
    result.tokens += count * window;
}

std::shared_ptr<const FittedConfiguration> PerplexityMeter::plain_fit(std::string_view text) const
{
    return std::make_shared<FittedConfiguration>(
        fit(parse_configuration(text), decoder_.attention(), decoder_.compute_type(), nullptr));
}

void PerplexityMeter::run_canaries()
{
    const auto quiet = [](std::int64_t, std::int64_t) {};
    const auto nll = [&](std::string_view text) { return run(plain_fit(text), 1, Reference::None, quiet).mean_nll(); };
    const double identity = nll("identity");
    const bool ran_on_device = ran_on_device_;
    PerplexityResult without_cache;
    {
        // In one piece from position 0, whatever the protocol: what the model alone says.
        const c10::InferenceMode inference;
        PlainPast past(decoder_.attention(), decoder_.compute_type());
        const Protocol asked = options_.protocol;
        options_.protocol = Protocol{};
        guarded("canary", [&] { run_batch(decoder_, past, 0, 1, Reference::None, without_cache); });
        options_.protocol = asked;
    }
    if (!(std::fabs(identity - without_cache.mean_nll()) <= kIdentityTolerance))
        throw Error(
            ErrorKind::Internal,
            fmt::format("canary: the identity codec scores {:.6f} nats a token, the model without a cache {:.6f}",
                        identity, without_cache.mean_nll()));
    if (ran_on_device)
        require_destroyed("a store that is made zero",
                          run(plain_fit("identity"), 1, Reference::None, quiet, Canary::Wreck).mean_nll(), identity);
    for (const config::Word& word : config::words()) {
        if (word.canary == config::Canary::None)
            continue;
        const std::string text = fmt::format("k={0} v={0}", word.text);
        require_destroyed(text, nll(text), identity);
    }
}

void PerplexityMeter::require_destroyed(std::string_view what, double nll, double identity) const
{
    const bool blind =
        options_.protocol.kind == Protocol::Kind::Past && options_.protocol.chunk_tokens * 2 > options_.window_tokens;
    if (blind || nll - identity > 1)
        return;
    throw Error(
        ErrorKind::Internal,
        fmt::format(
            "canary: {} raises the NLL from {:.3f} to only {:.3f} nats a token: the cache under test is not what is read",
            what, identity, nll),
        "use a longer window or a shorter chunk");
}

} // namespace kvw
