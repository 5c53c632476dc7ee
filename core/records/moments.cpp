// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/records/moments.h"

#include <algorithm>

namespace kvw {

std::string_view name(Quantity quantity) noexcept
{
    switch (quantity) {
    case Quantity::QueryPreRope:
        return "q_pre";
    case Quantity::Query:
        return "q";
    case Quantity::KeyPreRope:
        return "k_pre";
    case Quantity::Key:
        return "k";
    case Quantity::Value:
        return "v";
    }
    return "?";
}

std::string_view name(Positions positions) noexcept
{
    switch (positions) {
    case Positions::All:
        return "all";
    case Positions::AfterSinks:
        return "after_sinks";
    }
    return "?";
}

std::string_view name(Weighting weighting) noexcept
{
    switch (weighting) {
    case Weighting::Uniform:
        return "uniform";
    case Weighting::Attention:
        return "attention";
    }
    return "?";
}

const HeadMoments* Calibration::find(int layer, int kv_head, Quantity quantity, Positions positions,
                                     Weighting weighting) const noexcept
{
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const HeadMoments& entry) {
        return entry.layer == layer && entry.kv_head == kv_head && entry.quantity == quantity
            && entry.positions == positions && entry.weighting == weighting;
    });
    return found == entries.end() ? nullptr : &*found;
}

const OutputGram* Calibration::find_output_gram(int layer, int kv_head) const noexcept
{
    const auto found = std::find_if(output_grams.begin(), output_grams.end(), [&](const OutputGram& gram) {
        return gram.layer == layer && gram.kv_head == kv_head;
    });
    return found == output_grams.end() ? nullptr : &*found;
}

} // namespace kvw
