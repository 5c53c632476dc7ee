// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/protocol/specifications.h"

#include <nlohmann/json.hpp>

namespace kvw {
namespace {

/// One field list per job serves writing and reading.
struct Writer
{
    nlohmann::json& json;
    template<typename T>
    void operator()(const char* name, const T& value) const
    {
        json[name] = value;
    }
    template<typename T>
    void operator()(const char* name, const std::optional<T>& value) const
    {
        if (value)
            json[name] = *value;
    }
};

struct Reader
{
    const nlohmann::json& json;
    template<typename T>
    void operator()(const char* name, T& value) const
    {
        if (const auto found = json.find(name); found != json.end())
            found->get_to(value);
    }
    template<typename T>
    void operator()(const char* name, std::optional<T>& value) const
    {
        if (const auto found = json.find(name); found != json.end() && !found->is_null())
            value = found->template get<T>();
    }
};

template<typename Visitor, typename Engine>
void visit_engine(const Visitor& visit, Engine& engine)
{
    visit("type", engine.type);
    visit("device", engine.device);
    visit("threads", engine.threads);
    visit("kernels", engine.kernels);
}

template<typename Visitor, typename Job>
void visit_calibrate(const Visitor& visit, Job& job)
{
    visit("engine", job.engine);
    visit("text", job.text);
    visit("tokens", job.tokens);
    visit("window", job.window);
    visit("sinks", job.sinks);
    visit("weighted", job.weighted);
}

template<typename Visitor, typename Job>
void visit_quality(const Visitor& visit, Job& job)
{
    visit("engine", job.engine);
    visit("text", job.text);
    visit("tokens", job.tokens);
    visit("window", job.window);
    visit("protocol", job.protocol);
    visit("configurations", job.configurations);
    visit("grid", job.grid);
    visit("calibration", job.calibration);
    visit("allow_overlap", job.allow_overlap);
    visit("again", job.again);
    visit("attend", job.attend);
}

template<typename Visitor, typename Job>
void visit_throughput(const Visitor& visit, Job& job)
{
    visit("engine", job.engine);
    visit("contexts", job.contexts);
    visit("batches", job.batches);
    visit("decode", job.decode);
    visit("rounds", job.rounds);
    visit("configurations", job.configurations);
    visit("calibration", job.calibration);
    visit("text", job.text);
    visit("attend", job.attend);
}

template<typename Visitor, typename Job>
void visit_generation(const Visitor& visit, Job& job)
{
    visit("engine", job.engine);
    visit("prompt", job.prompt);
    visit("raw", job.raw);
    visit("max_new", job.max_new);
    visit("temperature", job.temperature);
    visit("top_p", job.top_p);
    visit("seed", job.seed);
    visit("stop", job.stop);
    visit("configurations", job.configurations);
    visit("calibration", job.calibration);
}

template<typename Visitor, typename Job>
void visit_import(const Visitor& visit, Job& job)
{
    visit("engine", job.engine);
    visit("file", job.file);
}

} // namespace

void to_json(nlohmann::json& json, const EngineOptions& options)
{
    visit_engine(Writer{json}, options);
    json["model"] = options.model.string();
}

void from_json(const nlohmann::json& json, EngineOptions& options)
{
    visit_engine(Reader{json}, options);
    options.model = json.value("model", std::string());
}

void to_json(nlohmann::json& json, const CalibrateSpecification& job) { visit_calibrate(Writer{json}, job); }

void from_json(const nlohmann::json& json, CalibrateSpecification& job) { visit_calibrate(Reader{json}, job); }

void to_json(nlohmann::json& json, const QualitySpecification& job) { visit_quality(Writer{json}, job); }

void from_json(const nlohmann::json& json, QualitySpecification& job) { visit_quality(Reader{json}, job); }

void to_json(nlohmann::json& json, const ThroughputSpecification& job) { visit_throughput(Writer{json}, job); }

void from_json(const nlohmann::json& json, ThroughputSpecification& job) { visit_throughput(Reader{json}, job); }

void to_json(nlohmann::json& json, const GenerationSpecification& job) { visit_generation(Writer{json}, job); }

void from_json(const nlohmann::json& json, GenerationSpecification& job) { visit_generation(Reader{json}, job); }

void to_json(nlohmann::json& json, const ImportSpecification& job) { visit_import(Writer{json}, job); }

void from_json(const nlohmann::json& json, ImportSpecification& job) { visit_import(Reader{json}, job); }

} // namespace kvw
