// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/calibration/calibrate.h"

#include "core/analysis/basis.h"
#include "core/analysis/statistics.h"
#include "core/base/error.h"
#include "core/calibration/gatherer.h"
#include "core/calibration/weighted_past.h"
#include "core/lm/guarded.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

namespace kvw {
namespace {

/// Reports of the basis' movement in one calibration: often enough for a curve, seldom enough to cost nothing.
constexpr int kConvergenceReports = 16;

/// Watches a few bases while tokens are added.
class Convergence
{
public:
    Convergence(const AttentionShapes& shape, std::int64_t tokens)
        : shape_(shape),
          every_(std::max<std::int64_t>(1, tokens / kConvergenceReports))
    {}

    std::optional<double> update(const Gatherer& gatherer)
    {
        if (gatherer.tokens() < next_)
            return {};
        next_ = gatherer.tokens() + every_;
        std::vector<Basis> now;
        for (const int layer : {0, shape_.layers() / 2, shape_.layers() - 1})
            for (const Quantity quantity : {Quantity::Key, Quantity::Value})
                now.push_back(pca_basis(gatherer.current(layer, 0, quantity), std::max(1, shape_.head_dim / 2)));
        std::optional<double> change;
        if (!last_.empty()) {
            change = 0;
            for (std::size_t i = 0; i < now.size(); ++i)
                *change += subspace_change(last_[i], now[i]) / static_cast<double>(now.size());
        }
        last_ = std::move(now);
        return change;
    }

private:
    AttentionShapes shape_;
    std::int64_t every_, next_ = 1;
    std::vector<Basis> last_;
};

} // namespace

Calibration calibrate(Decoder& decoder, std::span<const std::int32_t> tokens, const CalibrationOptions& options,
                      const std::function<void(const CalibrationProgress&)>& report)
{
    if (tokens.size() < 2)
        throw Error(ErrorKind::BadInput,
                    fmt::format("the text has {} token(s); a calibration needs at least 2", tokens.size()),
                    "give a longer text");
    if (options.window_tokens < 2 || options.sinks < 0)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("a window of {} tokens with {} sinks cannot be calibrated", options.window_tokens,
                                options.sinks),
                    "use a window of at least 2 tokens and sinks of 0 or more");
    const AttentionShapes shape = decoder.attention();
    Gatherer gatherer(shape, options.sinks, options.weighted ? Gatherer::Weighted::Yes : Gatherer::Weighted::No);
    std::unique_ptr<Past> past;
    if (options.weighted)
        past = std::make_unique<WeightedPast>(shape, decoder.compute_type(), gatherer);
    else
        past = std::make_unique<PlainPast>(shape, decoder.compute_type());
    Convergence convergence(shape, static_cast<std::int64_t>(tokens.size()));
    const auto start = std::chrono::steady_clock::now();
    const c10::InferenceMode inference;
    const auto total = static_cast<std::int64_t>(tokens.size());
    for (std::int64_t first = 0; first < total; first += options.window_tokens) {
        const std::int64_t count = std::min<std::int64_t>(options.window_tokens, total - first);
        guarded("calibrating", [&] {
            const at::Tensor ids =
                at::from_blob(const_cast<std::int32_t*>(tokens.data() + first), {1, count}, at::kInt).to(at::kLong);
            decoder.forward(ids, 0, *past, &gatherer, Extent::LastAttend);
        });
        CalibrationProgress progress;
        progress.tokens_done = first + count;
        progress.tokens_total = total;
        progress.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        progress.subspace_change = convergence.update(gatherer);
        report(progress);
    }
    Calibration calibration = gatherer.finish();
    for (int layer = 0; layer < shape.layers(); ++layer)
        for (int head = 0; head < shape.kv_heads; ++head)
            calibration.output_grams.push_back({layer, head, shape.head_dim, decoder.output_gram(layer, head)});
    return calibration;
}

} // namespace kvw
