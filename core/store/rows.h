// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/moments.h"
#include "core/records/report_data.h"

/// Tables whose rows have more columns than the list of their record.
namespace kvw {

template<typename Visitor, RecordOf<RunRecord> Record>
void visit_row(Visitor&& visit, Record& run)
{
    visit_fields(visit, run);
    visit(stored_field("process", "", "the process that it belongs to while it is running"), run.process);
}

template<typename Visitor, RecordOf<QualityRecord> Record>
void visit_row(Visitor&& visit, Record& quality)
{
    visit_fields(visit, quality);
    visit_fields(visit, quality.ledger);
}

template<typename Visitor, RecordOf<MemoryRecord> Record>
void visit_row(Visitor&& visit, Record& memory)
{
    visit_fields(visit, memory);
    visit_fields(visit, memory.ledger);
}

template<typename Visitor, RecordOf<ThroughputSummary> Record>
void visit_row(Visitor&& visit, Record& summary)
{
    visit_fields(visit, summary);
    visit_fields(visit, summary.ledger);
    visit(kAllocatorBytes, summary.allocator_bytes);
    visit(kPeakRssBytes, summary.peak_rss_bytes);
}

/// Without moments and matrices, which have tables of their own.
template<typename Visitor, RecordOf<Calibration> Record>
void visit_row(Visitor&& visit, Record& calibration)
{
    visit(stored_field("layers", "1", "layers with attention"), calibration.layers);
    visit(stored_field("heads", "1", "query heads of a layer"), calibration.heads);
    visit(stored_field("kv_heads", "1", "key and value heads of a layer"), calibration.kv_heads);
    visit(stored_field("head_dim", "1", "numbers of a head's vector"), calibration.head_dim);
    visit(stored_field("sinks", "tokens", "positions left out of after_sinks"), calibration.sinks);
    visit(stored_field("input_tokens", "tokens", "tokens of the text that went into the run"), calibration.tokens);
    visit(stored_field("weighted", "", "whether moments weighted by attention exist"), calibration.weighted);
    visit(stored_field("rank_limit", "1", "largest rank of imported bases; 0: no limit"), calibration.rank_limit);
}

} // namespace kvw
