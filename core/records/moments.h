// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvw {

/// Weighted first and second moments of row vectors x_t in R^dim with weights w_t (1 when unweighted), in fp64.
///     weight  = sum w_t       mean = sum w_t x_t / weight       scatter = sum w_t (x_t - mean)(x_t - mean)^T
/// `scatter` is [dim, dim], row-major, symmetric, both triangles filled; the covariance is scatter / weight.
/// The raw second moment of docs/codecs.md, "Moments", is C = scatter + weight mean mean^T.
struct Moments
{
    int dim = 0;
    std::int64_t count = 0;      ///< vectors seen
    double weight = 0;           ///< sum of their weights; equals count when unweighted
    std::vector<double> mean;    ///< [dim]
    std::vector<double> scatter; ///< [dim, dim]
};

/// What the vectors are. Queries are those of all query heads of a KV head, stacked (docs/codecs.md, "Query-aware
/// keys"), before the 1/sqrt(head_dim) of attention.
enum class Quantity { QueryPreRope, Query, KeyPreRope, Key, Value };
/// Over all positions of a window, or without the first `sinks` ones.
enum class Positions { All, AfterSinks };
/// Every token counts 1, or counts the squared attention that it receives: w_t = sum over m, h of p_hmt^2.
enum class Weighting { Uniform, Attention };

inline constexpr std::array kQuantities{Quantity::QueryPreRope, Quantity::Query, Quantity::KeyPreRope, Quantity::Key,
                                        Quantity::Value};
inline constexpr std::array kPositions{Positions::All, Positions::AfterSinks};
inline constexpr std::array kWeightings{Weighting::Uniform, Weighting::Attention};

/// "q_pre", "q", "k_pre", "k", "v"; "all", "after_sinks"; "uniform", "attention": the words of store and exports.
std::string_view name(Quantity quantity) noexcept;
std::string_view name(Positions positions) noexcept;
std::string_view name(Weighting weighting) noexcept;

/// One entry of a calibration. Weighted entries exist for Key and Value only (and not at all with --no-weighted).
struct HeadMoments
{
    int layer = 0;
    int kv_head = 0;
    Quantity quantity = Quantity::Key;
    Positions positions = Positions::All;
    Weighting weighting = Weighting::Uniform;
    Moments moments;
    std::vector<double> absolute_maximum; ///< [dim], largest |x| by channel; empty in weighted entries
};

/// M = sum over the group's query heads h of W_o,h W_o,h^T, [head_dim, head_dim] (docs/codecs.md, "Moments"): what the
/// output projection makes of a value error.
struct OutputGram
{
    int layer = 0;
    int kv_head = 0;
    int dim = 0;
    std::vector<double> gram; ///< [dim, dim]
};

/// Everything that one calibration gathered. Any basis at any rank follows from it without the model.
struct Calibration
{
    int layers = 0;
    int heads = 0;
    int kv_heads = 0;
    int head_dim = 0;
    int sinks = 0; ///< positions left out of Positions::AfterSinks
    std::int64_t tokens = 0;
    bool weighted = false; ///< whether entries with Weighting::Attention exist
    /// Imported bases: the largest rank that they hold, beyond which nothing is known of the vectors; 0: no limit.
    int rank_limit = 0;
    std::vector<HeadMoments> entries;
    std::vector<OutputGram> output_grams;

    /// The entry, or null where the calibration has none.
    const HeadMoments* find(int layer, int kv_head, Quantity, Positions, Weighting) const noexcept;
    const OutputGram* find_output_gram(int layer, int kv_head) const noexcept;
};

} // namespace kvw
