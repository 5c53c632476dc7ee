// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/shell/main_window.h"

#include <QApplication>

#include <cmath>

namespace kvw::testing {

/// A window that is shown, with settings of the test's own.
class Windows : public WithWorkspace
{
protected:
    Windows()
    {
        setUpSettings(folder.filePath(QStringLiteral("settings.ini")));
        window = std::make_unique<MainWindow>(MainWindow::Layout::Reset);
        window->resize(1200, 800);
        window->show();
    }
    ~Windows() override { QApplication::setPalette(Appearance::lightPalette()); }

    /// One of everything: a calibration with spectra, a sweep, a benchmark, a generation.
    void fill(Store& store, int quality_runs = 6)
    {
        store.put_text({"t1", "wiki.txt", 100, 100});
        const RowId calibration = addRun(store, RunKind::Calibrate);
        std::vector<SpectrumRecord> spectra;
        for (int layer = 0; layer < 2; ++layer)
            for (int head = 0; head < 2; ++head)
                for (const char* quantity : {"k_pre", "k", "v", "qk"}) {
                    SpectrumRecord record;
                    record.layer = layer;
                    record.kv_head = head;
                    record.quantity = quantity;
                    record.positions = Positions::AfterSinks;
                    for (int i = 0; i < 8; ++i)
                        record.eigenvalues.push_back(std::pow(0.5, i));
                    record.effective_rank = 3;
                    spectra.push_back(record);
                }
        store.put_spectra(calibration, spectra);
        RowId sweep = 0;
        for (int i = 0; i < quality_runs; ++i) {
            if (i % 6 == 0)
                sweep = addRun(store, RunKind::Sweep);
            addQuality(store, sweep, i % 6);
        }
        addSpeed(store);
        addText(store);
    }

    static RunRecord child(RowId parent, const std::string& configuration)
    {
        RunRecord run;
        run.parent_run = parent;
        run.configuration = configuration;
        run.text_hash = "t1";
        run.protocol = "all";
        run.window_tokens = 64;
        return run;
    }
    static void addQuality(Store& store, RowId sweep, int which)
    {
        QualityRecord quality;
        quality.configuration = which == 0 ? "identity" : "k=pca:" + std::to_string(which);
        quality.run = addRun(store, RunKind::Sweep, child(sweep, quality.configuration));
        quality.ppl = 20;
        quality.protocol = "all";
        quality.scored_tokens = 128;
        quality.ledger = {1000, 24, 0, 0, 0, 0, 1024};
        if (which > 0)
            quality.rel_ppl = quality.rel_ppl_lo = quality.rel_ppl_hi = 0.01 * which;
        store.put_quality(quality, {});
    }
    static void addSpeed(Store& store)
    {
        const RowId bench = addRun(store, RunKind::Bench);
        for (const std::int64_t context : {512, 2048}) {
            ThroughputSummary summary;
            summary.configuration = "identity";
            summary.run = addRun(store, RunKind::Bench, child(bench, summary.configuration));
            summary.context = context;
            summary.decode_tokens_per_s_median = summary.decode_tokens_per_s_p10 = summary.decode_tokens_per_s_p90 = 40;
            summary.bandwidth_gb_s = 20;
            summary.bytes_per_step = 2e8;
            summary.ledger = {4096, 128, 0, 64, 0, 32, 4096};
            store.put_throughput(summary, {});
        }
    }
    static void addText(Store& store)
    {
        const RowId generation = addRun(store, RunKind::Generate);
        GenerationRecord record;
        record.run = addRun(store, RunKind::Generate, child(generation, "identity"));
        record.prompt = "Why?";
        record.generated_text = "Because.";
        store.put_generation(record);
    }

    std::unique_ptr<MainWindow> window;
};

} // namespace kvw::testing
