// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/select.h"

#include "core/analysis/moments.h"
#include "core/base/error.h"

#include <vector>

#include <fmt/format.h>

namespace kvw {

namespace {

void check_place(const Calibration& calibration, int layer, int kv_head)
{
    if (layer < 0 || layer >= calibration.layers)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("layer {} of a calibration of {} layers", layer, calibration.layers),
                    "the calibration may be that of another model");
    if (kv_head < 0 || kv_head >= calibration.kv_heads)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("kv head {} of a calibration of {} kv heads", kv_head, calibration.kv_heads),
                    "the calibration may be that of another model");
}

std::string remedy(const Calibration& calibration, Positions positions, Weighting weighting, int sinks)
{
    if (weighting == Weighting::Attention && !calibration.weighted)
        return "calibrate again without --no-weighted, or drop the option weighted";
    if (positions == Positions::AfterSinks && calibration.sinks == 0)
        return fmt::format("calibrate again with --sinks {}, or use sinks=0", sinks);
    return "calibrate again: the stored calibration is not complete";
}

const Moments& entry(const Calibration& calibration, const MomentsRequest& request, int kv_head, Positions positions,
                     Weighting weighting)
{
    const HeadMoments* found = calibration.find(request.layer, kv_head, request.quantity, positions, weighting);
    if (found == nullptr)
        throw Error(ErrorKind::NotFound,
                    fmt::format("the calibration has no moments of {} ({}, {}) for layer {}, kv head {}",
                                name(request.quantity), name(positions), name(weighting), request.layer, kv_head),
                    remedy(calibration, positions, weighting, request.sinks));
    return found->moments;
}

std::string sinks_note(const Calibration& calibration, int sinks)
{
    if (sinks == 0 || sinks == calibration.sinks)
        return {};
    return fmt::format("sinks={} with moments gathered without the first {} positions", sinks, calibration.sinks);
}

} // namespace

SelectedMoments select_moments(const Calibration& calibration, const MomentsRequest& request)
{
    check_place(calibration, request.layer, request.pooled ? 0 : request.kv_head);
    if (request.sinks < 0)
        throw Error(ErrorKind::InvalidArgument, fmt::format("sinks={}, wanted 0 or more", request.sinks));
    SelectedMoments selected;
    selected.positions = request.sinks == 0 ? Positions::All : Positions::AfterSinks;
    const bool queries = request.quantity == Quantity::Query || request.quantity == Quantity::QueryPreRope;
    selected.weighting = request.weighted && !queries ? Weighting::Attention : Weighting::Uniform;
    selected.note = sinks_note(calibration, request.sinks);
    if (!request.pooled) {
        selected.moments = entry(calibration, request, request.kv_head, selected.positions, selected.weighting);
        return selected;
    }
    std::vector<const Moments*> parts;
    parts.reserve(static_cast<std::size_t>(calibration.kv_heads));
    for (int head = 0; head < calibration.kv_heads; ++head)
        parts.push_back(&entry(calibration, request, head, selected.positions, selected.weighting));
    selected.moments = pool(parts);
    return selected;
}

const OutputGram& select_output_gram(const Calibration& calibration, int layer, int kv_head)
{
    check_place(calibration, layer, kv_head);
    const OutputGram* found = calibration.find_output_gram(layer, kv_head);
    if (found == nullptr)
        throw Error(ErrorKind::NotFound,
                    fmt::format("the calibration has no output gram for layer {}, kv head {}", layer, kv_head),
                    "calibrate again: the stored calibration is not complete");
    return *found;
}

} // namespace kvw
