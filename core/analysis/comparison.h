// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/statistics.h"
#include "core/records/generation.h"
#include "core/records/report_data.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvw {

/// Everything that one run brings into a comparison; what it has not measured is empty.
struct ComparedRun
{
    Provenance source;
    std::optional<QualityRecord> quality;
    std::vector<QualityWindow> windows; ///< of the quality
    std::vector<ThroughputSummary> throughput;
    std::vector<ThroughputSample> samples; ///< of the throughput
    std::optional<GenerationRecord> generation;
    std::vector<SpectrumRecord> spectra; ///< of a calibration
};

/// A setting with what it is in each run, in the order of the runs; empty where a run does not have it.
struct ComparedSetting
{
    std::string name;  ///< of the record's field, or the path in the job's settings: "engine.kernels"
    std::string title; ///< what people read; the path for one that no field says
    std::string meaning;
    Form form = Form::Words;
    bool is_circumstance = false; ///< shown, but no difference between the runs
    std::vector<std::string> values;
    bool differs = false;
};

/// A figure of one run and what separates it from the baseline's.
struct ComparedValue
{
    std::optional<double> value;
    std::optional<double> low, high;         ///< p10 and p90, or the ends of the value's own 95 % interval
    std::optional<double> difference;        ///< value - the baseline's; empty for the baseline itself
    std::optional<double> relative;          ///< value / the baseline's - 1; empty where the baseline's is 0
    std::optional<Interval> difference_95;   ///< paired bootstrap over the windows of the text
    std::optional<Interval> relative_p10_90; ///< of the ratios of rounds that were measured in turn
};

struct ComparedFigure
{
    Field field;       ///< of the record
    std::string group; ///< "quality", "memory", "throughput", "generation", "spectra"
    /// What the figure belongs to beside the run: "context 512, batch 1", or a quantity; empty for one of its kind.
    std::string at;
    std::vector<ComparedValue> values; ///< in the order of the runs
};

struct Comparison
{
    std::size_t baseline = 0;
    /// Why the figures of these runs say nothing about each other, one sentence each; empty when they do. The rest is
    /// filled in all the same, for who wants to look anyway, but without intervals of what cannot be paired.
    std::vector<std::string> objections;
    std::vector<ComparedSetting> settings; ///< those that differ first, else in the order of the records
    std::vector<ComparedFigure> figures;   ///< those that at least one run has
};

/// Sets runs side by side. Throws Error{InvalidArgument} for fewer than two runs, the same run twice, or a baseline that
/// is none of them.
///
/// Objections: different texts, protocols, windows or numbers of scored tokens between runs with a quality; different
/// models; different devices or number types between runs with a throughput, or none measured at a context and batch of
/// another; different prompts; nothing that any two of them have both measured.
Comparison compare_runs(std::span<const ComparedRun> runs, std::size_t baseline);

} // namespace kvw
