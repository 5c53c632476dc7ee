// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/spectrum_index.h"

#include "core/report/display_unit.h"

#include <QCoreApplication>

#include <algorithm>
#include <limits>

namespace kvw {
namespace {

class Text
{
    Q_DECLARE_TR_FUNCTIONS(kvw::SpectrumIndex)
};

std::optional<std::uint64_t> place(std::string_view quantity)
{
    const auto found = std::find(kSpectrumQuantities.begin(), kSpectrumQuantities.end(), quantity);
    if (found == kSpectrumQuantities.end())
        return std::nullopt;
    return static_cast<std::uint64_t>(found - kSpectrumQuantities.begin());
}

unsigned view(Positions positions, Weighting weighting)
{
    return 1u << (2 * static_cast<unsigned>(positions) + static_cast<unsigned>(weighting));
}

} // namespace

const std::vector<Field>& spectrumMeasures()
{
    static const std::vector<Field> measures = [] {
        std::vector<Field> drawn;
        const auto take = [&drawn](const Field& field, const auto&) {
            if (field.plot == Plot::Yes)
                drawn.push_back(field);
        };
        const SpectrumRecord record;
        visit_fields(take, record);
        return drawn;
    }();
    return measures;
}

double valueOf(const SpectrumRecord& spectrum, const Field& measure)
{
    double value = std::numeric_limits<double>::quiet_NaN();
    const auto take = [&](const Field& field, const auto& member) {
        if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(member)>>)
            if (field.name == measure.name)
                value = static_cast<double>(member);
    };
    visit_fields(take, spectrum);
    return display_unit(measure).shown(value);
}

QString quantityText(std::string_view quantity)
{
    const QString texts[] = {Text::tr("keys before rotary (K pre-RoPE)"),
                             Text::tr("keys after rotary (K post-RoPE)"),
                             Text::tr("values (V)"),
                             Text::tr("query-key product (QK)"),
                             Text::tr("queries before rotary (Q pre)"),
                             Text::tr("queries after rotary (Q post)")};
    const auto index = place(quantity);
    return index ? texts[*index] : QString();
}

QString shortQuantityText(std::string_view quantity)
{
    const QString texts[] = {Text::tr("K pre"), Text::tr("K"),     Text::tr("V"),
                             Text::tr("QK"),    Text::tr("Q pre"), Text::tr("Q")};
    const auto index = place(quantity);
    return index ? texts[*index] : QString();
}

SpectrumIndex::SpectrumIndex(const std::vector<SpectrumRow>& rows)
{
    m_places.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const SpectrumRecord& spectrum = rows[i].record;
        const auto at =
            key({spectrum.layer, spectrum.kv_head}, spectrum.quantity, spectrum.positions, spectrum.weighting);
        if (!at)
            continue; // of a newer version, which may know more quantities
        m_places.emplace(*at, i);
        m_quantities |= 1u << *place(spectrum.quantity);
        m_views |= view(spectrum.positions, spectrum.weighting);
        m_layers = std::max(m_layers, spectrum.layer + 1);
        m_kvHeads = std::max(m_kvHeads, spectrum.kv_head + 1);
    }
}

std::optional<std::uint64_t> SpectrumIndex::key(HeadId head, std::string_view quantity, Positions positions,
                                                Weighting weighting)
{
    const auto index = place(quantity);
    if (!index || head.layer < 0 || head.kv_head < 0)
        return std::nullopt;
    const std::uint64_t which = *index * 4 + static_cast<unsigned>(positions) * 2 + static_cast<unsigned>(weighting);
    return (static_cast<std::uint64_t>(head.layer) << 32) + (static_cast<std::uint64_t>(head.kv_head) << 8) + which;
}

std::optional<std::size_t> SpectrumIndex::find(HeadId head, const SpectrumKind& kind) const
{
    const auto at = key(head, kind.quantity, kind.positions, kind.weighting);
    const auto found = at ? m_places.find(*at) : m_places.end();
    return found == m_places.end() ? std::nullopt : std::optional(found->second);
}

bool SpectrumIndex::has(std::string_view quantity) const
{
    const auto index = place(quantity);
    return index && (m_quantities >> *index & 1) != 0;
}

bool SpectrumIndex::has(Positions positions, Weighting weighting) const
{
    return (m_views & view(positions, weighting)) != 0;
}

HeatMapData mapOf(const std::vector<SpectrumRow>& rows, const SpectrumIndex& index, const SpectrumKind& kind,
                  const Field& measure)
{
    HeatMapData data;
    data.layers = index.layers();
    data.kv_heads = index.kvHeads();
    data.values.reserve(static_cast<std::size_t>(data.layers) * static_cast<std::size_t>(data.kv_heads));
    for (int layer = 0; layer < data.layers; ++layer)
        for (int head = 0; head < data.kv_heads; ++head) {
            const auto at = index.find({layer, head}, kind);
            data.values.push_back(at ? valueOf(rows[*at].record, measure) : std::numeric_limits<double>::quiet_NaN());
        }
    return data;
}

} // namespace kvw
