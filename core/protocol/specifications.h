// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvw {

/// Where and how a model runs; part of every job.
struct EngineOptions
{
    std::filesystem::path model; ///< a Hugging Face folder
    std::string type = "auto";   ///< "fp32", "bf16", or "auto": the faster of both on this machine, as measured there
    std::string device = "cpu";  ///< "cpu" or "cuda"
    int threads = 0;             ///< 0: one a core
    std::string kernels =
        "fast"; ///< "fast", or "reference": portable kernels, every coded token expanded before it is read
};

/// What each kind of job is asked for: filled by the command line, or read from the store's job table by the worker, so
/// that both run the same thing. Written to and read from JSON with these names; absent fields keep their defaults.

struct CalibrateSpecification
{
    EngineOptions engine;
    std::string text;
    std::int64_t tokens = 16384;
    int window = 512;
    int sinks = 4;
    bool weighted = true;
};

struct QualitySpecification
{
    EngineOptions engine;
    std::string text;
    std::int64_t tokens = 16384;
    int window = 512;
    std::string protocol = "all";
    std::vector<std::string> configurations; ///< `ppl`
    std::string grid;                        ///< `sweep`, instead of configurations
    std::optional<std::int64_t> calibration; ///< run; absent: the store's newest of the model
    bool allow_overlap = false;
    bool again = false;            ///< `sweep`: measure points too that an earlier run of the same sweep has measured
    std::string attend = "expand"; ///< how coded tokens are read by many queries at once: "expand" or "compressed"
};

struct ThroughputSpecification
{
    EngineOptions engine;
    std::vector<int> contexts{512};
    std::vector<int> batches{1};
    int decode = 32;
    int rounds = 5;
    std::vector<std::string> configurations;
    std::optional<std::int64_t> calibration;
    std::string text; ///< empty: pseudo-random tokens (fine for speed, never for quality)
    std::string attend = "compressed";
};

struct GenerationSpecification
{
    EngineOptions engine;
    std::string prompt;
    bool raw = false; ///< the prompt as it is, without the model's chat template
    int max_new = 64;
    double temperature = 0;
    double top_p = 1;
    std::uint64_t seed = 0;
    std::vector<std::string> stop; ///< texts of tokens that end it, beside the model's own
    std::vector<std::string> configurations;
    std::optional<std::int64_t> calibration;
};

struct ImportSpecification
{
    EngineOptions engine; ///< the model that the file was made from
    std::string file;
};

void to_json(nlohmann::json& json, const EngineOptions& options);
void from_json(const nlohmann::json& json, EngineOptions& options);
void to_json(nlohmann::json& json, const CalibrateSpecification& job);
void from_json(const nlohmann::json& json, CalibrateSpecification& job);
void to_json(nlohmann::json& json, const QualitySpecification& job);
void from_json(const nlohmann::json& json, QualitySpecification& job);
void to_json(nlohmann::json& json, const ThroughputSpecification& job);
void from_json(const nlohmann::json& json, ThroughputSpecification& job);
void to_json(nlohmann::json& json, const GenerationSpecification& job);
void from_json(const nlohmann::json& json, GenerationSpecification& job);
void to_json(nlohmann::json& json, const ImportSpecification& job);
void from_json(const nlohmann::json& json, ImportSpecification& job);

} // namespace kvw
