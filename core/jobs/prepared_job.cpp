// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/prepared_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kvw {

std::vector<Configuration> identity_and(const std::vector<std::string>& configurations)
{
    std::vector<Configuration> out{Configuration{}};
    for (const std::string& text : configurations) {
        Configuration point = parse_configuration(text);
        if (std::find(out.begin(), out.end(), point) == out.end())
            out.push_back(std::move(point));
    }
    return out;
}

ReadAs read_as(const EngineOptions& engine, const std::string& attend)
{
    const ReadAs asked = parse_read_as(attend);
    return wants_reference(engine) ? ReadAs::Expanded : asked;
}

TokenisedText tokenise_for(const ModelSession& session, const std::string& file, std::int64_t limit,
                           const JobContext& context)
{
    TokenisedText text = tokenise(session.tokenizer, file, limit);
    if (limit > 0 && static_cast<std::int64_t>(text.tokens.size()) < limit)
        context.sink.warning(fmt::format("{} has {} tokens; {} were asked for", text.name, text.tokens.size(), limit));
    return text;
}

PreparedJob::PreparedJob(const EngineOptions& engine, std::vector<Configuration> points,
                         std::optional<std::int64_t> calibration, const JobContext& context)
    : context_(context),
      session_(open_model(engine, context.sink)),
      points_(std::move(points))
{
    context.cancel.check();
    for (const Configuration& point : points_)
        check(point, session_.config.layers, session_.config.head_dim);
    if (std::any_of(points_.begin(), points_.end(), [](const Configuration& point) { return point.needs_moments(); }))
        calibration_ = choose_calibration(context.store, session_.hash, calibration);
}

FittedConfiguration PreparedJob::try_fit(const Configuration& point) const
{
    return kvw::fit(point, *session_.decoder, calibration_ ? &calibration_->calibration : nullptr);
}

std::shared_ptr<const FittedConfiguration> PreparedJob::fit(const Configuration& point) const
{
    auto fitted = std::make_shared<const FittedConfiguration>(try_fit(point));
    for (const std::string& note : fitted->notes)
        context_.sink.warning(note);
    return fitted;
}

RunRecord PreparedJob::child(const RunRecord& job, RowId parent, const Configuration& point) const
{
    RunRecord out = job;
    out.parent_run = parent;
    out.configuration = format(point);
    out.configuration_hash = hash(point);
    out.calibration_run = point.needs_moments() ? std::optional(calibration_.value().run) : std::nullopt;
    return out;
}

} // namespace kvw
