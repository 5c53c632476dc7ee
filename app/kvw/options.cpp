// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/kvw/options.h"

#include "core/base/engine_words.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace kvw {
namespace {

/// A folder that goes away with everything in it.
class ScratchFolder
{
public:
    ScratchFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "kvw-XXXXXX").string();
        if (!::mkdtemp(name.data()))
            throw Error(ErrorKind::NoSpace, fmt::format("{}: no temporary folder can be made", name),
                        "set TMPDIR to a folder that can be written to, or name a store with --store");
        path_ = name;
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Refuses what the enumeration has no word for, in its own sentence.
template<typename Enum>
CLI::Validator word_of()
{
    return CLI::Validator(
        [](const std::string& text) { return find_word<Enum>(text) ? std::string() : not_a_word<Enum>(text); },
        std::string());
}

template<typename Json>
void print(const Json& json)
{
    const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
}

int run_with(Store& store, const OutputOptions& output, const std::function<int(const JobContext&)>& job)
{
    ConsoleSink sink(output.quiet ? ConsoleSink::Loudness::Quiet : ConsoleSink::Loudness::Normal,
                     output.json ? ConsoleSink::Text::Hide : ConsoleSink::Text::Show);
    if (!store.notice().empty())
        sink.warning(store.notice());
    const JobContext context{store, sink, interrupt_flag()};
    return job(context);
}

} // namespace

void add_engine_options(CLI::App& command, EngineOptions& engine)
{
    command
        .add_option("MODEL", engine.model, "a Hugging Face model folder (config.json, *.safetensors, tokenizer.json)")
        ->required();
    command
        .add_option("--type", engine.type,
                    "what is computed in: fp32, bf16, or auto, which is whichever is faster on this machine")
        ->check(word_of<WantedType>())
        ->capture_default_str();
    command.add_option("--device", engine.device, list_of<DeviceKind>())
        ->check(word_of<DeviceKind>())
        ->capture_default_str();
    command
        .add_option(
            "--kernels", engine.kernels,
            "fast, or reference: portable kernels and every coded token expanded, what the fast ones are held against")
        ->check(word_of<KernelChoice>())
        ->capture_default_str();
    command.add_option("--threads", engine.threads, "threads (0: one a core)")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
}

void add_calibration_option(CLI::App& command, std::optional<std::int64_t>& calibration)
{
    command.add_option("--calibration", calibration,
                       "run of the calibration that bases come from (default: the store's newest of this model)");
}

void add_attend_option(CLI::App& command, std::string& attend)
{
    command.add_option("--attend", attend, "how coded tokens are read: " + list_of<Attend>(Meanings::Shown))
        ->check(word_of<Attend>())
        ->capture_default_str();
}

void add_configurations_option(CLI::App& command, std::vector<std::string>& configurations)
{
    command
        .add_option(
            "--config", configurations,
            "configuration of the cache, for example \"k=kq:56 v=int8,token sinks=4\"; may be given several times")
        ->take_all()
        ->allow_extra_args(false);
}

void add_output_options(CLI::App& command, OutputOptions& output, StoreNeed need)
{
    CLI::Option* store = command.add_option("--store", output.store, "project file (*.kvw) for the results");
    if (need == StoreNeed::Required)
        store->required();
    command.add_flag("--json", output.json, "print the results as JSON");
    command.add_flag("--quiet", output.quiet, "no progress on standard error");
}

int with_store(const OutputOptions& output, const std::function<int(const JobContext&)>& job)
{
    if (!output.store.empty()) {
        Store store = Store::open(output.store);
        return run_with(store, output, job);
    }
    const ScratchFolder scratch;
    Store store = Store::open(scratch.path() / "scratch.kvw");
    return run_with(store, output, job);
}

Store open_to_read(const std::string& file) { return Store::open(file, Store::Access::ReadOnly); }

void print_json(const nlohmann::json& json) { print(json); }

void print_json(const nlohmann::ordered_json& json) { print(json); }

} // namespace kvw
