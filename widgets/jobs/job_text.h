// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/job.h"
#include "widgets/jobs/worker_client.h"

#include <QString>

namespace kvw {

/// Words for the screen, in the window's language.
QString kindText(RunKind kind);       ///< "Calibration", "Perplexity", ...
QString statusText(JobStatus status); ///< "waiting", "running", ...
QString stateText(WorkerClient::State state);
/// A stage's name as the worker says it; the fixed ones in the window's language, configurations as they are.
QString stageText(const QString& name);
QString unitText(const QString& unit); ///< "tokens", "rounds", "layers"
QString durationText(double seconds);  ///< "12 s", "4 min 05 s", "3 h 07 min"
/// "Stage 2 of 3: calibrating", empty before the first.
QString stageLine(const JobProgress& progress);
/// "8,192 of 16,384 tokens · 1,250 tokens/s · 7 s left", as much of it as is known.
QString progressLine(const JobProgress& progress);
/// What a job was asked for: "smollm2-135m on wiki.valid.raw", from its specification; empty when that cannot be read.
QString subjectText(const JobRecord& job);

} // namespace kvw
