// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/quality.h"
#include "core/records/spectrum.h"
#include "core/records/throughput.h"

#include <vector>

namespace kvw {

/// A record with where it comes from.
template<typename Record>
struct Sourced
{
    Record record;
    Provenance source;
};
using QualityRow = Sourced<QualityRecord>;
using ThroughputRow = Sourced<ThroughputSummary>;
using MemoryRow = Sourced<MemoryRecord>;
using SpectrumRow = Sourced<SpectrumRecord>;

/// Everything that an export may contain.
struct ReportData
{
    std::vector<Provenance> runs;
    std::vector<QualityRow> quality;
    std::vector<ThroughputRow> throughput;
    std::vector<MemoryRow> memory;
    std::vector<SpectrumRow> spectra;
};

} // namespace kvw
