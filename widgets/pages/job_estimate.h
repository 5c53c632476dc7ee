// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/protocol/specifications.h"
#include "widgets/models/workspace.h"

#include <QString>

#include <optional>
#include <string>
#include <vector>

namespace kvw {

/// Calibrations of the model in that folder, newest first.
std::vector<const Provenance*> calibrationsOf(const Workspace& workspace, const QString& model_folder);

/// The runs of the store that a new job would be as fast as: of its model, measured on this processor with its device,
/// number of threads, kernels and type. For the type "auto" that is the type that the newest run with "auto" took under
/// these settings; where there is none, nobody knows yet. Of several instruction sets only the newest run's counts.
/// Valid as long as the workspace's records are.
class EarlierRuns
{
public:
    EarlierRuns(const Workspace& workspace, const EngineOptions& engine, std::string cpu);

    /// Whether this run is such a one.
    bool fits(const Provenance& source) const;

private:
    bool ranAlike(const Provenance& source) const; ///< model, processor, device, threads, kernels
    void findType(const Workspace& workspace, const std::string& asked);
    void findInstructions(const Workspace& workspace);

    EngineOptions m_engine;
    std::string m_cpu;
    std::string m_model; ///< hash
    std::optional<std::string> m_type;
    std::string m_instructions; ///< level of the newest run on this processor
};

/// How long a job will take, from what the same work took before.
struct TimeEstimate
{
    double least_s = 0, most_s = 0; ///< apart where configurations have not been measured themselves
    int measured = 0;               ///< compressed configurations with a time of their own
    int guessed = 0;                ///< those that are taken to lie between the fastest and the slowest
    bool at_most = false;           ///< it may well end earlier
    bool operator==(const TimeEstimate&) const = default;
};

/// Each of `configurations` (normal forms) as fast as it was by the same protocol and window, else between the fastest
/// and the slowest compressed one; and the identity, which is always measured too and says nothing about the others.
/// Nothing where no compressed configuration was measured.
std::optional<TimeEstimate> estimateQuality(const Workspace& workspace, const QualitySpecification& job,
                                            const std::vector<std::string>& configurations, const std::string& cpu);
/// Nothing unless every configuration was measured at every context and batch.
std::optional<TimeEstimate> estimateSpeed(const Workspace& workspace, const ThroughputSpecification& job,
                                          const std::string& cpu);
/// For the full length, before which a text may end. Nothing unless every configuration has written a text.
std::optional<TimeEstimate> estimateTexts(const Workspace& workspace, const GenerationSpecification& job,
                                          const std::string& cpu);
/// As fast as the newest calibration with the same window and moments.
std::optional<TimeEstimate> estimateCalibration(const Workspace& workspace, const CalibrateSpecification& job,
                                                const std::string& cpu);

/// "About 4 min 05 s, from earlier measurements ...", or that there are none with these settings. A whole sentence.
QString estimateText(const std::optional<TimeEstimate>& estimate);

} // namespace kvw
