// SPDX-License-Identifier: GPL-3.0-or-later
// The main job on the sample model, run as a user runs it.
#include "core/protocol/line_splitter.h"
#include "core/store/store.h"
#include "tests/app/program.h"
#include "tests/conformance/reference_runner.h"

#include <gmock/gmock.h>

#include <cmath>

namespace kvw::app_test {
namespace {

using ::testing::HasSubstr;

class SampleModel : public ::testing::Test
{
protected:
    void SetUp() override
    {
        KVW_REQUIRE(reference.missing_model());
        KVW_REQUIRE(conformance::missing_data());
        model = reference.model().string();
    }

    std::string store() const { return (folder.path() / "p.kvw").string(); }
    static std::string text(const std::string& split)
    {
        return conformance::data_file("wikitext2/wiki." + split + ".raw").string();
    }

    Outcome calibrate() const
    {
        return kvw({"calibrate", model, "--text", text("valid"), "--tokens", "2048", "--window", "512", "--store",
                    store(), "--json"});
    }
    Arguments quality(const std::string& command, int tokens = 1024) const
    {
        return {command,    model, "--text",  text("test"), "--tokens", std::to_string(tokens),
                "--window", "256", "--store", store(),      "--json"};
    }

    conformance::Reference reference;
    testing::TemporaryFolder folder;
    std::string model;
};

Arguments operator+(Arguments all, const Arguments& more)
{
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST_F(SampleModel, FastAndReferenceKernelsAgree)
{
    const auto perplexity = [&](const std::string& kernels) {
        const Outcome measured = kvw(quality("ppl", 512)
                                     + Arguments{"--type", "fp32", "--kernels", kernels, "--config",
                                                 "k=random:56 v=random:48", "--config", "k=int8 v=int4,group=16"});
        EXPECT_EQ(measured.exit_code, 0) << measured.all();
        std::vector<double> out;
        const Json results = measured.json().at("results");
        for (const Json& row : results)
            out.push_back(row.at("ppl").get<double>());
        return out;
    };
    const std::vector<double> fast = perplexity("fast"), reference = perplexity("reference");
    ASSERT_EQ(fast.size(), 3u);
    ASSERT_EQ(reference.size(), 3u);
    EXPECT_NEAR(fast[0], reference[0], 1e-5 * reference[0]) << "identity";
    EXPECT_NEAR(fast[1], reference[1], 1e-5 * reference[1]) << "low rank";
    // A last bit that differs moves some codes by a step, their errors move more in the next layer: after a few layers the
    // quantisation noise is another draw of the same size.
    EXPECT_NEAR(fast[2], reference[2], 0.02 * reference[2]) << "integers";
    const Outcome wrong = kvw(quality("ppl") + Arguments{"--kernels", "quick", "--config", "k=int8"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.errors, HasSubstr("quick"));
}

TEST_F(SampleModel, CalibrateMeasureExport)
{
    const Outcome calibrated = calibrate();
    ASSERT_EQ(calibrated.exit_code, 0) << calibrated.all();
    EXPECT_EQ(calibrated.json().at("input_tokens"), 2048);
    EXPECT_THAT(calibrated.errors, HasSubstr("[2/3] calibrating"));

    const Json spectra = kvw({"spectra", "--store", store(), "--json"}).json();
    int heads = 0;
    for (const Json& row : spectra.at("spectra")) {
        ASSERT_EQ(row.at("eigenvalues").size(), 64);
        ASSERT_GE(row.at("effective_rank").get<double>(), 1);
        heads += row.at("quantity") == "k" && row.at("positions") == "after_sinks" && row.at("weighting") == "uniform";
    }
    EXPECT_EQ(heads, 90);

    const std::vector<std::string> asked{"v=pca:60", "v=pca:60,weighted", "k=kq:56 sinks=4", "k=int8 v=int8 sinks=4"};
    Arguments arguments = quality("ppl");
    for (const std::string& configuration : asked)
        arguments = arguments + Arguments{"--config", configuration};
    const Outcome measured = kvw(arguments);
    ASSERT_EQ(measured.exit_code, 0) << measured.all();
    const Json results = measured.json().at("results");
    ASSERT_EQ(results.size(), asked.size() + 1);
    EXPECT_EQ(results[0].at("configuration"), "identity");
    EXPECT_TRUE(results[0].at("delta_nll").is_null());
    EXPECT_EQ(results[0].at("scored_tokens"), 4 * 255);
    EXPECT_DOUBLE_EQ(results[0].at("bits_per_value").get<double>(), 16);
    EXPECT_DOUBLE_EQ(results[0].at("cache_bytes").get<double>(), 256.0 * 30 * 2 * 3 * 64 * 2);
    for (const char* key : {"ppl", "delta_nll", "delta_nll_lo", "delta_nll_hi", "rel_ppl", "kl_mean", "top1",
                            "bits_per_value", "cache_bytes", "scoring_tokens_per_s", "scoring_s"})
        for (std::size_t i = 1; i < results.size(); ++i)
            EXPECT_TRUE(std::isfinite(results[i].at(key).get<double>()))
                << key << " of " << results[i].at("configuration");
    // The order of magnitude that docs/results.md reports.
    const auto change = [&results](std::size_t i) { return results[i].at("rel_ppl").get<double>(); };
    EXPECT_GT(change(1), 0.5);
    EXPECT_LT(change(2), 0.1);
    EXPECT_LT(change(3), 0.03);
    EXPECT_LT(std::fabs(change(4)), 0.005);
    EXPECT_LT(results[4].at("bits_per_value").get<double>(), 9);

    EXPECT_EQ(Json::parse(kvw({"export", "--store", store(), "--format", "json"}).output).at("quality").size(), 5);
    EXPECT_THAT(kvw({"export", "--store", store(), "--format", "csv", "--table", "quality"}).output,
                HasSubstr("v=pca:60,weighted"));
    EXPECT_THAT(kvw({"export", "--store", store(), "--format", "md"}).output, HasSubstr("## Quality"));
    EXPECT_THAT(kvw({"export", "--store", store(), "--format", "jsonl"}).output, HasSubstr("\"table\":\"quality\""));
}

TEST_F(SampleModel, AKilledSweepGoesOnWithWhatIsMissing)
{
    const Arguments sweep = quality("sweep", 512) + Arguments{"--grid", "v=random:(48|52|56|60)"};
    {
        // Killed while it measures its second point, with two more to go.
        Program program(sweep);
        ASSERT_TRUE(program.wait_for("v=random:52,seed=0")) << program.errors();
        program.signal(SIGKILL);
        EXPECT_EQ(program.wait().exit_code, -SIGKILL);
    }
    const Outcome outcome = kvw(sweep);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.all();
    const Json json = outcome.json();
    EXPECT_GE(json.at("reused").get<int>(), 1);
    ASSERT_EQ(json.at("results").size(), 5);
    EXPECT_EQ(json.at("results")[1].at("configuration"), "v=random:48,seed=0");
    EXPECT_EQ(json.at("results")[4].at("configuration"), "v=random:60,seed=0");
    EXPECT_EQ(json.at("run"), 1); // under its own number
    // Finished: asking again measures again, as a run of its own.
    EXPECT_NE(kvw(sweep).json().at("run"), 1);
}

TEST_F(SampleModel, InterruptKeepsWhatIsDone)
{
    Arguments arguments = quality("ppl", 512);
    for (int rank = 60; rank > 20; --rank) // far more than are measured before the signal comes
        arguments = arguments + Arguments{"--config", "v=random:" + std::to_string(rank)};
    Program program(arguments);
    ASSERT_TRUE(program.wait_for("v=random:59")) << program.errors();
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.all();
    EXPECT_THAT(outcome.errors, HasSubstr("interrupted by Ctrl-C (SIGINT)"));
    const Store kept = Store::open(store());
    EXPECT_EQ(kept.run(1)->run.status, RunStatus::Cancelled);
    EXPECT_THAT(kept.run(1)->run.error_message.value_or(""), HasSubstr("interrupted by Ctrl-C (SIGINT)"));
    EXPECT_GE(kept.quality().size(), 2);
}

TEST_F(SampleModel, Generate)
{
    const Arguments arguments{"generate",  model, "--prompt", "What is the capital of France?",
                              "--max-new", "24",  "--config", "k=int8 v=int8",
                              "--json"};
    const Outcome outcome = kvw(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.all();
    const Json results = outcome.json().at("results");
    ASSERT_EQ(results.size(), 2);
    EXPECT_THAT(results[0].at("generated_text").get<std::string>(), HasSubstr("Paris"));
    EXPECT_TRUE(results[0].at("kl_mean").is_null());
    EXPECT_LT(results[1].at("kl_mean").get<double>(), 0.05);
    EXPECT_EQ(kvw(arguments).json().at("results")[0].at("token_ids"), results[0].at("token_ids"));
    const Outcome streamed = kvw({"generate", model, "--prompt", "What is the capital of France?", "--max-new", "24"});
    EXPECT_EQ(streamed.output, results[0].at("generated_text").get<std::string>() + "\n");
}

TEST_F(SampleModel, Bench)
{
    const Outcome outcome = kvw({"bench", model, "--contexts", "64,200", "--batch", "1,2", "--decode", "4", "--rounds",
                                 "3", "--config", "k=int8 v=int8", "--store", store(), "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.all();
    const Json results = outcome.json().at("results");
    ASSERT_EQ(results.size(), 12); // identity, stock and int8 in four cells
    EXPECT_EQ(results[1].at("configuration"), "stock");
    for (const Json& row : results) {
        EXPECT_GT(row.at("prefill_tokens_per_s").get<double>(), 0);
        const double median = row.at("decode_tokens_per_s_median").get<double>();
        EXPECT_LE(row.at("decode_tokens_per_s_p10").get<double>(), median);
        EXPECT_LE(median, row.at("decode_tokens_per_s_p90").get<double>());
        EXPECT_GT(row.at("bandwidth_gb_s").get<double>(), 0);
        EXPECT_NEAR(row.at("bound_tokens_per_s").get<double>() * row.at("bytes_per_step").get<double>(),
                    row.at("bandwidth_gb_s").get<double>() * 1e9 * row.at("batch").get<double>(), 1);
        const Json& ratio = row.at("decode_against_identity");
        EXPECT_LE(ratio.at("p10").get<double>(), ratio.at("median").get<double>());
        EXPECT_LE(ratio.at("median").get<double>(), ratio.at("p90").get<double>());
        EXPECT_GT(ratio.at("p10").get<double>(), 0);
        if (row.at("configuration") == "identity") {
            EXPECT_EQ(ratio.at("p10").get<double>(), 1);
        }
        EXPECT_GT(row.at("peak_rss_bytes").get<double>(), 100e6);
        const double tokens = row.at("context").get<double>() * row.at("batch").get<double>();
        const double bits = row.at("configuration") == "k=int8,token v=int8,token" ? 8 + 32.0 / 64 : 16;
        EXPECT_GE(row.at("cache_bytes").get<double>(), tokens * 30 * 2 * 3 * 64 * bits / 8);
    }
}

TEST_F(SampleModel, BenchForPeopleSaysWhatSpeedIsHeldAgainst)
{
    const Outcome outcome = kvw({"bench", model, "--contexts", "64", "--decode", "2", "--rounds", "1", "--config",
                                 "k=int8 v=int8", "--store", store(), "--quiet"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.all();
    EXPECT_THAT(outcome.output, HasSubstr("Of the bound [%]"));
    EXPECT_THAT(outcome.output, HasSubstr("Decoding against the identity, median [p10, p90]"));
    EXPECT_THAT(outcome.output, HasSubstr("1.00 [1.00, 1.00]"));
}

/// The worker's lines, decoded.
std::vector<protocol::Message> messages_of(const std::string& output)
{
    protocol::LineSplitter lines;
    lines.push(output);
    lines.finish();
    std::vector<protocol::Message> out;
    while (const auto item = lines.next()) {
        const auto* line = std::get_if<std::string>(&*item);
        if (!line)
            throw std::runtime_error(std::get<protocol::ProtocolError>(*item).message);
        const protocol::Decoded decoded = protocol::decode(*line);
        if (const auto* error = std::get_if<protocol::ProtocolError>(&decoded))
            throw std::runtime_error(error->message + ": " + *line);
        out.push_back(std::get<protocol::Message>(decoded));
    }
    return out;
}

RowId queue_calibration(const std::string& store, const std::string& model, const std::string& text, int tokens)
{
    const Json specification{{"engine", {{"model", model}}}, {"text", text}, {"tokens", tokens}};
    return Store::open(store).add_job(RunKind::Calibrate, specification.dump());
}

TEST_F(SampleModel, WorkerRunsAJobOfTheStore)
{
    const RowId job = queue_calibration(store(), model, text("valid"), 1024);
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const Outcome outcome = Program({"worker", "--store", store(), "--job", std::to_string(job)}, pipe[0]).wait();
    ::close(pipe[0]);
    ::close(pipe[1]);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.all();
    const std::vector<protocol::Message> messages = messages_of(outcome.output);
    ASSERT_GE(messages.size(), 6);
    ASSERT_TRUE(std::holds_alternative<protocol::Hello>(messages.front()));
    EXPECT_EQ(std::get<protocol::Hello>(messages.front()).protocol, protocol::kVersion);
    ASSERT_TRUE(std::holds_alternative<protocol::Result>(messages.back()));
    EXPECT_EQ(std::get<protocol::Result>(messages.back()).status, protocol::Status::Succeeded);
    int stages = 0, progress = 0, results = 0;
    for (const protocol::Message& message : messages) {
        stages += std::holds_alternative<protocol::Stage>(message);
        progress += std::holds_alternative<protocol::Progress>(message);
        results += std::holds_alternative<protocol::Result>(message);
    }
    EXPECT_EQ(stages, 3);
    EXPECT_GE(progress, 1);
    EXPECT_EQ(results, 1);
    const Store kept = Store::open(store());
    const JobRecord record = kept.job(job).value();
    EXPECT_EQ(record.status, JobStatus::Succeeded);
    ASSERT_TRUE(record.run);
    EXPECT_TRUE(kept.calibration(*record.run));
    int stages_kept = 0, remarks_kept = 0;
    for (const JobEvent& event : kept.job_events(job)) {
        stages_kept += event.type == "stage";
        remarks_kept += event.type == "remark"; // what was computed in, and how
    }
    EXPECT_EQ(stages_kept, 3);
    EXPECT_GE(remarks_kept, 1);
}

TEST_F(SampleModel, WorkerObeysCancelAndTheEndOfThePipe)
{
    for (const bool polite : {true, false}) {
        const RowId job = queue_calibration(store(), model, text("valid"), 100000);
        int pipe[2];
        ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
        Program program({"worker", "--store", store(), "--job", std::to_string(job)}, pipe[0]);
        ::close(pipe[0]);
        ASSERT_TRUE(program.wait_for("\"progress\"")) << program.output();
        if (polite) {
            const std::string cancel = "{\"type\":\"cancel\"}\n";
            ASSERT_EQ(::write(pipe[1], cancel.data(), cancel.size()), static_cast<ssize_t>(cancel.size()));
        }
        if (!polite)
            ::close(pipe[1]);
        const Outcome outcome = program.wait();
        if (polite)
            ::close(pipe[1]);
        EXPECT_EQ(outcome.exit_code, 130) << outcome.all();
        const auto* result = std::get_if<protocol::Result>(&messages_of(outcome.output).back());
        ASSERT_TRUE(result);
        EXPECT_EQ(result->status, protocol::Status::Cancelled);
        EXPECT_EQ(Store::open(store()).job(job)->status, JobStatus::Cancelled);
    }
}

TEST_F(SampleModel, WorkerSaysWhatIsWrong)
{
    const RowId job = queue_calibration(store(), (folder.path() / "nowhere").string(), text("valid"), 1024);
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const Outcome outcome = Program({"worker", "--store", store(), "--job", std::to_string(job)}, pipe[0]).wait();
    EXPECT_EQ(outcome.exit_code, 1);
    const std::vector<protocol::Message> messages = messages_of(outcome.output);
    const auto* result = std::get_if<protocol::Result>(&messages.back());
    ASSERT_TRUE(result);
    EXPECT_EQ(result->code, "not_found");
    EXPECT_THAT(result->message, HasSubstr("nowhere"));
    EXPECT_EQ(Store::open(store()).job(job)->error_code, "not_found");
    EXPECT_EQ(Program({"worker", "--store", store(), "--job", "77"}, pipe[0]).wait().exit_code, 2);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_F(SampleModel, ImportsTheSeedProjectsFile)
{
    // Made by the framework itself: orthonormal bases of rank 60, heads pooled.
    folder.write("make.py", R"(
import copy, sys, torch
torch.manual_seed(0)
def side(rank=60):
    return {"U": torch.linalg.qr(torch.randn(64, 64))[0][:, :rank].contiguous(), "mean": torch.zeros(64), "rank": rank}
good = [{"K": side(), "V": side()} for _ in range(30)]
skewed, nan = copy.deepcopy(good), copy.deepcopy(good)
skewed[3]["V"]["U"] *= 1.5
nan[5]["K"]["mean"][3] = float("nan")
for kind, layers in {"good": good, "short": good[:7], "skewed": skewed, "nan": nan}.items():
    torch.save({"layers": layers, "rank": 60, "model": "sample"}, f"{sys.argv[1]}/{kind}.pt")
torch.save([1, 2], f"{sys.argv[1]}/list.pt")
)");
    const std::string command =
        reference.python().string() + " " + (folder.path() / "make.py").string() + " " + folder.path().string();
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    const auto made = [&](const std::string& kind) { return (folder.path() / (kind + ".pt")).string(); };
    const auto import = [&](const std::string& file) {
        return kvw({"import", file, "--model", model, "--store", store(), "--json"});
    };
    const Outcome imported = import(made("good"));
    ASSERT_EQ(imported.exit_code, 0) << imported.all();
    const std::string run = std::to_string(imported.json().at("run").get<int>());
    const Outcome measured = kvw(quality("ppl", 512) + Arguments{"--config", "v=pca:60,pooled", "--calibration", run});
    ASSERT_EQ(measured.exit_code, 0) << measured.all();
    const Outcome beyond = kvw(quality("ppl", 512) + Arguments{"--config", "v=pca:61", "--calibration", run});
    EXPECT_EQ(beyond.exit_code, 2);
    EXPECT_THAT(beyond.errors, HasSubstr("60 components"));

    const std::vector<std::pair<std::string, std::string>> refused{
        {"short", "7 layers"}, {"skewed", "not orthonormal"}, {"nan", "NaN"}, {"list", "layers"}};
    for (const auto& [kind, words] : refused) {
        const Outcome outcome = import(made(kind));
        EXPECT_EQ(outcome.exit_code, 1) << kind;
        EXPECT_THAT(outcome.errors, HasSubstr(words));
    }
    folder.write("rubbish.pt", "this is no pickle");
    EXPECT_THAT(import(made("rubbish")).errors, HasSubstr("cannot be unpickled"));
    EXPECT_EQ(import(made("none")).exit_code, 1);
}

} // namespace
} // namespace kvw::app_test
