// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/measure/perplexity.h"
#include "core/records/quality.h"

#include <vector>

namespace kvw {

/// One configuration's result as the store keeps it: differences from `maybe_identity` window by window with intervals,
/// KL and agreement. `maybe_identity` is null for the identity run itself, whose comparisons stay empty.
QualityRecord quality_record(const PerplexityResult& result, const PerplexityResult* maybe_identity);
std::vector<QualityWindow> quality_windows(const PerplexityResult& result, const PerplexityResult* maybe_identity);

/// Whether every window scored the same to the last bit.
bool identical_windows(const PerplexityResult& first, const PerplexityResult& second);

} // namespace kvw
