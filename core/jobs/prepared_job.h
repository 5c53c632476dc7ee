// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/jobs/job.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvw {

/// The identity, which every comparison needs, then every different configuration in the order given. Throws what
/// parse_configuration() throws.
std::vector<Configuration> identity_and(const std::vector<std::string>& configurations);

/// How the job reads coded tokens: as `attend` says, but expanded for the reference kernels. Throws
/// Error{InvalidArgument} for a word that is none.
ReadAs read_as(const EngineOptions& engine, const std::string& attend);

/// The text in the model's tokens, at most `limit` of them (0: all); a text that has fewer is a warning.
TokenisedText tokenise_for(const ModelSession& session, const std::string& file, std::int64_t limit,
                           const JobContext& context);

/// What every job that goes through configurations begins with: the opened model, configurations that fit it, and the
/// calibration that they take their bases from, read where one of them needs it.
class PreparedJob
{
public:
    /// Throws what open_model() and choose_calibration() throw, Error{InvalidArgument} for a configuration that the model
    /// cannot take, and Error{Cancelled}.
    PreparedJob(const EngineOptions& engine, std::vector<Configuration> points, std::optional<std::int64_t> calibration,
                const JobContext& context);

    const ModelSession& session() const noexcept { return session_; }
    Decoder& decoder() const noexcept { return *session_.decoder; }
    const std::vector<Configuration>& points() const noexcept { return points_; }
    const std::optional<ChosenCalibration>& calibration() const noexcept { return calibration_; }

    /// Throws what fit() throws: that is how a configuration is found that cannot be measured.
    FittedConfiguration try_fit(const Configuration& point) const;
    /// The same, to be kept; what fitting had to say becomes warnings.
    std::shared_ptr<const FittedConfiguration> fit(const Configuration& point) const;

    /// The record of the run of one configuration under the job's own, which `job` describes.
    RunRecord child(const RunRecord& job, RowId parent, const Configuration& point) const;

private:
    const JobContext& context_;
    ModelSession session_;
    std::vector<Configuration> points_;
    std::optional<ChosenCalibration> calibration_;
};

} // namespace kvw
