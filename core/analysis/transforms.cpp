// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/transforms.h"

#include "core/base/error.h"

#include <fmt/format.h>

namespace kvw {
namespace {

const Moments& given(const Moments* maybe_moments, const char* what)
{
    if (!maybe_moments)
        throw Error(ErrorKind::Internal,
                    fmt::format("a transform reads the moments of {}, which its word does not ask for", what));
    return *maybe_moments;
}

} // namespace

std::optional<Basis> fit_transform(const TransformSpec& transform, const TransformInput& input)
{
    const auto stored = [&]() -> const Moments& { return given(input.maybe_moments, "the stored vectors"); };
    switch (transform.kind) {
    case TransformKind::Identity:
    case TransformKind::Zero:
    case TransformKind::Noise:
        return std::nullopt;
    case TransformKind::Pca:
        return pca_basis(stored(), transform.rank, transform.uncentred ? Centring::None : Centring::Mean);
    case TransformKind::Kq:
        return kq_basis(stored(), given(input.maybe_queries, "the queries"), transform.rank);
    case TransformKind::Out:
        return out_basis(stored(), input.output_gram, transform.rank);
    case TransformKind::Random:
        return random_basis(input.head_dim, transform.rank, input.seed);
    case TransformKind::Rotate:
        return rotation_basis(input.head_dim, input.seed);
    case TransformKind::Hadamard:
        return hadamard_basis(input.head_dim, input.seed);
    }
    throw Error(ErrorKind::Internal, fmt::format("transform {} has no function", static_cast<int>(transform.kind)));
}

} // namespace kvw
