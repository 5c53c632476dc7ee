// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/store.h"
#include "widgets/models/selection.h"
#include "widgets/plots/heat_map.h"

#include <QString>

#include <optional>
#include <unordered_map>
#include <vector>

namespace kvw {

/// Which spectra of a calibration are meant.
struct SpectrumKind
{
    std::string quantity = "k"; ///< as in SpectrumRecord
    Positions positions = Positions::AfterSinks;
    Weighting weighting = Weighting::Uniform;
    bool operator==(const SpectrumKind&) const = default;
};

/// The numbers that a spectrum is summed up in: the fields of SpectrumRecord that pages draw, in the record's order.
const std::vector<Field>& spectrumMeasures();
/// A measure of one spectrum in its display unit (a share in percent).
double valueOf(const SpectrumRecord& spectrum, const Field& measure);

inline constexpr std::array kSpectrumQuantities{"k_pre", "k", "v", "qk", "q_pre", "q"};
QString quantityText(std::string_view quantity);      ///< "keys after the rotary embedding"
QString shortQuantityText(std::string_view quantity); ///< "K"

/// Finds spectra of one calibration in the order of its rows, which stay where they are.
class SpectrumIndex
{
public:
    SpectrumIndex() = default;
    explicit SpectrumIndex(const std::vector<SpectrumRow>& rows);

    /// The row's place, or nothing where the calibration has no such spectrum.
    std::optional<std::size_t> find(HeadId head, const SpectrumKind& kind) const;
    bool has(std::string_view quantity) const;
    bool has(Positions positions, Weighting weighting) const;
    int layers() const { return m_layers; }
    int kvHeads() const { return m_kvHeads; }
    bool empty() const { return m_places.empty(); }

private:
    static std::optional<std::uint64_t> key(HeadId head, std::string_view quantity, Positions positions,
                                            Weighting weighting);
    std::unordered_map<std::uint64_t, std::size_t> m_places;
    unsigned m_quantities = 0; ///< bits by place in kSpectrumQuantities
    unsigned m_views = 0;      ///< bits by 2 * positions + weighting
    int m_layers = 0, m_kvHeads = 0;
};

/// One number for each head; NaN where there is no spectrum.
HeatMapData mapOf(const std::vector<SpectrumRow>& rows, const SpectrumIndex& index, const SpectrumKind& kind,
                  const Field& measure);

} // namespace kvw
