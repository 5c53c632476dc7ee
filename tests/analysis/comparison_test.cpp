// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/analysis/comparison.h"

#include "tests/analysis/analysis_support.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

namespace kvw {
namespace {

using namespace analysis_test;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ComparedRun quality_run(RowId id, const std::string& config, std::vector<double> nll)
{
    ComparedRun run;
    run.source.run.id = id;
    run.source.run.parent_run = 1;
    run.source.run.model_hash = "m0123456789";
    run.source.run.text_hash = "t0123456789";
    run.source.run.configuration = config;
    run.source.run.protocol = "all";
    run.source.run.window_tokens = 64;
    run.source.run.started_at = "2025-03-01T12:34:5" + std::to_string(id) + ".000Z";
    run.source.run.settings_json = R"({"engine":{"threads":2,"type":"fp32"},"window":64,"attend":"expand"})";
    run.source.model.name = "tiny";
    run.source.text = TextRecord{"t0123456789", "wiki.txt", 10, 10};
    run.source.environment.cpu = "Some CPU";
    run.quality.emplace();
    run.quality->configuration = config;
    run.quality->protocol = "all";
    double total = 0;
    for (std::size_t i = 0; i < nll.size(); ++i) {
        run.windows.push_back({static_cast<std::int64_t>(i), 64, nll[i], 0.5 * nll[i], 32});
        total += nll[i];
    }
    run.quality->scored_tokens = 64 * static_cast<std::int64_t>(nll.size());
    run.quality->ppl = std::exp(total / static_cast<double>(run.quality->scored_tokens));
    run.quality->ledger = {1000, 24, 0, 0, 2048, 100, 1536};
    return run;
}

ComparedRun throughput_run(RowId id, RowId parent, double scale)
{
    ComparedRun run;
    run.source.run.id = id;
    run.source.run.parent_run = parent;
    run.source.run.model_hash = "m0123456789";
    run.source.environment.cpu = "Some CPU";
    ThroughputSummary summary;
    summary.context = 512;
    summary.decode_tokens_per_s_median = 10 * scale;
    summary.decode_tokens_per_s_p10 = 9 * scale;
    summary.decode_tokens_per_s_p90 = 11 * scale;
    summary.prefill_tokens_per_s = 100;
    run.throughput.push_back(summary);
    for (int round = 0; round < 5; ++round)
        run.samples.push_back({Phase::Decode, 512, 1, round, 32, 32 / ((8 + round) * scale), {}});
    return run;
}

const ComparedFigure& figure(const Comparison& comparison, const std::string& group, const std::string& name)
{
    const auto found = std::find_if(comparison.figures.begin(), comparison.figures.end(),
                                    [&](const auto& one) { return one.group == group && one.field.name == name; });
    if (found == comparison.figures.end())
        throw std::runtime_error("no figure " + name);
    return *found;
}

const std::vector<double> kBase{100, 110, 90, 105};
const std::vector<double> kWorse{102, 113, 91, 108};

TEST(Comparison, WhatDiffersComesFirst)
{
    const std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    const Comparison out = compare_runs(runs, 0);
    ASSERT_FALSE(out.settings.empty());
    EXPECT_EQ(out.settings[0].name, "configuration");
    EXPECT_TRUE(out.settings[0].differs);
    EXPECT_EQ(out.settings[0].values, (std::vector<std::string>{"identity", "k=int8"}));
    EXPECT_FALSE(out.settings[1].differs);
    EXPECT_EQ(out.settings.back().name, "started_at");
    EXPECT_FALSE(out.settings.back().differs);
    const auto threads = std::find_if(out.settings.begin(), out.settings.end(),
                                      [](const auto& setting) { return setting.name == "engine.threads"; });
    ASSERT_NE(threads, out.settings.end());
    EXPECT_EQ(threads->values[1], "2");
    EXPECT_THAT(out.objections, IsEmpty());
}

TEST(Comparison, ASettingThatOnlyOneRunHasDiffers)
{
    std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    runs[1].source.run.settings_json = R"({"engine":{"threads":2},"extra":true})";
    const Comparison out = compare_runs(runs, 0);
    const auto extra = std::find_if(out.settings.begin(), out.settings.end(),
                                    [](const auto& setting) { return setting.name == "extra"; });
    ASSERT_NE(extra, out.settings.end());
    EXPECT_TRUE(extra->differs);
    EXPECT_EQ(extra->values, (std::vector<std::string>{"", "true"}));
}

TEST(Comparison, PairedDifferencesHaveIntervals)
{
    const std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    const Comparison out = compare_runs(runs, 0);
    const ComparedFigure& ppl = figure(out, "quality", "ppl");
    EXPECT_FALSE(ppl.values[0].difference);
    const double from = *ppl.values[0].value;
    EXPECT_NEAR(*ppl.values[1].relative, std::exp(9.0 / 256) - 1, 1e-12);
    EXPECT_NEAR(*ppl.values[1].difference, from * (std::exp(9.0 / 256) - 1), 1e-12);
    ASSERT_TRUE(ppl.values[1].difference_95);
    // The windows' own means are 1/64 to 3/64 nats.
    EXPECT_GE(ppl.values[1].difference_95->low, from * (std::exp(1.0 / 64) - 1) - 1e-12);
    EXPECT_LE(ppl.values[1].difference_95->high, from * (std::exp(3.0 / 64) - 1) + 1e-12);
    EXPECT_LT(ppl.values[1].difference_95->low, *ppl.values[1].difference);
    EXPECT_GT(ppl.values[1].difference_95->high, *ppl.values[1].difference);
    EXPECT_EQ(ppl.field.sense, Sense::LowerIsBetter);
}

/// What a record's field says of itself is what the comparison makes of it: nobody keeps a second list.
TEST(Comparison, EveryFigureOfTheRecordsIsCompared)
{
    ComparedRun run = quality_run(2, "identity", kBase);
    run.throughput = throughput_run(2, 1, 1).throughput;
    run.generation.emplace();
    run.spectra.emplace_back();
    const auto fill = [](const Field&, auto& member) {
        using Value = std::remove_cvref_t<decltype(member)>;
        if constexpr (std::is_same_v<Value,
                                     std::optional<double>> || std::is_same_v<Value, std::optional<std::int64_t>>)
            member = 1;
    };
    visit_fields(fill, *run.quality);
    visit_fields(fill, run.throughput[0]);
    visit_fields(fill, *run.generation);
    run.throughput[0].allocator_bytes = run.throughput[0].peak_rss_bytes = 1;
    std::vector runs{run, run};
    runs[1].source.run.id = 3;
    const Comparison out = compare_runs(runs, 0);
    std::size_t figures = 0;
    const auto check = [&](const std::string& group) {
        return [&, group](const Field& field, const auto&) {
            const bool there = std::any_of(out.figures.begin(), out.figures.end(), [&](const ComparedFigure& one) {
                return one.group == group && one.field.name == field.name;
            });
            EXPECT_EQ(there, is_figure(field.sense)) << group << ": " << field.name;
            figures += there ? 1 : 0;
        };
    };
    visit_fields(check("quality"), *run.quality);
    visit_fields(check("throughput"), run.throughput[0]);
    visit_fields(check("generation"), *run.generation);
    visit_fields(check("spectra"), run.spectra[0]);
    visit_fields(check("memory"), run.quality->ledger);
    visit_totals(check("memory"), run.quality->ledger);
    EXPECT_GT(figures, 25u);
    // The speed of a measurement with the score in it is no speed of the cache.
    EXPECT_THROW(figure(out, "quality", "scoring_tokens_per_s"), std::runtime_error);
    EXPECT_EQ(figure(out, "quality", "rel_ppl").values[0].low, run.quality->rel_ppl_lo);
    EXPECT_EQ(figure(out, "quality", "delta_nll").values[0].high, run.quality->delta_nll_hi);
    EXPECT_FALSE(figure(out, "quality", "kl_mean").values[0].low) << "no interval of another figure";
}

TEST(Comparison, SwappedBaselinesMirrorTheDifference)
{
    const std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    const Comparison forth = compare_runs(runs, 0), back = compare_runs(runs, 1);
    const ComparedValue &a = figure(forth, "quality", "ppl").values[1], &b = figure(back, "quality", "ppl").values[0];
    EXPECT_NEAR(*a.difference, -*b.difference, 1e-12);
    EXPECT_NEAR((1 + *a.relative) * (1 + *b.relative), 1, 1e-12);
    EXPECT_FALSE(figure(back, "quality", "ppl").values[1].difference);
}

TEST(Comparison, WindowsThatAreNoPairsGiveNoInterval)
{
    std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    runs[1].windows.pop_back();
    const Comparison out = compare_runs(runs, 0);
    EXPECT_FALSE(figure(out, "quality", "ppl").values[1].difference_95);
    EXPECT_TRUE(figure(out, "quality", "ppl").values[1].difference);
}

TEST(Comparison, TheIdentityHasNoDivergenceToSubtract)
{
    std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    for (QualityWindow& window : runs[0].windows)
        window.kl_sum.reset();
    runs[1].quality->kl_mean = 0.25;
    const Comparison out = compare_runs(runs, 0);
    const ComparedFigure& kl = figure(out, "quality", "kl_mean");
    EXPECT_FALSE(kl.values[0].value);
    EXPECT_EQ(kl.values[1].value, 0.25);
    EXPECT_FALSE(kl.values[1].difference);
    EXPECT_FALSE(kl.values[1].difference_95);
}

TEST(Comparison, NonsenseIsNamed)
{
    const std::vector plain{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    const auto objection = [&](auto change) {
        std::vector runs = plain;
        change(runs[1]);
        const Comparison out = compare_runs(runs, 0);
        EXPECT_THAT(out.objections, SizeIs(1));
        EXPECT_FALSE(out.figures.empty());
        return out.objections.empty() ? std::string() : out.objections[0];
    };
    EXPECT_THAT(objection([](ComparedRun& run) { run.source.run.text_hash = "other"; }),
                HasSubstr("run 2 read \"wiki.txt\" (t0123456), run 3 read \"wiki.txt\" (other)"));
    EXPECT_THAT(objection([](ComparedRun& run) { run.quality->protocol = "past:256"; }),
                HasSubstr("run 2 used \"all\", run 3 used \"past:256\""));
    EXPECT_THAT(objection([](ComparedRun& run) { run.source.run.window_tokens = 128; }), HasSubstr("128 tokens"));
    EXPECT_THAT(objection([](ComparedRun& run) { run.quality->scored_tokens = 7; }),
                HasSubstr("run 3 scored 7 tokens"));
    EXPECT_THAT(objection([](ComparedRun& run) { run.source.run.model_hash = "n"; }), HasSubstr("models differ"));
}

TEST(Comparison, ARunWithoutAnythingInCommonIsNamed)
{
    const std::vector runs{quality_run(2, "identity", kBase), throughput_run(5, 4, 1)};
    const Comparison out = compare_runs(runs, 0);
    ASSERT_THAT(out.objections, SizeIs(2));
    EXPECT_THAT(out.objections[0], HasSubstr("Run 2 has measured quality"));
    EXPECT_THAT(out.objections[1], HasSubstr("Run 5 has measured throughput at context 512, batch 1"));
}

TEST(Comparison, RoundsMeasuredInTurnArePaired)
{
    const std::vector runs{throughput_run(5, 4, 1), throughput_run(6, 4, 1.5)};
    const ComparedValue value = figure(compare_runs(runs, 0), "throughput", "decode_tokens_per_s_median").values[1];
    EXPECT_NEAR(*value.relative, 0.5, 1e-12);
    ASSERT_TRUE(value.relative_p10_90); // every round has the same ratio, however much the speed varies
    EXPECT_NEAR(value.relative_p10_90->low, 0.5, 1e-9);
    EXPECT_NEAR(value.relative_p10_90->high, 0.5, 1e-9);
    EXPECT_EQ(value.low, 13.5);

    const std::vector apart{throughput_run(5, 4, 1), throughput_run(6, 7, 1.5)};
    EXPECT_FALSE(figure(compare_runs(apart, 0), "throughput", "decode_tokens_per_s_median").values[1].relative_p10_90);
}

TEST(Comparison, ManyRunsAndMissingFigures)
{
    std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse),
                     quality_run(4, "k=int4", kWorse)};
    runs[2].quality->ledger = {}; // an empty cache has no bits per value
    const Comparison out = compare_runs(runs, 1);
    const ComparedFigure& bits = figure(out, "memory", "bits_per_value");
    ASSERT_THAT(bits.values, SizeIs(3));
    EXPECT_NEAR(*bits.values[0].value, 8 * 1024.0 / 1536, 1e-12);
    EXPECT_FALSE(bits.values[2].value);
    EXPECT_EQ(bits.values[0].difference, 0.0);
    EXPECT_EQ(bits.at, "context 64, batch 1");
}

TEST(Comparison, SpectraAreMeansOfTheirQuantity)
{
    std::vector<ComparedRun> runs(2);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        runs[i].source.run.id = static_cast<RowId>(i) + 1;
        for (int layer = 0; layer < 2; ++layer) {
            SpectrumRecord spectrum;
            spectrum.quantity = "k";
            spectrum.layer = layer;
            spectrum.effective_rank = 10 + 4 * layer + static_cast<int>(i);
            runs[i].spectra.push_back(spectrum);
            spectrum.positions = Positions::AfterSinks;
            spectrum.effective_rank = 1000;
            runs[i].spectra.push_back(spectrum);
        }
    }
    const ComparedFigure rank = figure(compare_runs(runs, 0), "spectra", "effective_rank");
    EXPECT_EQ(rank.at, "k");
    EXPECT_EQ(rank.values[0].value, 12.0);
    EXPECT_EQ(rank.values[1].difference, 1.0);
}

TEST(Comparison, WrongArgumentsAreRefused)
{
    const std::vector runs{quality_run(2, "identity", kBase), quality_run(3, "k=int8", kWorse)};
    expect_error(ErrorKind::InvalidArgument, "1 run", [&] { compare_runs(std::span(runs).first(1), 0); });
    expect_error(ErrorKind::InvalidArgument, "number 3 of 2", [&] { compare_runs(runs, 2); });
    const std::vector twice{runs[0], runs[0]};
    expect_error(ErrorKind::InvalidArgument, "run 2 is in the comparison twice", [&] { compare_runs(twice, 0); });
}

} // namespace
} // namespace kvw
