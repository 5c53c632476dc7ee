// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/worker.h"

#include "core/base/engine_words.h"
#include "core/base/process.h"
#include "core/base/version.h"
#include "core/jobs/job.h"
#include "core/jobs/pipe_sink.h"
#include "core/lm/cuda_half.h"
#include "core/protocol/line_splitter.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <thread>

namespace kvw {
namespace {

constexpr std::chrono::milliseconds kHeartbeatPeriod{2000};
constexpr int kPollPeriod_ms = 200;

/// A heartbeat every two seconds until it goes out of scope.
class Heart
{
public:
    explicit Heart(PipeSink& sink) : thread_([this, &sink] { beat(sink); }) {}
    Heart(const Heart&) = delete;
    Heart& operator=(const Heart&) = delete;
    ~Heart()
    {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        thread_.join();
    }

private:
    void beat(PipeSink& sink)
    {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, kHeartbeatPeriod, [this] { return stop_; }))
            sink.send(protocol::Heartbeat{sink.elapsed_s()});
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_ = false;
    std::thread thread_;
};

/// Reads the window's messages and sets the flag for a cancel and for the end of the pipe.
class Listener
{
public:
    Listener(int descriptor, CancelFlag& cancel) : thread_([this, descriptor, &cancel] { listen(descriptor, cancel); })
    {}
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener()
    {
        stop_.store(true);
        thread_.join();
    }

private:
    void listen(int descriptor, CancelFlag& cancel)
    {
        protocol::LineSplitter lines;
        std::array<char, 4096> buffer{};
        while (!stop_.load()) {
            pollfd waiting{descriptor, POLLIN, 0};
            if (::poll(&waiting, 1, kPollPeriod_ms) <= 0)
                continue;
            const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0) {
                cancel.set();
                return;
            }
            lines.push({buffer.data(), static_cast<std::size_t>(count)});
            while (const auto item = lines.next())
                if (const auto* line = std::get_if<std::string>(&*item); line && is_cancel(*line))
                    cancel.set();
        }
    }

    static bool is_cancel(const std::string& line)
    {
        const protocol::Decoded decoded = protocol::decode(line);
        const auto* message = std::get_if<protocol::Message>(&decoded);
        return message && std::holds_alternative<protocol::Cancel>(*message);
    }

    std::atomic<bool> stop_{false};
    std::thread thread_;
};

/// Passes everything on and keeps stages and warnings as the job's history.
class LoggingSink final : public ProgressSink
{
public:
    LoggingSink(PipeSink& pipe, Store& store, RowId job) : pipe_(pipe), store_(store), job_(job) {}

    void stage(int index, int count, std::string_view name) override
    {
        log("stage", {{"index", index}, {"count", count}, {"name", name}});
        pipe_.stage(index, count, name);
    }
    void progress(double done, double total, std::string_view unit) override { pipe_.progress(done, total, unit); }
    void metric(std::string_view name, double x, double value) override { pipe_.metric(name, x, value); }
    void committed(std::string_view table, std::int64_t run) override { pipe_.committed(table, run); }
    void warning(std::string_view sentence) override
    {
        log("warning", {{"message", sentence}});
        pipe_.warning(sentence);
    }
    void remark(std::string_view sentence) override
    {
        log("remark", {{"message", sentence}});
        pipe_.remark(sentence);
    }
    void begin_text(int index, int count, std::string_view configuration) override
    {
        pipe_.begin_text(index, count, configuration);
    }
    void text(std::string_view piece) override { pipe_.text(piece); }
    void end_text() override { pipe_.end_text(); }

private:
    void log(const char* type, const nlohmann::json& body)
    {
        store_.add_job_event({job_, {}, type, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
    }

    PipeSink& pipe_;
    Store& store_;
    RowId job_;
};

protocol::Hello hello()
{
    protocol::Hello out;
    out.version = version();
    out.build = fmt::format("kvw {} ({})", version(), compiler());
    out.devices.emplace_back(name_of(DeviceKind::Cpu));
    if (cuda_state().available)
        out.devices.emplace_back(name_of(DeviceKind::Cuda));
    return out;
}

/// Takes the job's row and keeps it in step with what happens.
void run_row(Store& store, RowId id, PipeSink& sink, const CancelFlag& cancel)
{
    std::optional<JobRecord> job = store.job(id);
    if (!job)
        throw Error(ErrorKind::InvalidArgument, fmt::format("{}: there is no job {}", store.file().string(), id),
                    "make the job first; the window does");
    if (job->status != JobStatus::Queued)
        throw Error(ErrorKind::InvalidArgument,
                    fmt::format("{}: job {} is {}, not queued", store.file().string(), id, name(job->status)),
                    "run it again as a new job");
    job->status = JobStatus::Running;
    job->started_at = utc_now();
    job->process = process_identity();
    store.update_job(*job);
    const auto end = [&](JobStatus status) {
        job->status = status;
        job->finished_at = utc_now();
        job->process.reset();
        store.update_job(*job);
    };
    LoggingSink logging(sink, store, id);
    try {
        job->run = run_job(job->kind, job->specification_json, {store, logging, cancel});
        end(JobStatus::Succeeded);
    } catch (const Error& error) {
        job->error_code = name(error.kind());
        job->error_message = error.message();
        job->error_hint = error.hint();
        end(error.kind() == ErrorKind::Cancelled ? JobStatus::Cancelled : JobStatus::Failed);
        throw;
    }
}

protocol::Result result_of(const Error& error)
{
    protocol::Result out;
    out.status = error.kind() == ErrorKind::Cancelled ? protocol::Status::Cancelled : protocol::Status::Failed;
    out.code = name(error.kind());
    out.message = error.message();
    out.hint = error.hint();
    return out;
}

} // namespace

int run_worker(const WorkerOptions& options, CancelFlag& cancel) noexcept
{
    PipeSink sink(options.output, cancel);
    protocol::Result result;
    int code = 0;
    try {
        sink.send(hello());
        const Heart heart(sink);
        const Listener listener(options.input, cancel);
        try {
            Store store = Store::open(options.store);
            run_row(store, options.job, sink, cancel);
        } catch (const Error& error) {
            result = result_of(error);
            code = error.kind() == ErrorKind::Cancelled ? cancel.exit_code() : exit_code(error.kind());
        }
    } catch (const std::exception& error) {
        result = result_of(Error(ErrorKind::Internal, error.what()));
        code = 1;
    }
    sink.send(result);
    return code;
}

} // namespace kvw
