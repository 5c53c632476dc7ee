// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/lm/decoder.h"
#include "core/measure/measured_past.h"
#include "core/measure/protocol.h"
#include "core/measure/score.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

struct WindowScore
{
    int tokens = 0;     ///< scored
    double nll_sum = 0; ///< nats
    double kl_sum = 0;
    int top1_equal = 0;
};

/// What one configuration scored on the windows of a text.
struct PerplexityResult
{
    std::vector<WindowScore> windows;
    std::vector<float> kl_nats; ///< of every scored position, in order; empty for the identity run
    Ledger ledger;              ///< of the cache of one window at rest, averaged over the sequences of a batch
    double raw_token_share =
        0; ///< share of positions stored raw at rest, layers and sides averaged, in configurations that code
    std::int64_t coded_tokens_read = 0; ///< by the cache's own counter, all windows
    std::int64_t tokens = 0;            ///< fed to the model
    double seconds = 0;                 ///< forward passes and own scores
    std::string note;                   ///< a sentence for the user, or nothing

    std::int64_t scored() const;
    double mean_nll() const;
    double perplexity() const;
};

struct PerplexityOptions
{
    int window_tokens = 512;
    Protocol protocol;
    ReadAs read_as = ReadAs::Expanded; ///< for more than one query at once; both agree to rounding
    const kernels::cuda::Operations* maybe_kernels = nullptr; ///< as choose_device() takes them
};

/// Measures configurations on the same windows of a text. The identity run comes first and its hidden states are kept, so
/// that KL and agreement of every later one cost one more product with the output matrix and no logits are kept.
/// A text of n tokens has floor(n / window) windows, or one shorter one when n < window.
class PerplexityMeter
{
public:
    /// Called after every batch of windows with tokens done and in all; may throw Error{Cancelled}.
    using Report = std::function<void(std::int64_t done, std::int64_t total)>;

    /// Throws Error{BadInput} for fewer than two tokens.
    PerplexityMeter(Decoder& decoder, std::span<const std::int32_t> tokens, const PerplexityOptions& options);

    /// Must come first. Also runs the canaries on the first window and throws Error{Internal} naming the one that failed:
    /// identity equal to a run without a cache; zero, noise, and on a device a store that is made zero between writing and
    /// reading, raise the NLL by more than 1 nat; reads as predicted.
    const PerplexityResult& measure_identity(const Report& report);
    PerplexityResult measure(std::shared_ptr<const FittedConfiguration> fitted, const Report& report);

    std::int64_t windows() const { return windows_; }
    std::int64_t tokens() const { return windows_ * options_.window_tokens; }

private:
    enum class Reference { None, Keep, Compare };
    enum class Canary { No, Wreck };
    PerplexityResult run(const std::shared_ptr<const FittedConfiguration>& fitted, std::int64_t windows,
                         Reference reference, const Report& report, Canary canary = Canary::No);
    void run_batch(Decoder& decoder, Past& past, std::int64_t first_window, std::int64_t count, Reference reference,
                   PerplexityResult& result);
    void run_canaries();
    /// Throws unless the window's mean NLL is more than a nat above that of the identity.
    void require_destroyed(std::string_view what, double nll, double identity) const;
    std::int64_t batch_windows() const;
    std::shared_ptr<const FittedConfiguration> plain_fit(std::string_view text) const;

    Decoder& decoder_;
    std::vector<std::int32_t> tokens_;
    PerplexityOptions options_;
    std::int64_t windows_ = 0;
    std::vector<at::Tensor> identity_hidden_; ///< by batch and chunk, scored rows, in the type the output product reads
    std::size_t next_hidden_ = 0;
    std::int64_t predicted_reads_ = 0; ///< of one window of the last run
    bool ran_on_device_ = false;       ///< the last run
    PerplexityResult identity_;
};

} // namespace kvw
