// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"

#include <cstdint>
#include <span>
#include <vector>

namespace kvw {

/// A linear transform of one head's vectors and the way back, in fp64:
///     z = encoder^T (x - mean)          [rank], what is stored
///     x' = mean + decoder z             [dim]
/// For keys decoder^T is also the query map: q . x' = q . mean + (decoder^T q) . z (CODECS.md 4b, 4h).
/// Orthonormal bases have encoder == decoder. Kq and Out latents are scaled so that an equal error in every component
/// costs the same (component i by its singular value s_i), which is what a quantiser with one scale wants.
struct Basis
{
    int dim = 0;
    int rank = 0;
    std::vector<double> encoder; ///< [dim, rank], row-major
    std::vector<double> decoder; ///< [dim, rank], row-major
    std::vector<double> mean;    ///< [dim]; zeros where nothing is taken off
    std::vector<double> error_curve; ///< [dim + 1]: expected squared error in the basis' own measure when only the first i components are kept, per unit weight; empty where none is known
};

enum class Centring { Mean, None };

/// PCA of the covariance (Centring::Mean) or of the raw second moment (Centring::None) (CODECS.md 4a).
/// Throws Error{InvalidArgument} for a rank outside 1..dim, Error{NotFinite} for moments that are not finite,
/// Error{BadInput} for no vectors at all (weight 0). So do all below.
Basis pca_basis(const Moments& moments, int rank, Centring centring = Centring::Mean);
/// Query-aware key basis (CODECS.md 4b, KQ-SVD): minimises |Q (K - mean)^T - (Q decoder)((K - mean) encoder)^T|_F.
/// `keys` are centred, `queries` are not (raw second moment).
Basis kq_basis(const Moments& keys, const Moments& queries, int rank);
/// Output-aware value basis (CODECS.md 4c): minimises |(V - V') W_o|_F; gram = sum_h W_o,h W_o,h^T, [dim, dim].
Basis out_basis(const Moments& values, std::span<const double> gram, int rank);
/// First `rank` columns of a Haar-distributed orthogonal matrix (QR of a Gaussian, signs fixed); no mean.
/// The generator is our own (not std::normal_distribution), so a seed means the same everywhere.
Basis random_basis(int dim, int rank, std::uint64_t seed);
/// Randomised Hadamard rotation H diag(+-1) / sqrt(dim), full rank; dim a power of two.
Basis hadamard_basis(int dim, std::uint64_t seed);

} // namespace kvw
