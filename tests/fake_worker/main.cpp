// SPDX-License-Identifier: GPL-3.0-or-later
// A worker without an engine, for tests of the window: fake worker --store FILE --job ID, as kvw is called. The
// environment variable KVW_FAKE_WORKER says how it behaves (kModes); without it, well.
#include "core/base/process.h"
#include "core/base/time.h"
#include "core/protocol/message.h"
#include "core/store/store.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace {

using namespace kvw;
using namespace std::chrono_literals;

constexpr int kLayers = 6;
constexpr int kDim = 4;

void write_raw(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (count <= 0)
            std::exit(3);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void send(const protocol::Message& message) { write_raw(protocol::encode(message)); }

protocol::Hello hello(int version = protocol::kVersion) { return {version, "0.1.0", "fake worker", {"cpu"}}; }

/// Whether something that begins like a cancel has come, or the window is gone; waits that long for it.
bool cancelled(std::chrono::milliseconds wait)
{
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(wait.count())) <= 0)
        return false;
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    return count <= 0
        || std::string_view(buffer.data(), static_cast<std::size_t>(count)).find("cancel") != std::string::npos;
}

/// Keeps its job's row as a real worker does, and measures a calibration of invented numbers.
class FakeJob
{
public:
    FakeJob(const std::string& file, RowId job) : store_(Store::open(file)), job_(store_.job(job))
    {
        if (!job_)
            std::exit(4);
        job_->status = JobStatus::Running;
        job_->started_at = utc_now();
        job_->process = process_identity();
        store_.update_job(*job_);
        store_.put_model(
            {"fake-model", "fake", "/nowhere/fake", "LlamaForCausalLM", kLayers, 2, 1, kDim, 8, 100, 1000});
        RunRecord run;
        run.kind = RunKind::Calibrate;
        run.model_hash = "fake-model";
        run.environment =
            store_.put_environment({"cpu", 2, 2, 1 << 30, "cpu", "fp32", "os", "g++", "2.11", "0.1.0", {}, {}});
        run.process = process_identity();
        run_ = store_.begin_run(run);
    }

    void layer(int layer)
    {
        SpectrumRecord spectrum;
        spectrum.layer = layer;
        spectrum.quantity = "k";
        spectrum.vectors = 100;
        spectrum.eigenvalues = {4, 2, 1, 0.5};
        spectrum.effective_rank = 3;
        spectrum.rank_90 = spectrum.rank_95 = 3;
        spectrum.rank_99 = 4;
        spectra_.push_back(spectrum);
        store_.put_spectra(run_, spectra_);
        store_.put_metric(run_, "subspace_change", layer + 1, 1.0 / (layer + 1));
        send(protocol::Metric{"subspace_change", layer + 1.0, 1.0 / (layer + 1)});
        send(protocol::Progress{layer + 1.0, kLayers, "layers", (kLayers - layer - 1) * 0.1});
        send(protocol::Committed{{"spectrum"}, run_});
    }

    void end(protocol::Status status)
    {
        const bool good = status == protocol::Status::Succeeded;
        store_.finish_run(run_, good ? RunStatus::Measured : RunStatus::Cancelled, 1.0);
        job_->status = good ? JobStatus::Succeeded : JobStatus::Cancelled;
        job_->finished_at = utc_now();
        job_->process.reset();
        job_->run = run_;
        store_.update_job(*job_);
        send(protocol::Result{status, good ? "ok" : "cancelled", good ? "" : "cancelled; what was finished is kept",
                              ""});
    }

private:
    Store store_;
    std::optional<JobRecord> job_;
    RowId run_ = 0;
    std::vector<SpectrumRecord> spectra_;
};

struct Call
{
    std::string store;
    RowId job = 0;
};

/// `fatal`: the signal that it dies of where it does not get to the last layer.
int work(const Call& call, std::chrono::milliseconds pause, int layers, int fatal = SIGSEGV)
{
    send(hello());
    std::fputs("the fake worker writes to its log\n", stderr);
    FakeJob job(call.store, call.job);
    send(protocol::Stage{0, 2, "opening the model and the text"});
    send(protocol::Stage{1, 2, "calibrating"});
    for (int layer = 0; layer < layers; ++layer) {
        if (cancelled(pause)) {
            job.end(protocol::Status::Cancelled);
            return 130;
        }
        job.layer(layer);
        send(protocol::Heartbeat{layer * 0.1});
    }
    if (layers < kLayers)
        std::raise(fatal);
    job.end(protocol::Status::Succeeded);
    return 0;
}

int normal(const Call& call) { return work(call, 1ms, kLayers); }
/// Never comes to its end by itself.
int slow(const Call& call) { return work(call, 1h, kLayers); }
int crash_after_three_layers(const Call& call) { return work(call, 1ms, 3); }

/// As the system ends a process when memory runs out.
int out_of_memory(const Call& call) { return work(call, 1ms, 3, SIGKILL); }

/// As a worker answers SIGTERM: in good order, and nobody at the window asked for it.
int told_to_end(const Call& call)
{
    send(hello());
    FakeJob job(call.store, call.job);
    send(protocol::Stage{0, 1, "calibrating"});
    job.layer(0);
    job.end(protocol::Status::Cancelled);
    return 130;
}

/// What a shell around a worker makes of SIGKILL.
int exit_137(const Call&)
{
    send(hello());
    return 137;
}

/// Dies of a signal of its own while it is being cancelled.
int aborts_when_cancelled(const Call&)
{
    send(hello());
    while (!cancelled(1h)) {}
    std::raise(SIGABRT);
    return 0;
}

int crash_before_hello(const Call&)
{
    std::fputs("about to fall over\n", stderr);
    std::raise(SIGSEGV);
    return 0;
}

int exit_before_hello(const Call&) { return 7; }

[[noreturn]] void sleep_for_ever()
{
    for (;;)
        std::this_thread::sleep_for(1h);
}

/// Until the test allows it, by a file beside the store.
void wait_for_step(const Call& call, int step)
{
    while (!std::filesystem::exists(call.store + ".step" + std::to_string(step)))
        std::this_thread::sleep_for(5ms);
}

int no_hello(const Call&) { sleep_for_ever(); }

/// Says hello and nothing more; a polite signal still ends it.
int hangs(const Call&)
{
    send(hello());
    send(protocol::Stage{0, 1, "calibrating"});
    sleep_for_ever();
}

/// Alive and well, and deaf.
int ignores_cancel(const Call&)
{
    std::signal(SIGTERM, SIG_IGN);
    send(hello());
    send(protocol::Stage{0, 1, "calibrating"});
    for (;;) {
        send(protocol::Heartbeat{});
        std::this_thread::sleep_for(20ms);
    }
}

/// Silent until the test has seen it, then well again.
int pauses(const Call& call)
{
    send(hello());
    wait_for_step(call, 1);
    send(protocol::Heartbeat{});
    send(protocol::Result{});
    return 0;
}

int floods(const Call&)
{
    send(hello());
    send(protocol::Stage{0, 1, "calibrating"});
    for (int i = 0; i < 100'000; ++i) {
        send(protocol::Progress{static_cast<double>(i), 100'000, "tokens", 1.0});
        if (i % 10 == 0)
            send(protocol::Metric{"loss", static_cast<double>(i), 1.0 / (i + 1)});
        if (i % 10 == 0)
            std::fprintf(stderr, "line %d of the flood\n", i);
    }
    send(protocol::Result{});
    return 0;
}

int lies(const Call& call)
{
    send(hello());
    send(protocol::Stage{0, 1, "calibrating"});
    send(protocol::Progress{500, 100, "tokens", 1e12});
    wait_for_step(call, 1);
    send(protocol::Progress{5, 0, "tokens", {}});
    wait_for_step(call, 2);
    send(protocol::Progress{1, 100, "tokens", 0.0});
    wait_for_step(call, 3);
    write_raw(R"({"type":"progress","done":-5,"total":100,"unit":"tokens"})"
              "\n");
    write_raw(R"({"type":"progress","done":1e999,"total":100,"unit":"tokens"})"
              "\n");
    write_raw(R"({"type":"stage","index":9,"count":2,"name":"beyond"})"
              "\n");
    send(protocol::Committed{{"spectrum"}, std::numeric_limits<std::int64_t>::max()});
    send(protocol::Result{});
    send(protocol::Result{protocol::Status::Failed, "internal", "a second result", ""});
    return 0;
}

int rubbish(const Call&)
{
    for (int i = 0; i < 200; ++i)
        write_raw("\x01\xff rubbish that is no JSON { [ \" \n");
    sleep_for_ever();
}

int some_rubbish(const Call&)
{
    send(hello());
    write_raw("Downloading shards: 100%\n{}\n[1,2,3]\n" + std::string(100'000, 'x') + "\n");
    send(protocol::Result{});
    return 0;
}

int endless_line(const Call&)
{
    send(hello());
    const std::string piece(1 << 16, 'y');
    for (int i = 0; i < 500; ++i)
        write_raw(piece);
    return 0;
}

int wrong_version(const Call&)
{
    send(hello(protocol::kVersion + 1));
    sleep_for_ever();
}

int fails(const Call&)
{
    send(hello());
    send(protocol::Result{protocol::Status::Failed, "not_found", "/models/x: there is no such model folder",
                          "give a folder with config.json"});
    return 1;
}

int stays(const Call&)
{
    send(hello());
    send(protocol::Result{});
    std::signal(SIGTERM, SIG_IGN);
    sleep_for_ever();
}

const std::map<std::string_view, int (*)(const Call&)> kModes{
    {"normal", normal},
    {"slow", slow},
    {"crash_after_three_layers", crash_after_three_layers},
    {"out_of_memory", out_of_memory},
    {"told_to_end", told_to_end},
    {"exit_137", exit_137},
    {"aborts_when_cancelled", aborts_when_cancelled},
    {"crash_before_hello", crash_before_hello},
    {"exit_before_hello", exit_before_hello},
    {"no_hello", no_hello},
    {"hangs", hangs},
    {"ignores_cancel", ignores_cancel},
    {"pauses", pauses},
    {"floods", floods},
    {"lies", lies},
    {"rubbish", rubbish},
    {"some_rubbish", some_rubbish},
    {"endless_line", endless_line},
    {"wrong_version", wrong_version},
    {"fails", fails},
    {"stays", stays},
};

} // namespace

int main(int argc, char** argv)
{
    Call call;
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view(argv[i]) == "--store")
            call.store = argv[i + 1];
        if (std::string_view(argv[i]) == "--job")
            call.job = std::atoll(argv[i + 1]);
    }
    const char* mode = std::getenv("KVW_FAKE_WORKER");
    const auto found = kModes.find(mode ? mode : "normal");
    return found == kModes.end() ? 5 : found->second(call);
}
