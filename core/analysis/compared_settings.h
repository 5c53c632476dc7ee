// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/comparison.h"

namespace kvw {

/// What was chosen or given in each run, those that differ first; names are the records' and, of the settings that a
/// run keeps as JSON, their path ("engine.threads"). When a run was and how long it took comes last and never counts as
/// a difference.
std::vector<ComparedSetting> compared_settings(std::span<const ComparedRun> runs);

/// The objections of compare_runs.
std::vector<std::string> comparison_objections(std::span<const ComparedRun> runs);

} // namespace kvw
