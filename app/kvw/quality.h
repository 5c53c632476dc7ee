// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/jobs/job.h"

namespace kvw {

/// The object that `kvw ppl --json` and `kvw sweep --json` print: "run", "reused" and "results", one object for each
/// configuration, the identity first. Comparisons with the identity are null in the identity's own object.
nlohmann::ordered_json json_of(const QualityOutcome& outcome);

} // namespace kvw
