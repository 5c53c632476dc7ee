// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/workspace.h"

#include <QDialog>

namespace kvw {

class EngineFields;

/// A job once more, computed in another way: its settings as they were, but for the type, the device, the threads and the
/// calibration.
class AgainDialog final : public QDialog
{
    Q_OBJECT
public:
    AgainDialog(const Workspace& workspace, const JobRecord& job, QWidget* parent = nullptr);

    /// Whether a job of this kind computes with the model at all.
    static bool suits(const JobRecord& job);
    RunKind kind() const { return m_job.kind; }
    /// The changed settings as JSON (core/protocol/specifications.h).
    std::string specification() const;

private:
    JobRecord m_job;
    EngineFields* m_engine;
};

} // namespace kvw
