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
    std::optional<std::int64_t> tokens;
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
    visit(Field{"model_hash", "", "SHA-256 of the weights"}, model.hash);
    visit(Field{"model_name", "", "name of the model"}, model.name);
    visit(Field{"model_folder", "", "where the model lay"}, model.folder);
    visit(Field{"architecture", "", "family of the model"}, model.architecture);
    visit(Field{"layers", "1", "layers with attention"}, model.layers);
    visit(Field{"heads", "1", "query heads of a layer"}, model.heads);
    visit(Field{"kv_heads", "1", "key and value heads of a layer"}, model.kv_heads);
    visit(Field{"head_dim", "1", "numbers of a head's vector"}, model.head_dim);
    visit(Field{"hidden_size", "1", "numbers of a token's hidden state"}, model.hidden_size);
    visit(Field{"vocab_size", "1", "tokens of the vocabulary"}, model.vocab_size);
    visit(Field{"parameters", "1", "numbers in the weights"}, model.parameters);
}

template<typename Visitor, RecordOf<TextRecord> Record>
void visit_fields(Visitor&& visit, Record& text)
{
    visit(Field{"text_hash", "", "SHA-256 of the text's bytes"}, text.hash);
    visit(Field{"text_name", "", "file name of the text"}, text.name);
    visit(Field{"text_bytes", "bytes", "length of the text"}, text.bytes);
    visit(Field{"text_characters", "1", "Unicode code points of the text"}, text.characters);
}

template<typename Visitor, RecordOf<EnvironmentRecord> Record>
void visit_fields(Visitor&& visit, Record& environment)
{
    visit(Field{"cpu", "", "processor"}, environment.cpu);
    visit(Field{"logical_cores", "1", "logical processors that the program could use"}, environment.logical_cores);
    visit(Field{"threads", "1", "threads that it used"}, environment.threads);
    visit(Field{"memory_bytes", "bytes", "memory of the machine"}, environment.memory_bytes);
    visit(Field{"device", "", "device of the computation"}, environment.device);
    visit(Field{"type", "", "number type of the computation"}, environment.type);
    visit(Field{"os", "", "operating system"}, environment.os);
    visit(Field{"compiler", "", "compiler of the program"}, environment.compiler);
    visit(Field{"libtorch_version", "", "version of LibTorch"}, environment.libtorch_version);
    visit(Field{"program_version", "", "version of this program"}, environment.program_version);
    visit(Field{"instructions", "", "level of the processor's instructions that it used"}, environment.instructions);
    visit(Field{"products", "", "how matrices were multiplied"}, environment.products);
}

/// Without the id and the process, which mean nothing outside the store.
template<typename Visitor, RecordOf<RunRecord> Record>
void visit_fields(Visitor&& visit, Record& run)
{
    visit(Field{"parent_run", "", "run of the sweep that it belongs to"}, run.parent_run);
    visit(Field{"kind", "", "what the run was made for"}, run.kind);
    visit(Field{"status", "", "how the run ended"}, run.status);
    visit(Field{"started_at", "", "begin, UTC"}, run.started_at);
    visit(Field{"duration_s", "s", "how long the run took"}, run.duration_s);
    visit(Field{"model_hash", "", "SHA-256 of the weights"}, run.model_hash);
    visit(Field{"text_hash", "", "SHA-256 of the text's bytes"}, run.text_hash);
    visit(Field{"environment", "", "number of the environment"}, run.environment);
    visit(Field{"configuration", "", "configuration of the cache in normal form"}, run.configuration);
    visit(Field{"configuration_hash", "", "SHA-256 of the normal form"}, run.configuration_hash);
    visit(Field{"protocol", "", "how windows were fed to the cache: all, past:C, step"}, run.protocol);
    visit(Field{"window_tokens", "tokens", "length of a window"}, run.window_tokens);
    visit(Field{"tokens", "tokens", "tokens of the text that were asked for"}, run.tokens);
    visit(Field{"seed", "", "seed of the random numbers"}, run.seed);
    visit(Field{"calibration_run", "", "run of the calibration that the bases come from"}, run.calibration_run);
    visit(Field{"settings_json", "", "all settings"}, run.settings_json);
    visit(Field{"error_code", "", "kind of the error that ended it"}, run.error_code);
    visit(Field{"error_message", "", "the error"}, run.error_message);
    visit(Field{"error_hint", "", "what to try"}, run.error_hint);
}

} // namespace kvw
