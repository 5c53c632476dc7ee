// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/prepared_job.h"

#include "tests/jobs/job_fixture.h"

namespace kvw::jobs_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PreparedJobTest : public JobTest
{
protected:
    std::optional<ChosenCalibration> chosen(std::optional<std::int64_t> wanted)
    {
        const JobContext all = context();
        const PreparedJob job(engine(), identity_and({"k=pca:8"}), wanted, all);
        return job.calibration();
    }
    void expect_calibration_refused(std::int64_t run, const std::string& message, const std::string& hint)
    {
        expect_refused([&] { chosen(run); }, ErrorKind::InvalidArgument, message, hint);
    }
};

TEST_F(PreparedJobTest, TheIdentityComesFirstAndNothingTwice)
{
    std::vector<std::string> found;
    for (const Configuration& point : identity_and({"k=int8,token", "identity", "k=int8,token", "v=int4,token"}))
        found.push_back(format(point));
    EXPECT_EQ(found.size(), 3u);
    EXPECT_EQ(found.front(), format(Configuration{}));
    EXPECT_EQ(error_of([] { identity_and({"k=nothing"}); })->kind(), ErrorKind::InvalidArgument);
}

TEST_F(PreparedJobTest, ReferenceKernelsExpandWhateverIsAsked)
{
    EngineOptions options = engine();
    EXPECT_EQ(read_as(options, "compressed"), ReadAs::Compressed);
    EXPECT_EQ(read_as(options, "expand"), ReadAs::Expanded);
    options.kernels = "reference";
    EXPECT_EQ(read_as(options, "compressed"), ReadAs::Expanded);
    expect_refused([&] { read_as(options, "sideways"); }, ErrorKind::InvalidArgument,
                   "'sideways' is not a way to read coded tokens", "expand or compressed");
}

TEST_F(PreparedJobTest, NoCalibrationIsReadWhereNoneIsNeeded)
{
    const JobContext all = context();
    const PreparedJob job(engine(), identity_and({"k=int8,token"}), 12345, all); // there is no such run
    EXPECT_FALSE(job.calibration());
    EXPECT_NE(job.fit(job.points().back()), nullptr);
}

TEST_F(PreparedJobTest, TheNewestCalibrationOfTheModelIsTakenUnlessOneIsNamed)
{
    expect_refused([&] { chosen({}); }, ErrorKind::NotFound, "has none of this model", "kvw calibrate");
    const RowId first = run_calibrate(calibration(), context()).run;
    const RowId second = run_calibrate(calibration(), context()).run;
    write_model("other", 2);
    const RowId of_other = run_calibrate(calibration("other"), context()).run;
    EXPECT_EQ(chosen({})->run, second);
    EXPECT_EQ(chosen(first)->run, first);
    expect_calibration_refused(of_other, "is a calibration of another model (other)", "calibrate this model");
}

TEST_F(PreparedJobTest, RunsThatAreNoFinishedCalibrationAreRefused)
{
    expect_calibration_refused(77, "run 77 is not a calibration", "kvw export");
    const RowId quality_run = run_quality(RunKind::Ppl, quality({"k=int8,token"}), context()).run;
    expect_calibration_refused(quality_run, "is not a calibration", "kvw export");
    CancelFlag early;
    early.set();
    EXPECT_EQ(error_of([&] { run_calibrate(calibration(), {store_, sink_, early}); })->kind(), ErrorKind::Cancelled);
    EXPECT_EQ(store_.runs().size(), 3u) << "a job that was cancelled while it opened is no run";
    CancelFlag late;
    sink_.on_stage = [&](int index, int) {
        if (index == 2)
            late.set();
    };
    EXPECT_EQ(error_of([&] { run_calibrate(calibration(), {store_, sink_, late}); })->kind(), ErrorKind::Cancelled);
    sink_.on_stage = nullptr;
    const Provenance unfinished = store_.runs().back();
    EXPECT_EQ(unfinished.run.status, RunStatus::Cancelled);
    expect_calibration_refused(unfinished.run.id, "did not finish (cancelled)", "calibrate again");
}

TEST_F(PreparedJobTest, AChildNamesItsCalibrationOnlyWhereItTookFromIt)
{
    const RowId basis = run_calibrate(calibration(), context()).run;
    const JobContext all = context();
    const PreparedJob job(engine(), identity_and({"k=pca:8", "k=int8,token"}), {}, all);
    RunRecord parent = run_of(store_, RunKind::Generate, job.session(), engine());
    parent.calibration_run = basis;
    parent.seed = 5;
    const RunRecord with = job.child(parent, 9, job.points()[1]), without = job.child(parent, 9, job.points()[2]);
    EXPECT_EQ(with.calibration_run, std::optional<RowId>(basis));
    EXPECT_EQ(without.calibration_run, std::nullopt);
    for (const RunRecord& child : {with, without}) {
        EXPECT_EQ(child.parent_run, std::optional<RowId>(9));
        EXPECT_EQ(child.seed, parent.seed);
        EXPECT_EQ(child.model_hash, job.session().hash);
    }
    EXPECT_EQ(with.configuration, format(job.points()[1]));
    EXPECT_EQ(with.configuration_hash, hash(job.points()[1]));
}

TEST_F(PreparedJobTest, AConfigurationThatTheModelCannotTakeIsRefusedBeforeAnyRunBegins)
{
    for (const std::string grid : {"k=pca:64", "k=int8,token;layers=7-9:v=int8,token"})
        EXPECT_TRUE(error_of([&] { run_quality(RunKind::Ppl, quality({grid}), context()); })) << grid;
    EXPECT_TRUE(store_.runs().empty());
}

TEST_F(PreparedJobTest, EngineOptionsThatAreNone)
{
    const auto refused = [&](const EngineOptions& options, ErrorKind kind, const std::string& message,
                             const std::string& hint) {
        expect_refused(
            [&] {
                const JobContext all = context();
                const PreparedJob job(options, {}, {}, all);
            },
            kind, message, hint);
    };
    EngineOptions options = engine("nowhere");
    refused(options, ErrorKind::NotFound, "nowhere: there is no such model folder", "config.json");
    options = engine();
    options.kernels = "quick";
    refused(options, ErrorKind::InvalidArgument, "'quick' is not a choice of kernels; it may be fast or reference",
            "fast or reference");
    options = engine();
    options.device = "tpu";
    refused(options, ErrorKind::InvalidArgument, "'tpu' is not a device; it may be cpu or cuda", "cpu or cuda");
    options = engine();
    options.type = "fp8";
    refused(options, ErrorKind::InvalidArgument, "'fp8' is not a type to compute in", "auto, bf16 or fp32");
}

TEST_F(PreparedJobTest, ATextThatIsTooShortIsAWarning)
{
    QualitySpecification job = quality({"k=int8,token"});
    job.tokens = 1'000'000;
    run_quality(RunKind::Ppl, job, context());
    EXPECT_THAT(sink_.warnings, Contains(HasSubstr("tokens; 1000000 were asked for")));
    sink_.warnings.clear();
    CalibrateSpecification again = calibration();
    again.tokens = 1'000'000;
    run_calibrate(again, context());
    EXPECT_THAT(sink_.warnings, Contains(HasSubstr("tokens; 1000000 were asked for")));
}

TEST_F(PreparedJobTest, GenerationsThatAreNone)
{
    GenerationSpecification job;
    job.engine = engine();
    const auto refused = [&](const std::string& message, const std::string& hint) {
        expect_refused([&] { run_generation(job, context()); }, ErrorKind::InvalidArgument, message, hint);
    };
    refused("the prompt is empty", "--prompt");
    job.prompt = "Once";
    job.raw = true;
    job.max_new = 0;
    refused("0 new tokens", "--max-new 1 or more");
    job.max_new = 2;
    job.stop = {"two words"};
    refused("\"two words\" is not one token", "--stop");
    job.stop.clear();
    job.configurations = {"k=int8,token"};
    EXPECT_THAT(run_generation(job, context()).configurations,
                ElementsAre(format(Configuration{}), format(parse_configuration("k=int8,token"))));
}

TEST_F(PreparedJobTest, BenchmarksThatAreNone)
{
    ThroughputSpecification job;
    job.engine = engine();
    job.contexts = {16, 0};
    expect_refused([&] { run_throughput(job, context()); }, ErrorKind::InvalidArgument, "--contexts", "--contexts 512");
    job.contexts = {1'000'000};
    job.text = path("measured.txt");
    expect_refused([&] { run_throughput(job, context()); }, ErrorKind::BadInput, "a context of 1000000 was asked for",
                   "a longer text");
}

TEST_F(PreparedJobTest, AGridOfNothingButTheIdentityIsRefused)
{
    expect_refused([&] { run_quality(RunKind::Sweep, sweep("identity"), context()); }, ErrorKind::InvalidArgument,
                   "no configuration beside the identity", "--grid");
}

TEST_F(PreparedJobTest, JsonThatIsNoSpecification)
{
    for (const std::string text : {"", R"({"engine": 5})", R"({"tokens": "many"})"})
        expect_refused([&] { run_job(RunKind::Calibrate, text, context()); }, ErrorKind::BadInput,
                       "not a specification of a calibrate job", "make the job again");
}

} // namespace
} // namespace kvw::jobs_test
