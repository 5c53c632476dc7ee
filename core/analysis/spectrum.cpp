// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/spectrum.h"

#include "core/analysis/eigen_system.h"
#include "core/analysis/moments.h"
#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace kvw {

namespace {

using namespace analysis_detail;

// So that 9 of 10 equal eigenvalues are 90 %, whatever their sum was rounded to.
constexpr double kEnergyRounding = 1e-12;

int rank_at(const std::vector<double>& cumulative, double energy)
{
    const auto found = std::find_if(cumulative.begin(), cumulative.end(),
                                    [&](double share) { return share >= energy - kEnergyRounding; });
    return static_cast<int>(found - cumulative.begin()) + 1;
}

void add_energy(SpectrumStatistics& result, double total)
{
    double sum = 0, entropy = 0;
    for (std::size_t i = 0; i < result.eigenvalues.size(); ++i) {
        const double share = result.eigenvalues[i] / total;
        sum += share;
        result.cumulative_energy[i] = std::min(sum, 1.0);
        if (share > 0)
            entropy -= share * std::log(share);
    }
    result.cumulative_energy.back() = 1.0;
    result.effective_rank = std::exp(entropy);
    result.rank_90 = rank_at(result.cumulative_energy, 0.90);
    result.rank_95 = rank_at(result.cumulative_energy, 0.95);
    result.rank_99 = rank_at(result.cumulative_energy, 0.99);
}

void add_ratios(SpectrumStatistics& result)
{
    const double floor = kSpectrumFloor * result.eigenvalues.front();
    double sum = 0, logarithms = 0;
    for (const double value : result.eigenvalues) {
        sum += std::max(value, floor);
        logarithms += std::log2(std::max(value, floor));
    }
    const auto count = static_cast<double>(result.eigenvalues.size());
    result.spread = std::sqrt(result.eigenvalues.front() / std::max(result.eigenvalues.back(), floor));
    // AM >= GM; rounding must not show a negative gain.
    result.coding_gain_bits = std::max(0.0, 0.5 * (std::log2(sum / count) - logarithms / count));
}

template<typename Function>
SpectrumStatistics at_place(const HeadMoments& entry, std::string_view quantity, Function function)
{
    try {
        return function();
    } catch (const Error& error) {
        throw Error(error.kind(),
                    fmt::format("spectrum of {} ({}, {}), layer {}, kv head {}: {}", quantity, name(entry.positions),
                                name(entry.weighting), entry.layer, entry.kv_head, error.message()),
                    error.hint());
    }
}

} // namespace

SpectrumStatistics spectrum_statistics(std::vector<double> eigenvalues, double mean_energy)
{
    if (eigenvalues.empty())
        throw Error(ErrorKind::InvalidArgument, "the spectrum of no eigenvalues");
    SpectrumStatistics result;
    double total = 0;
    for (double& value : eigenvalues) {
        if (!std::isfinite(value))
            throw Error(ErrorKind::NotFinite, fmt::format("an eigenvalue is {}", value));
        value = std::max(value, 0.0);
        total += value;
    }
    if (!std::isfinite(mean_energy) || !std::isfinite(total))
        throw Error(ErrorKind::NotFinite,
                    fmt::format("sum of the eigenvalues {}, energy of the mean {}", total, mean_energy));
    std::sort(eigenvalues.begin(), eigenvalues.end(), std::greater<>());
    result.eigenvalues = std::move(eigenvalues);
    result.cumulative_energy.assign(result.eigenvalues.size(), 1.0);
    const double energy = std::max(mean_energy, 0.0);
    result.mean_share = energy + total > 0 ? energy / (energy + total) : 0.0;
    if (total > 0) {
        add_energy(result, total);
        add_ratios(result);
    }
    return result;
}

SpectrumStatistics spectrum(const Moments& moments)
{
    const EigenSystem system = eigen_system(covariance_matrix(moments), scale_of(moments), "spectrum");
    return spectrum_statistics({system.values.begin(), system.values.end()}, mean_of(moments).squaredNorm());
}

SpectrumStatistics query_key_spectrum(const Moments& keys, const Moments& queries)
{
    const EigenSystem key_system = eigen_system(covariance_matrix(keys), scale_of(keys), "query-key spectrum, keys");
    const Matrix metric = raw_moment_matrix(queries);
    if (queries.dim != keys.dim)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("query-key spectrum: keys of dim {} and queries of dim {}", keys.dim, queries.dim));
    const Matrix factor = key_system.vectors * key_system.values.cwiseSqrt().asDiagonal();
    const Matrix product = factor.transpose() * metric * factor;
    const EigenSystem system = eigen_system(product, product.trace(), "query-key spectrum");
    const Vector mean = mean_of(keys);
    return spectrum_statistics({system.values.begin(), system.values.end()}, mean.dot(metric * mean));
}

std::vector<HeadSpectrum> spectra(const Calibration& calibration)
{
    std::vector<HeadSpectrum> rows;
    for (const HeadMoments& entry : calibration.entries) {
        HeadSpectrum row{entry.layer,     entry.kv_head,   std::string(name(entry.quantity)),
                         entry.positions, entry.weighting, {}};
        row.statistics = at_place(entry, row.quantity, [&] { return spectrum(entry.moments); });
        rows.push_back(row);
        if (entry.quantity != Quantity::Key)
            continue;
        const HeadMoments* queries =
            calibration.find(entry.layer, entry.kv_head, Quantity::Query, entry.positions, Weighting::Uniform);
        if (queries == nullptr)
            continue;
        row.quantity = "qk";
        row.statistics =
            at_place(entry, row.quantity, [&] { return query_key_spectrum(entry.moments, queries->moments); });
        rows.push_back(row);
    }
    return rows;
}

} // namespace kvw
