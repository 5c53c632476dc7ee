// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/job_estimate.h"

#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/models/machine.h"
#include "widgets/pages/quality_page.h"
#include "widgets/pages/sweep_form.h"

#include <QComboBox>
#include <QSpinBox>

namespace kvw::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char* const kProcessor = "Fast Processor 9";

class Estimates : public WithWorkspace
{
protected:
    Estimates()
    {
        openProject();
        workspace.store()->put_text({"t1", "wiki.txt", 100, 100});
        environment = {kProcessor, 8, 7, 1 << 30, "cpu", "bf16", "os", "g++", "2.11", "0.1.0", "v4", {}};
        job.engine.model = someModel().folder;
        job.engine.type = "bf16";
        job.engine.threads = 7;
        job.tokens = 1000;
        job.window = 64;
    }
    /// A run that was measured with these settings in the present environment.
    RowId add(RunKind kind, const nlohmann::json& settings, RunRecord run = {}, double duration_s = 1)
    {
        Store& store = *workspace.store();
        store.put_model(someModel());
        run.kind = kind;
        run.model_hash = someModel().hash;
        run.environment = store.put_environment(environment);
        run.settings_json = settings.dump();
        const RowId id = store.begin_run(run);
        store.finish_run(id, RunStatus::Measured, duration_s);
        return id;
    }
    void addQuality(const char* configuration, double tokens_per_s, const char* protocol = "all", int window = 64)
    {
        RunRecord run;
        run.configuration = configuration;
        run.text_hash = "t1";
        run.protocol = protocol;
        run.window_tokens = window;
        QualityRecord quality;
        quality.scoring_s = 4000 / tokens_per_s;
        quality.run = add(RunKind::Sweep, job, run, quality.scoring_s + overhead_s);
        quality.configuration = configuration;
        quality.ppl = 20;
        quality.protocol = protocol;
        quality.scored_tokens = 4000;
        quality.scoring_tokens_per_s = tokens_per_s;
        quality.ledger = {1000, 24, 0, 0, 0, 0, 1024};
        workspace.store()->put_quality(quality, {});
        workspace.reload();
    }
    std::optional<TimeEstimate> ofQuality(const std::vector<std::string>& configurations = {"k=int8,token"})
    {
        return estimateQuality(workspace, job, configurations, kProcessor);
    }

    EnvironmentRecord environment;
    QualitySpecification job;
    double overhead_s = 0;
};

TEST_F(Estimates, RunsOfAnotherInstructionLevelAreNoEvidence)
{
    environment.instructions = "v3";
    addQuality("identity", 1000);
    addQuality("k=int8,token", 500);
    ASSERT_TRUE(ofQuality());
    environment.instructions = "v4"; // the newest run is what this processor does now
    addQuality("identity", 2000);
    EXPECT_FALSE(ofQuality());
    addQuality("k=int8,token", 1000);
    EXPECT_TRUE(ofQuality());
}

TEST_F(Estimates, TheSameConfigurationsTakeWhatTheyTook)
{
    EXPECT_FALSE(ofQuality());
    addQuality("identity", 1000);
    EXPECT_FALSE(ofQuality()) << "the uncompressed cache says nothing about compressed ones";
    overhead_s = 3;
    addQuality("k=int8,token", 500);
    const auto time = ofQuality();
    ASSERT_TRUE(time);
    EXPECT_DOUBLE_EQ(time->least_s, 1 + 2 + 3) << "fitting takes what it took, whatever the length of the text";
    EXPECT_DOUBLE_EQ(time->most_s, time->least_s);
    EXPECT_EQ(time->measured, 1);
    EXPECT_EQ(time->guessed, 0);
    EXPECT_THAT(estimateText(time).toStdString(), HasSubstr("About 6 s, from earlier measurements of the same"));
    overhead_s = 0;
    addQuality("k=int8,token", 250);
    EXPECT_DOUBLE_EQ(ofQuality()->least_s, 1 + 4) << "the newest counts";
}

TEST_F(Estimates, OthersAreTakenToLieBetweenTheFastestAndTheSlowest)
{
    addQuality("identity", 1000);
    addQuality("k=int8,token", 500);
    addQuality("k=pca:32", 100);
    const auto some = ofQuality({"k=int8,token", "k=int4,token"});
    ASSERT_TRUE(some);
    EXPECT_DOUBLE_EQ(some->least_s, 1 + 2 + 2);
    EXPECT_DOUBLE_EQ(some->most_s, 1 + 2 + 10);
    EXPECT_THAT(estimateText(some).toStdString(),
                HasSubstr("About 5 s to 13 s: 1 of 2 configurations as measured before"));
    EXPECT_THAT(estimateText(ofQuality({"k=int4,token"})).toStdString(),
                HasSubstr("About 3 s to 11 s: between the fastest and the slowest"));
}

TEST_F(Estimates, RunsWithOtherSettingsAreNoEvidence)
{
    const auto expectNone = [this](const char* what) {
        EXPECT_FALSE(ofQuality()) << what;
        EXPECT_THAT(estimateText(ofQuality()).toStdString(), HasSubstr("no earlier measurement with these settings"));
    };
    addQuality("identity", 1000);
    addQuality("k=int8,token", 500);
    ASSERT_TRUE(ofQuality());
    const QualitySpecification same = job;
    job.engine.type = "fp32";
    expectNone("type");
    job = same;
    job.engine.device = "cuda";
    expectNone("device");
    job = same;
    job.engine.threads = 8;
    expectNone("threads");
    job = same;
    job.engine.model = "/models/other";
    expectNone("model");
    job = same;
    job.protocol = "step";
    expectNone("protocol");
    job = same;
    job.window = 512;
    expectNone("window");
    job = same;
    EXPECT_FALSE(estimateQuality(workspace, job, {"k=int8,token"}, "Slow Processor 1"));
    job.engine.model = someModel().folder + "/.";
    EXPECT_TRUE(ofQuality()) << "the same folder in other words";
}

TEST_F(Estimates, ReferenceKernelsAndExpandedReadingAreOtherWork)
{
    job.engine.kernels = "reference";
    addQuality("identity", 10);
    addQuality("k=int8,token", 5);
    job.engine.kernels = "fast";
    EXPECT_FALSE(ofQuality());
    job.attend = "compressed";
    addQuality("identity", 1000);
    addQuality("k=int8,token", 500);
    job.attend = "expand";
    EXPECT_FALSE(ofQuality());
}

TEST_F(Estimates, AutomaticIsWhatTheNewestAutomaticRunTook)
{
    addQuality("identity", 1000);
    addQuality("k=int8,token", 500);
    environment.type = "fp32";
    job.engine.type = "fp32";
    addQuality("identity", 100);
    addQuality("k=int8,token", 50);
    job.engine.type = "auto";
    EXPECT_FALSE(ofQuality()) << "nobody knows which one it will be";
    nlohmann::json settings = job;
    environment.type = "bf16";
    add(RunKind::Calibrate, settings);
    workspace.reload();
    ASSERT_TRUE(ofQuality());
    EXPECT_DOUBLE_EQ(ofQuality()->least_s, 3);
    environment.type = "fp32"; // as on a machine that was changed
    add(RunKind::Calibrate, settings);
    workspace.reload();
    ASSERT_TRUE(ofQuality());
    EXPECT_DOUBLE_EQ(ofQuality()->least_s, 30);
}

TEST_F(Estimates, SpeedNeedsEveryCellMeasured)
{
    ThroughputSpecification speed;
    speed.engine = job.engine;
    speed.contexts = {512};
    speed.batches = {2};
    speed.decode = 10;
    speed.rounds = 3;
    speed.configurations = {"k=int8,token"};
    for (const char* configuration : {"identity", "stock", "k=int8,token"}) {
        EXPECT_FALSE(estimateSpeed(workspace, speed, kProcessor)) << configuration;
        ThroughputSummary summary;
        summary.run = add(RunKind::Bench, speed);
        summary.configuration = configuration;
        summary.context = 512;
        summary.batch = 2;
        summary.prefill_tokens_per_s = 1024;
        summary.decode_tokens_per_s_median = summary.decode_tokens_per_s_p10 = summary.decode_tokens_per_s_p90 = 20;
        workspace.store()->put_throughput(summary, {});
        workspace.reload();
    }
    const auto time = estimateSpeed(workspace, speed, kProcessor);
    ASSERT_TRUE(time);
    EXPECT_DOUBLE_EQ(time->least_s, 3 * 3 * (1.0 + 1.0));
    speed.contexts = {512, 2048};
    EXPECT_FALSE(estimateSpeed(workspace, speed, kProcessor));
}

TEST_F(Estimates, TextsTakeAtMostTheirFullLength)
{
    GenerationSpecification text;
    text.engine = job.engine;
    text.max_new = 100;
    EXPECT_FALSE(estimateTexts(workspace, text, kProcessor));
    RunRecord run;
    run.configuration = "identity";
    GenerationRecord record;
    record.run = add(RunKind::Generate, text, run, 3);
    record.token_ids = {1, 2};
    record.decode_tokens_per_s = 10;
    workspace.store()->put_generation(record);
    workspace.reload();
    const auto time = estimateTexts(workspace, text, kProcessor);
    ASSERT_TRUE(time);
    EXPECT_NEAR(time->most_s, 10 + 2.8, 1e-9) << "a hundred tokens, and what two took beside their decoding";
    EXPECT_THAT(estimateText(time).toStdString(), HasSubstr("At most about 13 s"));
    text.configurations = {"k=int8,token"};
    EXPECT_FALSE(estimateTexts(workspace, text, kProcessor));
}

TEST_F(Estimates, ACalibrationTakesWhatTheNewestWithTheSameMomentsTook)
{
    CalibrateSpecification calibration;
    calibration.engine = job.engine;
    calibration.window = 64;
    calibration.tokens = 4000;
    RunRecord run;
    run.window_tokens = 64;
    run.input_tokens = 1000;
    add(RunKind::Calibrate, calibration, run, 10);
    workspace.reload();
    const auto time = estimateCalibration(workspace, calibration, kProcessor);
    ASSERT_TRUE(time);
    EXPECT_DOUBLE_EQ(time->least_s, 40);
    calibration.weighted = false;
    EXPECT_FALSE(estimateCalibration(workspace, calibration, kProcessor));
    calibration.weighted = true;
    calibration.window = 128;
    EXPECT_FALSE(estimateCalibration(workspace, calibration, kProcessor));
}

TEST_F(Estimates, TheFormTellsWithTheFieldsAsTheyStand)
{
    environment.cpu = thisMachine().cpu;
    environment.threads = job.engine.threads = automaticThreads(thisMachine().logical_cores);
    addQuality("identity", 1000);
    addQuality("k=int8,token", 500);
    QualityPage page;
    page.setWorkspace(&workspace);
    page.resize(1280, 800);
    page.show();
    page.updateNow();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&page));
    SweepForm* form = page.form();
    form->setVisible(true);
    form->setGrid(QStringLiteral("k=int8"));
    const auto field = [form]<typename Field>(Field*, const char* name) {
        for (Field* each : form->findChildren<Field*>())
            if (each->accessibleName() == QLatin1String(name))
                return each;
        throw std::runtime_error(name);
    };
    auto* window = field(static_cast<QSpinBox*>(nullptr), "Window");
    auto* tokens = field(static_cast<QSpinBox*>(nullptr), "Tokens");
    auto* type = field(static_cast<QComboBox*>(nullptr), "Type");
    const auto write = [](QSpinBox* box, const char* number) {
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QLatin1String(number));
        QTest::keyClick(box, Qt::Key_Tab);
    };
    write(window, "64");
    write(tokens, "2000");
    EXPECT_THAT(form->summary().toStdString(), HasSubstr("no earlier measurement")) << "automatic was never measured";
    type->setFocus();
    QTest::keyClicks(type, QStringLiteral("b"));
    EXPECT_EQ(type->currentText(), QStringLiteral("bf16"));
    EXPECT_THAT(form->summary().toStdString(), HasSubstr("About 6 s, from earlier measurements"));
    write(window, "128");
    EXPECT_THAT(form->summary().toStdString(), HasSubstr("no earlier measurement"));
    EXPECT_THAT(form->summary().toStdString(), Not(HasSubstr("bout 6 s")));
}

} // namespace
} // namespace kvw::testing
