// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"

#include <string>
#include <vector>

namespace kvw {

/// What one covariance says about how far its vectors compress. docs/moments.md has the formulas.
/// Without any variance: energies 1 (nothing is missing), effective_rank and rank_* 0, spread 1, coding gain 0.
struct SpectrumStatistics
{
    std::vector<double> eigenvalues; ///< [dim], descending, none negative: variances along the principal axes
    std::vector<double>
        cumulative_energy;     ///< [dim]; [i] = share of the first i + 1 eigenvalues in the sum; the last is 1
    double effective_rank = 0; ///< exp(-sum p ln p), p = eigenvalue / sum: 1..dim
    int rank_90 = 0;           ///< fewest components with at least 90 % of the energy
    int rank_95 = 0;
    int rank_99 = 0;
    double spread = 1;     ///< largest / smallest standard deviation along the principal axes, at most 1e6
    double mean_share = 0; ///< |mean|^2 / (|mean|^2 + trace): what centring takes away; 0 for vectors that are all zero
    double coding_gain_bits =
        0; ///< bits per value that PCA saves over a random rotation at high rate: log2(AM / GM) / 2
};

/// Smallest eigenvalue that counts in spread and coding gain, as a share of the largest: fp64 eigenvalues below some
/// 1e-15 of the largest are rounding, and a logarithm of 0 would be the whole answer.
inline constexpr double kSpectrumFloor = 1e-12;

/// Of the covariance. Throws Error{BadInput} for no vectors, Error{NotFinite}.
SpectrumStatistics spectrum(const Moments& moments);
/// Of the logits: "eigenvalues" are s_i^2, squared singular values of L_Q^T L_K (docs/codecs.md, "Query-aware keys";
/// keys centred, queries raw, both per unit weight), so that leaving out all components from i on costs the sum of
/// s_j^2, j >= i. mean_share = mu^T C_Q mu / (mu^T C_Q mu + sum s_i^2): the share of the squared logits that is the
/// same for every key of a row, which softmax does not see. Throws as spectrum(); Error{InvalidArgument} for different
/// dims.
SpectrumStatistics query_key_spectrum(const Moments& keys, const Moments& queries);
/// From eigenvalues in any order (clamped at 0) and the energy of the mean. Throws Error{InvalidArgument} for none,
/// Error{NotFinite}.
SpectrumStatistics spectrum_statistics(std::vector<double> eigenvalues, double mean_energy);

/// One row of the table of spectra.
struct HeadSpectrum
{
    int layer = 0;
    int kv_head = 0;
    std::string quantity; ///< "q_pre", "q", "k_pre", "k", "v" as name(Quantity), or "qk" for the query-key product
    Positions positions = Positions::All;
    Weighting weighting = Weighting::Uniform; ///< of the keys in "qk"; its queries are always uniformly weighted
    SpectrumStatistics statistics;
};

/// Of every entry of the calibration, in its order; each Key entry is followed by the "qk" row of the same place where
/// the calibration has the queries. Throws with layer, head and quantity in the message what spectrum() throws.
std::vector<HeadSpectrum> spectra(const Calibration& calibration);

} // namespace kvw
