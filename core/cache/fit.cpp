// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cache/fit.h"

#include "core/analysis/select.h"
#include "core/analysis/transforms.h"
#include "core/base/error.h"
#include "core/cache/row_format.h"
#include "core/config/words.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvw {
namespace {

using config::FittedFrom;
using config::Side;

struct Place
{
    int layer = 0;
    Side side = Side::Keys;
    int sinks = 0;
};

/// Every layer and side draws its own numbers from the one seed of the text, and so does every head, whose index is added.
std::uint64_t seed_at(const Place& place, std::uint64_t seed)
{
    constexpr int heads_apart = 4096;
    return seed * 1000003ull
        + static_cast<std::uint64_t>((place.layer * 2 + (place.side == Side::Values)) * heads_apart);
}

class Fitter
{
public:
    Fitter(const AttentionShapes& shape, ComputeType type, const Calibration* maybe_calibration,
           std::vector<std::string>& notes)
        : shape_(shape),
          type_(type),
          maybe_calibration_(maybe_calibration),
          notes_(notes)
    {}

    SideCodec side(const CodecSpec& spec, const Place& place);
    /// Of the side that was made last, where its values are folded.
    std::optional<ValueFold> take_fold() { return std::exchange(maybe_fold_, std::nullopt); }

private:
    /// Of every head; empty where the transform has no basis.
    std::vector<Basis> bases(const TransformSpec& transform, const Place& place);
    std::optional<Basis> basis(const TransformSpec& transform, const Place& place, int head);
    Moments moments(const TransformSpec& transform, const Place& place, int head, Quantity quantity);
    const Calibration& calibration() const;
    void set_bases(SideCodec& codec, const std::vector<Basis>& bases) const;
    ValueFold fold_of(const std::vector<Basis>& bases, std::int64_t rank) const;

    const AttentionShapes& shape_;
    ComputeType type_;
    const Calibration* maybe_calibration_;
    std::vector<std::string>& notes_;
    std::optional<ValueFold> maybe_fold_;
};

const Calibration& Fitter::calibration() const
{
    if (!maybe_calibration_)
        throw Error(ErrorKind::NotFound,
                    "this configuration needs the moments of a calibration, and there is none for this model",
                    "run kvw calibrate MODEL --text FILE --store P.kvw and give that store with --store");
    return *maybe_calibration_;
}

Moments Fitter::moments(const TransformSpec& transform, const Place& place, int head, Quantity quantity)
{
    MomentsRequest request;
    request.layer = place.layer;
    request.kv_head = head;
    request.quantity = quantity;
    request.sinks = place.sinks;
    request.pooled = transform.pooled;
    request.weighted = transform.weighted;
    const int limit = calibration().rank_limit;
    if (limit > 0 && transform.rank > limit)
        throw Error(
            ErrorKind::InvalidArgument,
            fmt::format("rank {} is asked for and the imported bases have {} components", transform.rank, limit),
            "use a smaller rank, or calibrate this model with kvw calibrate");
    SelectedMoments selected = select_moments(calibration(), request);
    if (!selected.note.empty() && std::find(notes_.begin(), notes_.end(), selected.note) == notes_.end())
        notes_.push_back(selected.note);
    return std::move(selected.moments);
}

std::optional<Basis> Fitter::basis(const TransformSpec& transform, const Place& place, int head)
{
    const FittedFrom from = config::word_of(transform.kind).fitted_from;
    TransformInput input;
    input.head_dim = shape_.head_dim;
    input.seed = seed_at(place, transform.seed) + static_cast<std::uint64_t>(head);
    Moments stored, queries;
    if (from != FittedFrom::Nothing) {
        stored = moments(transform, place, head, place.side == Side::Keys ? Quantity::Key : Quantity::Value);
        input.maybe_moments = &stored;
    }
    switch (from) {
    case FittedFrom::Nothing:
    case FittedFrom::Moments:
        break;
    case FittedFrom::MomentsAndQueries:
        queries = moments(transform, place, head, Quantity::Query);
        input.maybe_queries = &queries;
        break;
    case FittedFrom::MomentsAndOutputGram:
        input.output_gram = select_output_gram(calibration(), place.layer, head).gram;
        break;
    }
    return fit_transform(transform, input);
}

std::vector<Basis> Fitter::bases(const TransformSpec& transform, const Place& place)
{
    std::vector<Basis> out;
    for (int head = 0; head < shape_.kv_heads; ++head) {
        std::optional<Basis> own =
            head > 0 && transform.pooled ? std::optional(out.front()) : basis(transform, place, head);
        if (!own)
            return {};
        out.push_back(*std::move(own));
    }
    return out;
}

void Fitter::set_bases(SideCodec& codec, const std::vector<Basis>& bases) const
{
    const std::int64_t heads = shape_.kv_heads, d = shape_.head_dim, r = codec.width;
    const auto gather = [&](const std::vector<double> Basis::*part) {
        at::Tensor all = at::empty({heads, d, r}, at::kDouble);
        for (std::int64_t g = 0; g < heads; ++g) {
            const std::vector<double>& matrix = bases[static_cast<std::size_t>(g)].*part;
            std::copy(matrix.begin(), matrix.end(), all.data_ptr<double>() + g * d * r);
        }
        return all.to(at::kFloat);
    };
    codec.encoder = gather(&Basis::encoder);
    const bool orthonormal =
        std::all_of(bases.begin(), bases.end(), [](const Basis& b) { return b.encoder == b.decoder; });
    codec.decoder = orthonormal ? codec.encoder : gather(&Basis::decoder);
    codec.decoder_transposed = codec.decoder.transpose(1, 2).contiguous();
    codec.fixed_bytes = static_cast<double>(codec.encoder.nbytes() + codec.decoder_transposed.nbytes()
                                            + (orthonormal ? 0 : codec.decoder.nbytes()));
    const bool centred = std::any_of(bases.begin(), bases.end(), [](const Basis& b) {
        return std::any_of(b.mean.begin(), b.mean.end(), [](double value) { return value != 0; });
    });
    if (!centred)
        return;
    codec.mean = at::empty({heads, d}, at::kFloat);
    for (std::int64_t g = 0; g < heads; ++g)
        for (std::int64_t i = 0; i < d; ++i)
            codec.mean.data_ptr<float>()[g * d + i] =
                static_cast<float>(bases[static_cast<std::size_t>(g)].mean[static_cast<std::size_t>(i)]);
    codec.fixed_bytes += static_cast<double>(codec.mean.nbytes());
}

SideCodec Fitter::side(const CodecSpec& spec, const Place& place)
{
    SideCodec codec;
    codec.coded = !spec.is_identity();
    codec.transform = spec.transform.kind;
    codec.canary = config::word_of(spec.transform.kind).canary;
    codec.noise_seed = seed_at(place, spec.transform.seed);
    codec.head_dim = shape_.head_dim;
    codec.width = spec.transform.rank > 0 ? spec.transform.rank : shape_.head_dim;
    codec.format = row_format(spec.quantiser, type_, codec.width);
    if (kernels::is_integer(codec.format.type) && spec.quantiser.axis == ScaleAxis::Channel)
        codec.block_tokens = spec.quantiser.size;
    const std::vector<Basis> bases = this->bases(spec.transform, place);
    if (bases.empty())
        return codec;
    if (spec.transform.fold) {
        codec.folded = true;
        maybe_fold_ = fold_of(bases, codec.width);
        return codec;
    }
    set_bases(codec, bases);
    return codec;
}

ValueFold Fitter::fold_of(const std::vector<Basis>& bases, std::int64_t rank) const
{
    const std::int64_t heads = shape_.kv_heads, d = shape_.head_dim;
    ValueFold fold{at::empty({heads, d, rank}, at::kDouble), at::empty({heads, d, rank}, at::kDouble),
                   at::zeros({heads, d}, at::kDouble)};
    for (std::int64_t g = 0; g < heads; ++g) {
        const Basis& basis = bases[static_cast<std::size_t>(g)];
        std::copy(basis.encoder.begin(), basis.encoder.end(), fold.encoder.data_ptr<double>() + g * d * rank);
        std::copy(basis.decoder.begin(), basis.decoder.end(), fold.decoder.data_ptr<double>() + g * d * rank);
        std::copy(basis.mean.begin(), basis.mean.end(), fold.mean.data_ptr<double>() + g * d);
    }
    return fold;
}

void check_calibration(const Calibration& calibration, const AttentionShapes& shape)
{
    if (calibration.layers == shape.layers() && calibration.kv_heads == shape.kv_heads
        && calibration.head_dim == shape.head_dim)
        return;
    throw Error(
        ErrorKind::BadInput,
        fmt::format(
            "the calibration is of a model with {} layers, {} KV heads and head size {}; this one has {}, {} and {}",
            calibration.layers, calibration.kv_heads, calibration.head_dim, shape.layers(), shape.kv_heads,
            shape.head_dim),
        "calibrate this model, or choose its calibration with --calibration");
}

} // namespace

FittedConfiguration fit(const Configuration& configuration, const AttentionShapes& shape, ComputeType type,
                        const Calibration* maybe_calibration)
{
    check(configuration, shape.layers(), shape.head_dim);
    if (maybe_calibration && configuration.needs_moments())
        check_calibration(*maybe_calibration, shape);
    FittedConfiguration fitted;
    fitted.configuration = configuration;
    fitted.type = type;
    Fitter fitter(shape, type, maybe_calibration, fitted.notes);
    for (int layer = 0; layer < shape.layers(); ++layer) {
        const LayerConfiguration wanted = configuration.layer(layer);
        LayerCodec codec;
        codec.sinks = wanted.sinks;
        codec.window = wanted.window;
        codec.k = fitter.side(wanted.k, {layer, Side::Keys, wanted.sinks});
        codec.v = fitter.side(wanted.v, {layer, Side::Values, wanted.sinks});
        codec.maybe_fold = fitter.take_fold();
        fitted.fixed_bytes += codec.k.fixed_bytes + codec.v.fixed_bytes;
        fitted.layers.push_back(std::move(codec));
    }
    return fitted;
}

FittedConfiguration fit(const Configuration& configuration, const Decoder& decoder,
                        const Calibration* maybe_calibration)
{
    FittedConfiguration fitted = fit(configuration, decoder.attention(), decoder.compute_type(), maybe_calibration);
    std::vector<std::optional<ValueFold>> folds;
    for (LayerCodec& layer : fitted.layers)
        folds.push_back(std::exchange(layer.maybe_fold, std::nullopt));
    if (std::any_of(folds.begin(), folds.end(), [](const auto& fold) { return fold.has_value(); }))
        fitted.maybe_decoder = decoder.with_folded_values(folds);
    return fitted;
}

} // namespace kvw
