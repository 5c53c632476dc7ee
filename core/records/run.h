// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/field.h"
#include "core/records/names.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kvw {

/// A row's number in the store; 0 is none yet.
using RowId = std::int64_t;

/// The number of a run, by which rows of every table say whose they are.
inline constexpr Field kRunField{"run", Title("Run"), "", Form::Whole, Sense::Detail, Plot::No, "number of the run"};

struct ModelRecord
{
    std::string hash; ///< of the weights' content
    std::string name;
    std::string folder;
    std::string architecture;
    int layers = 0;
    int heads = 0;
    int kv_heads = 0;
    int head_dim = 0;
    int hidden_size = 0;
    std::int64_t vocab_size = 0;
    std::int64_t parameters = 0;
    bool operator==(const ModelRecord&) const = default;
};

struct TextRecord
{
    std::string hash; ///< of the file's bytes
    std::string name;
    std::int64_t bytes = 0; ///< of the file
    std::optional<std::int64_t> characters;
    bool operator==(const TextRecord&) const = default;
};

/// What a number depends on beside model, text and configuration.
struct EnvironmentRecord
{
    std::string cpu;
    int logical_cores = 0;
    int threads = 0;
    std::int64_t memory_bytes = 0;
    std::string device; ///< "cpu", "cuda:0 NVIDIA H200"
    std::string type;   ///< of the computation: "fp32", "bf16"
    std::string os;
    std::string compiler;
    std::string libtorch_version;
    std::string program_version;
    std::optional<std::string> instructions; ///< the level that the kernels ran at: "v3", "bf16", ...
    std::optional<std::string> products;     ///< how matrices were multiplied, where there was a choice
    bool operator==(const EnvironmentRecord&) const = default;
};

/// One measurement, or the try of one. A sweep is a run with one child run per configuration.
struct RunRecord
{
    RowId id = 0;
    std::optional<RowId> parent_run;
    RunKind kind = RunKind::Ppl;
    RunStatus status = RunStatus::Running;
    std::string started_at; ///< utc_now(); the store fills it in when empty
    std::optional<double> duration_s;
    std::string model_hash;
    std::optional<std::string> text_hash;
    RowId environment = 0;
    std::optional<std::string> configuration; ///< normal form
    std::optional<std::string> configuration_hash;
    std::optional<std::string> protocol;
    std::optional<std::int64_t> window_tokens;
    std::optional<std::int64_t> input_tokens;
    std::optional<std::int64_t> seed;
    std::optional<RowId> calibration_run;
    std::string settings_json = "{}";      ///< everything else that the user chose
    std::optional<std::string> error_code; ///< name(ErrorKind)
    std::optional<std::string> error_message;
    std::optional<std::string> error_hint;
    std::optional<std::string> process; ///< process_identity() of whom it belongs to while it is running
    bool operator==(const RunRecord&) const = default;
};

/// A run with the rows that it points to.
struct Provenance
{
    RunRecord run;
    ModelRecord model;
    std::optional<TextRecord> text;
    EnvironmentRecord environment;
    bool operator==(const Provenance&) const = default;
};

template<typename Visitor, RecordOf<ModelRecord> Record>
void visit_fields(Visitor&& visit, Record& model)
{
    visit(
        Field{"model_hash", Title("Hash of model"), "", Form::Hash, Sense::Setting, Plot::No, "SHA-256 of the weights"},
        model.hash);
    visit(Field{"model_name", Title("Model"), "", Form::Words, Sense::Setting, Plot::No, "name of the model"},
          model.name);
    visit(Field{"model_folder", Title("Folder of model"), "", Form::Words, Sense::Setting, Plot::No,
                "where the model lay"},
          model.folder);
    visit(
        Field{"architecture", Title("Architecture"), "", Form::Words, Sense::Setting, Plot::No, "family of the model"},
        model.architecture);
    visit(Field{"layers", Title("Layers"), "1", Form::Whole, Sense::Setting, Plot::No, "layers with attention"},
          model.layers);
    visit(Field{"heads", Title("Heads"), "1", Form::Whole, Sense::Setting, Plot::No, "query heads of a layer"},
          model.heads);
    visit(Field{"kv_heads", Title("KV heads"), "1", Form::Whole, Sense::Setting, Plot::No,
                "key and value heads of a layer"},
          model.kv_heads);
    visit(
        Field{"head_dim", Title("Head size"), "1", Form::Whole, Sense::Setting, Plot::No, "numbers of a head's vector"},
        model.head_dim);
    visit(Field{"hidden_size", Title("Hidden size"), "1", Form::Whole, Sense::Setting, Plot::No,
                "numbers of a token's hidden state"},
          model.hidden_size);
    visit(Field{"vocab_size", Title("Vocabulary"), "1", Form::Whole, Sense::Setting, Plot::No,
                "tokens of the vocabulary"},
          model.vocab_size);
    visit(
        Field{"parameters", Title("Parameters"), "1", Form::Whole, Sense::Setting, Plot::No, "numbers in the weights"},
        model.parameters);
}

template<typename Visitor, RecordOf<TextRecord> Record>
void visit_fields(Visitor&& visit, Record& text)
{
    visit(Field{"text_hash", Title("Hash of text"), "", Form::Hash, Sense::Setting, Plot::No,
                "SHA-256 of the text's bytes"},
          text.hash);
    visit(Field{"text_name", Title("Text"), "", Form::Words, Sense::Setting, Plot::No, "file name of the text"},
          text.name);
    visit(Field{"text_bytes", Title("Size of text"), "bytes", Form::Bytes, Sense::Setting, Plot::No,
                "length of the text"},
          text.bytes);
    visit(Field{"text_characters", Title("Characters"), "1", Form::Whole, Sense::Setting, Plot::No,
                "Unicode code points of the text"},
          text.characters);
}

template<typename Visitor, RecordOf<EnvironmentRecord> Record>
void visit_fields(Visitor&& visit, Record& environment)
{
    visit(Field{"cpu", Title("Processor"), "", Form::Words, Sense::Setting, Plot::No, "processor"}, environment.cpu);
    visit(Field{"logical_cores", Title("Cores"), "1", Form::Whole, Sense::Setting, Plot::No,
                "logical processors that the program could use"},
          environment.logical_cores);
    visit(Field{"threads", Title("Threads"), "1", Form::Whole, Sense::Setting, Plot::No, "threads that it used"},
          environment.threads);
    visit(Field{"memory_bytes", Title("Memory of machine"), "bytes", Form::Bytes, Sense::Setting, Plot::No,
                "memory of the machine"},
          environment.memory_bytes);
    visit(Field{"device", Title("Device"), "", Form::Words, Sense::Setting, Plot::No, "device of the computation"},
          environment.device);
    visit(Field{"type", Title("Type"), "", Form::Words, Sense::Setting, Plot::No, "number type of the computation"},
          environment.type);
    visit(Field{"os", Title("System"), "", Form::Words, Sense::Setting, Plot::No, "operating system"}, environment.os);
    visit(Field{"compiler", Title("Compiler"), "", Form::Words, Sense::Setting, Plot::No, "compiler of the program"},
          environment.compiler);
    visit(
        Field{"libtorch_version", Title("LibTorch"), "", Form::Words, Sense::Setting, Plot::No, "version of LibTorch"},
        environment.libtorch_version);
    visit(Field{"program_version", Title("Program"), "", Form::Words, Sense::Setting, Plot::No,
                "version of this program"},
          environment.program_version);
    visit(Field{"instructions", Title("Instructions"), "", Form::Words, Sense::Setting, Plot::No,
                "level of the processor's instructions that it used"},
          environment.instructions);
    visit(
        Field{"products", Title("Products"), "", Form::Words, Sense::Setting, Plot::No, "how matrices were multiplied"},
        environment.products);
}

/// Without the id and the process, which mean nothing outside the store.
template<typename Visitor, RecordOf<RunRecord> Record>
void visit_fields(Visitor&& visit, Record& run)
{
    visit(Field{"parent_run", Title("Part of run"), "", Form::Whole, Sense::Circumstance, Plot::No,
                "run of the sweep that it belongs to"},
          run.parent_run);
    visit(Field{"kind", Title("Kind"), "", Form::Choice, Sense::Setting, Plot::No, "what the run was made for"},
          run.kind);
    visit(Field{"status", Title("Status"), "", Form::Choice, Sense::Setting, Plot::No, "how the run ended"},
          run.status);
    visit(Field{"started_at", Title("Started"), "", Form::Time, Sense::Circumstance, Plot::No, "begin, UTC"},
          run.started_at);
    visit(
        Field{"duration_s", Title("Duration"), "s", Form::Real, Sense::Circumstance, Plot::No, "how long the run took"},
        run.duration_s);
    visit(
        Field{"model_hash", Title("Hash of model"), "", Form::Hash, Sense::Setting, Plot::No, "SHA-256 of the weights"},
        run.model_hash);
    visit(Field{"text_hash", Title("Hash of text"), "", Form::Hash, Sense::Setting, Plot::No,
                "SHA-256 of the text's bytes"},
          run.text_hash);
    visit(Field{"environment", Title("Environment"), "", Form::Whole, Sense::Detail, Plot::No,
                "number of the environment"},
          run.environment);
    visit(Field{"configuration", Title("Configuration"), "", Form::Code, Sense::Setting, Plot::No,
                "configuration of the cache in normal form"},
          run.configuration);
    visit(Field{"configuration_hash", Title("Hash of configuration"), "", Form::Hash, Sense::Detail, Plot::No,
                "SHA-256 of the normal form"},
          run.configuration_hash);
    visit(Field{"protocol", Title("Protocol"), "", Form::Words, Sense::Setting, Plot::No,
                "how windows were fed to the cache: all, past:C, step"},
          run.protocol);
    visit(
        Field{"window_tokens", Title("Window"), "tokens", Form::Whole, Sense::Setting, Plot::No, "length of a window"},
        run.window_tokens);
    visit(Field{"input_tokens", Title("Input"), "tokens", Form::Whole, Sense::Setting, Plot::No,
                "tokens of the text that went into the run"},
          run.input_tokens);
    visit(Field{"seed", Title("Seed"), "", Form::Whole, Sense::Setting, Plot::No, "seed of the random numbers"},
          run.seed);
    visit(Field{"calibration_run", Title("Calibration"), "", Form::Whole, Sense::Setting, Plot::No,
                "run of the calibration that the bases come from"},
          run.calibration_run);
    visit(Field{"settings_json", Title("Settings"), "", Form::Code, Sense::Detail, Plot::No, "all settings"},
          run.settings_json);
    visit(Field{"error_code", Title("Kind of error"), "", Form::Words, Sense::Detail, Plot::No,
                "kind of the error that ended it"},
          run.error_code);
    visit(Field{"error_message", Title("Error"), "", Form::Words, Sense::Detail, Plot::No, "the error"},
          run.error_message);
    visit(Field{"error_hint", Title("Hint"), "", Form::Words, Sense::Detail, Plot::No, "what to try"}, run.error_hint);
}

} // namespace kvw
