// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/score.h"

#include "core/base/error.h"
#include "core/base/time.h"
#include "kernels/elementwise.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace kvw {
namespace {

/// Rows and tokens of the vocabulary whose logits are held at a time: 4 MB, which the third-level cache holds, and rows
/// short enough for the first level.
constexpr std::int64_t kRows = 512, kColumns = 2048;
static_assert(kColumns % kLogitColumnStep == 0);

[[noreturn]] void not_finite()
{
    throw Error(ErrorKind::NotFinite, "a logit is NaN or infinite, so that there is nothing to score",
                "compute in fp32, or choose a quantiser that loses less");
}

/// The logits of some rows piece by piece, and what is kept of every piece: ln sum exp and the largest logit's place.
class Pieces
{
public:
    Pieces(Decoder& decoder, const at::Tensor& hidden)
        : decoder_(decoder),
          hidden_(hidden),
          rows_(hidden.size(0)),
          vocab_(decoder.config().vocab_size),
          lse_(static_cast<std::size_t>(pieces() * rows_)),
          best_(static_cast<std::size_t>(rows_), -std::numeric_limits<float>::infinity()),
          argmax_(static_cast<std::size_t>(rows_))
    {
        buffer_ = at::empty({rows_ * std::min(kColumns, vocab_)}, hidden.options());
    }

    std::int64_t pieces() const { return (vocab_ + kColumns - 1) / kColumns; }
    std::int64_t first(std::int64_t piece) const { return piece * kColumns; }
    std::int64_t columns(std::int64_t piece) const { return std::min(kColumns, vocab_ - first(piece)); }

    void compute(std::int64_t piece)
    {
        at::Tensor out = buffer_.narrow(0, 0, rows_ * columns(piece)).view({rows_, columns(piece)});
        decoder_.logits_part(hidden_, first(piece), out);
        std::vector<std::int64_t> largest(argmax_.size());
        kernels::LogSumExpRows args;
        args.rows = rows_;
        args.vocab = columns(piece);
        args.logits = logits();
        args.stride = columns(piece);
        args.lse = lse_.data() + piece * rows_;
        args.maybe_argmax = largest.data();
        if (kernels::log_sum_exp_rows(args) != kernels::Status::Ok)
            not_finite();
        for (std::size_t row = 0; row < largest.size(); ++row) {
            const float value = logits()[static_cast<std::int64_t>(row) * columns(piece) + largest[row]];
            if (value > best_[row]) { // of equal ones the first stays
                best_[row] = value;
                argmax_[row] = first(piece) + largest[row];
            }
        }
    }

    const float* logits() const { return buffer_.data_ptr<float>(); } ///< [rows, columns] of the piece computed last
    const double* piece_lse(std::int64_t piece) const { return lse_.data() + piece * rows_; }
    std::int64_t argmax(std::int64_t row) const { return argmax_[static_cast<std::size_t>(row)]; }

    /// ln of the sum over all pieces.
    double lse(std::int64_t row) const
    {
        double largest = -std::numeric_limits<double>::infinity(), sum = 0;
        for (std::int64_t piece = 0; piece < pieces(); ++piece)
            largest = std::max(largest, piece_lse(piece)[row]);
        for (std::int64_t piece = 0; piece < pieces(); ++piece)
            sum += std::exp(piece_lse(piece)[row] - largest);
        return largest + std::log(sum);
    }

private:
    Decoder& decoder_;
    at::Tensor hidden_, buffer_;
    std::int64_t rows_, vocab_;
    std::vector<double> lse_; ///< [pieces, rows]
    std::vector<float> best_;
    std::vector<std::int64_t> argmax_;
};

/// Divergences of the pieces, each as a distribution of its own, [pieces, rows]; the chain rule joins them.
void piece_divergences(const Pieces& p, const Pieces& q, std::int64_t piece, std::int64_t rows,
                       std::vector<double>& out)
{
    kernels::KlRows args;
    args.rows = rows;
    args.vocab = p.columns(piece);
    args.p_logits = p.logits();
    args.q_logits = q.logits();
    args.p_stride = args.q_stride = args.vocab;
    args.p_lse = p.piece_lse(piece);
    args.q_lse = q.piece_lse(piece);
    args.kl = out.data() + piece * rows;
    if (kernels::kl_rows(args) != kernels::Status::Ok)
        not_finite();
}

/// KL(p || q) = sum over pieces of P(piece) (KL within the piece + ln P(piece) - ln Q(piece)).
double divergence(const Pieces& p, const Pieces& q, const std::vector<double>& within, std::int64_t row,
                  std::int64_t rows)
{
    const double p_lse = p.lse(row), q_lse = q.lse(row);
    double sum = 0;
    for (std::int64_t piece = 0; piece < p.pieces(); ++piece) {
        const double log_p = p.piece_lse(piece)[row] - p_lse, log_q = q.piece_lse(piece)[row] - q_lse;
        sum += std::exp(log_p) * (within[static_cast<std::size_t>(piece * rows + row)] + log_p - log_q);
    }
    return sum;
}

void score_pieces(Decoder& decoder, const at::Tensor& hidden, const std::int64_t* targets,
                  const at::Tensor& maybe_reference, std::vector<PositionScore>& out, double& own_seconds)
{
    const std::int64_t rows = hidden.size(0);
    Stopwatch watch;
    Pieces own(decoder, hidden);
    own_seconds += watch.seconds();
    std::optional<Pieces> reference;
    std::vector<double> within;
    if (maybe_reference.defined()) {
        reference.emplace(decoder, maybe_reference);
        within.resize(static_cast<std::size_t>(own.pieces() * rows));
    }
    std::vector<float> at_target(static_cast<std::size_t>(rows));
    for (std::int64_t piece = 0; piece < own.pieces(); ++piece) {
        watch = Stopwatch();
        own.compute(piece);
        for (std::int64_t row = 0; row < rows; ++row) {
            const std::int64_t column = targets[row] - own.first(piece);
            if (column >= 0 && column < own.columns(piece))
                at_target[static_cast<std::size_t>(row)] = own.logits()[row * own.columns(piece) + column];
        }
        own_seconds += watch.seconds();
        if (reference) {
            reference->compute(piece);
            piece_divergences(*reference, own, piece, rows, within);
        }
    }
    for (std::int64_t row = 0; row < rows; ++row) {
        PositionScore score;
        score.nll_nats =
            static_cast<float>(own.lse(row) - static_cast<double>(at_target[static_cast<std::size_t>(row)]));
        if (reference) {
            score.kl_nats = static_cast<float>(divergence(*reference, own, within, row, rows));
            score.top1_equal = reference->argmax(row) == own.argmax(row);
        }
        out.push_back(score);
    }
}

/// By LibTorch, where the logits are not in this processor's memory.
void score_elsewhere(Decoder& decoder, const at::Tensor& hidden, const at::Tensor& targets,
                     const at::Tensor& maybe_reference, std::vector<PositionScore>& out, double& own_seconds)
{
    const std::int64_t count = hidden.size(0);
    const Stopwatch watch;
    const at::Tensor logits = decoder.logits(hidden);
    const at::Tensor lse = logits.logsumexp(1, true);
    const at::Tensor nll = (lse - logits.gather(1, targets.to(hidden.device()).unsqueeze(1))).squeeze(1).to(at::kCPU);
    const at::Tensor best = logits.argmax(1);
    own_seconds += watch.seconds();
    at::Tensor kl, equal;
    if (maybe_reference.defined()) {
        const at::Tensor reference = decoder.logits(maybe_reference);
        const at::Tensor reference_lse = reference.logsumexp(1, true);
        const at::Tensor log_p = reference - reference_lse;
        kl = (log_p.exp() * (log_p - logits + lse)).sum(1).to(at::kCPU);
        equal = reference.argmax(1).eq(best).to(at::kCPU);
    }
    for (std::int64_t i = 0; i < count; ++i) {
        PositionScore score;
        score.nll_nats = nll.data_ptr<float>()[i];
        if (kl.defined()) {
            score.kl_nats = kl.data_ptr<float>()[i];
            score.top1_equal = equal.data_ptr<bool>()[i];
        }
        out.push_back(score);
    }
}

} // namespace

void score_rows(Decoder& decoder, const at::Tensor& hidden, const at::Tensor& targets,
                const at::Tensor& maybe_reference, std::vector<PositionScore>& out, double& own_seconds)
{
    const std::int64_t rows = hidden.size(0), vocab = decoder.config().vocab_size,
                       step = hidden.is_cpu() ? kRows : kLogitRows;
    const at::Tensor wanted = targets.contiguous();
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t target = wanted.data_ptr<std::int64_t>()[row];
        if (target < 0 || target >= vocab)
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("token {} at position {} is outside the vocabulary of {}", target, row, vocab));
    }
    for (std::int64_t first = 0; first < rows; first += step) {
        const std::int64_t count = std::min(step, rows - first);
        const at::Tensor part = hidden.narrow(0, first, count);
        const at::Tensor reference = maybe_reference.defined() ? maybe_reference.narrow(0, first, count) : at::Tensor();
        if (hidden.is_cpu())
            score_pieces(decoder, part, wanted.data_ptr<std::int64_t>() + first, reference, out, own_seconds);
        else
            score_elsewhere(decoder, part, wanted.narrow(0, first, count), reference, out, own_seconds);
    }
}

} // namespace kvw
