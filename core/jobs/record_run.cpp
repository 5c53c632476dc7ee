// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/engine_words.h"
#include "core/base/environment.h"
#include "core/base/time.h"
#include "core/base/version.h"
#include "core/jobs/job.h"
#include "core/lm/compute_choice.h"
#include "kernels/cpu/cpu_features.h"
#include "kernels/threads.h"

#include <fmt/format.h>
#include <torch/version.h>

namespace kvw {
namespace {

RunStatus status_after(const Error& error)
{
    switch (error.kind()) {
    case ErrorKind::Cancelled:
        return RunStatus::Cancelled;
    case ErrorKind::Unsupported:
        return RunStatus::Unsupported;
    default:
        return RunStatus::Failed;
    }
}

/// When the store cannot take the verdict either (a full disk), the first error is the one to tell; the run stays
/// "running" and becomes "interrupted" when the store is next opened.
void finish_quietly(Store& store, RowId run, double seconds, const Error& error) noexcept
{
    try {
        store.finish_run(run, status_after(error), seconds, &error);
    } catch (const std::exception&) { // the reason is above
    }
}

void work_on(Store& store, RowId run, const std::function<void(RowId)>& work)
{
    const Stopwatch watch;
    try {
        work(run);
        store.finish_run(run, RunStatus::Measured, watch.seconds());
    } catch (const Error& error) {
        finish_quietly(store, run, watch.seconds(), error);
        throw;
    } catch (const std::exception& error) {
        finish_quietly(store, run, watch.seconds(), Error(ErrorKind::Internal, error.what()));
        throw;
    }
}

EnvironmentRecord environment_of(const ModelSession& session, const EngineOptions& engine)
{
    const MachineFacts facts = machine_facts();
    EnvironmentRecord out;
    out.cpu = facts.cpu;
    out.logical_cores = facts.logical_cores;
    out.threads = kernels::threads();
    out.memory_bytes = facts.memory_bytes;
    out.device = engine.device;
    out.type = name(session.decoder->compute_type());
    out.os = facts.os;
    out.compiler = compiler();
    out.libtorch_version = TORCH_VERSION;
    out.program_version = version();
    out.instructions = kernels::name(kernels::cpu_level());
    out.products = products_in_words(session.decoder->compute_type());
    return out;
}

ModelRecord model_record(const ModelSession& session, const EngineOptions& engine)
{
    const std::filesystem::path folder = std::filesystem::absolute(engine.model).lexically_normal();
    ModelRecord out;
    out.hash = session.hash;
    out.name = (folder.filename().empty() ? folder.parent_path() : folder).filename().string();
    out.folder = folder.string();
    out.architecture = session.config.architecture;
    out.layers = session.config.layers;
    out.heads = session.config.heads;
    out.kv_heads = session.config.kv_heads;
    out.head_dim = session.config.head_dim;
    out.hidden_size = static_cast<int>(session.config.hidden_size);
    out.vocab_size = session.config.vocab_size;
    out.parameters = static_cast<std::int64_t>(session.config.parameters());
    return out;
}

} // namespace

RowId record_run(Store& store, const RunRecord& record, const std::function<void(RowId)>& work)
{
    const RowId run = store.begin_run(record);
    work_on(store, run, work);
    return run;
}

void resume_run(Store& store, RowId run, const std::function<void(RowId)>& work)
{
    store.reopen_run(run);
    work_on(store, run, work);
}

RunRecord run_of(Store& store, RunKind kind, const ModelSession& session, const EngineOptions& engine)
{
    RunRecord out;
    out.kind = kind;
    out.model_hash = session.hash;
    store.transaction([&] {
        store.put_model(model_record(session, engine));
        out.environment = store.put_environment(environment_of(session, engine));
    });
    return out;
}

RunRecord run_of(Store& store, RunKind kind, const ModelSession& session, const EngineOptions& engine,
                 const TokenisedText& text)
{
    RunRecord out = run_of(store, kind, session, engine);
    TextRecord record;
    record.hash = text.hash;
    record.name = text.name;
    record.bytes = text.bytes;
    store.put_text(record);
    out.text_hash = text.hash;
    out.input_tokens = static_cast<std::int64_t>(text.tokens.size());
    return out;
}

ChosenCalibration choose_calibration(const Store& store, const std::string& model_hash, std::optional<std::int64_t> run)
{
    ChosenCalibration out;
    const std::string file = store.file().string();
    if (run) {
        const std::optional<Provenance> found = store.run(*run);
        if (!found || (found->run.kind != RunKind::Calibrate && found->run.kind != RunKind::Import))
            throw Error(ErrorKind::InvalidArgument, fmt::format("{}: run {} is no calibration", file, *run),
                        "kvw export --table runs --format md lists the runs");
        if (found->run.status != RunStatus::Measured)
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("{}: run {} is a calibration that did not finish ({})", file, *run,
                                    name(found->run.status)),
                        "choose another run, or calibrate again");
        if (found->run.model_hash != model_hash)
            throw Error(ErrorKind::InvalidArgument,
                        fmt::format("{}: run {} is a calibration of another model ({})", file, *run, found->model.name),
                        "calibrate this model, or leave --calibration away to take its newest");
        out.run = *run;
    } else {
        const std::optional<RowId> newest = store.newest_calibration(model_hash);
        if (!newest)
            throw Error(
                ErrorKind::NotFound,
                fmt::format("a configuration needs the moments of a calibration, and {} has none of this model", file),
                fmt::format("kvw calibrate MODEL --text FILE --store {}", file));
        out.run = *newest;
    }
    out.text_hash = store.run(out.run)->run.text_hash;
    out.calibration = store.calibration(out.run).value();
    return out;
}

ReadAs parse_read_as(const std::string& word)
{
    return parse_word<Attend>(word) == Attend::Expand ? ReadAs::Expanded : ReadAs::Compressed;
}

} // namespace kvw
