// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/spectrum.h"
#include "core/base/time.h"
#include "core/calibration/calibrate.h"
#include "core/jobs/overlap.h"
#include "core/jobs/prepared_job.h"

namespace kvw {
namespace {

std::vector<SpectrumRecord> spectrum_records(RowId run, const Calibration& calibration)
{
    std::vector<SpectrumRecord> out;
    for (const HeadSpectrum& spectrum : spectra(calibration)) {
        const Quantity quantity = parse_name<Quantity>(spectrum.quantity).value_or(Quantity::Key); // "qk": the keys'
        const HeadMoments* entry =
            calibration.find(spectrum.layer, spectrum.kv_head, quantity, spectrum.positions, spectrum.weighting);
        SpectrumRecord record;
        record.run = run;
        record.layer = spectrum.layer;
        record.kv_head = spectrum.kv_head;
        record.quantity = spectrum.quantity;
        record.positions = spectrum.positions;
        record.weighting = spectrum.weighting;
        record.vectors = entry ? entry->moments.count : 0;
        record.eigenvalues = spectrum.statistics.eigenvalues;
        record.effective_rank = spectrum.statistics.effective_rank;
        record.rank_90 = spectrum.statistics.rank_90;
        record.rank_95 = spectrum.statistics.rank_95;
        record.rank_99 = spectrum.statistics.rank_99;
        record.spread = spectrum.statistics.spread;
        record.mean_share = spectrum.statistics.mean_share;
        record.coding_gain_bits = spectrum.statistics.coding_gain_bits;
        out.push_back(std::move(record));
    }
    return out;
}

} // namespace

CalibrateOutcome run_calibrate(const CalibrateSpecification& job, const JobContext& context)
{
    context.sink.stage(1, 3, "opening the model and the text");
    ModelSession session = open_model(job.engine, context.sink);
    context.cancel.check();
    const TokenisedText text = tokenise_for(session, job.text, job.tokens, context);
    RunRecord record = run_of(context.store, RunKind::Calibrate, session, job.engine, text);
    record.window_tokens = job.window;
    record.settings_json = nlohmann::json(job).dump();

    CalibrateOutcome outcome;
    outcome.tokens = static_cast<std::int64_t>(text.tokens.size());
    outcome.run = record_run(context.store, record, [&](RowId run) {
        context.sink.stage(2, 3, "calibrating");
        CalibrationOptions options;
        options.window_tokens = job.window;
        options.sinks = job.sinks;
        options.weighted = job.weighted;
        const Calibration calibration =
            calibrate(*session.decoder, text.tokens, options, [&](const CalibrationProgress& at) {
                outcome.seconds = at.elapsed_s;
                const auto done = static_cast<double>(at.tokens_done);
                context.sink.progress(done, static_cast<double>(at.tokens_total), "tokens");
                if (at.subspace_change) {
                    context.store.put_metric(run, "subspace_change", done, *at.subspace_change);
                    context.sink.metric("subspace_change", done, *at.subspace_change);
                }
                context.cancel.check();
            });
        context.sink.stage(3, 3, "spectra");
        const std::vector<SpectrumRecord> records = spectrum_records(run, calibration);
        // One transaction: a calibration without its spectra, or the other way round, would be half a result.
        context.store.transaction([&] {
            context.store.put_calibration(run, calibration);
            context.store.put_token_blocks(run, token_block_hashes(text.tokens));
            context.store.put_spectra(run, records);
        });
    });
    context.sink.committed("spectrum", outcome.run);
    return outcome;
}

} // namespace kvw
