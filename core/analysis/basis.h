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
/// For keys decoder^T is also the query map: q . x' = q . mean + (decoder^T q) . z (docs/codecs.md, "Attention over
/// coded tokens"). Orthonormal bases have encoder == decoder. Kq and Out latents are scaled so that an equal error in
/// every component costs the same (component i by its singular value s_i), which is what a quantiser with one scale
/// wants.
struct Basis
{
    int dim = 0;
    int rank = 0;
    std::vector<double> encoder; ///< [dim, rank], row-major
    std::vector<double> decoder; ///< [dim, rank], row-major
    std::vector<double> mean;    ///< [dim]; zeros where nothing is taken off
    /// [dim + 1]: expected squared error in the basis' own measure when only the first i components are kept, per unit
    /// weight; empty where none is known.
    std::vector<double> error_curve;
};

enum class Centring { Mean, None };

/// PCA of the covariance (Centring::Mean) or of the raw second moment (Centring::None) (docs/codecs.md, "Principal
/// components").
///     error_curve[i] = sum of the eigenvalues from i on = E |x - x'|^2
/// Throws Error{InvalidArgument} for a rank outside 1..dim, Error{NotFinite} for moments that are not finite,
/// Error{BadInput} for no vectors at all (weight 0). So do all below.
/// The largest entry (in magnitude) of every column of Pca, Kq and Out encoders is positive.
Basis pca_basis(const Moments& moments, int rank, Centring centring = Centring::Mean);
/// Query-aware key basis (docs/codecs.md, "Query-aware keys"): minimises |Q (K - mean)^T - (Q decoder)((K - mean)
/// encoder)^T|_F. `keys` are centred, `queries` are not (raw second moment).
///     error_curve[i] = E_q E_k (q . (k - k'))^2, queries and keys drawn independently, exact for these moments
/// Key directions with less than 1e-4 of the largest standard deviation count as if they had that much (a key rounded
/// to bf16 carries more noise): rank dim is the identity even for keys of lower rank. Components whose s_i is below
/// 1e-6 of the largest are scaled by that instead, or by 1 where all are zero.
Basis kq_basis(const Moments& keys, const Moments& queries, int rank);
/// Output-aware value basis (docs/codecs.md, "Output-aware values"): minimises |(V - V') W_o|_F; gram = sum_h W_o,h
/// W_o,h^T, [dim, dim].
///     error_curve[i] = E |(v - v') W_o|^2 summed over the group's query heads; floors as in kq_basis
/// Throws Error{InvalidArgument} also for a gram of another size.
Basis out_basis(const Moments& values, std::span<const double> gram, int rank);
/// First `rank` columns of a Haar-distributed orthogonal matrix (QR of a Gaussian, signs fixed); no mean.
/// The generator is our own (not std::normal_distribution), so a seed means the same everywhere.
/// A seed's basis of rank r is the first r columns of its basis of any larger rank.
Basis random_basis(int dim, int rank, std::uint64_t seed);
/// random_basis at full rank: a rotation.
Basis rotation_basis(int dim, std::uint64_t seed);
/// Randomised Hadamard rotation H diag(+-1) / sqrt(dim), full rank; dim a power of two.
///     encoder[i, j] = sign_i (-1)^popcount(i & j) / sqrt(dim)
/// so z = H (sign * x) / sqrt(dim), H in Sylvester's order; sign_i is + where bit 63 of the seed's i-th
/// RandomGenerator::next() is 0.
Basis hadamard_basis(int dim, std::uint64_t seed);

/// The same basis with its first `rank` components only: one decomposition at rank dim serves every rank. Equal to the
/// last bit to asking for that rank. Throws Error{InvalidArgument} for a rank outside 1..basis.rank.
Basis truncate(const Basis& basis, int rank);

} // namespace kvw
