// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/run.h"

#include <vector>

namespace kvw {

/// How far the vectors of one head compress; core/analysis/spectrum.h has the formulas.
struct SpectrumRecord
{
    RowId run = 0; ///< of the calibration
    int layer = 0;
    int kv_head = 0;
    std::string quantity; ///< name(Quantity), or "qk" for the query-key product
    Positions positions = Positions::All;
    Weighting weighting = Weighting::Uniform;
    std::int64_t vectors = 0;        ///< vectors behind it
    std::vector<double> eigenvalues; ///< descending
    double effective_rank = 0;
    int rank_90 = 0;
    int rank_95 = 0;
    int rank_99 = 0;
    double spread = 0;
    double mean_share = 0;
    double coding_gain_bits = 0;
    bool operator==(const SpectrumRecord&) const = default;
};

template<typename Visitor, RecordOf<SpectrumRecord> Record>
void visit_fields(Visitor&& visit, Record& spectrum)
{
    visit(kRunField, spectrum.run);
    visit(Field{"layer", Title("Layer"), "", Form::Whole, Sense::Detail, Plot::No, "layer, from 0"}, spectrum.layer);
    visit(Field{"kv_head", Title("KV head"), "", Form::Whole, Sense::Detail, Plot::No, "key and value head, from 0"},
          spectrum.kv_head);
    visit(Field{"quantity", Title("Quantity"), "", Form::Choice, Sense::Detail, Plot::No,
                "q_pre, q, k_pre, k, v, or qk for the query-key product"},
          spectrum.quantity);
    visit(Field{"positions", Title("Positions"), "", Form::Choice, Sense::Detail, Plot::No, "all, or after_sinks"},
          spectrum.positions);
    visit(Field{"weighting", Title("Weighting"), "", Form::Choice, Sense::Detail, Plot::No,
                "uniform, or by squared attention"},
          spectrum.weighting);
    visit(Field{"vectors", Title("Vectors"), "1", Form::Whole, Sense::Detail, Plot::No, "vectors behind the moments"},
          spectrum.vectors);
    visit(Field{"effective_rank", Title("Effective rank"), "1", Form::Real, Sense::Neutral, Plot::Yes,
                "exp of the entropy of the eigenvalues"},
          spectrum.effective_rank);
    visit(Field{"rank_90", Title("Rank for 90 %"), "1", Form::Whole, Sense::Neutral, Plot::Yes,
                "components with 90 % of the energy"},
          spectrum.rank_90);
    visit(Field{"rank_95", Title("Rank for 95 %"), "1", Form::Whole, Sense::Neutral, Plot::Yes,
                "components with 95 % of the energy"},
          spectrum.rank_95);
    visit(Field{"rank_99", Title("Rank for 99 %"), "1", Form::Whole, Sense::Neutral, Plot::Yes,
                "components with 99 % of the energy"},
          spectrum.rank_99);
    visit(Field{"spread", Title("Spread"), "1", Form::Real, Sense::Neutral, Plot::Yes,
                "largest standard deviation over the smallest"},
          spectrum.spread);
    visit(Field{"mean_share", Title("Share of mean"), "1", Form::Percent, Sense::Neutral, Plot::Yes,
                "share of the mean in the energy"},
          spectrum.mean_share);
    visit(Field{"coding_gain_bits", Title("Coding gain"), "bits", Form::Real, Sense::Neutral, Plot::Yes,
                "bits a value that PCA saves at high rate"},
          spectrum.coding_gain_bits);
    visit(Field{"eigenvalues", Title("Eigenvalues"), "", Form::Numbers, Sense::Detail, Plot::No,
                "variances along the principal axes, descending"},
          spectrum.eigenvalues);
}

} // namespace kvw
