// SPDX-License-Identifier: GPL-3.0-or-later
// Real signals to real processes: the last sentence, the record and the exit code name the signal, and what was measured
// is kept. The jobs are far too long to come to their end before the signal.
#include "core/protocol/message.h"
#include "core/store/store.h"
#include "tests/app/program.h"
#include "tests/support/tiny_model.h"
#include "tests/tokenizer/tokenizer_support.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <numeric>

namespace kvw::app_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct SignalCase
{
    int number;
    int exit_code;
    const char* words;

    friend void PrintTo(const SignalCase& at, std::ostream* out) { *out << at.words; }
};
const SignalCase kSignals[] = {{SIGINT, 130, "interrupted by Ctrl-C (SIGINT)"},
                               {SIGTERM, 143, "stopped by SIGTERM"},
                               {SIGHUP, 129, "stopped by SIGHUP (the terminal is gone)"}};

class Signals : public ::testing::TestWithParam<SignalCase>
{
protected:
    Signals()
    {
        test::TinyModel tiny;
        tiny.vocab = 300;
        tiny.write(folder.path() / "model");
        folder.write("model/tokenizer.json", tokenizer_test::byte_level_json().dump());
    }

    std::string path(const char* name) const { return (folder.path() / name).string(); }
    std::string store() const { return path("p.kvw"); }

    /// Some hundred cells of a benchmark, which are committed one by one; kSecond begins when the first one is.
    static std::vector<int> contexts()
    {
        std::vector<int> out(400);
        std::iota(out.begin(), out.end(), 8);
        return out;
    }
    static constexpr const char* kSecond = "context 9, batch 1";

    Arguments bench() const
    {
        const std::string list = fmt::format("{}", fmt::join(contexts(), ","));
        return {"bench", path("model"), "--contexts", list, "--decode", "4", "--rounds", "2", "--store", store()};
    }

    /// The benchmark's own run says what ended it, and its first cell is there.
    void expect_kept(const char* words) const
    {
        const Store kept = Store::open(store());
        const RunRecord run = kept.run(1)->run;
        EXPECT_EQ(run.status, RunStatus::Cancelled);
        EXPECT_EQ(run.error_code, "cancelled");
        EXPECT_THAT(run.error_message.value_or(""), HasSubstr(words));
        EXPECT_GE(kept.throughput().size(), 2u);
    }

    testing::TemporaryFolder folder;
};

TEST_P(Signals, ACommandNamesItAndKeepsWhatIsDone)
{
    Program program(bench());
    ASSERT_TRUE(program.wait_for(kSecond)) << program.errors();
    program.signal(GetParam().number);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, GetParam().exit_code) << outcome.all();
    EXPECT_THAT(outcome.errors, HasSubstr(std::string("kvw: ") + GetParam().words + "; everything that was finished"));
    EXPECT_THAT(outcome.errors, Not(HasSubstr("cancelled")));
    expect_kept(GetParam().words);
}

TEST_P(Signals, AWorkerSaysItInItsResultAndInTheJobsRow)
{
    const Json specification{
        {"engine", {{"model", path("model")}}}, {"contexts", contexts()}, {"decode", 4}, {"rounds", 2}};
    const RowId job = Store::open(store()).add_job(RunKind::Bench, specification.dump());
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    Program program({"worker", "--store", store(), "--job", std::to_string(job)}, pipe[0]);
    ::close(pipe[0]);
    ASSERT_TRUE(program.wait_for(kSecond)) << program.output();
    program.signal(GetParam().number);
    const Outcome outcome = program.wait();
    ::close(pipe[1]);
    EXPECT_EQ(outcome.exit_code, GetParam().exit_code) << outcome.all();
    const std::string last = outcome.output.substr(outcome.output.rfind('\n', outcome.output.size() - 2) + 1);
    const protocol::Decoded decoded = protocol::decode(last);
    const auto* message = std::get_if<protocol::Message>(&decoded);
    ASSERT_TRUE(message) << last;
    const auto* result = std::get_if<protocol::Result>(message);
    ASSERT_TRUE(result) << last;
    EXPECT_EQ(result->status, protocol::Status::Cancelled);
    EXPECT_EQ(result->code, "cancelled");
    EXPECT_THAT(result->message, HasSubstr(GetParam().words));
    const JobRecord row = Store::open(store()).job(job).value();
    EXPECT_EQ(row.status, JobStatus::Cancelled);
    EXPECT_THAT(row.error_message.value_or(""), HasSubstr(GetParam().words));
    expect_kept(GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(All, Signals, ::testing::ValuesIn(kSignals), [](const auto& info) {
    return std::string(info.param.number == SIGINT ? "Int" : info.param.number == SIGTERM ? "Term" : "Hup");
});

TEST_F(Signals, AKilledRunIsFoundInterrupted)
{
    Program program(bench());
    ASSERT_TRUE(program.wait_for(kSecond)) << program.errors();
    program.signal(SIGKILL);
    EXPECT_EQ(program.wait().exit_code, -SIGKILL);
    const Store kept = Store::open(store());
    EXPECT_EQ(kept.run(1)->run.status, RunStatus::Interrupted);
    EXPECT_GE(kept.throughput().size(), 2u);
}

} // namespace
} // namespace kvw::app_test
